"""One axis with an unknown number: what is put in, and that the size is monotone where it is said to be."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlcalc.core.conv.layer import AxisLayer, Layer, per_axis
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.solve.open_axis import OpenAxis, open_axes, refusal, size_zigzags_with_stride
from dlcalc.core.solve.question import Unknown
from tests.support.open_axes import VALUES, axes, output

NUMBERS = AxisLayer(3, 2, 1, (0, 0), None)
PUT_IN: list[tuple[Unknown, AxisLayer, int]] = [
    ("input", NUMBERS, 5),
    ("kernel", NUMBERS._replace(kernel=5), 9),
    ("stride", NUMBERS._replace(stride=5), 9),
    ("dilation", NUMBERS._replace(dilation=5), 9),
    ("padding", NUMBERS._replace(padding=(2, 3)), 9),
    ("output_padding", NUMBERS._replace(output_padding=5), 9),
]


@pytest.mark.parametrize(("unknown", "numbers", "size"), PUT_IN)
def test_a_value_takes_the_place_of_the_unknown_number(unknown: Unknown, numbers: AxisLayer, size: int) -> None:
    assert OpenAxis("pytorch", Layer(3, 2), "w", 9, NUMBERS, (), unknown).with_value(5) == (numbers, size)


def test_the_stride_of_a_pooling_follows_its_kernel() -> None:
    follows = OpenAxis("pytorch", Layer(3, kind="max-pool"), "w", 9, NUMBERS, (), "kernel")
    assert follows.with_value(5)[0] == NUMBERS._replace(kernel=5, stride=5)
    has_its_own = follows._replace(layer=Layer(3, 2, kind="max-pool"))
    assert has_its_own.with_value(5)[0] == NUMBERS._replace(kernel=5)


@given(axes())
@settings(max_examples=150)
def test_the_size_is_monotone_along_each_class(axis: OpenAxis) -> None:
    assume(not (axis.unknown == "stride" and size_zigzags_with_stride(axis.framework, axis.layer, axis.numbers)))
    assume(any(output(axis, value) is not None for value in range(1, 9)))
    size_of = axis.size_function()
    for start, step in axis.classes():
        sizes = [size_of(value) for value in range(start, VALUES.stop, step)]
        assert sizes in (sorted(sizes), sorted(sizes, reverse=True))


@given(axes(), st.sampled_from(VALUES))
@settings(max_examples=150)
def test_where_the_forward_rule_takes_a_value_both_functions_agree(axis: OpenAxis, value: int) -> None:
    assume(value >= axis.classes()[0][0])
    size = output(axis, value)
    assume(size is not None)
    assert axis.size_function()(value) == size


@given(axes().map(lambda axis: axis._replace(unknown="input", others=())), st.integers(1, 30))
@settings(max_examples=60)
def test_the_output_is_that_of_the_whole_layer(axis: OpenAxis, value: int) -> None:
    size = output(axis, value)
    assume(size is not None)
    assert conv_shape(ConvShapeQuestion(("w",), (value,), axis.layer, axis.framework)).output == (size,)


def test_each_axis_is_told_what_the_others_decide() -> None:
    layer = Layer((3, 5), (1, 2), ((0, 1), (2, 2)), (1, 2))
    of_h, of_w = open_axes("pytorch", layer, ("h", "w"), (7, 9), per_axis(layer, 2), "kernel")
    assert (of_h.name, of_h.size, of_h.numbers.kernel) == ("h", 7, 3)
    assert (of_w.name, of_w.size, of_w.numbers.kernel) == ("w", 9, 5)
    assert of_h.others == (AxisLayer(1, 2, 2, (0, 0), None),)  # its stride, its dilation, and that it is even
    assert of_w.others == (AxisLayer(1, 1, 1, (0, 1), None),)


def test_a_refusal_is_the_error_of_the_forward_rule() -> None:
    axis = OpenAxis("pytorch", Layer(3), "w", 2, NUMBERS, (), "stride")
    error = refusal(axis.output_function(), 1)
    assert error is not None
    assert error.code == "kernel-exceeds-input"
    assert refusal(axis._replace(size=3).output_function(), 1) is None
