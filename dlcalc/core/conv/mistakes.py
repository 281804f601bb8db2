"""The mistakes that are made about the size of a feature map, commonest first."""

from collections.abc import Callable, Iterable
from itertools import combinations

from dlcalc.core.conv.layer import SAME_WORDS, Family
from dlcalc.core.conv.window import SAME_LOWER, SAME_UPPER
from dlcalc.core.conv.working import AxisWorking, Working
from dlcalc.core.evidence.diagnosis import Mistake


def _with_layer(axis: AxisWorking, **changes: int | None) -> AxisWorking:
    """Change numbers of the layer, and what follows from them."""
    layer = axis.layer._replace(**changes)  # type: ignore[arg-type]
    before, after = axis.rule.sides(axis.input, layer) if axis.rule else (axis.before, axis.after)
    extent = layer.extent if "dilation" in changes else axis.extent
    return axis._replace(layer=layer, before=before, after=after, extent=extent)


def _on_every_axis(
    name: str, sentence: str, relevant: Callable[[AxisWorking], bool], edit: Callable[[AxisWorking], AxisWorking]
) -> Mistake[Working]:
    """Make a mistake that is made along every axis, where it is relevant along some axis."""
    return Mistake(name, sentence, lambda axes: any(map(relevant, axes)), lambda axes: (tuple(map(edit, axes)),))


def _padding_once(axes: Working) -> Iterable[Working]:
    yield tuple(axis._replace(after=0, rule=None) for axis in axes)
    if any(axis.before != axis.after for axis in axes):
        yield tuple(axis._replace(before=0, rule=None) for axis in axes)


def _axes_swapped(axes: Working) -> Iterable[Working]:
    """Exchange the sizes of two axes, and the input's sizes under the same layer."""
    for a, b in combinations(range(len(axes)), 2):
        swapped = list(axes)
        swapped[a], swapped[b] = axes[b], axes[a]
        yield tuple(swapped)
        inputs = [axis.input for axis in swapped]
        yield tuple(_with_layer(axis._replace(input=size)) for axis, size in zip(axes, inputs, strict=True))


def _same(axis: AxisWorking) -> AxisWorking:
    """Take the padding as SAME, which gives ceil(i/s); of a transposed layer i*s, whatever the kernel."""
    if axis.family == "transposed":
        layer = axis.layer._replace(output_padding=None)
        return axis._replace(before=0, after=0, extent=layer.stride, layer=layer)
    rule = SAME_LOWER if axis.layer.padding == "same-lower" else SAME_UPPER
    before, after = rule.sides(axis.input, axis.layer)
    return axis._replace(before=before, after=after, rule=rule, rounding="floor", guarded=False)


def _has_output_padding(axis: AxisWorking) -> bool:
    return bool(axis.layer.output_padding) or (axis.framework.fills_strides and axis.layer.output_padding == 0)


def _without_output_padding(axis: AxisWorking) -> AxisWorking:
    """Leave the output padding out, which in Keras is not an output padding of 0."""
    if not axis.framework.fills_strides:
        return _with_layer(axis, output_padding=0)
    word, rule = axis.layer.padding, axis.rule
    if isinstance(word, str):
        rule = axis.framework.padding_rule("transposed", word, axis.layer._replace(output_padding=None), axis.input)
    return _with_layer(axis._replace(rule=rule), output_padding=None)


def _of_family(axis: AxisWorking, family: Family) -> AxisWorking:
    """Take the numbers for those of a layer of another family; what 'same' means goes with the family."""
    changed = axis._replace(family=family)
    if axis.layer.padding not in SAME_WORDS:
        return changed
    same = _same(changed)
    if family == "transposed" and axis.framework.same_may_fall_short:
        return same._replace(extent=min(same.extent, axis.extent))
    return same


def _leaves_a_remainder(axis: AxisWorking) -> bool:
    room = axis.input + (axis.before + axis.after - axis.extent) * axis.over
    return axis.family != "transposed" and room % (axis.layer.stride * axis.over) != 0


MISTAKES: tuple[Mistake[Working], ...] = (
    # The commonest slip: the steps between windows are counted, and not the windows.
    _on_every_axis("missing-plus-one", "forgetting the + 1", lambda axis: True, lambda axis: axis._replace(plus_one=0)),
    # P is given, and 2p is meant.
    Mistake(
        "padding-once",
        "adding the padding once and not on both sides",
        lambda axes: any(axis.before > 0 and axis.after > 0 for axis in axes),
        _padding_once,
    ),
    # An option that is not at its default, forgotten.
    _on_every_axis(
        "padding-ignored",
        "leaving the padding out",
        lambda axis: axis.before != 0 or axis.after != 0,
        lambda axis: axis._replace(before=0, after=0, rule=None),
    ),
    # Rarer than padding, so forgotten less often.
    _on_every_axis(
        "dilation-ignored",
        "leaving the dilation out",
        lambda axis: axis.layer.dilation > 1,
        lambda axis: _with_layer(axis, dilation=1),
    ),
    # The dilation was seen, and its formula missed.
    _on_every_axis(
        "dilation-times-kernel",
        "taking d*k for the extent d(k - 1) + 1",
        lambda axis: axis.layer.dilation > 1,
        lambda axis: axis._replace(extent=axis.layer.dilation * axis.layer.kernel),
    ),
    # A stride changes the size so much that its absence is usually noticed.
    _on_every_axis(
        "stride-ignored",
        "taking the stride as 1",
        lambda axis: axis.layer.stride > 1,
        lambda axis: _with_layer(axis, stride=1),
    ),
    # An option of one kind of layer only.
    _on_every_axis(
        "output-padding-ignored", "leaving the output padding out", _has_output_padding, _without_output_padding
    ),
    # Only in ceil mode, where the rule is little known.
    _on_every_axis(
        "last-window-starts-in-padding",
        "keeping a last window that starts in the padding",
        lambda axis: axis.guarded,
        lambda axis: axis._replace(guarded=False),
    ),
    # Shows as a fraction, so it is usually noticed.
    _on_every_axis(
        "division-not-floored",
        "not rounding the quotient",
        _leaves_a_remainder,
        lambda axis: axis._replace(rounding="exact", guarded=False),
    ),
    # Another framework's or layer's rounding.
    _on_every_axis(
        "ceil-instead-of-floor",
        "rounding the quotient up",
        lambda axis: axis.rounding == "floor" and _leaves_a_remainder(axis),
        lambda axis: axis._replace(rounding="ceil"),
    ),
    # The default's rounding.
    _on_every_axis(
        "floor-instead-of-ceil",
        "rounding the quotient down, as without ceil mode,",
        lambda axis: axis.rounding == "ceil",
        lambda axis: axis._replace(rounding="floor", guarded=False),
    ),
    # A habit from another framework.
    _on_every_axis(
        "same-padding", "taking the padding as 'same'", lambda axis: axis.layer.padding not in SAME_WORDS, _same
    ),
    # The wrong layer altogether.
    _on_every_axis(
        "transposed-instead-of-conv",
        "computing a transposed convolution",
        lambda axis: axis.family == "conv",
        lambda axis: _of_family(axis, "transposed"),
    ),
    # The wrong layer altogether.
    _on_every_axis(
        "conv-instead-of-transposed",
        "computing a plain convolution",
        lambda axis: axis.family == "transposed",
        lambda axis: _of_family(axis, "conv"),
    ),
    # Only with several axes of different sizes.
    Mistake("axes-swapped", "exchanging two axes", lambda axes: len(axes) > 1, _axes_swapped),
)
