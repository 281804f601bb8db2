"""The totals of losses and gradients: sums, the largest entry and the worst rows, found block by block."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dlcalc.core.arrays.row_source import Array, Floats

_WORST = 10  # rows that are named


class Totals(NamedTuple):
    """The totals of some rows.

    Attributes:
        loss: the sum of their losses.
        squares: the sum of the squares of their gradients.
        largest: the largest absolute value in their gradients.
        worst: (row, loss) of the ten rows with the largest losses, the worst first.
        infinite: the first row whose loss is infinite, and how many there are; (0, 0) if there is none.
    """

    loss: float
    squares: float
    largest: float
    worst: tuple[tuple[int, float], ...]
    infinite: tuple[int, int]


def summed(numbers: ArrayLike) -> float:
    """Sum up numbers; infinities may meet in the sum."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(np.asarray(numbers)))


def totals_of(first: int, losses: Floats, gradient: Array) -> Totals:
    """Sum up a block of rows.

    Args:
        first: the number of the first row.
        losses: (n,) float64.
        gradient: (n, C) float32 or float64.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        wide = gradient.astype(np.float64, copy=False).reshape(-1)
        loss, squares = summed(losses), float(np.einsum("i,i->", wide, wide))
        largest = max(float(gradient.max()), -float(gradient.min()), 0.0)
    order = np.argsort(-losses, kind="stable")[:_WORST]
    worst = tuple((first + int(row), float(losses[row])) for row in order)
    infinite = np.flatnonzero(np.isinf(losses))
    return Totals(loss, squares, largest, worst, (first + int(infinite[0]), infinite.size) if infinite.size else (0, 0))


def combined(blocks: Iterable[Totals]) -> Totals:
    """Combine the totals of several blocks, in the order of their rows.

    >>> combined([Totals(1.0, 4.0, 2.0, ((0, 1.0),), (0, 0)), Totals(3.0, 1.0, 1.0, ((1, 3.0),), (0, 0))])
    Totals(loss=4.0, squares=5.0, largest=2.0, worst=((1, 3.0), (0, 1.0)), infinite=(0, 0))
    """
    parts = list(blocks)
    candidates = [row for part in parts for row in part.worst]
    infinite = [part.infinite for part in parts if part.infinite[1]]
    return Totals(
        summed([part.loss for part in parts]),
        summed([part.squares for part in parts]),
        max(part.largest for part in parts),
        tuple(sorted(candidates, key=lambda row: (-row[1], row[0]))[:_WORST]),
        (infinite[0][0] if infinite else 0, sum(count for _, count in infinite)),
    )
