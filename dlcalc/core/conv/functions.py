"""The size of one output, as plain functions: what ``import dlcalc`` offers for a single layer."""

from typing import Any, TypeVar

from dlcalc.core.conv.frameworks import plan_layer
from dlcalc.core.conv.layer import ALL_AXES, FrameworkName, Kind, Layer, Padding
from dlcalc.core.conv.shape import shapes_on
from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import PerAxis, legal, wrong_rank

Size = TypeVar("Size", int, tuple[int, ...])


def conv_output_size(
    size: Size,
    kernel: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    *,
    framework: FrameworkName = "pytorch",
) -> Size:
    """The size of the feature map after a convolution: floor((i + P - ke)/s) + 1 along each axis.

    Args:
        size: the input's extent in pixels, or one extent per axis in the order depth, height, width.
        kernel: taps, at least 1, once for all axes or one per axis.
        stride: pixels between windows, likewise.
        padding: pixels on each side; one number, one number or (begin, end) per axis, or a word such as ``"same"``.
        dilation: pixels between taps, as the kernel.
        framework: whose rules hold: ``"pytorch"``, ``"tensorflow"`` or ``"onnx"``.

    Returns:
        The output's extent, an int for an int and a tuple for a tuple.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``invalid-value``, ``shape-mismatch``, ``unsupported-by-framework``.

    Source:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning, arXiv 1603.07285, relationship 15.

    >>> conv_output_size(7, kernel=3)
    5
    >>> conv_output_size((160, 224), kernel=7, stride=2, padding=3)
    (80, 112)
    """
    return _output(size, Layer(kernel, stride, padding, dilation), framework)


def conv_transpose_output_size(
    size: Size,
    kernel: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    output_padding: PerAxis | None = None,
    *,
    framework: FrameworkName = "pytorch",
) -> Size:
    """The size of the feature map after a transposed convolution: (i - 1)s - P + ke + output padding.

    Args:
        size: the input's extent in pixels, or one extent per axis; the output's is given likewise.
        kernel: taps, as of ``conv_output_size``.
        stride: output pixels between neighbouring inputs.
        padding: pixels cut from each side of the output, as the padding of the convolution that it is the transpose of.
        dilation: pixels between taps.
        output_padding: extra positions computed at the end; in Keras None and 0 differ.
        framework: whose rules hold.

    Raises:
        DlcalcError: ``empty-output``, ``output-padding-too-large``, and what ``conv_output_size`` raises.

    Source:
        Dumoulin & Visin, arXiv 1603.07285, relationship 14.

    >>> conv_transpose_output_size(4, kernel=3, stride=2, padding=1, output_padding=1)
    8
    """
    return _output(size, Layer(kernel, stride, padding, dilation, "transposed", output_padding), framework)


def pool_output_size(
    size: Size,
    kernel: PerAxis,
    stride: PerAxis | None = None,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    *,
    kind: Kind = "max-pool",
    ceil_mode: bool = False,
    framework: FrameworkName = "pytorch",
) -> Size:
    """The size of the feature map after a pooling.

    Args:
        size: the input's extent in pixels, or one extent per axis; the output's is given likewise.
        kernel: taps, as of ``conv_output_size``.
        stride: pixels between windows; the kernel if absent.
        padding: pixels on each side, as of ``conv_output_size``.
        dilation: pixels between taps.
        kind: ``"max-pool"`` or ``"avg-pool"``.
        ceil_mode: round the number of windows up, but start none in the padding at the end.
        framework: whose rules hold.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``padding-too-large``, and what ``conv_output_size`` raises.

    Source:
        The documentation of PyTorch's MaxPool2d and AvgPool2d.

    >>> pool_output_size(9, kernel=4, stride=4, padding=2, ceil_mode=True)
    3
    """
    return _output(size, Layer(kernel, stride, padding, dilation, kind, None, ceil_mode), framework)


def _output(size: Size, layer: Layer, framework: FrameworkName) -> Size:
    extents = (size,) if isinstance(size, int) else tuple(size)
    if not 1 <= len(extents) <= len(ALL_AXES):
        raise wrong_rank(len(extents))
    for extent in extents:
        legal(extent, "size", 1)
    layer = Layer(*map(hashable, layer))
    try:
        plan = plan_layer(framework, layer, len(extents))
    except DlcalcError as error:
        from dlcalc.core.conv.frameworks.same_in_numbers import with_numbers

        raise with_numbers(error, framework, layer, extents) from None
    axes, _ = shapes_on(plan, ALL_AXES[-len(extents) :], extents)
    output = tuple([axis.output for axis in axes])
    return output[0] if isinstance(size, int) else output


def hashable(value: Any) -> Any:
    """Turn lists into the tuples that they stand for, nested ones too."""
    return tuple(map(hashable, value)) if isinstance(value, list | tuple) else value
