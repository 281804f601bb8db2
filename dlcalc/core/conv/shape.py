"""conv-shape: what a layer makes of its input, axis by axis."""

from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.coverage import Field, through_transposed, through_windows, unread, unread_transposed
from dlcalc.core.conv.frameworks import Plan, framework_of, plan_layer
from dlcalc.core.conv.layer import AXES, KINDS, Axis, AxisLayer, FrameworkName, Kind, Layer
from dlcalc.core.conv.window import FLOOR, PaddingRule, Window
from dlcalc.core.errors import Advice, DlcalcError, Fix, Notice
from dlcalc.core.validation import legal

if TYPE_CHECKING:
    from typing import Protocol

    class _ShapeQuestion(Protocol):
        """What a ``ConvShapeQuestion`` and a ``StackQuestion`` have in common."""

        @property
        def axes(self) -> tuple[Axis, ...]: ...
        @property
        def size(self) -> tuple[int, ...]: ...
        @property
        def framework(self) -> FrameworkName: ...
        @property
        def dims(self) -> int | None: ...


_TOO_LONG = 10**1000  # an output: layers may multiply, and products of three axes are still written by Python


class ConvShapeQuestion(NamedTuple):
    """An input and the layer that it goes through.

    Attributes:
        axes: which axes are asked for, of ``d``, ``h``, ``w``, in this order.
        size: the input's extent along each, in pixels.
        layer: the layer.
        framework: whose rules hold: ``pytorch``, ``tensorflow`` (Keras 3) or ``onnx`` (ONNX Runtime).
        dims: how many axes were asked for, where that was said.
    """

    axes: tuple[Axis, ...]
    size: tuple[int, ...]
    layer: Layer
    framework: FrameworkName = "pytorch"
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
    padding_rule: PaddingRule | None
    output: int
    unread: int
    field: Field


class Place(NamedTuple):
    """Where a layer stands in its stack.

    Attributes:
        number: from 1 on.
        word: the layer as it was typed.
        kind: one of ``FAMILIES``.
        input_channels, output_channels: where they are known.
        takes_vector, gives_vector: its input or its output has no axes (any more).
    """

    number: int
    word: str
    kind: Kind
    input_channels: int | None
    output_channels: int | None
    takes_vector: bool
    gives_vector: bool

    @property
    def windows(self) -> bool:
        """Whether its kind has windows of its own."""
        return self.kind in KINDS

    @property
    def title(self) -> str:
        """The layer in a sentence, like ``layer 3 (3p1)``."""
        return f"layer {self.number} ({self.word})" if self.word else f"layer {self.number}"


class LayerShape(NamedTuple):
    """A layer, computed: ``axes`` are in the order of the question's; ``place`` is its own in a stack."""

    name: str
    plan: Plan
    axes: tuple[AxisShape, ...]
    place: Place | None = None

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
    """The answer to a question: what each layer makes of its input, and the notices of all layers."""

    question: "_ShapeQuestion"
    layers: tuple[LayerShape, ...]
    warnings: tuple[Notice, ...]

    @property
    def output(self) -> tuple[int, ...]:
        """The extent of the output along each axis."""
        return self.layers[-1].output


def layer_shape(question: ConvShapeQuestion, typed: bool = True) -> ConvShape:
    """Compute the output size, the unread input and the receptive field of a layer.

    Args:
        question: the layer and its input.
        typed: whether the size was typed: one that another layer computes may have any number of digits.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``empty-output``, and all that ``per_axis`` and ``plan`` raise.

    >>> layer_shape(ConvShapeQuestion(("w",), (7,), Layer(kernel=3))).output
    (5,)
    """
    plan = plan_layer(question.framework, question.layer, len(question.axes))
    if typed:
        check_size(question.axes, question.size)
    shapes, notices = shapes_on(plan, question.axes, question.size)
    return ConvShape(question, (LayerShape(plan.family + "1", plan, shapes),), notices)


def check_size(axes: tuple[Axis, ...], size: tuple[int, ...]) -> None:
    """Check the extents of an input that was typed.

    Raises:
        DlcalcError: ``invalid-value``.
    """
    for name, extent in zip(axes, size, strict=True):
        legal(extent, "depth" if name == "d" else name, 1)


def shapes_on(
    plan: Plan, axes: tuple[Axis, ...], size: tuple[int, ...]
) -> tuple[tuple[AxisShape, ...], tuple[Notice, ...]]:
    """Compute each axis of a layer on an input of ``size``, as if nothing stood in front of it, and its caveats.

    Raises:
        DlcalcError: what ``axis_output`` raises.
    """
    shapes = tuple([_axis_shape(plan, *of) for of in zip(axes, plan.axes, size, strict=True)])
    warnings = plan.warnings
    crops = framework_of(plan.framework).crops
    if crops is not None and any(min(shape.window.before, shape.window.after) < 0 for shape in shapes):
        warnings += (crops,)
    return shapes, warnings


