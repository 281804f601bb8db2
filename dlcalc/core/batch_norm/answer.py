"""bn-fold: the affine, the folded layer, and what a batch norm does to its samples."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.affine import Affine
from dlcalc.core.batch_norm.fold import fold, fold_before
from dlcalc.core.batch_norm.question import BnFoldQuestion, as_inputs
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Batch, Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, along, evaluate
from dlcalc.core.errors import Notice, NoticeCode

SATURATED = 4.0  # from where on a sigmoid is flat
LAYERS = 10  # over which the slope of a sigmoid is followed


class Effect(NamedTuple):
    """The distribution of samples, channel by channel: each (C,) float64.

    Attributes:
        mean, var: of the samples, the variance over their number.
        saturated: the share with |x| > 4, where a sigmoid is flat.
        sigmoid_slope: the mean of a(1 - a), a the sigmoid of a sample.
        sigmoid_slope_10_layers: what a gradient keeps behind ten such layers: the slope to the power of ten.
    """

    mean: Floats
    var: Floats
    saturated: Floats
    sigmoid_slope: Floats
    sigmoid_slope_10_layers: Floats


def effect_of(batch: Batch) -> Effect:
    """Describe the distribution of the samples of a batch."""
    samples = batch.samples
    small = np.exp(-np.abs(samples))
    slope = (small / (1 + small) ** 2).mean(axis=0)
    finite = np.isfinite(samples).all(axis=0)  # there is no mean of what is divided by 0
    known = batch if finite.all() else Batch(np.where(finite, samples, 0), batch.shape)
    mean, var = (np.where(finite, values, np.nan) for values in (known.mean, known.variance))
    return Effect(mean, var, (np.abs(samples) > SATURATED).mean(axis=0), slope, slope**LAYERS)


class Evaluated(NamedTuple):
    """Outputs for the inputs of a question, in their rank.

    Attributes:
        training: by the statistics of the inputs themselves, or of the last mini-batch; None where there are none.
        unfolded: the layer and the batch norm, one after the other.
        folded: the folded layer alone.
    """

    training: Floats | None
    unfolded: Floats
    folded: Floats


@dataclass(frozen=True)
class BnFold:
    """The answer to a ``BnFoldQuestion``.

    Attributes:
        question: what was asked.
        folded: the layer with the batch norm in it, if there is a layer.
        evaluated: the outputs for the question's inputs, if there are inputs.
        warnings: caveats about the answer.
    """

    question: BnFoldQuestion
    folded: WeightedLayer | None
    evaluated: Evaluated | None
    warnings: tuple[Notice, ...]

    @property
    def scale(self) -> Floats:
        """(C,) s."""
        return self.question.affine.scale

    @property
    def shift(self) -> Floats:
        """(C,) t."""
        return self.question.affine.shift

    def normalized(self, batch: Batch) -> Floats:
        """(m, C) the samples of a mini-batch by its own mean and biased variance."""
        with np.errstate(divide="ignore", invalid="ignore"):  # samples that are all the same, and no eps
            centred: Floats = batch.samples - batch.mean
            return centred / np.sqrt(batch.variance + self.question.affine.eps)

    def output(self, batch: Batch) -> Floats:
        """(m, C) the normalized samples times gamma, plus beta: what training mode gives."""
        return self.question.affine.gamma * self.normalized(batch) + self.question.affine.beta

    @cached_property
    def effect(self) -> tuple[Effect, Effect] | None:
        """The distribution of the samples before and after normalising, before gamma and beta."""
        statistics = self.question.statistics
        if statistics is None:
            return None
        after = np.concatenate([self.normalized(batch) for batch in statistics.batches])
        return effect_of(statistics.pooled), effect_of(Batch(after, after.shape))

    @property
    def max_abs_difference(self) -> float:
        """The largest distance of an unfolded output from the folded one."""
        assert self.evaluated is not None
        with np.errstate(invalid="ignore"):
            return float(np.abs(self.evaluated.unfolded - self.evaluated.folded).max())

    def arrays(self) -> dict[str, Floats]:
        """The arrays that can be claimed, by their keys: the headline first."""
        arrays: dict[str, Floats] = {}
        if self.folded is not None:
            arrays |= {"weight": self.folded.as_given, "bias": self.folded.bias}
        arrays |= {"scale": self.scale, "shift": self.shift}
        if self.question.statistics is not None:
            arrays |= {"mean": self.question.statistics.mean, "var": self.question.statistics.variance}
        if self.evaluated is not None:
            arrays |= {key: value for key, value in self.evaluated._asdict().items() if value is not None}
        return arrays


def bn_fold(question: BnFoldQuestion) -> BnFold:
    """Compute the affine of a batch norm, and fold it into the layer.

    Raises:
        DlcalcError: ``shape-mismatch``, ``certificate-failed``, ``invalid-value``.
    """
    layer, affine = question.layer, question.affine
    folded = None if layer is None else (fold_before if question.bn_first else fold)(layer, affine)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities are shown as such
        evaluated = None if question.x is None else _evaluated(question, folded)
    return BnFold(question, folded, evaluated, tuple(_warnings(question, folded)))


def _evaluated(question: BnFoldQuestion, folded: WeightedLayer | None) -> Evaluated:
    """Evaluate the question's inputs in three ways."""
    rows, restored = as_inputs(question)
    affine = question.affine
    unfolded = _one_after_the_other(question, rows, lambda _: (affine.mean, affine.var))
    if folded is not None:
        direct = evaluate(folded, rows)
    else:
        direct = along(affine.scale, rows) * rows + along(affine.shift, rows)
    training = _training(question, rows, unfolded)
    return Evaluated(None if training is None else restored(training), restored(unfolded), restored(direct))


