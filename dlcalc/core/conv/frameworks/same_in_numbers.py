"""What to type in place of a ``same`` that a framework refuses: the padding that SAME means for a size, in numbers."""

from collections.abc import Sequence

from dlcalc.core.conv.frameworks import framework_of, plan_layer
from dlcalc.core.conv.layer import SAME_WORDS, AxisLayer, FrameworkName, Layer, Sides, per_axis
from dlcalc.core.conv.window import BY_WORD, transposed_same
from dlcalc.core.errors import DlcalcError, Fix


def with_numbers(error: DlcalcError, framework: FrameworkName, layer: Layer, size: Sequence[int]) -> DlcalcError:
    """Put the padding that SAME means for this input into the hint of the error that refuses the word.

    Args:
        error: any refusal of the layer; one that is not about ``same`` is given back as it is.
        framework: that refuses it.
        layer: the layer.
        size: of its input.

    >>> refused = DlcalcError("unsupported-by-framework", "no 'same' with stride 2", hint="?", option="padding")
    >>> with_numbers(refused, "pytorch", Layer(3, stride=2, padding="same"), (225,)).hint
    'padding=1'
    """
    if error.code != "unsupported-by-framework" or layer.padding not in SAME_WORDS or min(size, default=0) < 1:
        return error
    axes = per_axis(layer, len(size))
    same = tuple([_sides(layer, *of) for of in zip(axes, size, strict=True)])
    short = tuple([max(0, axis.stride - axis.extent) for axis in axes]) if layer.family == "transposed" else ()
    if layer.output_padding is not None:  # frameworks do not agree on what is cut off then
        return error
    fill = {"output_padding": short} if any(short) else {}
    padding = _without_pad_layer(framework, layer, axes, size, same) or same
    try:
        plan_layer(framework, Layer(**(layer._asdict() | fill | {"padding": padding})), len(size))
    except DlcalcError:  # this padding is refused too
        return error
    advice: list[str | Fix] = [Fix("padding", _written(padding)), *_apart(framework, layer, axes, size, padding)]
    if any(short):
        advice += [" and ", Fix("output_padding", short[0] if len(set(short)) == 1 else short)]
    for part in error.advice:
        if isinstance(part, Fix) and part.argument == "framework":
            advice += [", or ", part]
    return DlcalcError(error.code, error.message, hint=advice, option=error.option)


def _sides(layer: Layer, axis: AxisLayer, size: int) -> Sides:
    assert isinstance(layer.padding, str)
    rule = BY_WORD[layer.padding]
    if layer.family != "transposed":
        return rule.sides(size, axis)
    total = transposed_same(size, axis._replace(output_padding=None))
    before = rule.before_of(total, axis)
    return before, total - before


def _gives(layer: Layer, axes: Sequence[AxisLayer], size: Sequence[int], even: Sequence[int]) -> bool:
    """Whether a padding that is the same on both sides gives the size that SAME gives."""
    of_axes = zip(axes, size, even, strict=True)
    return layer.family != "transposed" and all(
        (pixels + 2 * padding - axis.extent) // axis.stride + 1 == -(-pixels // axis.stride)
        for axis, pixels, padding in of_axes
    )


def _without_pad_layer(
    framework: FrameworkName, layer: Layer, axes: Sequence[AxisLayer], size: Sequence[int], same: tuple[Sides, ...]
) -> tuple[Sides, ...] | None:
    """Find a padding that has the same windows as an uneven one, and is even."""
    begins = [before for before, _ in same]
    needed = framework_of(framework).own_padding == "even" and any(before != after for before, after in same)
    return tuple([(side, side) for side in begins]) if needed and _gives(layer, axes, size, begins) else None


def _apart(
    framework: FrameworkName,
    layer: Layer,
    axes: Sequence[AxisLayer],
    size: Sequence[int],
    padding: tuple[Sides, ...],
) -> list[str | Fix]:
    """Say that a padding takes a layer of its own, and what one that takes none gives."""
    if framework_of(framework).own_padding != "even" or all(before == after for before, after in padding):
        return []
    if layer.family == "transposed":
        return [" (in a layer that cuts the output", *_filled(axes, padding), ")"]
    even = tuple([axis.extent // 2 for axis in axes])
    if not _gives(layer, axes, size, even):
        return [" (in a pad layer)"]
    shift = max(side - before for side, (before, _) in zip(even, padding, strict=True))
    moved = f" gives this size too, and moves the windows by {'one pixel' if shift == 1 else f'{shift} pixels'})"
    return [" (in a pad layer; ", Fix("padding", even[0] if len(set(even)) == 1 else even), moved]


def _filled(axes: Sequence[AxisLayer], padding: Sequence[Sides]) -> list[str | Fix]:
    """Name the padding and the output padding that give the size of an uneven padding without another layer."""
    even = tuple([max(sides) for sides in padding])
    extra = tuple([2 * side - sum(sides) for side, sides in zip(even, padding, strict=True)])
    for axis, more in zip(axes, extra, strict=True):
        if axis.stride > axis.extent or more >= max(axis.stride, axis.dilation):
            return []  # an output padding is needed anyway, or it is too large
    fixes = [
        Fix(name, of[0] if len(set(of)) == 1 else of) for name, of in (("padding", even), ("output_padding", extra))
    ]
    return ["; ", fixes[0], " and ", fixes[1], " give this size too, and move the output by one pixel"]


def _written(padding: tuple[Sides, ...]) -> int | tuple[Sides, ...]:
    """Write a padding that is the same on both sides of every axis as one number."""
    (before, after), *others = dict.fromkeys(padding)
    return padding if others or before != after else before
