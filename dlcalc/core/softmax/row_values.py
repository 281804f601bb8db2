"""Some rows of an answer on their own: from their logits and targets to any array that has a row for each of theirs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.blocks import parts
from dlcalc.core.arrays.row_source import Rows
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.softmax import kernel as arithmetic
from dlcalc.core.softmax.question import SoftmaxQuestion


def blocks_of(question: SoftmaxQuestion) -> list[slice]:
    """The rows in blocks."""
    return parts(question.rows, question.classes * question.logits.dtype.itemsize)


def factor_of(question: SoftmaxQuestion) -> float:
    """By what the gradient of each row is multiplied: 1/(D T)."""
    return 1 / (question.targets.denominator * question.temperature)


def block(
    question: SoftmaxQuestion, rows: Rows, logits: NDArray[Any], factor: float, out: NDArray[Any] | None = None
) -> arithmetic.Result:
    """Losses and gradients of some of the question's rows, with these logits; the gradients times ``factor``."""
    hard = question.targets.hard(rows)
    if hard is not None:
        return arithmetic.hard(logits, *hard, question.temperature, factor, out)
    return arithmetic.soft(logits, question.targets.dense(rows), question.temperature, factor, out)


def rows_of(question: SoftmaxQuestion, key: str, rows: Rows, logits: NDArray[Any] | None = None) -> NDArray[Any]:
    """Some rows of an array of the answer; ``logits`` are theirs, if they have been read."""
    logits = question.logits[rows] if logits is None else logits
    if key in ("loss", "grad_logits"):
        result = block(question, rows, logits, factor_of(question))
        return result.losses if key == "loss" else result.gradient
    if key == "target":
        return question.targets.given(rows)
    if key == "jacobian":
        return jacobian_of(logits, question.temperature)
    softmax = arithmetic.probabilities(logits, question.temperature)
    if key == "softmax":
        return softmax
    weighted = question.targets.dense(rows)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = -weighted / softmax.astype(np.float64) / question.targets.denominator
    return np.where(weighted == 0, 0.0, quotient)


def jacobian_of(logits: NDArray[Any], temperature: float) -> Floats:
    """(N, C, C) da/dz: a_i (1 - a_i)/T on the diagonal, -a_i a_j/T beside it."""
    a = arithmetic.probabilities(logits.astype(np.float64), temperature)
    found = -a[:, :, None] * a[:, None, :]
    index = np.arange(a.shape[1])
    found[:, index, index] = 0  # so that a_i (1 - a_i) is a sum over the others, and no small difference
    found[:, index, index] = -found.sum(axis=2)
    return found / temperature
