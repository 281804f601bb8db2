"""Every input of a network with branches and no other: against all sizes in a range, put through the whole network."""

import random
import re
from collections.abc import Iterator
from itertools import islice, product

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Node, Op, ShapeQuestion
from dlcalc.core.network.shape import network_shape
from dlcalc.core.solve.graph import solve_graph
from dlcalc.core.solve.question import InverseQuestion, Run
from dlcalc.core.solve.solve import solve
from dlcalc.notation.conv_shape import question
from tests.support.random_networks import Draw, as_typed, graph

TRIED = [*range(1, 61), *range(1_000, 1_061), *range(10**6, 10**6 + 20)]


def output_of(asked: ShapeQuestion, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """What the forward rule makes of an input; None where it refuses."""
    try:
        return network_shape(asked.with_size(size), fields=False).output
    except DlcalcError:
        return None


def holds(runs: tuple[Run, ...], value: int) -> bool:
    return any(
        run.first <= value and (run.last is None or value <= run.last) and (value - run.first) % run.step == 0
        for run in runs
    )


def drawn(seed: int, axes: int) -> Iterator[ShapeQuestion]:
    """Networks with an output, of which some are pooled to one position in the end."""
    rng = random.Random(seed)
    while True:
        asked = graph(rng, Draw(nodes=6, size=24, axes=(axes,), vectors=0))
        if rng.random() < 0.25:
            nodes = asked.network.nodes
            last = Node("last", Op("global-avg-pool"), (nodes[-1].name,), "gap")
            asked = asked._replace(network=asked.network._replace(nodes=(*nodes, last)))
        yield asked


@pytest.mark.parametrize(
    ("framework", "words", "target", "runs"),
    [
        ("onnx", "aavg2", 2, [Run(2, None, 2)]),
        ("onnx", "convt1s3 aavg2 gap", 1, [Run(2, None, 2)]),
        ("pytorch", "@x aavg6 add@x", 6, [Run(1, 1), Run(6, 6)]),
        ("pytorch", "@x pad1 add@x gap", 1, [Run(1, 1)]),
        ("pytorch", "@x up2 mul@x", 2, [Run(1, 1)]),
    ],
)
def test_inputs_that_are_missed(framework: str, words: str, target: int, runs: list[Run]) -> None:
    asked = question({"w": 1, "layers": words, "framework": framework})
    assert solve(InverseQuestion(asked, "input", (target,))).runs == (tuple(runs),)


def test_all_solutions_and_only_solutions() -> None:
    count = 300
    rng, graphs = random.Random(71), drawn(72, 1)
    solved = refused = endless = beside = 0
    for asked in graphs:
        sizes = {size: output_of(asked, (size,)) for size in TRIED}
        some = sorted({size[0] for size in sizes.values() if size is not None})
        for target in {rng.choice(some[:9]), rng.choice(some), rng.randint(1, 30)}:
            right = [size for size, found in sizes.items() if found == (target,)]
            try:
                (runs,) = solve_graph(asked, (target,))
            except DlcalcError as error:
                assert not right, (as_typed(asked.network), asked, target, right, error)
                assert (error.code, error.option) == ("no-solution", "target")
                refused += 1
                for named in re.findall(r"target=(\d+)", error.hint or ""):
                    assert solve_graph(asked, (int(named),))
                    assert min(abs(size - target) for size in some) >= abs(int(named) - target)
                    beside += 1
                continue
            assert [size for size in TRIED if holds(runs, size)] == right, (as_typed(asked.network), asked, target)
            solved += 1
            endless += any(run.last is None for run in runs)
        if solved >= count:
            break
    assert min(refused, endless, beside) > count / 20


def test_all_axes_at_once() -> None:
    rng = random.Random(73)
    for asked in islice(drawn(74, 2), 25):
        sizes = {size: output_of(asked, size) for size in product(range(1, 13), repeat=2)}
        target = rng.choice(sorted({size for size in sizes.values() if size is not None}))
        right = {size for size, found in sizes.items() if found == target}
        runs = solve_graph(asked, target)
        found = {size for size in sizes if all(holds(along, extent) for along, extent in zip(runs, size, strict=True))}
        assert found == right, (as_typed(asked.network), asked, target)


@pytest.mark.parametrize(
    ("words", "target", "runs"),
    [
        ("unshuffle2 gap", 1, [Run(2, None, 2)]),
        ("@x max2 up2 add@x gap", 1, [Run(2, None, 2)]),
        ("@x unshuffle2 @y 3p1 unshuffle3 up3 add@y gap", 1, [Run(6, None, 6)]),
        ("@x 1s2 up2 crop0:1 cat@x gap", 1, [Run(1, None, 2)]),
        ("@x 3s2 @y from@x 3s2p1 crop0:1 mul@y gap", 1, [Run(3, None)]),
        ("aavg7", 7, [Run(1, None)]),
        ("crop2 gap", 1, [Run(5, None)]),
        ("@x 3p1 add@x", 10**17, [Run(10**17, 10**17)]),
        ("@x max2 @y max2 3p1 up2 cat@y up2 cat@x", 10**17, [Run(10**17, 10**17)]),
        ("pad2:3 shuffle2", 20, [Run(5, 5)]),
        ("@x 3s2p1 @y 3s2p1 up2 cat@y", 8, [Run(15, 16)]),
    ],
)
def test_inputs_of_some_networks(words: str, target: int, runs: list[Run]) -> None:
    asked = question({"w": 1, "layers": words})
    assert solve(InverseQuestion(asked, "input", (target,))).runs == (tuple(runs),)


@pytest.mark.parametrize(
    ("words", "target", "code", "message"),
    [
        ("@x max2 up2 add@x", 7, "no-solution", "no input gives an output width of 7"),
        ("@x 3 cat@x", 5, "no-solution", "with none do all maps meet"),
        ("@x max2 up2 add@x", 0, "invalid-value", "target 0"),
        ("@x 1s9973 1s997 1s991 from@x up2", 4, "too-many-questions", "inputs would have to be tried"),
        ("@x 3s2psame add@x", 4, "unsupported-by-framework", "layer 1 (3s2psame)"),
    ],
)
def test_refusals(words: str, target: int, code: str, message: str) -> None:
    asked = question({"w": 1, "layers": words})
    with pytest.raises(DlcalcError) as refused:
        solve(InverseQuestion(asked, "input", (target,)))
    assert refused.value.code == code
    assert message in refused.value.message
    assert refused.value.hint
