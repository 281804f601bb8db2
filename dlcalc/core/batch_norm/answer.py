"""bn-fold: the affine, the folded layer, and what a batch norm does to its samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import Floats, numbered, shape_text
from dlcalc.core.batch_norm.affine import Affine
from dlcalc.core.batch_norm.fold import fold, fold_before
from dlcalc.core.batch_norm.statistics import Batch, Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, along, evaluate
from dlcalc.core.errors import DlcalcError, Notice, NoticeCode

SATURATED = 4.0  # from where on a sigmoid is flat
LAYERS = 10  # over which the slope of a sigmoid is followed


@dataclass(frozen=True)
class BnFoldQuestion:
    """A batch norm, and what is to be done with it.

    Attributes:
        framework: whose estimator, momentum and epsilon hold: ``paper``, ``pytorch``, ``tensorflow`` or ``onnx``.
        affine: its parameters, checked.
        eps_source: where epsilon comes from: ``option``, ``framework`` or ``default``.
        statistics: what its mean and variance come from, if they were not given.
        layer: the layer to fold it into, if there is one.
        bn_first: whether the batch norm stands before the layer.
        x: inputs to evaluate, as they were given.
        notes: what is to be said of how the arrays were read.
    """

    framework: str
    affine: Affine
    eps_source: str
    statistics: Statistics | None = None
    layer: WeightedLayer | None = None
    bn_first: bool = False
    x: Floats | None = None
    notes: Sequence[Notice] = ()

    @property
    def channels(self) -> int:
        """C."""
        return len(self.affine.gamma)


class Effect(NamedTuple):
    """How samples lie, channel by channel: each (C,).

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
    """How the samples of a batch lie."""
    samples = batch.samples
    small = np.exp(-np.abs(samples))
    slope = (small / (1 + small) ** 2).mean(axis=0)
    return Effect(batch.mean, batch.variance, (np.abs(samples) > SATURATED).mean(axis=0), slope, slope**LAYERS)


class Evaluated(NamedTuple):
    """Outputs for the given inputs, in the rank of these.

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
        folded: the layer with the batch norm in it, if there is one.
        warnings: what its reader should know.
    """

    question: BnFoldQuestion
    folded: WeightedLayer | None
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
            found: Floats = (batch.samples - batch.mean) / np.sqrt(batch.variance + self.question.affine.eps)
        return found

    def output(self, batch: Batch) -> Floats:
        """(m, C) gamma times that, plus beta: what training mode gives."""
        return self.question.affine.gamma * self.normalized(batch) + self.question.affine.beta

    @cached_property
    def effect(self) -> tuple[Effect, Effect] | None:
        """How the samples lie before and after normalising, before gamma and beta."""
        statistics = self.question.statistics
        if statistics is None:
            return None
        after = np.concatenate([self.normalized(batch) for batch in statistics.batches])
        return effect_of(statistics.pooled), effect_of(Batch(after, after.shape))

    @cached_property
    def evaluated(self) -> Evaluated | None:
        """The three ways to an output, side by side; None without inputs.

        Raises:
            DlcalcError: ``shape-mismatch``.
        """
        if self.question.x is None:
            return None
        rows, restored = as_inputs(self.question)
        layer, affine, folded = self.question.layer, self.question.affine, self.folded

        def norm(values: Floats, mean: Floats, variance: Floats) -> Floats:
            gamma, beta = along(affine.gamma, values), along(affine.beta, values)
            root = np.sqrt(along(variance, values) + affine.eps)
            with np.errstate(divide="ignore", invalid="ignore"):
                found: Floats = gamma * ((values - along(mean, values)) / root) + beta
            return found

        def through(mean_of: Callable[[Floats], tuple[Floats, Floats]]) -> Floats:
            if layer is None:
                return norm(rows, *mean_of(rows))
            if self.question.bn_first:
                return evaluate(layer, norm(rows, *mean_of(rows)))
            made = evaluate(layer, rows)
            return norm(made, *mean_of(made))

        unfolded = through(lambda _: (affine.mean, affine.var))
        if folded is not None:
            direct = evaluate(folded, rows)
        else:
            direct = along(self.scale, rows) * rows + along(self.shift, rows)
        training = self._training(through, rows if self.question.bn_first or layer is None else unfolded)
        return Evaluated(None if training is None else restored(training), restored(unfolded), restored(direct))

    @property
    def max_abs_difference(self) -> float:
        """How far the unfolded and the folded outputs are apart, at most."""
        assert self.evaluated is not None
        with np.errstate(invalid="ignore"):
            return float(np.abs(self.evaluated.unfolded - self.evaluated.folded).max())

    def _training(self, through: Any, normed: Floats) -> Floats | None:
        """By the statistics of the inputs if there are several, else by those of the last mini-batch."""
        axes = (0, *range(2, normed.ndim))
        if normed.size // normed.shape[1] > 1:
            found: Floats = through(lambda values: (values.mean(axis=axes), values.var(axis=axes)))
            return found
        statistics = self.question.statistics
        if statistics is None:
            return None
        last = statistics.batches[-1]
        by_last: Floats = through(lambda _: (last.mean, last.variance))
        return by_last

    def arrays(self) -> dict[str, Floats]:
        """The arrays that can be claimed, by their keys: the headline first."""
        found: dict[str, Floats] = {}
        if self.folded is not None:
            found |= {"weight": self.folded.weight, "bias": self.folded.bias}
        found |= {"scale": self.scale, "shift": self.shift}
        if self.question.statistics is not None:
            found |= {"mean": self.question.statistics.mean, "var": self.question.statistics.variance}
        if self.evaluated is not None:
            found |= {key: value for key, value in self.evaluated._asdict().items() if value is not None}
        return found


