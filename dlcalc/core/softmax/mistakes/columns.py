"""The softmax over the rows, taken for that over the classes: what it is made of, in one pass over all rows."""

from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.row_source import Floats, in_order
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import blocks_of


class Columns(NamedTuple):
    """The sums over some rows.

    Attributes:
        log_sum: (C,) the logarithm of the sum of exp(z/T).
        given: (C,) the sum of the targets y as they were given.
        kept: how many rows count.
    """

    log_sum: Floats
    given: Floats
    kept: int

    def joined(self, other: "Columns") -> "Columns":
        """Join the sums over the rows that follow."""
        with np.errstate(invalid="ignore"):
            log_sum = np.logaddexp(self.log_sum, other.log_sum)
        return Columns(log_sum, self.given + other.given, self.kept + other.kept)


class ColumnsAt:
    """From a temperature to the sums over all rows of a question, each found once; without closures, so picklable.

    Ignored rows are among the exponentials: nothing masks them there.
    """

    def __init__(self, question: SoftmaxQuestion) -> None:
        self.question = question
        self._known: dict[float, Columns] = {}

    def __call__(self, temperature: float) -> Columns:
        """Sum up all rows."""
        if temperature not in self._known:
            blocks = in_order(partial(_columns, self.question, temperature), blocks_of(self.question))
            self._known[temperature] = reduce(Columns.joined, blocks)
        return self._known[temperature]


def _columns(question: SoftmaxQuestion, temperature: float, rows: slice) -> Columns:
    with np.errstate(all="ignore"):
        scaled = question.logits[rows].astype(np.float64) / temperature
        top = scaled.max(axis=0)
        shift = np.where(np.isfinite(top), top, 0.0)
        log_sum = shift + np.log(np.exp(scaled - shift).sum(axis=0))
    targets = question.targets
    return Columns(log_sum, targets.given(rows).sum(axis=0), int(targets.kept(rows).sum()))
