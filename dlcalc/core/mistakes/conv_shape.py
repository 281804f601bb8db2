"""The mistakes that are made about the size of a feature map, commonest first."""

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from dlcalc.core.frameworks import SAME_WORDS
from dlcalc.core.layer import AxisLayer
from dlcalc.core.mistakes.engine import Mistake, Numbers, diagnose
from dlcalc.core.padding import PaddingRule
from dlcalc.core.ratio import Ratio, as_number, ratio
from dlcalc.core.shape import AxisShape, ConvShape
from dlcalc.core.verdict import Claim, Verdict, compare
from dlcalc.core.windows import TRANSPOSED_KERAS


class AxisWorking(NamedTuple):
    """How the size along one axis is worked out: the right way to begin with.

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
        least_extent: what a transposed window covers at the least; in Keras the stride.
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
    family: str
    least_extent: int


Working = tuple[AxisWorking, ...]


def working(answer: ConvShape) -> Working:
    """How the sizes of the answer come about."""
    shape = answer.layers[-1]
    layer, rule = shape.plan.layer, shape.plan.size
    return tuple(
        AxisWorking(
            input=window.input,
            before=window.before,
            after=window.after,
            layer=axis_layer,
            rule=axis.padding_rule,
            extent=window.extent,
            rounding="ceil" if layer.ceil_mode else "floor",
            plus_one=1,
            guarded=layer.ceil_mode,
            pad_layer=shape.plan.pad_layer,
            family=layer.family,
            least_extent=window.stride if rule is TRANSPOSED_KERAS else 0,
        )
        for window, axis, axis_layer in (
            (axis.window, axis, of) for axis, of in zip(shape.axes, shape.plan.axes, strict=True)
        )
    )


def evaluate(axes: Working, key: str) -> Numbers | None:
    """The answer that a working gives; it knows the size, the field behind windows and the jump."""
    if key == "output":
        return tuple(_size(axis) for axis in axes)
    if key == "receptive_field" and not any(axis.family == "transposed" for axis in axes):
        return tuple((axis.extent, 1) for axis in axes)
    if key == "jump":
        return tuple(
            ratio(1, axis.layer.stride) if axis.family == "transposed" else (axis.layer.stride, 1) for axis in axes
        )
    return None


def _size(axis: AxisWorking) -> tuple[int, int]:
    stride = axis.layer.stride
    padding = axis.before + axis.after
    if axis.family == "transposed":
        extent = max(axis.extent, axis.least_extent)
        size = (axis.input - 1) * stride - padding + extent + (axis.layer.output_padding or 0)
        return size + axis.plus_one - 1, 1
    room = axis.input + padding - axis.extent
    if axis.rounding == "exact":
        return ratio(room + axis.plus_one * stride, stride)
    count = (room // stride if axis.rounding == "floor" else -(-room // stride)) + axis.plus_one
    limit = axis.input + axis.before + (axis.after if axis.pad_layer else 0)
    if axis.guarded and (count - 1) * stride >= limit:
        count -= 1
    return count, 1


def _with_layer(axis: AxisWorking, **changes: int) -> AxisWorking:
    """The working with other numbers in its layer, and what follows from them."""
    layer = axis.layer._replace(**changes)  # type: ignore[arg-type]
    before, after = axis.rule.sides(axis.input, layer) if axis.rule else (axis.before, axis.after)
    extent = layer.extent if "dilation" in changes else axis.extent
    return axis._replace(layer=layer, before=before, after=after, extent=extent)


def _has(condition: Callable[[AxisWorking], bool]) -> Callable[[Working], bool]:
    """Whether the condition holds on some axis."""
    return lambda axes: any(map(condition, axes))


def _on_every_axis(edit: Callable[[AxisWorking], AxisWorking]) -> Callable[[Working], Iterable[Working]]:
    return lambda axes: (tuple(map(edit, axes)),)


def _padding_once(axes: Working) -> Iterable[Working]:
    yield tuple(axis._replace(after=0, rule=None) for axis in axes)
    if any(axis.before != axis.after for axis in axes):
        yield tuple(axis._replace(before=0, rule=None) for axis in axes)


def _axes_swapped(axes: Working) -> Iterable[Working]:
    """The sizes in another order, and the input's sizes in another order under the same layer."""
    for a, b in combinations(range(len(axes)), 2):
        swapped = list(axes)
        swapped[a], swapped[b] = axes[b], axes[a]
        yield tuple(swapped)
        inputs = [axis.input for axis in swapped]
        yield tuple(_with_layer(axis._replace(input=size)) for axis, size in zip(axes, inputs, strict=True))


def _same(axis: AxisWorking) -> AxisWorking:
    """ceil(i/s), or i*s for a transposed layer, whatever the kernel."""
    extent = axis.layer.stride if axis.family == "transposed" else 1
    layer = axis.layer._replace(output_padding=None)
    return axis._replace(before=0, after=0, extent=extent, rounding="floor", guarded=False, layer=layer)


def _leaves_a_remainder(axis: AxisWorking) -> bool:
    return (
        axis.family != "transposed" and (axis.input + axis.before + axis.after - axis.extent) % axis.layer.stride != 0
    )


