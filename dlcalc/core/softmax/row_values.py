"""Some rows of an answer on their own: from their logits and targets to any array that has a row for each of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dlcalc.core.arrays.row_source import Array, ByRows, DType, Floats, Rows, parts
from dlcalc.core.softmax import kernel
from dlcalc.core.softmax.class_axis import WHOLE
from dlcalc.core.softmax.question import SoftmaxQuestion


def blocks_of(question: SoftmaxQuestion) -> list[slice]:
    """Cut the rows into blocks; where the classes are not the last axis, into wholes of what is stored together."""
    row_bytes, axis = question.classes * question.logits.dtype.itemsize, question.axis
    if axis is None:
        return parts(question.rows, row_bytes)
    if row_bytes * axis.inner > WHOLE:
        return parts(question.rows, row_bytes, WHOLE // 4)  # in larger blocks than others, so that runs are longer
    together = parts(question.rows // axis.inner, row_bytes * axis.inner)
    return [slice(part.start * axis.inner, part.stop * axis.inner) for part in together]


def scale_of_gradient(question: SoftmaxQuestion) -> float:
    """By what the gradient of each row's loss is multiplied: 1/(D T)."""
    return 1 / (question.targets.denominator * question.temperature)


def gradient_of_rows(
    question: SoftmaxQuestion, rows: Rows, logits: Array, scale: float, out: Array | None = None
) -> kernel.Result:
    """Compute the losses (n,) and dC/dz (n, C) of some of the question's rows from their logits (n, C).

    Scale and ``out`` are those of ``kernel.hard``.
    """
    hard = question.targets.hard(rows)
    if hard is not None:
        return kernel.hard(logits, *hard, question.temperature, scale, out)
    return kernel.soft(logits, question.targets.dense(rows), question.temperature, scale, out)


def rows_of(question: SoftmaxQuestion, key: str, rows: Rows, logits: Array | None = None) -> Array:
    """Compute some rows of the array of a key, which for ``loss`` are the losses of the rows.

    Their logits (n, C), float32 or float64, are given where they have been read.
    """
    logits = question.logits[rows] if logits is None else logits
    if key in ("loss", "grad_logits"):
        result = gradient_of_rows(question, rows, logits, scale_of_gradient(question))
        return result.losses if key == "loss" else result.gradient
    if key == "target":
        return question.targets.given(rows)
    if key == "jacobian":
        softmax = kernel.probabilities(logits.astype(np.float64), question.temperature)
        return kernel.jacobian(softmax, question.temperature)
    softmax = kernel.probabilities(logits, question.temperature)
    if key == "softmax":
        return softmax
    weighted = question.targets.dense(rows)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient: Floats = -weighted / softmax.astype(np.float64) / question.targets.denominator
    return np.where(weighted == 0, 0.0, quotient)


@dataclass(frozen=True)
class Computed(ByRows):
    """An array of the answer whose rows are computed whenever they are read, because all are too many to keep.

    Attributes:
        question: that is answered.
        key: of the array, as of ``rows_of``.
        shape: (N,), (N, C) or (N, C, C).
        dtype: that of the logits for the gradient, else float64.
    """

    question: SoftmaxQuestion
    key: str
    shape: tuple[int, ...] = field(init=False)
    dtype: DType = field(init=False)

    def __post_init__(self) -> None:
        rows, classes = self.question.rows, self.question.classes
        shape = {"loss": (rows,), "jacobian": (rows, classes, classes)}.get(self.key, (rows, classes))
        dtype = self.question.logits.dtype if self.key == "grad_logits" else np.dtype(np.float64)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "dtype", dtype)

    def read(self, rows: Rows) -> Array:
        """Compute some rows."""
        return rows_of(self.question, self.key, rows)


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

    @property
    def norm(self) -> float:
        """The Euclidean norm of the gradient."""
        return sqrt(self.squares)


def summed(numbers: ArrayLike) -> float:
    """Sum up numbers; infinities may meet in the sum."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(np.asarray(numbers)))


def totals_of(first: int, losses: Floats, gradient: Array) -> Totals:
    """Sum up a block of rows, ``first`` the number of its first: losses (n,) and gradient (n, C)."""
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
