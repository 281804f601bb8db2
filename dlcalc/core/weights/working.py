"""The working of a total over tensors, which a mistake edits."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dlcalc.core.evidence.diagnosis import Numbers
from dlcalc.core.numeric.ratio import Ratio, ratio
from dlcalc.core.weights.answer import StoredParams, by_kind, total
from dlcalc.core.weights.kinds import BUFFERS, UNCOUNTED, Kind

MIB, MB = 2**20, 10**6


class Group(NamedTuple):
    """The tensors of one kind: their numbers and bytes, and those that further names of the same numbers have."""

    entries: int
    bytes: int
    shared_entries: int
    shared_bytes: int


class Working(NamedTuple):
    """How a total comes about.

    Attributes:
        groups: the tensors, by their kinds.
        counted: the kinds that are counted.
        unit: ``entries``, or ``bytes``.
        file_size: the length of the files.
        shared: whether numbers with two names are counted twice.
        item: bytes of an entry where all are taken to have the same; None where each has its own.
        of_file: whether the length of the files is taken for the bytes of the tensors.
        scale: what the number is multiplied by.
    """

    groups: Mapping[Kind, Group]
    counted: frozenset[Kind]
    unit: str
    file_size: int
    shared: bool = False
    item: int | None = None
    of_file: bool = False
    scale: Ratio = (1, 1)


def working(answer: StoredParams, key: str) -> Working:
    """Set up the working of a total."""
    groups = {}
    for kind, some in by_kind(answer.tensors).items():
        again = sum(one.shared_entries for one in some), sum(one.shared_bytes for one in some)
        groups[kind] = Group(*total(some), *again)
    learned = frozenset(groups).difference(BUFFERS, UNCOUNTED)
    counted = learned if key != "buffers" else frozenset(groups).intersection(BUFFERS)
    return Working(
        groups, counted, "bytes" if key == "param_bytes" else "entries", answer.question.checkpoint.file_bytes
    )


def evaluate(work: Working) -> Numbers:
    """Compute the number that a working gives."""
    number = work.file_size if work.of_file else _total(work)
    numerator, denominator = work.scale
    return (ratio(number * numerator, denominator),)


def _total(work: Working) -> int:
    of: Callable[[Group], int] = _entries if work.unit == "entries" or work.item is not None else _bytes
    groups = [work.groups[kind] for kind in work.counted]
    number = sum(of(group) for group in groups)
    if work.shared:
        number += sum(group.shared_entries if of is _entries else group.shared_bytes for group in groups)
    return number * (work.item or 1) if work.unit == "bytes" else number


def _entries(group: Group) -> int:
    return group.entries


def _bytes(group: Group) -> int:
    return group.bytes
