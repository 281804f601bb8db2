"""Exponentials, losses and gradients of a block of rows: the arithmetic that everything else is made of.

Nothing is subtracted from a row whose exponentials and their sum are in range as they stand: that saves two passes, and
the rounding of z - max, which an exponential multiplies by |z - max|. A row out of range is done again, shifted, with
that rounding made good. No small difference of large numbers is taken: 1 - a is R/(R + e), R the sum of the others.

Source: Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions, IMA J. Numer. Anal. 2021
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import two_product, two_sum
from dlcalc.core.arrays.row_source import Array, Floats

Logits = Array  # (n, C) float32 or float64

_LOWEST = 0.5  # a sum below would cost entries that are far smaller than it ...
_HIGHEST = {"float32": 1e37, "float64": 1e300}  # ... and one above is about to overflow


class Exponentials(NamedTuple):
    """The exponentials exp(z/T - shift) of some rows; ``values`` is 0 at the pivot of each row, which stands apart.

    Attributes:
        values: (n, C), in the dtype of the logits, 0 at the pivots.
        pivot: (n,) which class is the pivot.
        pivot_exp: (n,) its exponential.
        rest_sum: (n,) the sum of the other exponentials, which is that of ``values``.
        shift: (n,) what was subtracted from each row; 0 for most.
        finite: (n,) whether the row has a softmax: no NaN, no +inf, not all -inf; nothing is raised of one without.
    """

    values: Logits
    pivot: NDArray[np.intp]
    pivot_exp: Floats
    rest_sum: Floats
    shift: Floats
    finite: NDArray[np.bool_]


def exponentials(
    logits: Logits, temperature: float, out: Logits | None = None, labels: NDArray[np.intp] | None = None
) -> Exponentials:
    """Take the exponentials of a block of rows, each shifted only if it must be.

    Args:
        logits: (n, C) float32 or float64.
        temperature: T > 0.
        out: (n, C) in the same dtype, where they are to stand; a new array if None.
        labels: (n,) the pivots; the largest logit of each row if None.
    """
    shift, finite = np.zeros(len(logits)), np.ones(len(logits), bool)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if temperature == 1:
            values = np.exp(logits, out=out)
        else:
            high, low = quotient(logits.astype(np.float64), temperature)
            values = np.multiply(np.exp(high), 1 + low, out=out, casting="same_kind", dtype=np.float64)
            values = values if out is not None else values.astype(logits.dtype)
        pivot = values.argmax(axis=1) if labels is None else labels
        pivot_exp, rest_sum = _without_pivots(values, pivot)
        total = pivot_exp + rest_sum
        outside = np.flatnonzero(~((total >= _LOWEST) & (total <= _HIGHEST[logits.dtype.name])))
        if outside.size:
            again, shift[outside], finite[outside] = _shifted(logits[outside], temperature)
            if labels is None:
                pivot[outside] = np.where(finite[outside], again.argmax(axis=1), 0)
            pivot_exp[outside], rest_sum[outside] = _without_pivots(again, pivot[outside])
            values[outside] = again
    return Exponentials(values, pivot, pivot_exp, rest_sum, shift, finite)


def _without_pivots(values: Logits, pivot: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Set one entry of each row to 0, and return those entries and the sums of the others."""
    rows = np.arange(len(values))
    pivot_exp = values[rows, pivot].astype(np.float64)
    values[rows, pivot] = 0
    return pivot_exp, values.sum(axis=1).astype(np.float64)


