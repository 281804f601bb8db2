"""conv-shape: what a layer makes of its input, axis by axis."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dlcalc.core.conv.coverage import unread, unread_transposed
from dlcalc.core.conv.frameworks import Plan, plan
from dlcalc.core.conv.layer import AXES, AxisLayer, Layer, per_axis
from dlcalc.core.conv.receptive_field import Field, through_transposed, through_windows
from dlcalc.core.conv.window import FLOOR, Window
from dlcalc.core.errors import Advice, DlcalcError, Fix, Notice
from dlcalc.core.validation import legal

if TYPE_CHECKING:
    from dlcalc.core.conv.padding import PaddingRule
    from dlcalc.core.network.network import Place


class ConvShapeQuestion(NamedTuple):
    """An input and the layer that it goes through.

    Attributes:
        axes: which axes are asked for, of ``d``, ``h``, ``w``, in this order.
        size: the input's extent along each, in pixels.
        layer: the layer.
        framework: whose rules hold: ``pytorch``, ``tensorflow`` (Keras 3) or ``onnx`` (ONNX Runtime).
        dims: how many axes were asked for, where that was said.
    """

    axes: tuple[str, ...]
    size: tuple[int, ...]
    layer: Layer
    framework: str = "pytorch"
    dims: int | None = None


class AxisShape(NamedTuple):
    """One axis of a layer, computed.

    Attributes:
        window: the geometry, with the padding as resolved.
        padding_rule: where the padding comes from, if it was a word.
        output: positions of the output.
        unread: positions of the input that no window reads.
        field: what an output sees of the network's input.
    """

    window: Window
    padding_rule: "PaddingRule | None"
    output: int
    unread: int
    field: Field


class LayerShape(NamedTuple):
    """A layer, computed: ``axes`` are in the order of the question's; ``place`` is its own in a stack."""

    name: str
    plan: Plan
    axes: tuple[AxisShape, ...]
    place: "Place | None" = None

    @property
    def input(self) -> tuple[int, ...]:
        """The extent of the input along each axis; a vector has no axes."""
        if self.place is not None and self.place.takes_vector:
            return ()
        return tuple([axis.window.input for axis in self.axes])

    @property
    def output(self) -> tuple[int, ...]:
        """The extent of the output along each axis; a vector has no axes."""
        if self.place is not None and self.place.gives_vector:
            return ()
        return tuple([axis.output for axis in self.axes])


class ConvShape(NamedTuple):
    """The answer to a question, a ``ConvShapeQuestion`` or a ``StackQuestion``."""

    question: Any
    layers: tuple[LayerShape, ...]
    warnings: tuple[Notice, ...]

    @property
    def output(self) -> tuple[int, ...]:
        """The extent of the output along each axis."""
        return self.layers[-1].output


def layer_shape(question: ConvShapeQuestion) -> ConvShape:
    """Compute the output size, the unread input and the receptive field of a layer.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``empty-output``, and all that ``per_axis`` and ``plan`` raise.

    >>> layer_shape(ConvShapeQuestion(("w",), (7,), Layer(kernel=3))).output
    (5,)
    """
    axes, size, layer, framework, _ = question
    the_plan = planned(framework, layer, len(axes))
    shapes, warnings = on_input(the_plan, axes, size)
    return ConvShape(question, (LayerShape(the_plan.family + "1", the_plan, shapes),), warnings)


def on_input(
    the_plan: Plan, axes: tuple[str, ...], size: tuple[int, ...]
) -> tuple[tuple[AxisShape, ...], tuple[Notice, ...]]:
    """What a layer makes of an input of ``size``, as if nothing stood in front of it, and what to be warned of."""
    shapes = tuple([_axis_shape(the_plan, *of) for of in zip(axes, the_plan.axes, size, strict=True)])
    warnings = the_plan.warnings
    if the_plan.framework == "onnx" and any(min(shape.window.before, shape.window.after) < 0 for shape in shapes):
        text = "ONNX Runtime leaves input out: SAME would pad by less than 0, because the kernel is under the stride"
        warnings += (Notice("crops-input", text),)
    return shapes, warnings


@lru_cache(maxsize=4096)
def planned(framework: str, layer: Layer, count: int) -> Plan:
    """The plan of a layer: a sweep or a batch asks about few layers and many sizes."""
    return plan(framework, layer, per_axis(layer, count))


def _axis_shape(the_plan: Plan, name: str, axis: AxisLayer, size: int) -> AxisShape:
    window, rule, output = axis_output(the_plan, name, axis, size)
    if the_plan.family == "transposed":
        return AxisShape(window, rule, output, unread_transposed(window, output), through_transposed(window, output))
    return AxisShape(window, rule, output, unread(window, output), through_windows(window))


