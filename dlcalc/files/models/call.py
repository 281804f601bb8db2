"""A call of an operation in an exported PyTorch graph: its arguments by name, as the schema of the file has them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dlcalc.core.tensors.saved import Dims


class Operand(NamedTuple):
    """A tensor that a call reads.

    Attributes:
        argument: the name of the argument.
        tensor: its name in the graph.
        dims: its shape.
        layer: the node of the network that makes it; None where it comes from the file alone.
    """

    argument: str
    tensor: str
    dims: Dims
    layer: str | None


class Call(NamedTuple):
    """A call of an operation.

    Attributes:
        op: its name, without the namespace, the overload and the sign of one that works in place.
        overload: the form of it.
        arguments: by name, as they stand in the file.
        operands: the tensors among them.
        output: the shape of what is made of them.
        number: of the output, where there are several.
    """

    op: str
    overload: str
    arguments: Mapping[str, Any]
    operands: tuple[Operand, ...]
    output: Dims
    number: int = 0

    @property
    def read(self) -> list[Operand]:
        """The operands that layers make."""
        return [one for one in self.operands if one.layer is not None]

    @property
    def constants(self) -> list[Operand]:
        """The operands that come from the file alone."""
        return [one for one in self.operands if one.layer is None]

    def operand(self, *names: str) -> Operand | None:
        """Find an operand by the first name of its argument that there is."""
        return next((one for name in names for one in self.operands if one.argument == name), None)

    def whole(self, name: str, default: int = 0) -> int | None:
        """Read a whole number; None where it is computed in the graph."""
        numbers = self.numbers(name)
        return default if numbers == () else numbers[0] if numbers is not None else None

    def numbers(self, name: str) -> tuple[int, ...] | None:
        """Read whole numbers; none where they are left out, None where they are computed in the graph."""
        value = self.arguments.get(name) or {}
        found = next(iter(value.values()), None) if isinstance(value, dict) else None
        if found is None or "as_none" in value:
            return ()
        entries = [_plain(entry) for entry in (found if isinstance(found, list) else [found])]
        numbers = tuple([entry for entry in entries if isinstance(entry, int)])
        return numbers if len(numbers) == len(entries) else None

    def floats(self, name: str) -> tuple[float, ...]:
        """Read decimal numbers; none where they are left out."""
        value = self.arguments.get(name) or {}
        found = next(iter(value.values()), None) if isinstance(value, dict) else None
        return tuple([one for one in found if isinstance(one, float | int)]) if isinstance(found, list) else ()

    def flag(self, name: str) -> bool:
        """Read a yes or no, which is no where it is left out."""
        return (self.arguments.get(name) or {}).get("as_bool") is True

    def text(self, name: str) -> str:
        """Read a text; empty where there is none."""
        found = (self.arguments.get(name) or {}).get("as_string")
        return found if isinstance(found, str) else ""


def _plain(entry: object) -> object:
    """Take a number out of the wrapper that one that may be symbolic has."""
    return entry.get("as_int") if isinstance(entry, dict) else entry


def tensors_in(argument: object) -> Iterator[str]:
    """List the names of the tensors in an argument or an output, in their order."""
    if not isinstance(argument, dict):
        return
    for key, value in argument.items():
        if key in ("as_tensor", "as_optional_tensor") and isinstance(value, dict):
            if isinstance(value.get("name"), str):
                yield value["name"]
            else:
                yield from tensors_in(value)
        elif key in ("as_tensors", "as_optional_tensors", "as_nested_tensors") and isinstance(value, list):
            for one in value:
                if isinstance(one, list):
                    for each in one:
                        yield from tensors_in({"as_tensor": each})
                elif isinstance(one, dict) and isinstance(one.get("name"), str):
                    yield one["name"]
                else:
                    yield from tensors_in(one)