def _shifted(logits: Logits, temperature: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Take the exponentials of rows less their maximum, in float64 and with what the subtraction rounds away."""
    high, low = quotient(logits.astype(np.float64), temperature)
    top = high.max(axis=1)
    finite = np.isfinite(top)
    top = np.where(finite, top, 0.0)
    low -= np.take_along_axis(low, high.argmax(axis=1)[:, None], axis=1)
    shifted, error = two_sum(high, -top[:, None])
    values = np.exp(shifted) * (1 + np.nan_to_num(error + low, nan=0.0, posinf=0.0, neginf=0.0))
    return np.where(finite[:, None], values, np.nan), top, finite


def quotient(values: Floats, divisor: float) -> tuple[Floats, Floats]:
    """Divide: the nearest float64 to values/divisor, and the rest, which is exact but for its own rounding."""
    if divisor == 1:
        return values, np.zeros_like(values)
    high = values / divisor
    tame = np.where(np.abs(high) < 1e290, high, 0.0)  # beyond, splitting overflows, and no exponential is left anyway
    product, error = two_product(tame, np.asarray(divisor))
    rest = ((values - product) - error) / divisor
    return high, np.where(np.isfinite(rest) & (tame == high), rest, 0.0)


class Result(NamedTuple):
    """The losses and gradients of a block of rows.

    Attributes:
        losses: (n,) the loss of each row, before any reduction, float64.
        gradient: (n, C) of the losses times ``scale``, in the dtype of the logits.
        finite: (n,) whether the row has a softmax.
    """

    losses: Floats
    gradient: Logits
    finite: NDArray[np.bool_]


def hard(
    logits: Logits,
    labels: NDArray[np.int64],
    weights: Floats,
    temperature: float,
    scale: float,
    out: Logits | None = None,
) -> Result:
    """Compute losses and gradients of rows whose target is one class each.

    With R the sum of the other exponentials: loss = w log1p(R/e_y), dz_y = -w R/(R + e_y), dz_j = w e_j/(R + e_y).

    Args:
        logits: (n, C) float32 or float64.
        labels: (n,) the class of each row.
        weights: (n,) t at that class; a row with 0 gets gradient 0 and loss 0, whatever is in it.
        temperature: T.
        scale: 1/(D T), by which the gradients are multiplied.
        out: (n, C) in the dtype of the logits, where the gradient is to stand; a new array if None.
    """
    values, _, own, others, shift, finite = exponentials(logits, temperature, out, labels)
    rows, total = np.arange(len(values)), others + own
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        losses = np.log1p(others / own)
        huge = ~(others / own < 1e300) | (own < np.finfo(values.dtype).tiny)  # e_y has underflown, or nearly
        if huge.any():
            scaled = logits[rows[huge], labels[huge]] / np.float64(temperature)
            losses[huge] = (shift[huge] - scaled) + np.log(total[huge])
        _scale(values, weights * scale, total)
        values[rows, labels] = -others * (weights * scale) / total
        losses = losses * weights
    _silence(values, losses, weights == 0)
    return Result(losses, values, finite)


def _scale(values: Logits, factors: Floats, totals: Floats) -> None:
    """Multiply each row by its factor over its total, in place."""
    scale = factors / totals
    few = np.flatnonzero((np.abs(scale) < np.finfo(values.dtype).tiny) & (factors != 0))
    exact = values[few] * factors[few, None] / totals[few, None]  # a scale next to the smallest number has lost digits
    values *= scale[:, None].astype(values.dtype)
    values[few] = exact


def soft(logits: Logits, target: Floats, temperature: float, scale: float, out: Logits | None = None) -> Result:
    """Compute losses and gradients of rows with any target: dz = a sum(t) - t, loss = sum(t (lse - z)).

    Where a is near 1, a sum(t) - t is e (sum of the other t) - t R over R + e. The losses are sums of terms of one
    sign: lse - z = (max - z) + log1p(R/e) with R and e of the largest class.

    The target (n, C) is t, of any sum and sign; a row of zeros gets gradient 0 and loss 0, whatever is in it. All else
    is as of ``hard``.
    """
    values, top, largest, others, _, finite = exponentials(logits, temperature, out)
    rows, rest = np.arange(len(values)), target.copy()
    rest[rows, top] = 0
    rest_sum, at_top = rest.sum(axis=1), target[rows, top]
    total = others + largest
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        high, low = quotient(logits.astype(np.float64), temperature)
        below = (high[rows, top][:, None] - high) + (low[rows, top][:, None] - low)
        distance = np.where(target == 0, 0.0, below)
        losses = np.log1p(others / largest) * target.sum(axis=1) + (target * distance).sum(axis=1)
        exact = values.astype(np.float64) * ((rest_sum + at_top) / total)[:, None] - target
        exact[rows, top] = (largest * rest_sum - at_top * others) / total
        np.multiply(exact, scale, out=values, casting="same_kind")
    _silence(values, losses, np.asarray(~target.any(axis=1)))
    return Result(losses, values, finite)


def _silence(gradient: Logits, losses: Floats, nothing: NDArray[np.bool_]) -> None:
    """Set gradient and loss of rows that do not count to 0, even if there is a NaN in them."""
    gradient[nothing] = 0
    losses[nothing] = 0


def probabilities(logits: Logits, temperature: float) -> Logits:
    """Compute the softmax (n, C) in the dtype of the logits; NaN in a row that has none."""
    values, top, largest, others, _, _ = exponentials(logits, temperature)
    values[np.arange(len(values)), top] = largest
    softmax: Logits = values / (largest + others).astype(values.dtype)[:, None]
    return softmax


def jacobian(softmax: Floats, temperature: float) -> Floats:
    """Compute da/dz (n, C, C) from a (n, C): a_i (1 - a_i)/T on the diagonal, -a_i a_j/T beside it."""
    slopes: Floats = -softmax[:, :, None] * softmax[:, None, :]
    index = np.arange(softmax.shape[1])
    slopes[:, index, index] = 0  # so that a_i (1 - a_i) is a sum over the others, and no small difference
    slopes[:, index, index] = -slopes.sum(axis=2)
    return slopes / temperature
