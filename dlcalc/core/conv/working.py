"""The working of the size along each axis, with every choice that can go wrong as a value of its own."""

from typing import NamedTuple

from dlcalc.core.conv.coverage import unread
from dlcalc.core.conv.frameworks import Plan, framework_of
from dlcalc.core.conv.frameworks.framework import Framework
from dlcalc.core.conv.layer import AxisLayer, Family
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.window import PaddingRule, Window
from dlcalc.core.evidence.diagnosis import Numbers
from dlcalc.core.numeric.ratio import Ratio, ratio


class AxisWorking(NamedTuple):
    """The numbers and choices from which the size along one axis is worked out: the right ones to begin with.

    Attributes:
        input, before, after: positions of the input and of its padding.
        layer: the layer's numbers along the axis.
        rule: where the padding comes from, if it is a word; it follows the stride and the dilation.
        extent: of the window.
        rounding: ``floor``, ``ceil`` or ``exact``.
        plus_one: the 1 that is added to the quotient.
        guarded: no last window may start in the padding at the end ...
        pad_layer: ... or, where the padding is a layer of its own, behind it.
        family: ``conv``, ``pool`` or ``transposed``: whose formula holds.
        framework: whose rules hold.
        inside: what is added to the room for windows, before it is divided by the stride.
        field: positions that an output is taken to see, if not those of the window.
        over: what the input is to be divided by: more than 1 behind a layer whose quotient was not rounded.
    """

    input: int
    before: int
    after: int
    layer: AxisLayer
    rule: PaddingRule | None
    extent: int
    rounding: str
    plus_one: int
    guarded: bool
    pad_layer: bool
    family: Family
    framework: Framework
    inside: int = 0
    field: int | None = None
    over: int = 1

    @property
    def sees(self) -> int:
        """Positions that an output is taken to see."""
        return self.extent if self.field is None else self.field


Working = tuple[AxisWorking, ...]


def layer_working(plan: Plan, shapes: tuple[AxisShape, ...], size: tuple[Ratio, ...] | None = None) -> Working:
    """Work out the sizes of a layer with windows; ``size``, ratios per axis, replaces its input."""
    layer, workings = plan.layer, []
    for index, (axis, axis_layer) in enumerate(zip(shapes, plan.axes, strict=True)):
        window = axis.window
        extent, over = (window.input, 1) if size is None else size[index]
        before, after = window.before, window.after
        if axis.padding_rule is not None:
            before, after = axis.padding_rule.sides(extent // over, axis_layer)
        workings.append(
            AxisWorking(
                input=extent,
                before=before,
                after=after,
                layer=axis_layer,
                rule=axis.padding_rule,
                extent=window.extent,
                rounding="ceil" if layer.ceil_mode else "floor",
                plus_one=1,
                guarded=layer.ceil_mode,
                pad_layer=plan.pad_layer,
                family=layer.family,
                framework=framework_of(plan.framework),
                over=over,
            )
        )
    return tuple(workings)


def evaluate(axes: Working, key: str) -> Numbers | None:
    """Evaluate a working for a key: ratios per axis; None where the working does not say, as for a transposed layer."""
    if key == "output":
        return tuple(map(_size, axes))
    if key == "jump":
        return tuple(
            ratio(1, axis.layer.stride) if axis.family == "transposed" else (axis.layer.stride, 1) for axis in axes
        )
    if any(axis.family == "transposed" for axis in axes):
        return None
    if key == "center":
        return tuple(ratio(axis.extent - 1 - 2 * axis.before, 2) for axis in axes)
    if key == "unread":
        return None if any(_size(axis)[0] < 1 for axis in axes) else tuple(map(_unread, axes))
    return tuple((axis.sees, 1) for axis in axes)


def _unread(axis: AxisWorking) -> Ratio:
    count, denominator = _size(axis)
    kernel, stride, dilation, _, _ = axis.layer
    window = Window(axis.input, kernel, stride, dilation, axis.before, axis.after, 0)
    return unread(window, count // denominator), 1


def _size(axis: AxisWorking) -> Ratio:
    stride, over = axis.layer.stride, axis.over
    padding = axis.before + axis.after
    if axis.family == "transposed":
        blocks = axis.framework.fills_strides and axis.layer.output_padding is None
        extent = max(axis.extent, stride) if blocks else axis.extent
        more = extent - padding + (axis.layer.output_padding or 0) + axis.plus_one - 1
        return ratio((axis.input - over) * stride + more * over, over)
    room, step = axis.input + (padding - axis.extent + axis.inside) * over, stride * over
    if axis.rounding == "exact":
        return ratio(room + axis.plus_one * step, step)
    count = (room // step if axis.rounding == "floor" else -(-room // step)) + axis.plus_one
    limit = axis.input + (axis.before + (axis.after if axis.pad_layer else 0)) * over
    if axis.guarded and (count - 1) * step >= limit:
        count -= 1
    return count, 1
