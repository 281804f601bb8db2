"""One axis with an unknown number: what is put in, and that the size is monotone where it is said to be."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlcalc.core.conv.layer import AxisLayer, Layer, per_axis
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network.network import layer_question
from dlcalc.core.solve.open_axis import OpenAxis, open_axes, size_zigzags_with_stride
from tests.support.open_axes import VALUES, axes, output


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
    assert conv_shape(layer_question(("w",), (value,), axis.layer, axis.framework)).output == (size,)


def test_each_axis_is_told_what_the_others_decide() -> None:
    layer = Layer((3, 5), (1, 2), ((0, 1), (2, 2)), (1, 2))
    of_h, of_w = open_axes("pytorch", layer, ("h", "w"), (7, 9), per_axis(layer, 2), "kernel")
    assert (of_h.name, of_h.size, of_h.numbers.kernel) == ("h", 7, 3)
    assert (of_w.name, of_w.size, of_w.numbers.kernel) == ("w", 9, 5)
    assert of_h.others == (AxisLayer(1, 2, 2, (0, 0), None),)  # its stride, its dilation, and that it is even
    assert of_w.others == (AxisLayer(1, 1, 1, (0, 1), None),)
