"""The layers of a network as its author repeats them: blocks, and the layers between them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from dlcalc.core.network.layer_shape import LayerShape
from dlcalc.core.network.network import Block

L = TypeVar("L")


class Group(NamedTuple, Generic[L]):
    """Layers that stand together.

    Attributes:
        block: the block that they repeat; None of layers between blocks.
        layers: of all repetitions.
        first: those of the first repetition.
    """

    block: Block | None
    layers: tuple[L, ...]
    first: tuple[L, ...]

    @property
    def times(self) -> int:
        """How often the first layers are repeated."""
        return 1 if self.block is None else self.block.times


def groups(layers: Sequence[L], shape_of: Callable[[L], LayerShape], depth: int = 0) -> Iterator[Group[L]]:
    """Group layers by the blocks that they stand in, ``depth`` blocks deep."""

    def block(layer: L) -> Block | None:
        blocks = shape_of(layer).node.blocks
        return blocks[depth] if len(blocks) > depth else None

    def name(layer: L) -> str:
        found = block(layer)
        return "" if found is None else found.name

    for _, some in groupby(layers, name):
        together = tuple(some)
        of = block(together[0])
        first = together if of is None else tuple(layer for layer in together if block(layer) == of)
        yield Group(of, together, first)


def summaries(layers: Sequence[L], shape_of: Callable[[L], LayerShape]) -> Iterator[tuple[str, Group[L]]]:
    """Name each group: a block by its name, other layers by the first and the last; of a model by their modules."""
    if layers and shape_of(layers[0]).node.saved is not None:
        from dlcalc.report.conv_shape.of_files import block

        for name, some in groupby(layers, lambda layer: block(shape_of(layer).name)):
            together = tuple(some)
            yield name, Group(None, together, together)
        return
    for group in groups(layers, shape_of):
        names = [shape_of(group.layers[end]).name for end in (0, -1)]
        yield (group.block.name if group.block else " to ".join(dict.fromkeys(names))), group


def rows(
    layers: Sequence[L],
    shape_of: Callable[[L], LayerShape],
    row: Callable[[L], tuple[str, ...]],
    of_block: Callable[[Sequence[L]], tuple[str, ...]],
    depth: int = 0,
) -> Iterable[tuple[str, ...]]:
    """Lay out a row per layer; of a block a row, and below it, indented, the rows of its first repetition.

    Args:
        layers: in order.
        shape_of: the geometry of a layer.
        row: the cells of a layer, its name first.
        of_block: the cells of all repetitions of a block, but for its name and how often it repeats.
        depth: how many blocks the layers stand in.
    """
    indent = "  " * depth
    for group in groups(layers, shape_of, depth):
        if group.block is None:
            yield from ((indent + cells[0], *cells[1:]) for cells in map(row, group.layers))
        else:
            yield (indent + group.block.name, f"{group.times:,} times", *of_block(group.layers))
            yield from rows(group.first, shape_of, row, of_block, depth + 1)
