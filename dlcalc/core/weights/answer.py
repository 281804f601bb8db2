"""How many parameters a file of weights holds: every stored number once, whatever number of names it has."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.weights.kinds import BUFFERS, UNCOUNTED, Kind, kinds
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.core.weights.tensors import Storage, StoredTensor


class CountedTensor(NamedTuple):
    """A tensor, what it is for, and what of it has been counted with another one.

    Attributes:
        tensor: as the file has it.
        kind: what it is for.
        shared_with: the name of a tensor that has the same numbers, or some of them; None if there is none.
        shared_entries: how many.
    """

    tensor: StoredTensor
    kind: Kind
    shared_with: str | None = None
    shared_entries: int = 0

    @property
    def entries(self) -> int:
        """The numbers that are not counted with another tensor."""
        return self.tensor.entries - self.shared_entries

    @property
    def bytes(self) -> int:
        """Their bytes."""
        return self.tensor.bytes - self.shared_bytes

    @property
    def shared_bytes(self) -> int:
        """The bytes of those that are."""
        return self.shared_entries and self.shared_entries * (self.tensor.bytes // self.tensor.entries)


class Sums(NamedTuple):
    """The numbers of several tensors together: how many, and their bytes."""

    entries: int
    bytes: int


class StoredParams(NamedTuple):
    """The answer.

    Attributes:
        question: what was asked.
        tensors: in the order of the file.
        params: numbers that are learned.
        buffers: numbers that are kept and not learned, but for the counters of batches.
        param_bytes: bytes of those that are learned.
        warnings: caveats.
    """

    question: WeightsQuestion
    tensors: tuple[CountedTensor, ...]
    params: int
    buffers: int
    param_bytes: int
    warnings: tuple[Notice, ...]

    def by_key(self) -> dict[str, int]:
        """Give the totals by their keys."""
        return {"params": self.params, "buffers": self.buffers, "param_bytes": self.param_bytes}


def stored_params(question: WeightsQuestion) -> StoredParams:
    """Count the parameters of a file of weights.

    Raises:
        DlcalcError: ``usage`` for a tensor to explain that is not there.
    """
    checkpoint = question.checkpoint
    if question.at is not None and question.at not in checkpoint.tensors:
        raise _no_tensor(question.at, checkpoint.tensors)
    found, shared = kinds(checkpoint.tensors.values()), sharing(checkpoint.tensors.values())
    tensors = tuple(
        CountedTensor(tensor, found[name], *shared.get(name, ())) for name, tensor in checkpoint.tensors.items()
    )
    learned = [one for one in tensors if one.kind not in BUFFERS and one.kind not in UNCOUNTED]
    kept = [one for one in tensors if one.kind in BUFFERS]
    params, buffers = total(learned), total(kept)
    return StoredParams(question, tensors, params.entries, buffers.entries, params.bytes, checkpoint.notices)


def total(tensors: Iterable[CountedTensor]) -> Sums:
    """Add up tensors, each number once."""
    entries = size = 0
    for one in tensors:
        entries += one.entries
        size += one.bytes
    return Sums(entries, size)


def by_kind(tensors: Iterable[CountedTensor]) -> dict[Kind, list[CountedTensor]]:
    """Put the tensors of a kind together, the kinds in the order in which they are met."""
    found: dict[Kind, list[CountedTensor]] = {}
    for one in tensors:
        found.setdefault(one.kind, []).append(one)
    return found


def sharing(tensors: Iterable[StoredTensor]) -> dict[str, tuple[str, int]]:
    """Find the tensors whose numbers another one has: the name of that one, and how many numbers.

    Of two with the same numbers it is the second that shares them. A tensor that leaves gaps between its entries shares
    nothing with those behind it, because two of them may go in between each other.
    """
    together: dict[Storage, list[StoredTensor]] = {}
    for tensor in tensors:
        if tensor.bytes:
            together.setdefault(tensor.storage, []).append(tensor)
    found: dict[str, tuple[str, int]] = {}
    for some in together.values():
        last: StoredTensor | None = None  # of those without gaps the one that reaches furthest
        for tensor in sorted(some, key=lambda one: (one.start, -one.end)):
            dense = tensor.end - tensor.start == tensor.bytes
            if last is not None and tensor.end <= last.end:
                found[tensor.name] = last.name, tensor.entries
            elif dense:
                if last is not None and tensor.start < last.end:
                    found[tensor.name] = last.name, (last.end - tensor.start) * tensor.entries // tensor.bytes
                last = tensor
    return found


def _no_tensor(name: str, tensors: Mapping[str, StoredTensor]) -> DlcalcError:
    """Make the error for a tensor that is not there, with one that is."""
    from dlcalc.core.spelling import did_you_mean

    legible = [one for one in list(tensors)[:_COMPARED] if len(one) <= 200 and one.isprintable()]
    near = did_you_mean(name, legible) or next(iter(legible), "NAME")
    return DlcalcError("usage", f"there is no tensor {name[:80]!r}", hint=Fix("at", near), option="at")


_COMPARED = 2_000  # names that a wrong one is compared with
