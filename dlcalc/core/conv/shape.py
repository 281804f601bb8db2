"""What a layer with windows makes of its input, axis by axis."""

from math import gcd
from typing import NamedTuple

from dlcalc.core.conv.coverage import Field, through_transposed, through_windows, unread, unread_transposed
from dlcalc.core.conv.frameworks import Plan, framework_of
from dlcalc.core.conv.layer import AXES, Axis, AxisLayer
from dlcalc.core.conv.window import FLOOR, PaddingRule, Window
from dlcalc.core.errors import Advice, DlcalcError, Fix, Notice
from dlcalc.core.validation import legal

_TOO_LONG = 10**1000  # an output: layers may multiply, and products of three axes are still written by Python


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
    if plan.family == "transposed" and (uneven := next(filter(None, map(uneven_overlap, shapes)), None)):
        warnings += (uneven,)
    return shapes, warnings


def uneven_overlap(axis: AxisShape) -> Notice | None:
    """Warn of a transposed layer in whose outputs different numbers of products meet, also away from the edges.

    Tap b of input x adds to output x*s + b*d - before, so that the taps of one remainder of b*d by s meet.

    Source: Odena et al., Deconvolution and Checkerboard Artifacts, 2016.
    """
    kernel, stride, dilation = axis.window.kernel, axis.window.stride, axis.window.dilation
    apart = stride // gcd(stride, dilation)  # taps that meet are a multiple of this apart
    if apart == stride and kernel % stride == 0:
        return None
    fewest = kernel // apart if apart == stride else 0
    most = -(-kernel // apart)
    numbers = f"kernel {kernel}, stride {stride}" + (f", dilation {dilation}" if dilation > 1 else "")
    sums = f"outputs are sums of {fewest} or of {most} products, except at the edges"
    message = f"{sums}, which gives checkerboard patterns ({numbers})"
    return Notice("uneven-overlap", message)


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
    if plan.layer.padding == "valid":
        hint = (Fix("kernel", largest), f" at most{_along(plan, axis)}, or padding in numbers")
    elif isinstance(plan.layer.padding, str):  # which follows the kernel
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
