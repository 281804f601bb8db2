"""The tensors of a file as the modules of its author hold them, and modules that repeat."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from dlcalc.core.weights.answer import CountedTensor


class Block(NamedTuple):
    """Modules one behind another that hold the same tensors, each under its own path.

    Attributes:
        paths: of the modules.
        rounds: the tensors of each.
    """

    paths: tuple[str, ...]
    rounds: tuple[tuple[CountedTensor, ...], ...]

    @property
    def title(self) -> str:
        """The path of the module; of several that of the first and the last."""
        return " to ".join(dict.fromkeys((self.paths[0], self.paths[-1])))


def plain(name: str) -> str:
    r"""Write a name that a file gives: what is not printable, and might steer a terminal, is escaped.

    >>> plain("conv1.weight"), plain("\x1b[2J")
    ('conv1.weight', '\\x1b[2J')
    """
    return name if name.isprintable() else repr(name)[1:-1]


def path_of(name: str) -> str:
    """Find the module that a tensor belongs to: up to the first number in its name, or else all but its last part.

    >>> path_of("layer1.0.conv1.weight"), path_of("fc.weight"), path_of("block1/kernel")
    ('layer1.0', 'fc', 'block1')
    """
    parts = name.replace("/", ".").split(".")
    numbered = next((at for at, part in enumerate(parts[:-1]) if part.isdigit()), None)
    length = len(".".join(parts[:-1] if numbered is None else parts[: numbered + 1]))
    return name[:length]


def blocks(tensors: Sequence[CountedTensor]) -> list[Block]:
    """Group tensors by their modules, and join modules that hold the same, one behind another."""
    found: list[Block] = []
    last: object = None
    for path, some in groupby(tensors, lambda one: path_of(one.tensor.name)):
        together = tuple(some)
        alike = [
            (one.tensor.name[len(path) :], one.tensor.dtype, one.tensor.shape, one.kind, one.shared_entries)
            for one in together
        ]
        if found and alike == last and path:
            *_, block = found
            found[-1] = Block((*block.paths, path), (*block.rounds, together))
        else:
            found.append(Block((path,), (together,)))
        last = alike
    return found
