"""The memory of the maps of a network, while its layers run."""

from math import prod

from dlcalc.core.network.layer_shape import ConvShape, LayerShape, Map
from dlcalc.core.network.network import ELEMENTWISE, Input, OpKind

# Kinds that write over the map that they read, or only rename it.
IN_PLACE: tuple[OpKind, ...] = (*ELEMENTWISE, "flatten", "reshape", "permute")


def alone(layer: LayerShape, each: int) -> tuple[int, int]:
    """Count the bytes of what a layer makes, and of that and what it reads; ``each`` are those of an entry."""
    made = _bytes(layer.made, each)
    return made, made + sum([_bytes(one, each) for one in layer.read])


def _bytes(one: Map, each: int) -> int:
    """Count the bytes of a map, with ``each`` of an entry in all samples of a batch."""
    if one.dims is not None:
        return each * prod(one.dims)
    return each * (one.channels or 0) * prod(one.size or ())


def _given(one: Input) -> Map:
    dims = None if one.dims is None else tuple([extent for extent in one.dims if isinstance(extent, int)])
    return Map(one.size, one.channels, dims)


class Alive:
    """The memory that is held while the layers run, one after the other.

    Alive are what the layer that runs reads and makes, and every map that a later one reads. A layer that looks at one
    entry at a time works in place, but where what it reads is read again.

    Args:
        shape: the sizes of all layers.
        each: bytes of an entry in all samples of a batch.
    """

    def __init__(self, shape: ConvShape, each: int) -> None:
        network = shape.question.network
        self.each, self.last = each, network.last_uses()
        self.ends = dict(self.last)
        self.memory_of = {one.name: one.name for one in network.inputs}  # a map -> the one in whose memory it is
        self.held = {one.name: _bytes(_given(one), each) for one in network.inputs}
        self.alive = sum(self.held.values())

    def behind(self, layer: LayerShape) -> tuple[int, int]:
        """Let a layer run: the bytes of its output, and of all that is alive meanwhile."""
        index, node, made = layer.number - 1, layer.node, _bytes(layer.made, self.each)
        current = self.memory_of[node.inputs[0]] if node.inputs else ""
        if layer.kind in IN_PLACE and current and self.ends[current] <= index:
            self.memory_of[node.name], made = current, 0
            self.ends[current] = self.last[node.name]
        else:
            self.memory_of[node.name] = node.name
            self.held[node.name] = made
        self.alive += made
        alive = self.alive
        for name in {self.memory_of[name] for name in (*node.inputs, node.name)}:
            if self.ends[name] <= index:
                self.alive -= self.held.pop(name)
        return made, alive
