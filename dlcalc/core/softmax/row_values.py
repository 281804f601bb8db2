"""Some rows of an answer on their own: from their logits and targets to any array that has a row for each of theirs."""

from dataclasses import dataclass, field

import numpy as np

from dlcalc.core.arrays.blocks import parts
from dlcalc.core.arrays.row_source import Array, ByRows, DType, Floats, Rows
from dlcalc.core.softmax import kernel
from dlcalc.core.softmax.question import SoftmaxQuestion


def blocks_of(question: SoftmaxQuestion) -> list[slice]:
    """Cut the rows into blocks."""
    return parts(question.rows, question.classes * question.logits.dtype.itemsize)


def scale_of_gradient(question: SoftmaxQuestion) -> float:
    """By what the gradient of each row's loss is multiplied: 1/(D T)."""
    return 1 / (question.targets.denominator * question.temperature)


def gradient_of_rows(
    question: SoftmaxQuestion, rows: Rows, logits: Array, scale: float, out: Array | None = None
) -> kernel.Result:
    """Compute the losses (n,), float64, and dC/dz (n, C) of some of the question's rows.

    Args:
        question: whose targets and temperature are used.
        rows: which rows.
        logits: (n, C) theirs, float32 or float64.
        scale: 1/(D T).
        out: (n, C) in the dtype of the logits, where the gradient is to stand; a new array if None.
    """
    hard = question.targets.hard(rows)
    if hard is not None:
        return kernel.hard(logits, *hard, question.temperature, scale, out)
    return kernel.soft(logits, question.targets.dense(rows), question.temperature, scale, out)


def rows_of(question: SoftmaxQuestion, key: str, rows: Rows, logits: Array | None = None) -> Array:
    """Compute some rows of an array of the answer.

    Args:
        question: that is answered.
        key: of the array; ``loss`` means the losses of the rows.
        rows: which rows.
        logits: (n, C) theirs, if they have been read, in float32 or float64.
    """
    logits = question.logits[rows] if logits is None else logits
    if key in ("loss", "grad_logits"):
        result = gradient_of_rows(question, rows, logits, scale_of_gradient(question))
        return result.losses if key == "loss" else result.gradient
    if key == "target":
        return question.targets.given(rows)
    if key == "jacobian":
        return kernel.jacobian(
            kernel.probabilities(logits.astype(np.float64), question.temperature), question.temperature
        )
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
        key: of the array; ``loss`` means the losses of the rows.
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