def _axis_shape(plan: Plan, name: Axis, axis: AxisLayer, size: int) -> AxisShape:
    window, rule, output = axis_output(plan, name, axis, size)
    if plan.family == "transposed":
        return AxisShape(window, rule, output, unread_transposed(window, output), through_transposed(window, output))
    return AxisShape(window, rule, output, unread(window, output), through_windows(window))


def axis_output(plan: Plan, name: Axis, axis: AxisLayer, size: int) -> tuple[Window, PaddingRule | None, int]:
    """Compute the geometry of one axis, the rule of its padding, and the output size, which is at least 1.

    Args:
        plan: of the layer.
        name: the axis, for errors.
        axis: the layer's numbers along the axis.
        size: the extent of the input, at least 1.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``empty-output``, ``unsupported-by-framework``; ``invalid-value`` for an
            output of more than 1000 digits.
    """
    window, rule = resolve(plan, axis, size)
    output = plan.size.value(window)
    if plan.family == "transposed":
        if output < 1:
            raise _empty_output(name, plan, window, output)
        if output >= _TOO_LONG:
            message = f"the output {AXES[name]} has more than 1000 digits"
            raise DlcalcError("invalid-value", message, hint="fewer layers, or smaller strides", option="stride")
        return window, rule, output
    if output < 1:
        raise _kernel_exceeds(name, plan, window)
    for refusal in framework_of(plan.framework).input_refusals:
        error = refusal.apply(plan.layer, plan.axes, plan.pad_layer, name, window)
        if error is not None:
            raise error
    return window, rule, output


def resolve(plan: Plan, axis: AxisLayer, size: int) -> tuple[Window, PaddingRule | None]:
    """Resolve the padding on an input of ``size``: the geometry, and the rule of the padding where that was a word."""
    extra = axis.output_padding or 0
    rule = None
    if isinstance(axis.padding, str):
        rule = framework_of(plan.framework).padding_rule(plan.family, axis.padding, axis, size)
        before, after = rule.sides(size, axis)
    else:
        before, after = axis.padding
    return Window(size, axis.kernel, axis.stride, axis.dilation, before, after, extra), rule


def _kernel_exceeds(name: Axis, plan: Plan, window: Window) -> DlcalcError:
    axis, spans = AXES[name], f"kernel {window.kernel}"
    if window.dilation > 1:
        spans += f" with dilation {window.dilation} spans {window.extent}, which"
    room = f"the {axis} {window.input}"
    if window.before or window.after:
        parts = " + ".join(map(str, (window.input, window.before, window.after)))
        room = f"the padded {axis} {window.padded} ({parts})"
    largest = _largest_kernel(plan, window)
    hint: str | Advice = (Fix("kernel", largest), f" at most{_along(plan, axis)}, or more padding")
    if isinstance(plan.layer.padding, str):  # which follows the kernel
        hint = "a smaller kernel or dilation, or padding in numbers"
    elif plan.family == "pool" and window.before > largest // 2:  # which the padding may not exceed
        hint = "a smaller dilation, a smaller kernel with less padding, or a larger input"
    return DlcalcError("kernel-exceeds-input", f"{spans} is larger than {room}", hint=hint, option="kernel")


def _largest_kernel(plan: Plan, window: Window) -> int:
    """The largest kernel that has a window; in ceil mode one may reach beyond the end, by less than a stride."""
    room, dilation = window.padded - 1, window.dilation
    if plan.size is FLOOR:
        return room // dilation + 1
    if plan.layer.stride is None:  # the stride grows with the kernel
        return room // (dilation - 1) + 1
    return (room + window.stride - 1) // dilation + 1


def _along(plan: Plan, axis: str) -> str:
    return f" along the {axis}" if len(plan.axes) > 1 else ""


def _empty_output(name: Axis, plan: Plan, window: Window, output: int) -> DlcalcError:
    most = (window.before + window.after + output - 1) // 2
    padding = f"padding {window.before} + {window.after}"
    message = f"{padding} leaves an output {AXES[name]} of {output}, less than 1"
    hint: str | Advice = "a larger kernel or input"
    if most >= 0:
        hint = (Fix("padding", most), f" at most{_along(plan, AXES[name])}")
    return DlcalcError("empty-output", message, hint=hint, option="padding")
