"""Batch normalisation as plain functions of arrays: what ``import dlcalc`` offers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dlcalc.core.arrays.stored import Array, Floats, given, vector
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.fold import fold, fold_before
from dlcalc.core.batch_norm.question import batch_of, checked_layer
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of
from dlcalc.core.errors import DlcalcError


class MeanAndVariance(NamedTuple):
    """Population statistics: (C,) float64 each."""

    mean: Floats
    var: Floats


class ScaleAndShift(NamedTuple):
    """The affine y = scale x + shift: (C,) float64 each."""

    scale: Floats
    shift: Floats


class WeightAndBias(NamedTuple):
    """A layer's parameters, in the format of the weight that was given (bfloat16 as the float32 numbers it holds)."""

    weight: Array
    bias: Array


def batch_norm_statistics(
    batches: Sequence[ArrayLike], *, framework: str = "paper", momentum: float | None = None
) -> MeanAndVariance:
    """Estimate the mean and variance that a batch norm uses at inference, from mini-batches.

    Args:
        batches: B mini-batches, each (m,) of one channel, (m, C), or (N, C, space...); they may differ in size.
        framework: whose estimator: ``"paper"``, ``"pytorch"``, ``"tensorflow"`` or ``"onnx"``.
        momentum: in the framework's own sense, 0 to 1; its default if None.

    Raises:
        DlcalcError: ``not-enough-samples``, ``invalid-value``, ``shape-mismatch``, ``usage``.

    Source:
        Ioffe & Szegedy 2015, algorithm 2: the mean of the batches' means, m/(m - 1) times the mean of their variances.

    >>> batch_norm_statistics([[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]]).mean.tolist()
    [3.75]
    """
    if framework not in ESTIMATORS:
        from dlcalc.core.spelling import one_of

        hint = one_of(framework, ESTIMATORS)
        raise DlcalcError("usage", f"there is no framework {framework!r}", hint=hint, option="framework")
    made = tuple(batch_of(given(batch, "batches").array) for batch in batches)
    if not made or len({batch.samples.shape[1] for batch in made}) > 1:
        hint = "at least one batch, all of the same channels"
        raise DlcalcError("shape-mismatch", "the batches do not fit together", hint=hint, option="batches")
    statistics = statistics_of(made, framework, momentum)
    return MeanAndVariance(statistics.mean, statistics.variance)


def batch_norm_affine(
    mean: ArrayLike, var: ArrayLike, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0, *, eps: float = 1e-5
) -> ScaleAndShift:
    """Compute the affine that a batch norm is at inference: scale = gamma/sqrt(var + eps), shift = beta - mean scale.

    Args:
        mean: (C,) of the population.
        var: (C,) of the population.
        gamma: (C,), or one number for all channels.
        beta: (C,), or one number for all channels.
        eps: from 0 on; 1e-5 in the paper, PyTorch and ONNX, 1e-3 in Keras.

    Returns:
        The affine, each number correctly rounded to float64.

    Raises:
        DlcalcError: ``invalid-statistics``, ``invalid-value``, ``shape-mismatch``.

    Source:
        Ioffe & Szegedy 2015, algorithm 2, step 11.

    >>> batch_norm_affine([0.5], [4.0], 2.0, 1.0, eps=0.0)
    ScaleAndShift(scale=array([1.]), shift=array([0.5]))
    """
    affine = checked_affine(*_parameters(mean, var, gamma, beta), eps)
    return ScaleAndShift(affine.scale, affine.shift)


def fold_batch_norm(
    weight: ArrayLike,
    bias: ArrayLike | None,
    mean: ArrayLike,
    var: ArrayLike,
    gamma: ArrayLike = 1.0,
    beta: ArrayLike = 0.0,
    *,
    eps: float = 1e-5,
    kind: str | None = None,
    groups: int | None = None,
    bn_first: bool = False,
    weight_layout: str | None = None,
) -> WeightAndBias:
    """Fold a batch norm into a layer's weight and bias: one layer that does what the two did.

    Args:
        weight: [C_out, C_in/g, k...]; transposed [C_in, C_out/g, k...]; linear [C_out, C_in].
        bias: (C_out,), zeros if None.
        mean: (C,) of the population; C is C_out, or C_in with ``bn_first``.
        var: (C,) of the population.
        gamma: (C,), or one number for all channels.
        beta: (C,), or one number for all channels.
        eps: from 0 on.
        kind: ``"conv"``, ``"transposed"``, ``"linear"`` or ``"depthwise"``; if None by the weight's rank.
        groups: g; 1 if None, of a depthwise layer the number of its inputs.
        bn_first: the batch norm stands before the layer, which does not pad.
        weight_layout: another order of the weight's axes, in letters: o outputs, i inputs, k all taps; ``"kio"`` is a
            convolution of Keras, ``"io"`` a Dense layer.

    Returns:
        The folded parameters, computed exactly and rounded once: each within half an ulp.

    Raises:
        DlcalcError: ``shape-mismatch``, ``groups-do-not-divide``, ``invalid-statistics``, ``invalid-value``,
            ``certificate-failed`` where border outputs would be wrong, ``unsupported-dtype``.

    Source:
        Jacob et al. 2018, Quantization and training of neural networks, section 3.2.

    >>> fold_batch_norm([[0.3]], [0.1], [0.5], [4.0], 2.0, 1.0, eps=0.0)
    WeightAndBias(weight=array([[0.3]]), bias=array([0.6]))
    """
    numbers = given(weight, "weight")
    biases = None if bias is None else given(bias, "bias")
    layer = checked_layer(numbers, biases, kind, groups, letters=weight_layout)
    affine = checked_affine(*_parameters(mean, var, gamma, beta), eps)
    folded = (fold_before if bn_first else fold)(layer, affine)
    dtype = numbers.values.dtype
    return WeightAndBias(folded.as_given.astype(dtype), folded.bias.astype(dtype))


def _parameters(
    mean: ArrayLike, var: ArrayLike, gamma: ArrayLike, beta: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give (gamma, beta, mean, var), each of as many channels as there are means; one gamma or beta is for all."""
    means = vector(given(mean, "mean").array, "mean").astype(np.float64)

    def of_every_channel(value: ArrayLike, name: str) -> Floats:
        values = given(value, name).array
        if values.ndim == 0 and name in ("gamma", "beta"):
            values = np.full(means.size, values)
        found: Floats = vector(values, name, means.size).astype(np.float64)
        return found

    return of_every_channel(gamma, "gamma"), of_every_channel(beta, "beta"), means, of_every_channel(var, "var")