def as_inputs(question: BnFoldQuestion) -> tuple[Floats, Callable[[Floats], Floats]]:
    """The inputs as (N, C, space...), and a function that puts outputs back into their rank."""
    x, layer = question.x, question.layer
    assert x is not None
    if not np.isfinite(x).all():
        raise DlcalcError("invalid-value", "x has an entry that is not finite", hint="finite numbers", option="x")
    if layer is None and question.channels == 1:
        return x.reshape(-1, 1), lambda values: values.reshape(x.shape)
    channels = question.channels if layer is None else layer.inputs
    space = 0 if layer is None else len(layer.kernel)
    rows, restored = x, lambda values: values
    if layer is not None and space and x.ndim <= 2 and x.shape[-1:] == (channels,) and set(layer.kernel) == {1}:
        rows = np.atleast_2d(x).reshape(-1, x.shape[-1], *(1,) * space)
        restored = lambda values: values.reshape(*x.shape[:-1], values.shape[1])  # noqa: E731
    elif x.ndim == space + 1:
        rows, restored = x[None], lambda values: values[0]
    wanted = rows.ndim == space + 2 if layer is not None else rows.ndim >= 2
    if not wanted or rows.shape[1] != channels:
        taker = "batch norm" if layer is None else "layer"
        message = f"x has the shape {shape_text(x.shape)}, and the {taker} takes {numbered(channels, 'channel')}"
        hint = "rows of channels" if not space else "samples x channels x space"
        raise DlcalcError("shape-mismatch", message, hint=hint, option="x")
    if min(_room(layer, rows), default=0) < 0:
        message = f"x has the shape {shape_text(x.shape)}, which is too small for the layer to give any output"
        hint = "an x no smaller than the window" if layer is None or layer.kind == "conv" else "a smaller --padding"
        raise DlcalcError("shape-mismatch", message, hint=hint, option="x")
    return rows, restored


def _room(layer: WeightedLayer | None, rows: Floats) -> list[int]:
    """How many outputs there are after the first, along each axis of space (for stride 1); less than 0 for none."""
    if layer is None or layer.kind == "linear":
        return []
    axes = zip(rows.shape[2:], layer.stride, layer.padding, layer.extent, strict=True)
    if layer.kind == "transposed":
        return [(size - 1) * s + e - 2 * p - 1 for size, s, p, e in axes]
    return [size + 2 * p - e for size, _, p, e in axes]


def bn_fold(question: BnFoldQuestion) -> BnFold:
    """The affine of a batch norm, and the layer with it folded in.

    Raises:
        DlcalcError: ``shape-mismatch``, ``certificate-failed``, ``invalid-value``.
    """
    layer, affine = question.layer, question.affine
    folded = None if layer is None else (fold_before if question.bn_first else fold)(layer, affine)
    answer = BnFold(question, folded, tuple(_warnings(question, folded)))
    with np.errstate(over="ignore", invalid="ignore"):  # infinities are shown as such
        _ = answer.evaluated  # what is wrong with the inputs is said before anything is printed
    return answer


def _warnings(question: BnFoldQuestion, folded: WeightedLayer | None) -> list[Notice]:
    found, affine, statistics = [*question.notes], question.affine, question.statistics
    if statistics is not None and statistics.start_value_left > 0.01:
        text = (
            f"{statistics.start_value_left:.2%} of the start values, mean 0 and variance 1, is left in the running ones"
        )
        found.append(Notice("start-value-left", text))
    found += _about("gamma-zero", "gamma is 0 in {}: the channel gives beta alone", affine.gamma == 0)
    low = (affine.var < affine.eps) & (affine.gamma != 0)
    found += _about("variance-below-eps", "var is less than eps in {}: eps decides the scale", low)
    far = ~np.isfinite(affine.scale) | ~np.isfinite(affine.shift)
    found += _about("affine-overflow", "scale or shift is beyond the range of float64 in {}", far)
    if folded is not None and question.layer is not None:
        tiny = 2 * FORMATS[folded.format].half_tiny / FORMATS[folded.format].eps
        infinite = ~np.isfinite(folded.weight) & np.isfinite(question.layer.weight)
        numbers = f"of the folded weight are beyond the range of {folded.format}"
        found += _about("folded-overflow", f"{{}} {numbers}", infinite, "entries")
        numbers = f"of the folded bias are beyond the range of {folded.format}"
        found += _about("folded-overflow", f"{{}} {numbers}", ~np.isfinite(folded.bias), "entries")
        small = (np.abs(folded.weight) < tiny) & (folded.weight != 0)
        text = f"{{}} of the folded weight are subnormal in {folded.format}, and have fewer digits"
        found += _about("folded-subnormal", text, small, "entries")
    return found


def _about(code: NoticeCode, text: str, where: Any, noun: str = "channels") -> list[Notice]:
    places = np.flatnonzero(where)
    if not places.size:
        return []
    if noun == "entries":
        return [Notice(code, text.format(f"{places.size} of {where.size} entries"))]
    named = ", ".join(map(str, places[:5])) + (", ..." if places.size > 5 else "")
    return [Notice(code, text.format(f"channel{'s' if places.size > 1 else ''} {named}"))]
