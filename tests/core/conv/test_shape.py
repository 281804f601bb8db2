"""The numbers of one layer against their definitions: every position of every window, one by one."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.conv.frameworks import plan_layer
from dlcalc.core.conv.layer import FrameworkName, Layer
from dlcalc.core.conv.shape import AxisShape, shapes_on, uneven_overlap
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import layer_question
from tests.support.random_layers import answers, layer_of


def axis_of(size: int, layer: Layer, framework: FrameworkName = "pytorch") -> AxisShape:
    return conv_shape(layer_question(("w",), (size,), layer, framework)).layers[0].axes[0]


def positions(axis: AxisShape) -> list[list[int]]:
    """The pixels that each window of a convolution or a pooling covers, padding included."""
    window = axis.window
    starts = [a * window.stride - window.before for a in range(axis.output)]
    return [[start + b * window.dilation for b in range(window.kernel)] for start in starts]


def test_what_windows_read_and_see_is_what_their_positions_say() -> None:
    compared = 0
    for answer in answers(5_000, seed=11):
        question = answer.question
        if layer_of(question).family == "transposed":
            continue
        for axis in answer.layers[0].axes:
            windows = positions(axis)
            read = {pixel for window in windows for pixel in window}
            assert axis.unread == len(set(range(axis.window.input)) - read), question
            first = windows[0]
            assert axis.field.size == axis.field.smallest == first[-1] - first[0] + 1
            assert Fraction(*axis.field.center or ()) == Fraction(first[0] + first[-1], 2)
            assert axis.field.jump == (axis.window.stride, 1)
            compared += 1
    assert compared > 2_000


def test_what_a_transposed_layer_reads_and_sees_is_what_its_products_say() -> None:
    compared = 0
    for answer in answers(8_000, seed=12):
        question = answer.question
        if layer_of(question).family != "transposed":
            continue
        for axis in answer.layers[0].axes:
            window = axis.window
            taps = [b * window.dilation - window.before for b in range(window.kernel)]
            kept = range(axis.output)
            reach = [any(x * window.stride + tap in kept for tap in taps) for x in range(window.input)]
            assert axis.unread == reach.count(False), question
            fields, centers = [], []
            for y in range(axis.output):
                inputs = [Fraction(y - tap, window.stride) for tap in taps if (y - tap) % window.stride == 0]
                fields.append(max(inputs) - min(inputs) + 1 if inputs else 0)
                if inputs:
                    centers.append((max(inputs) + min(inputs)) / 2)
            assert (axis.field.size, axis.field.smallest) == (max(fields), min(fields)), question
            center = axis.field.center
            assert (None if center is None else Fraction(*center)) == (centers[0] if centers else None), question
            compared += 1
    assert compared > 800


sizes, kernels, steps = st.integers(1, 60), st.integers(1, 9), st.integers(1, 6)


@given(sizes, kernels, st.integers(1, 4))
def test_same_with_stride_1_keeps_the_size(size: int, kernel: int, dilation: int) -> None:
    assert axis_of(size, Layer(kernel, padding="same", dilation=dilation)).output == size


@given(sizes, kernels, steps)
def test_same_in_keras_is_the_input_over_the_stride_rounded_up(size: int, kernel: int, stride: int) -> None:
    assert axis_of(size, Layer(kernel, stride, "same"), "tensorflow").output == -(-size // stride)


@given(sizes, kernels, steps, st.integers(0, 4))
def test_a_transposed_layer_undoes_the_size_of_its_convolution(size: int, kernel: int, stride: int, pad: int) -> None:
    layer = Layer(kernel, stride, pad)
    try:
        output = axis_of(size, layer).output
        back = axis_of(output, layer._replace(kind="transposed")).output
    except DlcalcError:
        return
    assert back == size - (size + 2 * pad - kernel) % stride


@given(sizes, kernels, st.integers(1, 4), st.integers(0, 8))
def test_a_transposed_layer_of_stride_1_is_a_convolution(size: int, kernel: int, dilation: int, pad: int) -> None:
    extent = dilation * (kernel - 1) + 1
    if pad >= extent:
        return
    try:
        one = axis_of(size, Layer(kernel, 1, pad, dilation, "transposed"))
    except DlcalcError:
        return
    other = axis_of(size, Layer(kernel, 1, extent - 1 - pad, dilation))
    assert (one.output, one.field) == (other.output, other.field)


@given(st.integers(10**15, 10**18 - 1), st.integers(1, 10**9), st.integers(1, 10**9))
def test_exact_at_18_digits(size: int, kernel: int, stride: int) -> None:
    axis = axis_of(size, Layer(kernel, stride))
    assert (axis.output - 1) * stride + kernel <= size < axis.output * stride + kernel
    gaps = (axis.output - 1) * max(0, stride - kernel)
    assert axis.unread == gaps + size - (axis.output - 1) * stride - kernel


@pytest.mark.parametrize(
    ("size", "layer", "unread"),
    [
        (224, Layer(11, 4), 1),
        (227, Layer(11, 4), 0),
        (224, Layer(11, 4, 2), 0),
        (56, Layer(1, 2), 28),  # a strided shortcut reads 28 x 28, a quarter of the image
        (5, Layer(3, 1, 0, 2), 2),
    ],
)
def test_unread_input(size: int, layer: Layer, unread: int) -> None:
    assert axis_of(size, layer).unread == unread


def test_uneven_overlap_is_what_counting_finds() -> None:
    """Counted over the outputs that the ends of the input do not reach."""
    for kernel, stride, dilation in product(range(1, 8), range(1, 6), range(1, 5)):
        layer = Layer(kernel, stride, dilation=dilation, kind="transposed")
        extent = dilation * (kernel - 1) + 1
        size = 2 * extent + 2 * stride
        met = [0] * ((size - 1) * stride + extent)
        for x, tap in product(range(size), range(kernel)):
            met[x * stride + tap * dilation] += 1
        inner = met[extent : extent + 2 * stride]
        plan = plan_layer("pytorch", layer, 1)
        (axis,), notices = shapes_on(plan, ("w",), (size,))
        found = uneven_overlap(axis)
        assert (found is not None) == (min(inner) < max(inner)), (kernel, stride, dilation)
        if found is not None:
            assert found.message.startswith(f"outputs are sums of {min(inner)} or of {max(inner)} products")
            assert found in notices
