"""A row source that gives rows and nothing else, as one in a file does."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from dlcalc.core.arrays.row_source import Array, ByRows, Rows
from dlcalc.core.softmax.question import SoftmaxQuestion


class Unread(ByRows):
    """An array of which only rows can be had."""

    def __init__(self, values: Array) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def read(self, rows: Rows) -> Array:
        return self.values[rows].copy()

    @property
    def T(self) -> "Unread":  # noqa: N802  (as NumPy calls it)
        return Unread(self.values.T)

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> "Unread":
        return Unread(self.values.astype(dtype, copy=copy))

    def reshape(self, shape: int | tuple[int, ...], /) -> "Unread":
        return Unread(self.values.reshape(shape))

    def through(self, convert: Callable[[Array], Array], dtype: DTypeLike) -> "Unread":
        return Unread(convert(self.values).astype(np.dtype(dtype), copy=False))


def in_file(question: SoftmaxQuestion) -> SoftmaxQuestion:
    """The same question, its arrays not in memory; so it is answered and judged block by block, whatever its size."""
    targets = question.targets
    labels = None if targets.labels is None else Unread(np.asarray(targets.labels))
    distribution = None if targets.distribution is None else Unread(np.asarray(targets.distribution))
    logits = Unread(np.asarray(question.logits))
    return replace(question, logits=logits, targets=replace(targets, labels=labels, distribution=distribution))
