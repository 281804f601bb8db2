"""When a tensor is a map of channels over axes, and which of its axes are which."""

from math import prod

from dlcalc.core.network.layer_shape import Map
from dlcalc.core.network.network import Input
from dlcalc.core.tensors.shapes import Shape


def as_map(dims: Shape, axes: int, last: bool) -> Map:
    """Read the last extents of a tensor as a map over some axes.

    >>> as_map((1, 3, 224, 160), 2, False)
    Map(size=(224, 160), channels=3, dims=(1, 3, 224, 160), last=False)
    """
    size = dims[-axes - 1 : -1] if last else dims[-axes:]
    return Map(size, dims[-1] if last else dims[-axes - 1], dims, last)


def given_map(given: Input) -> Map:
    """Read an input as a map, where it is one."""
    dims = tuple([one for one in given.dims or () if isinstance(one, int)])
    if given.size:
        return as_map(dims, len(given.size), given.last)
    return Map((), given.channels, dims)


def is_vector(dims: Shape) -> bool:
    """Whether a tensor is a batch of vectors, up to extents of 1 behind them."""
    return len(dims) >= 2 and all(extent == 1 for extent in dims[2:])


def over_same_axes(dims: Shape, one: Map) -> Map | None:
    """Read a tensor as a map over the same axes as another, whose channels may stand in several axes; if it is one."""
    axes = len(one.size or ())
    if not one.size or one.last or one.dims is None or len(dims) <= axes or dims[-axes:] != one.size:
        return None
    if dims[0] != one.dims[0]:
        return None
    return Map(one.size, prod(dims[1:-axes]), dims)


def alike(dims: Shape | None, other: Map) -> Map:
    """Read a tensor as a map if it has as many axes as one that is."""
    if dims is None:
        return Map(None, None)
    if other.size and other.dims is not None and len(other.dims) == len(dims):
        return as_map(dims, len(other.size), other.last)
    return Map((), dims[-1] if dims else 1, dims)


def channel_axis(one: Map) -> int:
    """The axis of a tensor that is the channels of its map."""
    return len(one.dims or ()) - 1 - (0 if one.last else len(one.size or ()))


def positions(one: Map) -> set[int]:
    """The axes of a tensor that are those of its map."""
    first = len(one.dims or ()) - len(one.size or ()) - one.last
    return set(range(first, first + len(one.size or ())))
