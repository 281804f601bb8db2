"""What the losses and gradients of all rows come to, found block by block."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats

_WORST = 10  # rows that are named


class Totals(NamedTuple):
    """What some rows come to.

    Attributes:
        loss: the sum of their losses.
        squares: the sum of the squares of their gradients.
        largest: the largest entry of their gradients, without its sign.
        worst: the ten with the largest losses, the worst first: which they are, and their losses.
        infinite: the first row whose loss is infinite, and how many there are; (0, 0) if there is none.
    """

    loss: float
    squares: float
    largest: float
    worst: tuple[tuple[int, float], ...]
    infinite: tuple[int, int]


def summed(numbers: Any) -> float:
    """The sum of some numbers; infinities may meet in it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(np.asarray(numbers)))


def totals_of(first: int, losses: Floats, gradient: NDArray[Any]) -> Totals:
    """What a block of rows comes to, the first of which has this number."""
    with np.errstate(over="ignore", invalid="ignore"):
        wide = gradient.astype(np.float64, copy=False).reshape(-1)
        loss, squares = summed(losses), float(np.einsum("i,i->", wide, wide))
        largest = max(float(gradient.max()), -float(gradient.min()), 0.0)
    order = np.argsort(-losses, kind="stable")[:_WORST]
    worst = tuple((first + int(row), float(losses[row])) for row in order)
    infinite = np.flatnonzero(np.isinf(losses))
    return Totals(loss, squares, largest, worst, (first + int(infinite[0]), infinite.size) if infinite.size else (0, 0))


def combined(blocks: Iterable[Totals]) -> Totals:
    """What several blocks come to, in the order of their rows.

    >>> combined([Totals(1.0, 4.0, 2.0, ((0, 1.0),), (0, 0)), Totals(3.0, 1.0, 1.0, ((1, 3.0),), (0, 0))])
    Totals(loss=4.0, squares=5.0, largest=2.0, worst=((1, 3.0), (0, 1.0)), infinite=(0, 0))
    """
    found = list(blocks)
    loss, squares = (summed([getattr(one, name) for one in found]) for name in ("loss", "squares"))
    candidates = [row for one in found for row in one.worst]
    worst = tuple(sorted(candidates, key=lambda row: (-row[1], row[0]))[:_WORST])
    infinite = [one.infinite for one in found if one.infinite[1]]
    first = infinite[0][0] if infinite else 0
    count = sum(one[1] for one in infinite)
    return Totals(loss, squares, max(one.largest for one in found), worst, (first, count))
