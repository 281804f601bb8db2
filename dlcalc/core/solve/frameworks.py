"""Where a framework's rules make a size hard to invert: it is not monotone, inputs are missing, or axes are coupled."""

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import SAME_WORDS, AxisLayer, FrameworkName, Layer, PaddingWord, Sides
from dlcalc.core.solve.question import Unknown


def size_alternates_with_parity(framework: FrameworkName, layer: Layer) -> bool:
    """Tell whether the size is monotone in the kernel and the dilation only among those of one parity.

    Keras's 'same' of a transposed layer with output padding takes 2*floor(ke/2) away.
    """
    extra = layer.family == "transposed" and layer.output_padding is not None
    return framework_of(framework).transposed_same_by_parity and layer.padding in SAME_WORDS and extra


def size_zigzags_with_stride(framework: FrameworkName, layer: Layer, numbers: AxisLayer) -> bool:
    """Tell whether the size goes up and down with the stride: ONNX Runtime's SAME pools do not count the dilation.

    The size is ceil(i/s) - ceil((ke - k)/s) then, or with the second rounded down.
    """
    pool = layer.family == "pool" and layer.padding in SAME_WORDS
    return pool and framework_of(framework).pools_ignore_dilation and numbers.extent > numbers.kernel


def inputs_are_refused_between(framework: FrameworkName, layer: Layer) -> bool:
    """Tell whether inputs are refused among those of every output size, so that each size has an interval of its own.

    ONNX Runtime's max-pool refuses SAME where it would leave input out.
    """
    return layer.kind in framework_of(framework).refuses_crops and layer.padding in SAME_WORDS


def axes_are_coupled(framework: FrameworkName, layer: Layer, unknown: Unknown) -> bool:
    """Tell whether the unknown number along one axis may decide what the framework makes of another axis.

    One uneven padding gives PyTorch's poolings a pad layer along all axes; one dilation over 1 keeps ONNX Runtime's
    max-pool from refusing SAME along all of them.
    """
    if unknown == "padding":
        return framework_of(framework).own_padding == "even" and layer.family == "pool"
    return unknown == "dilation" and inputs_are_refused_between(framework, layer)


def axis_summary(framework: FrameworkName, unknown: Unknown, axis: AxisLayer, special: bool) -> AxisLayer:
    """Reduce an axis to what can change the framework's behaviour along another one.

    That is its stride and its dilation (Keras combines no two over 1), that something is dilated (ONNX Runtime's
    max-pool), and that something is padded unevenly (PyTorch).

    Args:
        framework: whose rules hold.
        unknown: which number is unknown, along this axis too.
        axis: the numbers of the axis, as far as they are known.
        special: whether its unknown number is one that couples axes: an uneven padding, a dilation over 1.
    """
    stride = 1 if unknown == "stride" else axis.stride
    dilation = 1 + special if unknown == "dilation" else axis.dilation
    padding: Sides | PaddingWord = axis.padding
    if not isinstance(padding, str):
        uneven = special if unknown == "padding" else padding[0] != padding[1]
        padding = (0, 1) if uneven and framework_of(framework).own_padding == "even" else (0, 0)
    return AxisLayer(1, stride, dilation, padding, None)
