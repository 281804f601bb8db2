"""Softmax, cross-entropy and their gradient as plain functions of arrays: what ``import dlcalc`` offers."""

from typing import Literal, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike

from dlcalc.core.arrays.row_source import Array, Floats
from dlcalc.core.arrays.stored import given, vector
from dlcalc.core.softmax import kernel
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.notices import refuse_rows
from dlcalc.core.softmax.question import IGNORE_INDEX, as_rows, check_temperature, checked
from dlcalc.core.softmax.targets import Reduction


def softmax(logits: ArrayLike, *, temperature: float = 1.0) -> Array:
    """Compute the softmax of each row: a_i = exp(z_i/T) / sum_k exp(z_k/T).

    Args:
        logits: (C,) or (N, C) real numbers; -inf rules out a class.
        temperature: T, over 0.

    Returns:
        The probabilities in the shape of the logits: float64 for float64 and whole numbers, else float32.

    Raises:
        DlcalcError: ``shape-mismatch``, ``unsupported-dtype``, ``invalid-value``, ``no-finite-logit``.

    Source:
        Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions, IMA JNA 2021.

    >>> softmax([1.0, 2.0, 3.0]).round(4).tolist()
    [0.09, 0.2447, 0.6652]
    """
    rows, shape = _rows(logits)
    return _probabilities(rows, temperature).reshape(shape)


class _Options(TypedDict, total=False):
    """The options of a target besides the reduction, which ``cross_entropy`` explains."""

    class_weights: ArrayLike | None
    ignore_index: int
    label_smoothing: float
    temperature: float


@overload
def cross_entropy(
    logits: ArrayLike, target: ArrayLike, *, reduction: Literal["mean", "sum"] = "mean", **options: Unpack[_Options]
) -> float: ...


@overload
def cross_entropy(
    logits: ArrayLike, target: ArrayLike, *, reduction: Literal["none"], **options: Unpack[_Options]
) -> Floats: ...


@overload
def cross_entropy(
    logits: ArrayLike, target: ArrayLike, *, reduction: Reduction, **options: Unpack[_Options]
) -> float | Floats: ...


def cross_entropy(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    class_weights: ArrayLike | None = None,
    ignore_index: int = IGNORE_INDEX,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
) -> float | Floats:
    """Compute the cross-entropy of softmax(z/T) with a target: -sum(t ln a)/D, with PyTorch's t and D.

    Losses far below the rounding of 1 are exact too: log1p(R/e_y), R the sum of the other classes' exponentials.

    Args:
        logits: (C,) or (N, C) real numbers.
        target: (N,) whole numbers, or one: the class of each row; or real numbers in the shape of the logits: the
            distribution of each row.
        class_weights: (C,) from 0 on; the mean over labels is divided by their weights.
        ignore_index: the label of rows that do not count.
        label_smoothing: the part of the target that is spread over all classes, 0 to 1.
        temperature: T, over 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A float, NaN for the mean where every row is ignored; for ``"none"`` (N,) float64.

    Raises:
        DlcalcError: ``label-out-of-range``, ``no-valid-rows``, ``no-finite-logit``, ``shape-mismatch``,
            ``invalid-value``, ``unsupported-dtype``.

    Source:
        The documentation of PyTorch's CrossEntropyLoss.

    >>> f"{cross_entropy([40.0, 0.0], 0):.12g}"
    '4.24835425529e-18'
    """
    options = (class_weights, ignore_index, label_smoothing, temperature, reduction)
    loss = np.asarray(_answer(logits, target, *options).loss)
    return loss if reduction == "none" else float(loss)


def softmax_cross_entropy_grad(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    class_weights: ArrayLike | None = None,
    ignore_index: int = IGNORE_INDEX,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
) -> Array:
    """Compute the gradient of ``cross_entropy`` with respect to the logits: (a sum(t) - t)/D/T.

    Args:
        logits: (C,) or (N, C) real numbers.
        target: (N,) whole numbers, or one: the class of each row; or real numbers in the shape of the logits: the
            distribution of each row.
        class_weights: (C,) from 0 on; the mean over labels is divided by their weights.
        ignore_index: the label of rows that do not count.
        label_smoothing: the part of the target that is spread over all classes, 0 to 1.
        temperature: T, over 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        The gradient in the shape of the logits: float64 for float64 and whole numbers, else float32. For ``"none"``
        each row is the gradient of its own loss. An ignored row is exactly 0.

    Raises:
        DlcalcError: as ``cross_entropy``.

    Source:
        The chain rule: dL/dz_i = sum_j (-y_j/a_j) da_j/dz_i, with da_i/dz_i = a_i (1 - a_i) and da_j/dz_i = -a_i a_j.

    >>> softmax_cross_entropy_grad([1.0, 2.0, 3.0], 2).round(4).tolist()
    [0.09, 0.2447, -0.3348]
    """
    options = (class_weights, ignore_index, label_smoothing, temperature, reduction)
    return np.asarray(_answer(logits, target, *options).gradient).reshape(np.shape(logits))


def softmax_jacobian(logits: ArrayLike, *, temperature: float = 1.0) -> Floats:
    """Compute the Jacobian of the softmax of each row: da_i/dz_j = a_i ([i = j] - a_j)/T.

    Args:
        logits: (C,) or (N, C) real numbers.
        temperature: T, over 0.

    Returns:
        (C, C) or (N, C, C) float64: symmetric, its rows sum to 0.

    Raises:
        DlcalcError: as ``softmax``.

    Source:
        The quotient rule: (e^z_i S - e^2z_i)/S^2 on the diagonal and -e^z_i e^z_j/S^2 beside it, S = sum_k e^z_k.

    >>> softmax_jacobian([0.0, 0.0]).tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """
    rows, shape = _rows(logits)
    probabilities = _probabilities(rows.astype(np.float64), temperature)
    return kernel.jacobian(probabilities, temperature).reshape(*shape, shape[-1])


def _rows(logits: ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """Give logits as (N, C) float32 or float64, and the shape that they had."""
    stored = given(logits, "logits")
    return np.asarray(as_rows(stored)), stored.values.shape


def _probabilities(rows: Array, temperature: float) -> Array:
    """Compute the softmax of rows, and refuse a temperature that is not over 0 and a row that has no softmax."""
    check_temperature(temperature)
    probabilities = kernel.probabilities(rows, temperature)
    refuse_rows(np.isnan(probabilities.sum(axis=1)), rows, "logits")
    return probabilities


def _answer(
    logits: ArrayLike,
    target: ArrayLike,
    class_weights: ArrayLike | None,
    *options: *tuple[int, float, float, Reduction],
) -> SoftmaxGrad:
    """Answer a question of ``checked``, whose further ``options`` follow in its order."""
    rows, _ = _rows(logits)
    numbers = given(target, "target").values
    labels = distribution = None
    if np.asarray(target).dtype.kind in "iu" and numbers.ndim < 2:
        labels = np.asarray(target).reshape(-1)
    else:
        distribution = numbers.astype(np.float64)
    weights = None if class_weights is None else vector(given(class_weights, "class_weights").array, "class_weights")
    return softmax_grad(checked(rows, labels, distribution, weights, *options))
