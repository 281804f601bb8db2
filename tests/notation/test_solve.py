"""The question backwards: which number is open by every name for it, and on which axes a target stands."""

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.joint import JointQuestion
from dlcalc.core.solve.question import InverseQuestion
from dlcalc.notation.solve import question
from tests.support.refusals import by_option, cause, rows

OPEN: dict[str, object] = {"target": "112", "w": 224, "stride": 2}

NAMES = {"kernel": ["kernel", "k"], "padding": ["p"], "dilation": ["d"]}
NAMES["output_padding"] = ["o", "op", "output-padding", "output_padding"]


def of_one(raw: dict[str, object]) -> InverseQuestion:
    """The question about one open number."""
    found = question(raw)
    assert isinstance(found, InverseQuestion)
    return found


@pytest.mark.parametrize(("name", "solve"), rows(NAMES))
def test_the_open_number(name: str, solve: str) -> None:
    raw = {**OPEN, "kernel": 7} if solve != "kernel" else OPEN
    found = of_one({**raw, "solve": name})
    assert (found.unknown, found.target) == (solve, (112,))


@pytest.mark.parametrize("name", ["input", "i", "w", "h", "width", "height", "depth", "size"])
def test_the_open_input(name: str) -> None:
    found = of_one({"solve": name, "target": "112", "kernel": 7})
    assert (found.unknown, found.template.axes, found.target) == ("input", ("w",), (112,))


AXES: list[tuple[dict[str, object], tuple[str, ...], tuple[int, ...]]] = [
    ({"target": "112x56"}, ("h", "w"), (112, 56)),
    ({"target": [5, 6, 7]}, ("d", "h", "w"), (5, 6, 7)),
    ({"target": {"w": 5}}, ("w",), (5,)),
    ({"target": {"w": 6, "h": 5}}, ("h", "w"), (5, 6)),
    ({"target": 5, "dims": 2}, ("h", "w"), (5, 5)),
    ({"target": 5, "kernel": "3x3x3"}, ("d", "h", "w"), (5, 5, 5)),
    ({"target": 5, "stride": [1, 2]}, ("h", "w"), (5, 5)),
    ({"target": 5, "padding": "0:1x1:0"}, ("h", "w"), (5, 5)),
]


@pytest.mark.parametrize(("raw", "axes", "target"), AXES)
def test_the_axes_of_an_open_input(raw: dict[str, object], axes: tuple[str, ...], target: tuple[int, ...]) -> None:
    found = question({"solve": "input", "kernel": 3, **raw})
    assert (found.template.axes, found.target) == (axes, target)


@pytest.mark.parametrize(
    ("layers", "axes"),
    [
        ("3p1 max2", ("w",)),
        ("3x3p1", ("h", "w")),
        ("3 max1x2x2", ("d", "h", "w")),
        ("up2x2 3", ("h", "w")),
        ("@2x3 3p1 add@2x3", ("w",)),  # a name is no size
    ],
)
def test_the_axes_of_an_open_input_of_a_network(layers: str, axes: tuple[str, ...]) -> None:
    found = question({"solve": "input", "target": 5, "layers": layers})
    assert (found.template.axes, found.target) == (axes, (5,) * len(axes))


REFUSED = [
    *by_option({
        "usage": [
            {"solve": "q"}, {"solve": 7}, {"solve": ["padding"]}, {"padding": 3}, {"target": "a"}, {"target": None},
            {"target": {"h": 5}}, {"framework": "jax"},
        ],
        "invalid-value": [{"target": 0}],
        "shape-mismatch": [{"target": "1x2"}],
    }),
    ({"solve": "kernel"}, "usage", "kernel"),
    ({"solve": "input"}, "usage", "w"),
    ({"layers": "3p1"}, "usage", "kernel"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, {"solve": "padding", "kernel": 7, **OPEN, **raw}) == (code, option)


OPEN_INPUT_REFUSED = [
    *by_option({
        "usage": [{"w": 7}, {"size": 7}, {"depth": 7}],
        "invalid-value": [{"dims": 4}],
        "shape-mismatch": [{"target": "1x2", "kernel": "3x3x3"}],
    }),
    ({"target": "1x2x3x4"}, "shape-mismatch", "size"),
    ({"target": []}, "shape-mismatch", "size"),
    ({"target": "1x2", "dims": 3}, "shape-mismatch", "target"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "code", "option"), OPEN_INPUT_REFUSED)
def test_an_open_input_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, {"solve": "input", "target": 5, "kernel": 3, **raw}) == (code, option)


def test_the_open_output_paddings_of_a_network() -> None:
    """Those of the transposed layers that have none typed."""
    found = of_one({"solve": "o", "target": 8, "w": 4, "layers": "convt3s2p1 3p1 convt3s2p1o1 convt2s2"})
    assert found.unknown == "output_padding"
    assert [node.name for node in found.open_nodes] == ["transposed1", "transposed3"]
    put = found.with_values((1, 0)).network.nodes
    assert [node.op.layer and node.op.layer.output_padding for node in put] == [(1,), None, 1, (0,)]


OF_NETWORKS_REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"solve": "kernel"}, "usage", "solve"),
    ({"solve": "stride"}, "usage", "solve"),
    ({"solve": "padding"}, "usage", "solve"),
    ({"solve": "dilation"}, "usage", "solve"),
    ({"solve": "input"}, "usage", "w"),
    ({"solve": "o", "stride": 2}, "usage", "stride"),
    ({"solve": "o", "target": "5x5"}, "shape-mismatch", "target"),
]


@pytest.mark.parametrize(("raw", "code", "option"), OF_NETWORKS_REFUSED)
def test_of_a_network_the_input_and_the_output_paddings_are_solved_for(
    raw: dict[str, object], code: str, option: str
) -> None:
    assert cause(question, {"target": 5, "layers": "convt3s2p1", "w": 7, **raw}) == (code, option)


def test_of_a_network_it_is_said_what_is_solved_for() -> None:
    with pytest.raises(DlcalcError, match="--solve padding is for a single layer") as caught:
        question({"solve": "p", "target": 5, "layers": "3p1", "w": 7})
    assert str(caught.value.hint).startswith("--solve input or output-padding")


@pytest.mark.parametrize(
    ("solve", "unknowns"),
    [
        ("stride,padding", ("stride", "padding")),
        ("p,s", ("padding", "stride")),
        (" s , o ", ("stride", "output_padding")),
        ("w,k", ("input", "kernel")),
    ],
)
def test_several_open_numbers(solve: str, unknowns: tuple[str, ...]) -> None:
    raw = {"w": 7, "kernel": 3, "kind": "transposed", "target": 14, "solve": solve}
    open_keys = {*unknowns, *(["w"] if "input" in unknowns else [])}
    found = question({key: value for key, value in raw.items() if key not in open_keys})
    assert isinstance(found, JointQuestion)
    assert (found.unknowns, found.target) == (unknowns, (14,))