MISTAKES: tuple[Mistake[Working], ...] = (
    Mistake(
        "missing-plus-one",
        "forgetting the + 1",
        "the commonest slip: the steps between windows are counted, and not the windows",
        lambda axes: True,
        _on_every_axis(lambda axis: axis._replace(plus_one=0)),
    ),
    Mistake(
        "padding-once",
        "adding the padding once and not on both sides",
        "p is given, and 2p is meant",
        _has(lambda axis: axis.before > 0 and axis.after > 0),
        _padding_once,
    ),
    Mistake(
        "padding-ignored",
        "leaving the padding out",
        "an option that is not at its default, forgotten",
        _has(lambda axis: axis.before != 0 or axis.after != 0),
        _on_every_axis(lambda axis: axis._replace(before=0, after=0, rule=None)),
    ),
    Mistake(
        "dilation-ignored",
        "leaving the dilation out",
        "rarer than padding, so forgotten less often",
        _has(lambda axis: axis.layer.dilation > 1),
        _on_every_axis(lambda axis: _with_layer(axis, dilation=1)),
    ),
    Mistake(
        "dilation-times-kernel",
        "taking d*k for the extent d(k - 1) + 1",
        "the dilation was seen, and its formula missed",
        _has(lambda axis: axis.layer.dilation > 1),
        _on_every_axis(lambda axis: axis._replace(extent=axis.layer.dilation * axis.layer.kernel)),
    ),
    Mistake(
        "stride-ignored",
        "taking the stride as 1",
        "a stride changes the size so much that its absence is usually noticed",
        _has(lambda axis: axis.layer.stride > 1),
        _on_every_axis(lambda axis: _with_layer(axis, stride=1)),
    ),
    Mistake(
        "output-padding-ignored",
        "leaving the output padding out",
        "an option of one kind of layer only",
        _has(lambda axis: bool(axis.layer.output_padding)),
        _on_every_axis(lambda axis: _with_layer(axis, output_padding=0)),
    ),
    Mistake(
        "last-window-starts-in-padding",
        "keeping a last window that starts in the padding",
        "only in ceil mode, where the rule is little known",
        _has(lambda axis: axis.guarded),
        _on_every_axis(lambda axis: axis._replace(guarded=False)),
    ),
    Mistake(
        "division-not-floored",
        "not rounding the quotient down",
        "shows as a fraction, so it is usually noticed",
        _has(_leaves_a_remainder),
        _on_every_axis(lambda axis: axis._replace(rounding="exact", guarded=False)),
    ),
    Mistake(
        "ceil-instead-of-floor",
        "rounding the quotient up",
        "another framework's or layer's rounding",
        _has(lambda axis: axis.rounding == "floor" and _leaves_a_remainder(axis)),
        _on_every_axis(lambda axis: axis._replace(rounding="ceil")),
    ),
    Mistake(
        "floor-instead-of-ceil",
        "rounding the quotient down, as without ceil mode,",
        "the default's rounding",
        _has(lambda axis: axis.rounding == "ceil"),
        _on_every_axis(lambda axis: axis._replace(rounding="floor", guarded=False)),
    ),
    Mistake(
        "same-padding",
        "taking the padding as 'same'",
        "a habit from another framework",
        lambda axes: not any(axis.layer.padding in SAME_WORDS for axis in axes),
        _on_every_axis(_same),
    ),
    Mistake(
        "transposed-instead-of-conv",
        "computing a transposed convolution",
        "the wrong layer altogether",
        lambda axes: all(axis.family == "conv" for axis in axes),
        _on_every_axis(lambda axis: axis._replace(family="transposed")),
    ),
    Mistake(
        "conv-instead-of-transposed",
        "computing a plain convolution",
        "the wrong layer altogether",
        _has(lambda axis: axis.family == "transposed"),
        _on_every_axis(lambda axis: axis._replace(family="conv")),
    ),
    Mistake(
        "axes-swapped",
        "exchanging two axes",
        "only with several axes of different sizes",
        lambda axes: len(axes) > 1,
        _axes_swapped,
    ),
)


def facts(answer: ConvShape, key: str) -> tuple[Ratio | None, ...]:
    """The right numbers of a key that can be claimed."""
    axes = answer.layers[-1].axes
    return tuple(KEYS[key](axis) for axis in axes)


KEYS: Mapping[str, Callable[[AxisShape], Ratio | None]] = {
    "output": lambda axis: (axis.output, 1),
    "unread": lambda axis: (axis.unread, 1),
    "receptive_field": lambda axis: (axis.field.size, 1),
    "jump": lambda axis: axis.field.jump,
    "center": lambda axis: axis.field.center,
}
_WHOLE = ("output", "unread", "receptive_field")


def judge(answer: ConvShape, claim: Claim) -> Verdict:
    """Judge one claim about an answer, and explain it if it is wrong."""
    verdict = compare(claim, facts(answer, claim.key), exact=claim.key in _WHOLE)
    if verdict.passed:
        return verdict
    return verdict._replace(diagnosis=diagnose(claim, verdict.actual, working(answer), MISTAKES, evaluate, _write))


def _write(numbers: Numbers) -> str:
    return " x ".join(str(as_number(number)) for number in numbers)
