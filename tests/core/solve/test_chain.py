"""Every input size of a chain and no other: against all sizes in a range, put through the whole chain."""

import random
import re
from itertools import product

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import OpKind, ShapeQuestion
from dlcalc.core.solve.question import InverseQuestion, ascending
from dlcalc.core.solve.solve import solve
from tests.conftest import Run
from tests.support import chains, random_networks
from tests.support.open_axes import among, output_of

MOST = {1: 90, 2: 14, 3: 6}  # sizes tried along each axis, by how many axes there are


def can_be_had(asked: ShapeQuestion, target: int) -> bool:
    try:
        return bool(solve(InverseQuestion(asked, "input", (target,))).runs)
    except DlcalcError as error:
        return error.code == "too-many-questions"


@pytest.mark.parametrize(("axes", "count"), [(1, 150), (2, 40), (3, 20)])
def test_all_solutions_and_only_solutions(axes: int, count: int) -> None:
    rng, most = random.Random(61 + axes), MOST[axes]
    solved, refused, beside, frameworks = 0, 0, 0, set()
    while solved < count:
        asked = random_networks.question(rng, 5, axes)
        if asked.network.nodes[-1].op.kind == "linear":
            continue
        question = InverseQuestion(asked, "input", ())
        sizes = {size: output_of(question, size) for size in product(range(1, most + 1), repeat=axes)}
        some = sorted({size for size in sizes.values() if size is not None})
        targets = rng.sample(some, min(2, len(some)))
        for target in [*targets, tuple(rng.randint(1, 12) for _ in range(axes))]:
            right = {size for size, found in sizes.items() if found == target}
            try:
                answer = solve(InverseQuestion(asked, "input", target))
            except DlcalcError as error:
                assert not right or error.code == "too-many-questions", (asked, target, error)
                refused += not right
                if axes == 1 and error.hint and (named := re.findall(r"target=(\d+)", error.hint)):
                    gaps = {abs(size[0] - target[0]) for size in some}
                    assert min(gaps, default=10**9) >= abs(int(named[0]) - target[0]), (asked, target, error.hint)
                    assert (int(named[0]),) in {*some} or can_be_had(asked, int(named[0])), (asked, error.hint)
                    beside += 1
                continue
            assert among(answer, range(1, most + 1)) == right, (asked, target)
            solved += bool(right)
            frameworks.add(asked.framework)
    assert len(frameworks) == 3
    assert refused > 4
    assert beside > 10 or axes > 1


def chain(*layers: Layer | OpKind) -> ShapeQuestion:
    return chains.asked(1, *map(chains.op, layers))


def test_numbers_of_any_size() -> None:
    asked = chain(Layer(7, 2, 3), Layer(3, 2, 1, kind="max-pool"))
    target = 10**17
    (runs,) = solve(InverseQuestion(asked, "input", (target,))).runs
    assert list(ascending(runs)) == [4 * target - 3 + more for more in range(4)]


def test_between_layers_a_size_may_be_longer_than_what_can_be_typed() -> None:
    """From 10**17 over (10**17 - 1)*1000 + 1, which has 20 digits, back to 10**17."""
    there_and_back = chain(Layer(1, 1_000, kind="transposed"), Layer(1, 1_000))
    (runs,) = solve(InverseQuestion(there_and_back, "input", (10**17,))).runs
    assert list(ascending(runs)) == [10**17]


def test_behind_a_gap_every_size_will_do() -> None:
    answer = solve(InverseQuestion(chain(Layer(3, 2), "global-avg-pool"), "input", (1,)))
    assert [(run.first, run.last) for run in answer.runs[0]] == [(3, None)]
    assert [warning.code for warning in answer.warnings] == ["unbounded"]
    up = chain("global-avg-pool", Layer(4, 1, kind="transposed"), "batch-norm")
    assert solve(InverseQuestion(up, "input", (4,))).runs[0][0].last is None
    with pytest.raises(DlcalcError, match="no input gives an output width of 5"):
        solve(InverseQuestion(up, "input", (5,)))


def test_the_nearest_sizes_are_named_however_large_their_input() -> None:
    with pytest.raises(DlcalcError) as refused:
        solve(InverseQuestion(chain(Layer(3, 5, 1, kind="transposed")), "input", (10_000,)))
    assert refused.value.hint == "target=10001, the nearest that can be had"


def test_too_many_solutions() -> None:
    asked = chain(Layer(1, 10_001), Layer(1, 1_000))
    with pytest.raises(DlcalcError) as refused:
        solve(InverseQuestion(asked, "input", (5,)))
    assert refused.value.code == "too-many-questions"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--target 8 --solve input 3 fc10", "usage", "layer 2 (fc10): its output has no axes"),
        ("--target 8 --solve k --w 9 3", "usage", "--solve kernel is for a single layer"),
        ("--target 8 --solve input --k 3 3", "usage", "--kernel"),
        ("--target 8 --solve input --w 9 3", "usage", "--w"),
        ("--target 8 --solve input 3 max3p5", "padding-too-large", "layer 2 (max3p5): "),
        ("--target 8x8 --solve input 3x3x3", "shape-mismatch", "kernel"),
        ("--target 8 --solve input max2 convt3s5p1", "no-solution", "no input gives an output width of 8"),
        ("--target 0 --solve input 3", "invalid-value", "target 0"),
    ],
)
def test_refusals(conv_shape: Run, words: str, code: str, message: str) -> None:
    found = conv_shape(words + " --json")
    assert (found.code, found.out, found.error["code"]) == (2, "", code)
    assert message in found.error["message"]


def test_every_look(conv_shape: Run) -> None:
    words = "--target 56 --solve input 7s2p3c64 bn max3s2p1"
    assert conv_shape(f"{words} -q").out == "221..224\n"
    found = conv_shape(f"{words} --json").json
    assert found["solutions"] == [{"input": {"w": width}} for width in range(221, 225)]
    assert [layer["word"] for layer in found["layers"]] == ["7s2p3c64", "bn", "max3s2p1"]
    assert "input" not in found
    assert "output" not in found["layers"][0]
    csv = conv_shape(f"{words} --format csv").out.splitlines()
    assert [line.split(",")[:4] for line in csv[:2]] == [
        ["framework", "solve", "target_w", "input_w"],
        ["pytorch", "input", "56", "221"],
    ]
    table = conv_shape("--target 2 --solve input 3 3s3 2").out
    assert "input 11 or 12 or 13" in table
    assert "conv2" in table
    assert conv_shape("--target 4 --solve input -q 3x3 3p1").out == "6x6\n"