def axis_output(the_plan: Plan, name: str, axis: AxisLayer, size: int) -> "tuple[Window, PaddingRule | None, int]":
    """The geometry of one axis, the rule of its padding, and the output size, which is at least 1.

    Raises:
        DlcalcError: ``invalid-value``, ``kernel-exceeds-input``, ``empty-output``, ``unsupported-by-framework``.
    """
    legal(size, "depth" if name == "d" else name, 1)
    window, rule = resolve(the_plan, axis, size)
    if the_plan.family == "transposed":
        output = the_plan.size.value(window)
        if output < 1:
            raise _empty_output(name, the_plan, window, output)
        return window, rule, output
    if the_plan.size is FLOOR and window.padded < window.extent:  # before dividing: -1 / 2 must not become 0
        raise _kernel_exceeds(name, the_plan, window)
    output = the_plan.size.value(window)
    if output < 1:
        raise _kernel_exceeds(name, the_plan, window)
    if the_plan.layer.kind == "avg-pool" and the_plan.framework == "pytorch" and len(the_plan.axes) == 3:
        _refuse_small_volume(name, window, the_plan.pad_layer)
    return window, rule, output


def resolve(the_plan: Plan, axis: AxisLayer, size: int) -> "tuple[Window, PaddingRule | None]":
    """The geometry of one axis of ``size``, and the rule of its padding where that was a word."""
    extra = axis.output_padding or 0
    rule = None
    if isinstance(axis.padding, str):
        from dlcalc.core.conv.padding_words import rule_of

        rule = rule_of(the_plan, axis, axis.padding, size)
        before, after = rule.sides(size, axis)
    else:
        before, after = axis.padding
    kernel, stride, dilation = axis.kernel, axis.stride, axis.dilation
    return Window(size, kernel, stride, dilation, before, after, extra, dilation * (kernel - 1) + 1), rule


def _kernel_exceeds(name: str, the_plan: Plan, window: Window) -> DlcalcError:
    axis, spans = AXES[name], f"kernel {window.kernel}"
    if window.dilation > 1:
        spans += f" with dilation {window.dilation} spans {window.extent}, which"
    room = f"the {axis} {window.input}"
    if window.before or window.after:
        parts = " + ".join(map(str, (window.input, window.before, window.after)))
        room = f"the padded {axis} {window.padded} ({parts})"
    largest = _largest_kernel(the_plan, window)
    hint: str | Advice = (Fix("kernel", largest), f" at most{_along(the_plan, axis)}, or more padding")
    if isinstance(the_plan.layer.padding, str):  # which follows the kernel
        hint = "a smaller kernel or dilation, or padding in numbers"
    elif the_plan.family == "pool" and window.before > largest // 2:  # which the padding may not exceed
        hint = "a smaller dilation, a smaller kernel with less padding, or a larger input"
    return DlcalcError("kernel-exceeds-input", f"{spans} is larger than {room}", hint=hint, option="kernel")


def _largest_kernel(the_plan: Plan, window: Window) -> int:
    """The largest kernel that has a window; in ceil mode one may reach beyond the end, by less than a stride."""
    room, dilation = window.padded - 1, window.dilation
    if the_plan.size is FLOOR:
        return room // dilation + 1
    if the_plan.layer.stride is None:  # the stride grows with the kernel
        return room // (dilation - 1) + 1
    return (room + window.stride - 1) // dilation + 1


def _along(the_plan: Plan, axis: str) -> str:
    return f" along the {axis}" if len(the_plan.axes) > 1 else ""


def _refuse_small_volume(name: str, window: Window, pad_layer: bool) -> None:
    seen = window.padded if pad_layer else window.input
    if seen < window.kernel:
        room = f"the {AXES[name]} {seen}, and PyTorch's AvgPool3d does not count the padding"
        message = f"kernel {window.kernel} is larger than {room}"
        hint = (Fix("kernel", seen), " at most, with no more than half of it for padding")
        raise DlcalcError("kernel-exceeds-input", message, hint=hint, option="kernel")


def _empty_output(name: str, the_plan: Plan, window: Window, output: int) -> DlcalcError:
    most = (window.before + window.after + output - 1) // 2
    padding = f"padding {window.before} + {window.after}"
    message = f"{padding} leaves an output {AXES[name]} of {output}, less than 1"
    hint: str | Advice = "a larger kernel or input"
    if most >= 0:
        hint = (Fix("padding", most), f" at most{_along(the_plan, AXES[name])}")
    return DlcalcError("empty-output", message, hint=hint, option="padding")
