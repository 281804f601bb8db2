"""One axis of a layer with one of its numbers unknown: the output size as a function of that number."""

from collections.abc import Callable
from typing import NamedTuple

from dlcalc.core.conv.frameworks import Plan, framework_of, plan_axes
from dlcalc.core.conv.layer import SAME_WORDS, Axis, AxisLayer, FrameworkName, Layer, PaddingWord, Sides
from dlcalc.core.conv.shape import axis_output, resolve
from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.question import Unknown, split, strides_follow

# The refusals that say no more than that no output is left, or that a number is too long to be typed.
NO_OUTPUT = ("kernel-exceeds-input", "empty-output", "invalid-value")


class OpenAxis(NamedTuple):
    """An axis with one number unknown.

    Attributes:
        framework: whose rules hold.
        layer: the layer, with an arbitrary value in place of the unknown number.
        name: the axis, of ``d``, ``h``, ``w``.
        size: the input's extent; arbitrary where that is unknown.
        numbers: the layer's numbers along the axis.
        others: the other axes, each reduced to its ``axis_summary``.
        unknown: which number is unknown.
    """

    framework: FrameworkName
    layer: Layer
    name: Axis
    size: int
    numbers: AxisLayer
    others: tuple[AxisLayer, ...]
    unknown: Unknown

    def with_value(self, value: int) -> tuple[AxisLayer, int]:
        """Put a value in place of the unknown number; return the numbers along the axis and the input's extent."""
        numbers, size = self.numbers, self.size
        match self.unknown:
            case "input":
                size = value
            case "kernel":
                stride = value if strides_follow(self.layer, "kernel") else numbers.stride
                numbers = numbers._replace(kernel=value, stride=stride)
            case "stride":
                numbers = numbers._replace(stride=value)
            case "dilation":
                numbers = numbers._replace(dilation=value)
            case "padding":
                numbers = numbers._replace(padding=split(value))
            case "output_padding":
                numbers = numbers._replace(output_padding=value)
        return numbers, size

    def size_function(self) -> Callable[[int], int]:
        """Make the function from a value to the output size, which refuses nothing; 0 is no output.

        Where ONNX Runtime's max-pool refuses to leave input out, its average pooling says what the size would be.
        """
        layer = self.layer._replace(kind="avg-pool") if self.layer.family == "pool" else self.layer
        record, plans = framework_of(self.framework), dict[bool, Plan]()

        def size_of(value: int) -> int:
            numbers, size = self.with_value(value)
            axes = (numbers, *self.others)
            pad_layer = record.needs_pad_layer(self.layer, axes)
            unchecked = plans.get(pad_layer)
            if unchecked is None:
                rule = record.size_rule(layer, pad_layer)
                unchecked = plans[pad_layer] = Plan(self.framework, layer, layer.family, axes, rule, pad_layer, ())
            window, _ = resolve(unchecked, numbers, size)
            return max(0, unchecked.size.value(window))

        return size_of

    def output_function(self) -> Callable[[int], int]:
        """Make the function from a value to the output size by the forward rule, which raises all its refusals."""
        # no plan depends on the input
        known = plan_axes(self.framework, self.layer, (self.numbers, *self.others)) if self.unknown == "input" else None

        def output_of(value: int) -> int:
            numbers, size = self.with_value(value)
            checked = known or plan_axes(self.framework, self.layer, (numbers, *self.others))
            return axis_output(checked, self.name, numbers, size)[2]

        return output_of

    def classes(self) -> tuple[tuple[int, int], ...]:
        """List the first value and the step of each progression along which the size is monotone.

        The two parities of a padding differ in the side that has the odd position.
        """
        if self.unknown == "padding":
            return (0, 2), (1, 2)
        if self.unknown == "output_padding":
            return ((0, 1),)
        if self.unknown in ("kernel", "dilation") and size_alternates_with_parity(self.framework, self.layer):
            return (1, 2), (2, 2)
        return ((1, 1),)


def open_axes(
    framework: FrameworkName,
    layer: Layer,
    names: tuple[Axis, ...],
    sizes: tuple[int, ...],
    numbers: tuple[AxisLayer, ...],
    unknown: Unknown,
    special: bool = False,
) -> tuple[OpenAxis, ...]:
    """Divide a layer into one problem per axis, the other axes reduced to what can change the framework's rule here.

    Args:
        framework: whose rules hold.
        layer: the layer.
        names: its axes.
        sizes: the input's extent along each.
        numbers: the layer's numbers along each.
        unknown: which number is unknown.
        special: whether that of the other axes is taken to be one that couples axes, see ``axis_summary``.
    """
    summaries = tuple(axis_summary(framework, unknown, axis, special) for axis in numbers)
    return tuple(
        OpenAxis(framework, layer, name, size, own, summaries[:index] + summaries[index + 1 :], unknown)
        for index, (name, size, own) in enumerate(zip(names, sizes, numbers, strict=True))
    )


def refusal(output_of: Callable[[int], int], value: int) -> DlcalcError | None:
    """Get the error by which the forward rule refuses a value; None where it takes the value."""
    try:
        output_of(value)
    except DlcalcError as error:
        return error
    return None


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
