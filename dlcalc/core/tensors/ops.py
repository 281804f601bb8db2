"""The nodes of a model, whose maps are tensors with a batch, and may be no maps at all: (1, 197, 768).

A tensor is read as a map of channels over axes while what is done to it leaves it one. What cannot be computed has the
shape that the file declares; nothing is guessed.
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from dlcalc.core.conv.frameworks import plan_layer
from dlcalc.core.conv.layer import ALL_AXES, FrameworkName
from dlcalc.core.conv.shape import AxisShape, shapes_on
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.geometry import along, shuffled_channels, unchanged
from dlcalc.core.network.layer_shape import LayerShape, Map
from dlcalc.core.network.network import Node, Op, OpKind
from dlcalc.core.tensors import shapes
from dlcalc.core.tensors.maps import alike, as_map, channel_axis, is_vector, over_same_axes, positions
from dlcalc.core.tensors.saved import Dims, Saved
from dlcalc.core.tensors.shapes import Shape


class _Tensor(NamedTuple):
    """What a node makes: the map, its geometry, and what ``LayerShape`` says besides."""

    made: Map
    axes: tuple[AxisShape, ...] | None = None  # unchanged, if they are not given
    seen: bool = True
    kind: OpKind | None = None
    in_features: int | None = None
    macs: int = 0


def tensor_shape(
    node: Node, number: int, read: list[Map], framework: FrameworkName, axes: int
) -> tuple[LayerShape, tuple[Notice, ...]]:
    """Compute a node of a model on its own, and its caveats.

    Args:
        node: the node.
        number: its place in the network, from 1 on.
        read: the tensors that it reads, the current one first.
        framework: whose rules hold.
        axes: of the network's input.

    Raises:
        DlcalcError: as for layers in words, and ``shape-mismatch`` for a linear layer that reads other features.
    """
    op, saved = node.op, node.saved
    assert saved is not None
    if not read:  # it works on what the file itself holds
        read = [alike(_whole(shape), Map(None, None)) for shape in saved.constants[:1]] or [Map(None, None)]
        saved = saved._replace(constants=saved.constants[1:])
    dims = read[0].dims
    if op.layer is not None and dims is not None:
        layer, notices = _windows(node, number, read, framework)
        return layer, (*notices, *_differences(saved.declared, layer.made.dims))
    rule = _RULES.get(op.kind, _same)
    known = dims is not None and all(one.dims is not None for one in read)
    found = rule(op, saved, read, axes) if known else None
    if found is None:
        found = _declared(op, saved, read, axes)
    made, shapes_of = found.made, found.axes
    if shapes_of is None:
        one = (1,) * axes if made.dims is not None and is_vector(made.dims) else ()
        shapes_of = tuple(map(unchanged, made.size or one))
    if found.kind is not None:
        node = node._replace(op=op._replace(kind=found.kind))
    layer = LayerShape(node, number, None, shapes_of, tuple(read), made, found.in_features, False, found.seen)
    return layer._replace(macs=found.macs), _differences(saved.declared, made.dims)


def _windows(
    node: Node, number: int, read: list[Map], framework: FrameworkName
) -> tuple[LayerShape, tuple[Notice, ...]]:
    """Compute a layer with windows, which makes a map of whatever it reads."""
    from dlcalc.core.network.maps import channels_behind

    op, dims = node.op, read[0].dims
    assert op.layer is not None
    assert dims is not None
    axes = len(op.layer.kernel) if isinstance(op.layer.kernel, tuple) else len(dims) - 2
    if len(dims) < axes + 1:
        raise DlcalcError("shape-mismatch", f"a tensor of {len(dims)} axes has none to slide over", hint="a batch")
    known = bool(read[0].size) and len(read[0].size or ()) == axes
    source = as_map(dims, axes, read[0].last if op.last is None else op.last)
    names = ALL_AXES[-axes:]
    channels = channels_behind(op, source, axes, False) or 0
    plan = plan_layer(framework, op.layer, axes)
    windows, notices = shapes_on(plan, names, source.size or ())
    size = tuple([axis.output for axis in windows])
    batch = dims[: len(dims) - axes - 1]
    behind = (*batch, *size, channels) if source.last else (*batch, channels, *size)
    made = as_map(behind, axes, source.last)
    return LayerShape(node, number, plan, windows, (source, *read[1:]), made, None, False, known), notices


def _differences(declared: Dims | None, dims: Shape | None) -> tuple[Notice, ...]:
    """Compare the shape that the file declares with ours, as far as both are known."""
    if declared is None or dims is None:
        return ()
    pairs = zip(declared, dims, strict=False)
    if len(declared) == len(dims) and all(one == other or not isinstance(one, int) for one, other in pairs):
        return ()
    said, ours = ("x".join("?" if one is None else str(one) for one in shape) for shape in (declared, dims))
    return (Notice("declared-shape-differs", f"the file declares {said}, and by its own numbers it is {ours}"),)


def _declared(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor:
    """Take the shape that the file declares; of a lookup put an axis behind, of a resizing multiply the size."""
    one = read[0]
    if op.kind == "tensor" and op.channels is not None and one.dims is not None:
        return _Tensor(Map((), op.channels, (*one.dims, op.channels)), seen=False)
    if op.kind == "resize" and isinstance(op.amount, tuple):
        found = _resampled(op._replace(kind="upsample"), saved, read, axes)
        if found is not None:
            return _Tensor(found.made, seen=False)
    whole: list[int] = [one for one in saved.declared or () if isinstance(one, int)]
    known = saved.declared is not None and len(whole) == len(saved.declared)
    return _Tensor(alike(tuple(whole) if known else None, read[0]), seen=False)


def _same(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """One position at a time: joins too, whose tensors are spread over each other."""
    constants = [_whole(shape) for shape in saved.constants]
    dims = shapes.broadcast([*(one.dims or () for one in read), *constants])
    if dims is None:
        return None
    largest = next((one for one in read if one.size and len(one.dims or ()) == len(dims)), read[0])
    return _Tensor(alike(dims, largest))


def _whole(shape: Dims) -> Shape:
    return tuple([one if isinstance(one, int) else 1 for one in shape])


def _concat(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    axis = op.amount if isinstance(op.amount, int) else 1
    constants = [_whole(shape) for shape in saved.constants]
    dims = shapes.concatenated([*(one.dims or () for one in read), *constants], axis)
    if dims is None:
        return None
    made = alike(dims, read[0])
    return _Tensor(made, seen=not made.size or axis % len(dims) in (0, channel_axis(made)))


def _linear(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """Work on the last extent, whatever stands before it: a 1x1 convolution where that is the channels of a map."""
    dims = read[0].dims or ()
    if not dims or op.channels is None:
        return None
    if isinstance(op.amount, int) and op.amount != dims[-1]:
        message = f"it reads {op.amount:,} features, and {dims[-1]:,} come"
        raise DlcalcError("shape-mismatch", message, hint="the size of the input that the model is made for")
    made = (*dims[:-1], op.channels)
    if read[0].size and read[0].last:
        return _Tensor(alike(made, read[0]), in_features=dims[-1])
    vector = len(dims) == 2
    one = tuple([along(op, index, "w", 1) for index in range(axes)]) if vector else ()
    return _Tensor(Map((), op.channels, made), one, vector, in_features=dims[-1])


def _matmul(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    constants = [_whole(shape) for shape in saved.constants]
    found = shapes.product([*(one.dims or () for one in read), *constants], saved.equation)
    if found is None:
        return None
    return _Tensor(Map((), found[0][-1] if found[0] else 1, found[0]), (), False, macs=found[1])


def _pooled(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """Take the mean of axes of the tensor; of those of a map, which it keeps or not."""
    one, dims = read[0], read[0].dims or ()
    over = {axis % len(dims) for axis in op.amount if isinstance(axis, int)} if isinstance(op.amount, tuple) else None
    spatial = positions(one)
    if over is None:
        over = spatial
    if not over:
        return None
    made = tuple([1 if axis in over else extent for axis, extent in enumerate(dims)])
    if not saved.keeps:
        made = tuple([extent for axis, extent in enumerate(dims) if axis not in over])
    if over != spatial:
        same = over_same_axes(made, one) if spatial.isdisjoint(over) and 0 not in over else None
        return _Tensor(same or alike(made, one), seen=same is not None)
    whole = op._replace(kind="global-avg-pool")
    windows = tuple([along(whole, index, "w", extent) for index, extent in enumerate(one.size or ())])
    return _Tensor(alike(made, one), windows)


def _resampled(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """Change the size of a map: adaptive pooling, resampling, padding, cropping, shuffling."""
    one = read[0]
    if not one.size or one.dims is None or (isinstance(op.amount, tuple) and len(op.amount) != len(one.size)):
        return None
    seen = op.last is None or op.last == one.last
    if not seen and op.kind in ("pad", "crop"):  # of axes that are not those of the map
        return None
    if not seen:
        one = as_map(one.dims, len(one.size), not one.last)
    extents = one.size or ()
    windows = tuple([along(op, index, ALL_AXES[index - len(extents)], size) for index, size in enumerate(extents)])
    channels = one.channels or 1
    factor = prod(axis.window.stride for axis in windows)
    if op.kind == "pixel-shuffle":
        channels = shuffled_channels(channels, factor)
    elif op.kind == "pixel-unshuffle":
        channels *= factor
    size = [axis.output for axis in windows]
    batch = (one.dims or ())[: min(positions(one)) - (not one.last)]
    made = (*batch, *size, channels) if one.last else (*batch, channels, *size)
    return _Tensor(as_map(made, len(size), one.last), windows, seen)


def _permuted(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """Reorder axes: a map stays one where only its channels move, from in front of its axes to behind them or back."""
    one, dims = read[0], read[0].dims or ()
    order = [axis % len(dims) for axis in op.amount if isinstance(axis, int)] if isinstance(op.amount, tuple) else []
    made = shapes.permuted(dims, order)
    if made is None or not one.size:
        return None if made is None else _Tensor(Map((), made[-1], made), (), False)
    same = over_same_axes(made, one)
    if same is not None and order[0] == 0 and order[-len(one.size) :] == sorted(positions(one)):
        return _Tensor(same)
    channel, rest = channel_axis(one), [axis for axis in order if axis != channel_axis(one)]
    first = min(positions(one)) - (not one.last)
    if rest != sorted(rest) or order.index(channel) not in (first, len(dims) - 1):
        return _Tensor(Map((), made[-1], made), (), False)
    return _Tensor(as_map(made, len(one.size), order.index(channel) == len(dims) - 1))


def _reshaped(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """Arrange the entries in another shape; as a vector, which is a flatten; or with other extents of 1."""
    one, dims = read[0], read[0].dims or ()
    target: tuple[object, ...] | None = saved.declared
    if op.kind == "flatten" or isinstance(op.amount, tuple):  # without the batch
        target = (*dims[:1], *(op.amount if isinstance(op.amount, tuple) else (-1,)))
    whole = [extent for extent in target or () if isinstance(extent, int)]
    made = shapes.reshaped(dims, whole) if target is not None and len(whole) == len(target) else None
    if made is None:
        return None
    if made == dims:
        return _Tensor(one)
    if one.size and one.dims is not None and len(made) == 2 and made[0] == dims[0]:
        windows = tuple([along(op._replace(kind="flatten"), index, "w", size) for index, size in enumerate(one.size)])
        return _Tensor(Map((), made[1], made), windows, kind="flatten", in_features=made[1])
    if is_vector(dims) and is_vector(made) and made[:2] == dims[:2]:
        return _Tensor(as_map(made, axes, False) if axes and len(made) == axes + 2 else Map((), made[1], made))
    same = over_same_axes(made, one)
    return _Tensor(same or alike(made, one), seen=same is not None)


def _sliced(op: Op, saved: Saved, read: list[Map], axes: int) -> _Tensor | None:
    """Take a part of a tensor along one of its axes."""
    one, dims = read[0], list(read[0].dims or ())
    axis = op.amount[0] if isinstance(op.amount, tuple) else op.amount
    if not isinstance(axis, int) or not -len(dims) <= axis < len(dims) or op.channels is None:
        return None
    if dims[axis] == op.channels:
        return _Tensor(one)
    dims[axis] = op.channels
    return _Tensor(alike(tuple(dims), one), seen=not one.size or axis % len(dims) not in positions(one))


_Rule = Callable[[Op, Saved, list[Map], int], _Tensor | None]
_RULES: dict[OpKind, _Rule] = {
    "concat": _concat,
    "linear": _linear,
    "matmul": _matmul,
    "global-avg-pool": _pooled,
    "permute": _permuted,
    "reshape": _reshaped,
    "flatten": _reshaped,
    "slice": _sliced,
    "resize": _declared,
    "tensor": _declared,
    **dict.fromkeys(
        (
            "adaptive-avg-pool",
            "adaptive-max-pool",
            "upsample",
            "pixel-shuffle",
            "pixel-unshuffle",
            "pad",
            "crop",
        ),
        _resampled,
    ),
}
