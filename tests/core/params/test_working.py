"""A working gives the right number, and an edit of it the number that it says."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.numeric.ratio import Ratio
from dlcalc.core.params.question import ConvParamsQuestion
from dlcalc.core.params.working import AxisWork, evaluate, layer_working, rescaled

(LAYER,) = conv_params(
    ConvParamsQuestion(4, 6, 2, True, Layer((3, 1), (2, 1), (1, 0)), ("h", "w"), (7, 5), n=2, dtype="float16")
).layers


def test_the_working_of_a_layer() -> None:
    working = layer_working(LAYER, "macs")
    assert working.axes == (AxisWork(3, 7, 4, 4, 10), AxisWork(1, 5, 5, 5, 5))
    assert (working.c_in, working.c_out, working.groups, working.n, working.biases, working.each) == (4, 6, 2, 2, 6, 2)


def test_without_a_size_there_are_only_taps() -> None:
    (unsized,) = conv_params(LAYER.question._replace(size=None)).layers
    assert layer_working(unsized, "weights").axes == (AxisWork(3, 1, 1, 1, 1), AxisWork(1, 1, 1, 1, 1))


EDITS: list[tuple[str, dict[str, int | bool], int]] = [
    ("weights", {}, 2 * 3 * 6),
    ("weights", {"groups": 1}, 4 * 3 * 6),
    ("weights", {"among_weights": 6}, 2 * 3 * 6 + 6),
    ("weights", {"separable": True}, 3 * 4 + 4 * 6),
    ("params", {"norm": 2}, 2 * 3 * 6 + 6 + 2 * 6),
    ("buffers", {"norm": 4}, 2 * 6),
    ("param_bytes", {"biases": 0}, 2 * 3 * 6 * 2),
    ("macs", {}, 2 * 2 * 6 * (4 * 3) * 5),
    ("macs_without_padding", {}, 2 * 2 * 6 * 10 * 5),
    ("flops", {"bias_adds": 1}, 2 * 2 * 2 * 6 * (4 * 3) * 5 + 2 * 6 * 4 * 5),
    ("activation_bytes", {"n": 1}, 6 * 4 * 5 * 2),
    ("peak_activation_bytes", {}, 2 * (4 * 7 * 5 + 6 * 4 * 5) * 2),
]


@pytest.mark.parametrize(("key", "edit", "number"), EDITS)
def test_an_edit_gives_its_number(key: str, edit: dict[str, int], number: int) -> None:
    working = layer_working(LAYER, key)
    for field, value in edit.items():
        assert field in working._fields
        working = type(working)(**{**working._asdict(), field: value})
    assert evaluate(working, key) == ((number, 1),)


@pytest.mark.parametrize(
    ("number", "scale", "rounding", "result"),
    [
        (7, (1, 2), "exact", (7, 2)),
        (7, (1, 2), "down", (3, 1)),
        (7, (1, 2), "up", (4, 1)),
        (8, (1, 2), "up", (4, 1)),
        (7, (3, 1), "down", (21, 1)),
    ],
)
def test_a_number_in_another_unit(number: int, scale: Ratio, rounding: str, result: Ratio) -> None:
    assert rescaled(number, layer_working(LAYER, "params")._replace(scale=scale, rounding=rounding)) == result
