"""The maps between the nodes: how many channels each has, and whether maps that are joined meet."""

from math import prod

from dlcalc.core.conv.layer import AXES, Axis
from dlcalc.core.errors import Advice, DlcalcError, Fix
from dlcalc.core.network.layer_shape import Map, MapsDoNotMeetError
from dlcalc.core.network.network import ELEMENTWISE, JOINS, Op, OpKind
from dlcalc.core.validation import groups_do_not_divide, legal

_MIXING: tuple[OpKind, ...] = ("conv", "transposed", "linear")  # whose output may have other channels than their input
_OF_VECTORS: tuple[OpKind, ...] = ("linear", "flatten", "batch-norm", "layer-norm", "group-norm", *JOINS, *ELEMENTWISE)


def groups_of(op: Op, channels: int | None) -> int | None:
    """Count the groups of a layer on ``channels``; None where the layer is depthwise and they are not known."""
    return channels if op.depthwise else op.groups


def channels_behind(op: Op, source: Map, axes: int, one_named: bool) -> int | None:
    """Compute the channels behind a layer; None where they are not known.

    Args:
        op: the layer, which joins nothing.
        source: the map that it reads.
        axes: how many there are.
        one_named: whether one axis was named, and there may be more.

    Raises:
        DlcalcError: ``usage`` for a layer that a vector has no axes for, ``groups-do-not-divide``, ``invalid-value``,
            ``shape-mismatch``.

    >>> channels_behind(Op("flatten"), Map((7, 7), 32), 2, False)
    1568
    """
    channels, kind = source.channels, op.kind
    if source.size == () and kind not in _OF_VECTORS:
        hint = "leave it out, or put it in front of the flatten or the fc"
        raise DlcalcError("usage", "the output of a flatten or an fc has no axes for it", hint=hint)
    outputs = channels if op.channels is None and (op.depthwise or kind not in _MIXING) else op.channels
    if kind == "flatten":
        return _flattened(source, one_named)
    if kind in ("pixel-shuffle", "pixel-unshuffle"):
        from dlcalc.core.network.geometry import amount_along, shuffled_channels

        factor = prod(amount_along(op, axis) for axis in range(axes))
        if channels is None or one_named:
            return None
        return shuffled_channels(channels, factor) if kind == "pixel-shuffle" else channels * factor
    if op.channels is not None:
        legal(op.channels, "features" if kind == "linear" else "c_out", 1)
    groups = groups_of(op, channels)
    option = "group_norm" if kind == "group-norm" else "groups"
    legal(op.groups, option, 1)
    if groups is not None and any(count is not None and count % groups for count in (channels, outputs)):
        error = _groups_do_not_divide(op, channels, outputs, groups)
        advice = [
            Fix(option, part.value) if isinstance(part, Fix) and part.argument == "groups" else part
            for part in error.advice
        ]
        raise DlcalcError(error.code, error.message, hint=advice, option=error.option)
    return outputs


_UNKNOWN = {
    "linear": "the size of its input is not known: an fc needs --w",
    "flatten": "the size of its input is not known: a flatten needs --w",
}


def in_features(source: Map, one_named: bool, reader: str = "linear", first: bool = False) -> int | None:
    """Count what a linear layer, or a flatten, reads; None where the channels, or the number of axes, are not known.

    A linear layer that is the first of its network reads a vector more often than a map, and the hint says so.

    Raises:
        DlcalcError: ``usage`` where the size of the map is not known.
    """
    if source.size is None:
        hint: Advice = (Fix("w", 224), " (", Fix("w", 1), " for a vector), or a gap in front of it")
        if first:
            hint = (Fix("w", 1), " (a vector), or the size of a map, like ", Fix("w", 224))
        raise DlcalcError("usage", _UNKNOWN[reader], hint=hint)
    return _flattened(source, one_named)


def _flattened(source: Map, one_named: bool) -> int | None:
    if source.size is None:
        return in_features(source, one_named, "flatten")
    positions = prod(source.size)
    if source.channels is None or (one_named and positions > 1):
        return None
    return source.channels * positions


def _groups_do_not_divide(op: Op, channels: int | None, outputs: int | None, groups: int) -> DlcalcError:
    error = groups_do_not_divide(groups, channels, outputs)
    if not op.depthwise or outputs is None:
        return error
    like = groups * max(1, round(outputs / groups))
    hint = (f"a multiple of {groups}, like ", Fix("c_out", like))
    return DlcalcError(error.code, error.message, hint=hint, option=error.option)


def joined(kind: OpKind, maps: list[Map], names: tuple[str, ...], axes: tuple[Axis, ...]) -> Map:
    """Join maps: an addition and a product of equal maps, a concatenation of channels.

    A map with one position along an axis, or with one channel, is spread in an addition or a product; a vector counts
    as a map of one position.

    Args:
        kind: of the join.
        maps: the current one first.
        names: of their nodes, for errors.
        axes: of maps that have some.

    Raises:
        MapsDoNotMeetError: ``shape-mismatch``.

    >>> joined("concat", [Map((7, 7), 64), Map((7, 7), 32)], ("conv1", "conv2"), ("h", "w"))[:2]
    ((7, 7), 96)
    """
    spreads = kind != "concat"
    vectors = [one.size == () for one in maps]
    if not spreads and any(vectors) and not all(vectors):
        message = "a vector and a map with axes do not meet"
        raise MapsDoNotMeetError("shape-mismatch", message, hint="a flatten in front of the map, too")
    size: tuple[int, ...] | None = ()
    if not all(vectors):
        known = [one.size for one in maps if one.size]
        size = tuple([_extent(along, spreads) for along in zip(*known, strict=True)]) if known else None
        if size is not None and 0 in size:
            index = size.index(0)
            text = ", ".join(
                _sized(name, one.size[index], axes[index]) for name, one in zip(names, maps, strict=True) if one.size
            )
            raise MapsDoNotMeetError("shape-mismatch", f"maps of different sizes do not meet: {text}")
    counts = [one.channels for one in maps]
    some = [count for count in counts if count is not None]
    if kind == "concat":
        return Map(size, sum(some) if len(some) == len(counts) else None)
    wide = {count for count in some if count > 1}
    if len(wide) > 1:
        text = ", ".join(f"{name} has {one.channels}" for name, one in zip(names, maps, strict=True))
        message = f"maps of different channels do not meet: {text}"
        raise MapsDoNotMeetError("shape-mismatch", message, hint=_same_channels(maps[0], counts))
    return Map(size, max(wide, default=1 if len(some) == len(counts) else None))


def _extent(extents: tuple[int, ...], spreads: bool) -> int:
    """The extent of a join along one axis; 0 where the maps do not meet."""
    different = {extent for extent in extents if extent > 1 or not spreads}
    return 0 if len(different) > 1 else max(extents)


def _sized(name: str, extent: int, axis: Axis) -> str:
    return f"{name} has {AXES[axis]} {extent}"


def _same_channels(current: Map, counts: list[int | None]) -> tuple[str | Fix, ...]:
    wanted = counts[-1] or 1
    if current.size == ():
        return (Fix("features", wanted), " in front of it")
    return ("a convolution 1", Fix("c_out", wanted), " in front of it")
