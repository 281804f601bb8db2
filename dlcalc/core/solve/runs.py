"""Whole numbers in runs, and the search for where a run begins: what an inverse at any size is made of."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from dlcalc.core.validation import MAX_DIGITS

LIMIT = 10**MAX_DIGITS  # no number that can be typed is as large
# No threshold of a layer is as large: products of two numbers and sums of those are below.
FAR = 10 ** (2 * MAX_DIGITS + 100)


class Run(NamedTuple):
    """The numbers from ``first`` to ``last``, a ``step`` apart; without a last one they go on for ever."""

    first: int
    last: int | None
    step: int = 1

    @property
    def length(self) -> int:
        """How many are listed: of those that go on for ever the smallest."""
        return 1 if self.last is None else (self.last - self.first) // self.step + 1

    def touches(self, later: "Run") -> bool:
        """Whether there is no gap up to one that begins no earlier, nor within one of them."""
        return self.step == later.step == 1 and (self.last is None or later.first <= self.last + 1)

    def values(self) -> Iterable[int]:
        """Those."""
        return (self.first,) if self.last is None else range(self.first, self.last + 1, self.step)


def ascending(runs: Iterable[Run]) -> Iterator[int]:
    """The numbers of several runs in order, each once.

    >>> list(ascending([Run(1, 7, 2), Run(4, 4), Run(9, None)]))
    [1, 3, 4, 5, 7, 9]
    """
    before = None
    for value in merge(*(run.values() for run in runs)):
        if value != before:
            yield value
        before = value


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same numbers in as few runs as there can be, in order; those with gaps are left as they are.

    >>> joined([Run(5, 7), Run(1, 2), Run(3, 5), Run(9, None)])
    (Run(first=1, last=7, step=1), Run(first=9, last=None, step=1))
    """
    found: list[Run] = []
    for run in sorted(runs, key=lambda run: run.first):
        before = found[-1] if found else None
        if before is None or not before.touches(run):
            found.append(run)
        elif before.last is not None:
            found[-1] = Run(before.first, None if run.last is None else max(before.last, run.last))
    return tuple(found)


def first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from ``low`` to ``high`` that something holds of, and of all behind it; else high + 1.

    Its steps double until one is too long and then halve, so that what is small is found soon at any height.

    >>> first(lambda number: number * number >= 50, 0, 10**100)
    8
    """
    if low > high or holds(low):
        return low
    if not holds(high):  # often nothing is found, and then it is known at once
        return high + 1
    step = 1
    while low + step < high and not holds(low + step):
        low, step = low + step, 2 * step
    top = min(low + step, high)
    while top - low > 1:
        middle = (low + top) // 2
        if holds(middle):
            top = middle
        else:
            low = middle
    return top
