"""The mistakes that are made about the size of a feature map, commonest first."""

from collections.abc import Callable, Iterable
from itertools import combinations

from dlcalc.core.conv.layer import SAME_WORDS, Family, Sides
from dlcalc.core.conv.window import SAME_LOWER, SAME_UPPER
from dlcalc.core.conv.working import AxisWorking, Working
from dlcalc.core.evidence.diagnosis import Mistake


def _with_layer(axis: AxisWorking, **changes: int | Sides | None) -> AxisWorking:
    """Change numbers of the layer, and what follows from them."""
    layer = axis.layer._replace(**changes)  # type: ignore[arg-type]
    before, after = axis.rule.sides(axis.input, layer) if axis.rule else (axis.before, axis.after)
    if "padding" in changes and not isinstance(layer.padding, str):
        before, after = layer.padding
    extent = layer.extent if "dilation" in changes or "kernel" in changes else axis.extent
    return axis._replace(layer=layer, before=before, after=after, extent=extent)


def _on_every_axis(
    name: str,
    sentence: str | Callable[[Working], str],
    relevant: Callable[[AxisWorking], bool],
    edit: Callable[[AxisWorking], AxisWorking],
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


def _layer_axes_swapped(axes: Working) -> Iterable[Working]:
    """Exchange one of the layer's numbers between two axes."""
    for a, b in combinations(range(len(axes)), 2):
        for name in ("padding", "kernel", "stride", "dilation", "output_padding"):
            of_a, of_b = getattr(axes[a].layer, name), getattr(axes[b].layer, name)
            if of_a != of_b:
                swapped = list(axes)
                swapped[a], swapped[b] = _with_layer(axes[a], **{name: of_b}), _with_layer(axes[b], **{name: of_a})
                yield tuple(swapped)


def _same_undilated(axis: AxisWorking) -> AxisWorking:
    """Take the padding that 'same' has without the dilation."""
    if axis.rule is None:
        return axis
    before, after = axis.rule.sides(axis.input, axis.layer._replace(dilation=1))
    return axis._replace(before=before, after=after, rule=None)


def _same(axis: AxisWorking) -> AxisWorking:
    """Take the padding as SAME, which gives ceil(i/s); of a transposed layer i*s, whatever the kernel."""
    if axis.family == "transposed":
        layer = axis.layer._replace(output_padding=None)
        return axis._replace(before=0, after=0, extent=layer.stride, layer=layer)
    rule = SAME_LOWER if axis.layer.padding == "same-lower" else SAME_UPPER
    before, after = rule.sides(axis.input, axis.layer)
    return axis._replace(before=before, after=after, rule=rule, rounding="floor", guarded=False)


def _half_is_forgotten(axis: AxisWorking) -> bool:
    """Whether a padding of half the kernel may have been forgotten, and is not 'same', which has a name.

    A pooling of 2 has none: its windows do not overlap.
    """
    layer = axis.layer
    is_same = axis.family == "conv" and layer.stride == layer.dilation == layer.kernel % 2 == 1
    return layer.padding == (0, 0) and layer.kernel > (2 if axis.family == "pool" else 1) and not is_same


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


def _with_output_padding(axes: Working) -> Iterable[Working]:
    """Add an output padding that is allowed; where the axes have different strides, to each at most its own."""
    bounds = [axis.framework.output_padding.apply(axis.layer) for axis in axes]
    for amount in range(1, min(max(bounds), _MOST_OUTPUT_PADDING + 1)):
        padded = []
        for axis, bound in zip(axes, bounds, strict=True):
            word, rule, more = axis.layer.padding, axis.rule, min(amount, bound - 1)
            if isinstance(word, str):
                layer = axis.layer._replace(output_padding=more)
                rule = axis.framework.padding_rule("transposed", word, layer, axis.input)
            padded.append(_with_layer(axis._replace(rule=rule), output_padding=more))
        yield tuple(padded)


def _output_padding_before(axis: AxisWorking) -> AxisWorking:
    """Lengthen the input by the output padding, and not the output."""
    more = (axis.layer.output_padding or 0) * axis.over
    return axis._replace(input=axis.input + more, layer=axis.layer._replace(output_padding=0))


def _kept_window(axes: Working) -> str:
    padded = any(axis.after > 0 and not axis.pad_layer for axis in axes)
    return f"keeping a last window that starts {'in the padding' if padded else 'behind the input'}"


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


_MOST_OUTPUT_PADDING = 6  # that is tried; it is less than the stride or the dilation

# Of work alone: a size is worked out once.
STRIDE_TWICE = _on_every_axis(
    "stride-twice",
    "dividing by the stride twice",
    lambda axis: axis.family == "conv" and axis.layer.stride > 1,
    lambda axis: _with_layer(axis, stride=axis.layer.stride**2),
)

MISTAKES: tuple[Mistake[Working], ...] = (
    # No slip at all: the claim is true of the layer that a model has, and an option is not typed.
    Mistake(
        "output-padding-forgotten",
        "an output padding, which was not typed,",
        lambda axes: all(axis.family == "transposed" and not axis.layer.output_padding for axis in axes),
        _with_output_padding,
    ),
    # The commonest slip: the steps between windows are counted, and not the windows.
    _on_every_axis("missing-plus-one", "forgetting the + 1", lambda axis: True, lambda axis: axis._replace(plus_one=0)),
    # The + 1 is there, and in the wrong place; rounded down it is the one before, or the same.
    _on_every_axis(
        "plus-one-inside",
        "adding the 1 before the division",
        lambda axis: axis.family != "transposed" and axis.layer.stride > 1,
        lambda axis: axis._replace(plus_one=0, inside=1, rounding="exact", guarded=False),
    ),
    # P is given, and 2p is meant; of a word nobody adds a p.
    Mistake(
        "padding-once",
        "adding the padding once and not on both sides",
        lambda axes: any(axis.before > 0 and axis.after > 0 and axis.rule is None for axis in axes),
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
    # It was seen, and counted among the positions of the input, each of which makes a stride's worth of outputs.
    _on_every_axis(
        "output-padding-before",
        "adding the output padding to the input",
        lambda axis: bool(axis.layer.output_padding) and axis.layer.stride > 1,
        _output_padding_before,
    ),
    # Only in ceil mode, where the rule is little known.
    _on_every_axis(
        "last-window-starts-in-padding",
        _kept_window,
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
    # What 'same' means is known, and that it means the kernel with its holes is not.
    _on_every_axis(
        "same-undilated",
        "taking the padding of 'same' from the kernel without its dilation",
        lambda axis: axis.layer.padding in SAME_WORDS and axis.layer.dilation > 1,
        _same_undilated,
    ),
    # No slip, where the model has a padding and it was not typed; what 'same' means is the commoner reason.
    _on_every_axis(
        "padding-forgotten",
        "a padding of half the kernel, which was not typed,",
        _half_is_forgotten,
        lambda axis: _with_layer(axis, padding=(axis.layer.kernel // 2,) * 2),
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
    # Only with a number that is not the same along all axes, and it is typed in one order everywhere here.
    Mistake(
        "layer-axes-swapped",
        "exchanging one of the layer's numbers between two axes",
        lambda axes: len(axes) > 1,
        _layer_axes_swapped,
    ),
    # Of receptive fields: the sum of d(k - 1)j has a k where k - 1 belongs, and the last 1 stays.
    _on_every_axis(
        "kernel-for-kernel-minus-one",
        "taking k for k - 1",
        lambda axis: axis.family != "transposed",
        lambda axis: axis._replace(field=axis.layer.dilation * axis.layer.kernel + 1),
    ),
)

BY_NAME = {mistake.name: mistake for mistake in (*MISTAKES, STRIDE_TWICE)}