# From what enters a batch norm, (N, C, space...), to the mean and variance that it normalises by, each (C,).
_Moments = Callable[[Floats], tuple[Floats, Floats]]


def _training(question: BnFoldQuestion, rows: Floats, unfolded: Floats) -> Floats | None:
    """Evaluate by the statistics of the inputs if there are several samples, else by those of the last mini-batch."""
    entering = rows if question.bn_first or question.layer is None else unfolded
    if entering.size // entering.shape[1] > 1:
        return _one_after_the_other(question, rows, moments_of)
    if question.statistics is None:
        return None
    last = question.statistics.batches[-1]
    return _one_after_the_other(question, rows, lambda _: (last.mean, last.variance))


def moments_of(values: Floats) -> tuple[Floats, Floats]:
    """Take the mean and the biased variance of each channel of (N, C, space...), each (C,)."""
    axes = (0, *range(2, values.ndim))
    return values.mean(axis=axes), values.var(axis=axes)


def _one_after_the_other(question: BnFoldQuestion, rows: Floats, moments: _Moments) -> Floats:
    """Evaluate the layer and the batch norm, in the order in which they stand."""
    layer = question.layer
    if layer is None:
        return _normed(question.affine, rows, *moments(rows))
    if question.bn_first:
        return evaluate(layer, _normed(question.affine, rows, *moments(rows)))
    entering = evaluate(layer, rows)
    return _normed(question.affine, entering, *moments(entering))


def _normed(affine: Affine, values: Floats, mean: Floats, variance: Floats) -> Floats:
    """Compute gamma (x - mean)/sqrt(variance + eps) + beta, by channel."""
    gamma, beta = along(affine.gamma, values), along(affine.beta, values)
    root = np.sqrt(along(variance, values) + affine.eps)
    with np.errstate(divide="ignore", invalid="ignore"):
        normalized: Floats = (values - along(mean, values)) / root
        return gamma * normalized + beta


def _warnings(question: BnFoldQuestion, folded: WeightedLayer | None) -> list[Notice]:
    notices, affine, statistics = [*question.notes], question.affine, question.statistics
    if statistics is not None and statistics.start is None and statistics.start_value_left > 0.01:
        text = (
            f"{statistics.start_value_left:.2%} of the start values, mean 0 and variance 1, is left in the running ones"
        )
        notices.append(Notice("start-value-left", text))
    if statistics is not None and statistics.momentum is not None:
        notices += _reversed(statistics)
    notices += _about("gamma-zero", "gamma is 0 in {}: the channel gives beta alone", affine.gamma == 0)
    text = "var is less than 0 in {}: released models have such, and eps alone keeps the scale finite"
    notices += _about("negative-variance", text, affine.var < 0)
    low = (affine.var >= 0) & (affine.var < affine.eps) & (affine.gamma != 0)
    notices += _about("variance-below-eps", "var is less than eps in {}: eps decides the scale", low)
    far = ~np.isfinite(affine.scale) | ~np.isfinite(affine.shift)
    notices += _about("affine-overflow", "scale or shift is beyond the range of float64 in {}", far)
    if folded is not None and question.layer is not None:
        tiny = 2 * FORMATS[folded.format].half_tiny / FORMATS[folded.format].eps
        infinite = ~np.isfinite(folded.weight) & np.isfinite(question.layer.weight)
        numbers = f"of the folded weight are beyond the range of {folded.format}"
        notices += _about("folded-overflow", f"{{}} {numbers}", infinite, "entries")
        numbers = f"of the folded bias are beyond the range of {folded.format}"
        notices += _about("folded-overflow", f"{{}} {numbers}", ~np.isfinite(folded.bias), "entries")
        small = (np.abs(folded.weight) < tiny) & (folded.weight != 0)
        text = f"{{}} of the folded weight are subnormal in {folded.format}, and have fewer digits"
        notices += _about("folded-subnormal", text, small, "entries")
    return notices


def _reversed(statistics: Statistics) -> list[Notice]:
    """Warn of a momentum that another framework would write so."""
    momentum, rule = statistics.momentum, ESTIMATORS[statistics.estimator]
    assert momentum is not None
    if rule.of_the_new and momentum >= 0.9:
        weight, other = "new batch", "old value"
    elif not rule.of_the_new and momentum <= 0.1:
        weight, other = "old value", "new batch"
    else:
        return []
    text = f"momentum {momentum:g} is the weight of the {weight} in {rule.name}: if that of the {other} is meant, it is"
    return [Notice("momentum-looks-reversed", f"{text} {1 - momentum:g} here")]


def _about(code: NoticeCode, text: str, where: NDArray[np.bool_], noun: str = "channels") -> list[Notice]:
    """Give the notice with the places in its text where something holds; none if it holds nowhere."""
    places = np.flatnonzero(where)
    if not places.size:
        return []
    if noun == "entries":
        return [Notice(code, text.format(f"{places.size} of {where.size} entries"))]
    named = ", ".join(map(str, places[:5])) + (", ..." if places.size > 5 else "")
    return [Notice(code, text.format(f"channel{'s' if places.size > 1 else ''} {named}"))]
