"""Runs of whole numbers, and the bisection that finds where a run begins."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from dlcalc.core.validation import MAX_DIGITS

LIMIT = 10**MAX_DIGITS  # no number that can be typed is as large
# beyond every threshold of a layer: its output has at most 1000 digits, and each of its numbers can be typed
FAR = 10**1000 * LIMIT**3


class Run(NamedTuple):
    """The numbers from ``first`` to ``last``, a ``step`` apart; if ``last`` is None they have no end."""

    first: int
    last: int | None
    step: int = 1

    @property
    def length(self) -> int:
        """How many numbers are listed: of a run without end only the smallest."""
        return 1 if self.last is None else (self.last - self.first) // self.step + 1

    def touches(self, later: "Run") -> bool:
        """Tell whether this run and one that begins no earlier have no gap between them, nor within them."""
        return self.step == later.step == 1 and (self.last is None or later.first <= self.last + 1)

    def values(self) -> Iterable[int]:
        """List the numbers in order; of a run without end only the smallest."""
        return (self.first,) if self.last is None else range(self.first, self.last + 1, self.step)


def ascending(runs: Iterable[Run]) -> Iterator[int]:
    """Iterate over the numbers of several runs in order, each once.

    >>> list(ascending([Run(1, 7, 2), Run(4, 4), Run(9, None)]))
    [1, 3, 4, 5, 7, 9]
    """
    before = None
    for value in merge(*(run.values() for run in runs)):
        if value != before:
            yield value
        before = value


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Join runs that touch, and sort them; a run with gaps is left as it is.

    >>> joined([Run(5, 7), Run(1, 2), Run(3, 5), Run(9, None)])
    (Run(first=1, last=7, step=1), Run(first=9, last=None, step=1))
    """
    result: list[Run] = []
    for run in sorted(runs, key=lambda run: run.first):
        before = result[-1] if result else None
        if before is None or not before.touches(run):
            result.append(run)
        elif before.last is not None:
            result[-1] = Run(before.first, None if run.last is None else max(before.last, run.last))
    return tuple(result)


def bisect_first(predicate: Callable[[int], bool], low: int, high: int) -> int:
    """Find the smallest n in [low, high] with predicate(n), or high + 1 if there is none, in O(log(n - low)) calls.

    The predicate must be monotone: where it holds of n it holds of all numbers up to ``high``.

    >>> bisect_first(lambda number: number * number >= 50, 0, 10**100)
    8
    """
    if low > high or predicate(low):
        return low
    if not predicate(high):  # the commonest end of a search, known at once
        return high + 1
    step = 1
    while low + step < high and not predicate(low + step):
        low, step = low + step, 2 * step
    top = min(low + step, high)
    while top - low > 1:
        middle = (low + top) // 2
        if predicate(middle):
            top = middle
        else:
            low = middle
    return top
