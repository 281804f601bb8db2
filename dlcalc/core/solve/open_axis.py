"""One axis of a layer with one of its numbers left open: the size for each value of it, and who refuses which."""

from collections.abc import Callable
from typing import NamedTuple

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import SAME_WORDS, Axis, AxisLayer, FrameworkName, Layer, PaddingWord, Sides
from dlcalc.core.conv.plan import Plan, plan_axes
from dlcalc.core.conv.shape import axis_output, resolve
from dlcalc.core.errors import DlcalcError

# The refusals that say no more than that no output is left, or that a number is too long to be typed.
NO_OUTPUT = ("kernel-exceeds-input", "empty-output", "invalid-value")


class OpenAxis(NamedTuple):
    """An axis with one number open.

    Attributes:
        framework: whose rules hold.
        layer: the layer; of the open number it says nothing that counts.
        name: the axis.
        size: the input's extent; says nothing where that is open.
        numbers: the layer's along the axis.
        others: what stands for the other axes, see ``stand_in``.
        solve: the open number: ``input``, or one of an ``AxisLayer``.
        strides_follow: the stride of the pooling is its kernel.
    """

    framework: FrameworkName
    layer: Layer
    name: Axis
    size: int
    numbers: AxisLayer
    others: tuple[AxisLayer, ...]
    solve: str
    strides_follow: bool

    def put(self, value: int) -> tuple[AxisLayer, int]:
        """The numbers of the axis with the value put in, and the input's extent."""
        if self.solve == "input":
            return self.numbers, value
        if self.solve == "padding":
            return self.numbers._replace(padding=split(value)), self.size
        more = {"stride": value} if self.strides_follow else {}
        return self.numbers._replace(**{self.solve: value}, **more), self.size  # type: ignore[arg-type]

    def size_rule(self) -> Callable[[int], int]:
        """From a value to the output size, whoever may refuse it; 0 where there is none.

        Where ONNX Runtime's max-pool refuses to leave input out, its average pooling says what the size would be.
        """
        layer = self.layer._replace(kind="avg-pool") if self.layer.family == "pool" else self.layer
        by_value: dict[bool, Plan] = {}

        def size_of(value: int) -> int:
            numbers, size = self.put(value)
            axes = (numbers, *self.others)
            pad_layer = framework_of(self.framework).needs_pad_layer(self.layer, axes)
            the_plan = by_value.get(pad_layer)
            if the_plan is None:
                rule = framework_of(self.framework).size_rule(layer, pad_layer)
                the_plan = Plan(self.framework, layer, layer.family, axes, rule, pad_layer, ())
                by_value[pad_layer] = the_plan
            window, _ = resolve(the_plan, numbers, size)
            return max(0, the_plan.size.value(window))

        return size_of

    def forward(self) -> Callable[[int], int]:
        """From a value to the output size, by the rule that answers every question, with all its refusals."""
        kept: list[Plan] = []

        def output(value: int) -> int:
            numbers, size = self.put(value)
            if kept:
                the_plan = kept[0]
            else:
                the_plan = plan_axes(self.framework, self.layer, (numbers, *self.others))
                if self.solve == "input":  # the one number that no plan depends on
                    kept.append(the_plan)
            return axis_output(the_plan, self.name, numbers, size)[2]

        return output

    def classes(self) -> tuple[tuple[int, int], ...]:
        """First values and steps: along each of these progressions the size goes one way only.

        What differs between two neighbours is the side that has the odd position of a padding, and Keras's 'same' of a
        transposed layer with output padding, which takes 2*floor(ke/2) away.
        """
        if self.solve == "padding":
            return (0, 2), (1, 2)
        if self.solve == "output_padding":
            return ((0, 1),)
        keras_same = self.framework == "tensorflow" and self.layer.padding in SAME_WORDS
        by_parity = keras_same and self.layer.family == "transposed" and self.layer.output_padding is not None
        if by_parity and self.solve in ("kernel", "dilation"):
            return (1, 2), (2, 2)
        return ((1, 1),)


def split(total: int) -> Sides:
    """A total padding, divided as evenly as possible, the extra at the end.

    >>> split(5)
    (2, 3)
    """
    return total // 2, total - total // 2


def stand_in(framework: FrameworkName, solve: str, other: AxisLayer, special: bool) -> AxisLayer:
    """Another axis, with no more of it than decides what the framework makes of this one.

    That is its stride and its dilation (Keras combines no two over 1), that something is dilated (ONNX Runtime's
    max-pool then does not look), and that something is padded unevenly (PyTorch then has a pad layer, for all axes).

    Args:
        framework: whose rules hold.
        solve: which number is open, on the other axis too.
        other: the axis, where known.
        special: whether its open number is one of those that decide something.
    """
    stride = 1 if solve == "stride" else other.stride
    dilation = 1 + special if solve == "dilation" else other.dilation
    padding: Sides | PaddingWord = other.padding
    if not isinstance(padding, str):
        uneven = special if solve == "padding" else padding[0] != padding[1]
        padding = (0, 1) if uneven and framework == "pytorch" else (0, 0)
    return AxisLayer(1, stride, dilation, padding, None)


def refusal(output: Callable[[int], int], value: int) -> DlcalcError | None:
    """Why there is no size for a value."""
    try:
        output(value)
    except DlcalcError as error:
        return error
    return None
