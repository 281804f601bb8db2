"""Each effect of a framework is there where it is said to be, and is seen in the forward rule."""

import pytest

from dlcalc.core.conv.layer import AxisLayer, FrameworkName, Layer, per_axis
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve import open_axis as frameworks
from dlcalc.core.solve.open_axis import OpenAxis
from dlcalc.core.solve.question import Unknown

SAME = Layer(2, 1, "same")


def sizes(framework: FrameworkName, layer: Layer, size: int, unknown: Unknown, values: range) -> list[int]:
    (numbers,) = per_axis(layer, 1)
    return [*map(OpenAxis(framework, layer, "w", size, numbers, (), unknown).size_function(), values)]


def test_keras_same_transposed_alternates_with_the_parity() -> None:
    extra = SAME._replace(kind="transposed", output_padding=0)
    kernels = sizes("tensorflow", extra, 5, "kernel", range(1, 9))
    assert kernels not in (sorted(kernels), sorted(kernels, reverse=True))
    assert frameworks.size_alternates_with_parity("tensorflow", extra)
    assert not frameworks.size_alternates_with_parity("onnx", extra)
    for layer in (extra._replace(output_padding=None), extra._replace(padding=0), SAME):
        assert not frameworks.size_alternates_with_parity("tensorflow", layer)


def test_onnx_same_pools_zigzag_with_the_stride() -> None:
    dilated = Layer(5, 1, "same", 4, "avg-pool")
    by_stride = sizes("onnx", dilated, 26, "stride", range(1, 40))
    assert by_stride not in (sorted(by_stride), sorted(by_stride, reverse=True))
    (numbers,) = per_axis(dilated, 1)
    assert frameworks.size_zigzags_with_stride("onnx", dilated, numbers)
    assert not frameworks.size_zigzags_with_stride("onnx", dilated, numbers._replace(dilation=1))
    assert not frameworks.size_zigzags_with_stride("onnx", dilated._replace(kind="conv"), numbers)
    assert not frameworks.size_zigzags_with_stride("tensorflow", dilated, numbers)


def test_onnx_same_max_pools_refuse_inputs_between_others() -> None:
    layer = Layer(1, 3, "same", 1, "max-pool")
    taken = []
    for size in range(1, 8):
        try:
            taken.append(conv_shape(ConvShapeQuestion(("w",), (size,), layer, "onnx")).output[0])
        except DlcalcError:
            taken.append(0)
    assert taken == [1, 0, 0, 2, 0, 0, 3]
    assert frameworks.inputs_are_refused_between("onnx", layer)
    assert not frameworks.inputs_are_refused_between("onnx", layer._replace(kind="avg-pool"))
    assert not frameworks.inputs_are_refused_between("pytorch", layer)


@pytest.mark.parametrize(
    ("framework", "layer", "unknown", "coupled"),
    [
        ("pytorch", Layer(3, kind="max-pool"), "padding", True),
        ("pytorch", Layer(3, kind="avg-pool"), "padding", True),
        ("pytorch", Layer(3), "padding", False),
        ("pytorch", Layer(3, kind="max-pool"), "stride", False),
        ("onnx", Layer(3, kind="max-pool"), "padding", False),
        ("onnx", SAME._replace(kind="max-pool"), "dilation", True),
        ("onnx", SAME._replace(kind="avg-pool"), "dilation", False),
        ("onnx", Layer(3, kind="max-pool"), "dilation", False),
    ],
)
def test_which_axes_are_coupled(framework: FrameworkName, layer: Layer, unknown: Unknown, coupled: bool) -> None:
    assert frameworks.axes_are_coupled(framework, layer, unknown) == coupled


@pytest.mark.parametrize(
    ("framework", "unknown", "special", "summary"),
    [
        ("pytorch", "kernel", False, AxisLayer(1, 4, 3, (0, 1), None)),
        ("onnx", "kernel", False, AxisLayer(1, 4, 3, (0, 0), None)),
        ("pytorch", "stride", False, AxisLayer(1, 1, 3, (0, 1), None)),
        ("pytorch", "dilation", False, AxisLayer(1, 4, 1, (0, 1), None)),
        ("pytorch", "dilation", True, AxisLayer(1, 4, 2, (0, 1), None)),
        ("pytorch", "padding", False, AxisLayer(1, 4, 3, (0, 0), None)),
        ("pytorch", "padding", True, AxisLayer(1, 4, 3, (0, 1), None)),
    ],
)
def test_what_an_axis_is_reduced_to(
    framework: FrameworkName, unknown: Unknown, special: bool, summary: AxisLayer
) -> None:
    axis = AxisLayer(5, 4, 3, (1, 2), 1)
    assert frameworks.axis_summary(framework, unknown, axis, special) == summary


def test_a_padding_word_stays_in_the_summary() -> None:
    assert frameworks.axis_summary("onnx", "kernel", AxisLayer(5, 4, 3, "same", None), False).padding == "same"
