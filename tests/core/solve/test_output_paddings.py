"""Every output padding with which a network gives a size and no other: against all that a layer may have, tried."""

import random
from itertools import product

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.network.shape import network_shape
from dlcalc.core.solve import output_paddings
from dlcalc.core.solve.question import InverseQuestion, Values
from dlcalc.core.solve.solve import solve
from dlcalc.notation.conv_shape import question
from tests.support.random_networks import Draw, as_typed, graph

KINDS = {"convt": 4, "conv": 2, "max": 1, "pad": 1, "relu": 1}


def tried(asked: InverseQuestion, most: int) -> dict[Values, tuple[int, ...]]:
    """What each combination of output paddings gives, as far as it is accepted."""
    found = {}
    for values in product(range(most), repeat=len(asked.open_nodes) * len(asked.template.axes)):
        try:
            found[values] = network_shape(asked.with_values(values), fields=False).output
        except DlcalcError:
            continue
    return found


@pytest.mark.parametrize(
    ("words", "size", "target", "listed"),
    [
        ("convt3s2 relu", 8, 18, [(1,)]),
        ("@x convt4 @t convt3 from@x convt1s2 add@t", 3, 6, [(0, 0, 1)]),
        ("convt1s3 relu", 2, 4, [(0,)]),
    ],
)
def test_in_keras(words: str, size: int, target: int, listed: list[Values]) -> None:
    """Where no output padding is not an output padding of 0."""
    asked = InverseQuestion(
        question({"w": size, "layers": words, "framework": "tensorflow"}), "output_padding", (target,)
    )
    right = [values for values, output in tried(asked, 4).items() if output == (target,)]
    assert right == listed
    assert solve(asked).listed == tuple(listed)


def drawn(rng: random.Random, axes: int) -> ShapeQuestion:
    return graph(rng, Draw(nodes=5, size=9, axes=(axes,), vectors=0, joined=0.3, kinds=KINDS))


@pytest.mark.parametrize(("axes", "count"), [(1, 100), (2, 25)])
def test_all_solutions_and_only_solutions(axes: int, count: int) -> None:
    rng, solved, refused = random.Random(81), 0, 0
    while solved < count:
        asked = InverseQuestion(drawn(rng, axes), "output_padding", ())
        if not 1 <= len(asked.open_nodes) <= 3 // axes:
            continue
        sizes = tried(asked, 4)
        if not sizes:
            continue
        some = sorted(set(sizes.values()))
        for target in {rng.choice(some), tuple(extent + rng.randint(-2, 2) for extent in rng.choice(some))}:
            if min(target) < 1:
                continue
            right = [values for values, size in sizes.items() if size == target]
            try:
                found = solve(asked._replace(target=target)).listed
            except DlcalcError as error:
                assert not right, (as_typed(asked.template.network), asked, target, error)
                assert error.code == "no-solution"
                refused += 1
                continue
            assert found is not None
            inside = [values for values in found if max(values) < 4]
            assert sorted(inside) == right, (as_typed(asked.template.network), asked, target)
            for values in found:
                assert network_shape(asked.with_values(values)).output == target
            solved += 1
    assert refused > count / 10


@pytest.mark.parametrize(
    ("words", "size", "target", "listed"),
    [
        ("convt3s2p1", 7, 14, [(1,)]),
        ("convt3s2p1 convt3s2p1", 7, 28, [(1, 1)]),
        ("convt3s2p1 convt3s2p1", 7, 27, [(1, 0)]),
        ("convt3s2p1o0 convt3s2p1", 7, 26, [(1,)]),
        ("@x 3s2p1 @y 3s2p1 convt3s2p1 cat@y convt3s2p1 cat@x", 224, 224, [(1, 1)]),
        ("@x 3s2p1 @y 3s2p1 convt3s2p1 cat@y convt3s2p1 cat@x", 225, 225, [(0, 0)]),
    ],
)
def test_output_paddings_of_some_networks(words: str, size: int, target: int, listed: list[Values]) -> None:
    asked = question({"w": size, "layers": words})
    assert solve(InverseQuestion(asked, "output_padding", (target,))).listed == tuple(listed)


@pytest.mark.parametrize(
    ("words", "size", "target", "code", "message"),
    [
        ("3p1 max2", 8, 4, "usage", "no transposed layer is without an output padding"),
        ("convt3s2p1o0 relu", 7, 13, "usage", "no transposed layer is without an output padding"),
        ("convt3s2p1 relu", 7, 15, "no-solution", "no output padding gives an output width of 15"),
        ("convt3s2p1 relu", 7, 0, "invalid-value", "target 0"),
        ("@x 3s2p1 convt3s2p1 cat@x relu", 8, 7, "no-solution", "no output padding gives an output width of 7"),
        ("@x 9 convt3s2p1 cat@x relu", 30, 30, "no-solution", "with none do all maps meet"),
    ],
)
def test_refusals(words: str, size: int, target: int, code: str, message: str) -> None:
    asked = question({"w": size, "layers": words})
    with pytest.raises(DlcalcError) as refused:
        solve(InverseQuestion(asked, "output_padding", (target,)))
    assert refused.value.code == code
    assert message in refused.value.message
    assert refused.value.hint


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question({"w": 3, "layers": "convt2s9 convt2s9 convt2s9"})
    assert solve(InverseQuestion(asked, "output_padding", (1550,))).how_many == 1
    monkeypatch.setattr(output_paddings, "MAX_TRIED", 50)
    with pytest.raises(DlcalcError, match="more than 50 layers would have to be computed") as refused:
        solve(InverseQuestion(asked, "output_padding", (1550,)))
    assert refused.value.code == "too-many-questions"
