"""The explanation of a batch norm: statistics, the affine, the fold, each with the numbers of a channel in it."""

from math import ceil, inf, log10

import numpy as np

from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.answer import BnFold, Effect
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, along
from dlcalc.core.evidence.step import Step, Steps
from dlcalc.core.evidence.step import in_formula as _n
from dlcalc.core.evidence.step import sum_in_formula as _sum

_PAPER = "Ioffe & Szegedy 2015"
_FOLDING = "Jacob et al. 2018, section 3.2"
_FEW = 4  # channels, batches and samples that are written out


def explain(answer: BnFold) -> tuple[Step, ...]:
    """Explain every term, channel by channel for the first few, and list what is claimed to come of normalising."""
    steps: list[Step] = []
    with np.errstate(all="ignore"):  # infinities are shown as such
        for channel in range(min(answer.question.channels, _FEW)):
            terms = _Terms(answer, channel)
            if answer.question.statistics is not None:
                terms.statistics(answer.question.statistics)
            terms.affine()
            if answer.folded is not None:
                terms.fold()
            steps += terms.steps
        if answer.effect is not None:
            steps += _claims(*answer.effect)
    return tuple(steps)


class _Terms(Steps):
    """Collects the steps of one channel."""

    def __init__(self, answer: BnFold, channel: int) -> None:
        super().__init__({"channel": channel} if answer.question.channels > 1 else None)
        self.answer, self.channel = answer, channel

    def statistics(self, statistics: Statistics) -> None:
        """Explain the mean and variance of each batch, and what the estimator makes of them."""
        channel, source = self.channel, f"{_PAPER}, algorithm 1"
        for number, batch in enumerate(statistics.batches[:_FEW]):
            column = batch.samples[:, channel].tolist()
            name, mean, variance = f"mu_{number}", float(batch.mean[channel]), float(batch.variance[channel])
            digits = _digits(max(map(abs, column)), mean, float(np.sqrt(batch.variance[channel])))
            total = f"({_sum([_n(value, digits) for value in column])})/{len(column)}"
            self.add(name, "sum_i x_i/m", total, mean, source, "mean of the mini-batch")
            squares = f"({_sum([f'({_n(value, digits)} - {_n(mean, digits)})^2' for value in column])})/{len(column)}"
            why = "variance of the mini-batch, biased: over m"
            self.add(f"var_{number}", "sum_i (x_i - mu)^2/m", squares, variance, source, why)
        if len(statistics.batches) <= _FEW:
            self._population(statistics)

    def _population(self, statistics: Statistics) -> None:
        channel, rule = self.channel, ESTIMATORS[statistics.estimator]
        means = [float(batch.mean[channel]) for batch in statistics.batches]
        result, largest = float(statistics.mean[channel]), max(map(abs, means))
        spreads = []
        for batch in statistics.batches:
            count, biased = len(batch.samples), _n(float(batch.variance[channel]))
            spreads.append(f"{count}/{count - 1}*{biased}" if statistics.unbiased else biased)
        digits = _digits(largest, result)
        if statistics.momentum is None:
            mean, var = (f"({_sum(part)})/{len(means)}" for part in ([_n(value, digits) for value in means], spreads))
            formulas = "sum_B mu_B/B", "sum_B m/(m - 1)*var_B/B"
            whys = "mean over the mini-batches", "unbiased, so over m - 1; leaves out the variance between batches"
        else:
            old, new = map(_n, statistics.weights)
            start = [_n(float(values[channel])) for values in statistics.start_values]
            mean, var = start
            for value, spread in zip(means, spreads, strict=True):
                mean, var = f"{old}*({mean}) + {new}*{_n(value, digits)}", f"{old}*({var}) + {new}*{spread}"
            weight = "m/(m - 1)*var_B" if statistics.unbiased else "var_B"
            formulas = f"{old}*E + {new}*mu_B, from {start[0]}", f"{old}*Var + {new}*{weight}, from {start[1]}"
            left = f"{statistics.start_value_left:.1%} of the start value is left"
            whys = f"running mean; {left}", f"running variance; {left}"
        self.add("E", formulas[0], mean, result, rule.source, whys[0])
        self.add("Var", formulas[1], var, float(statistics.variance[channel]), rule.source, whys[1])

    def affine(self) -> None:
        """Explain s and t."""
        affine, source = self.answer.question.affine, f"{_PAPER}, algorithm 2, step 11"
        scale, shift = self._of_channel(self.answer.scale), self._of_channel(self.answer.shift)
        offset = self._of_channel(affine.beta)
        digits = _digits(offset, shift)
        gamma, variance = _n(self._of_channel(affine.gamma)), self._of_channel(affine.var)
        var = _n(variance, _digits(affine.eps, variance + affine.eps) if variance < 0 else 6)
        where = {"option": "as typed", "framework": "the framework's", "default": "assumed, no checkpoint stores it"}
        why = f"scale; eps {affine.eps:g} ({where[self.answer.question.eps_source]}) keeps it finite"
        self.add("s", "gamma/sqrt(Var + eps)", f"{gamma}/sqrt({var} + {affine.eps:g})", scale, source, why)
        mean = _n(self._of_channel(affine.mean), digits)
        substituted = f"{_n(offset, digits)} - {_n(scale, digits)}*{mean}"
        self.add("t", "beta - s*E", substituted, shift, source, "shift: y = s*x + t")

    def _of_channel(self, values: Floats) -> float:
        return float(values[self.channel])

    def fold(self) -> None:
        """Explain what becomes of the weight and the bias."""
        answer, channel = self.answer, self.channel
        layer, folded, affine = answer.question.layer, answer.folded, answer.question.affine
        assert layer is not None
        assert folded is not None
        at = self._entry()
        name = ",".join(map(str, at if layer.layout is None else layer.layout.index(at)))
        weight, scale = _n(float(layer.weight[at])), _n(self._of_channel(answer.scale))
        side = "input" if answer.question.bn_first else "output"
        why = f"the channel's {side} scaled; its first entry stands for all"
        self.add(f"W'[{name}]", "W*s", f"{weight}*{scale}", float(folded.weight[at]), _FOLDING, why)
        if not answer.question.bn_first:
            parts = [self._of_channel(part) for part in (layer.bias, affine.mean, answer.scale, affine.beta)]
            centred, result = parts[0] - parts[1], self._of_channel(folded.bias)
            digits = max(_digits(parts[0], centred), _digits(parts[3], result))
            bias, mean, scale, beta = (_n(part, digits) for part in parts)
            substituted = f"({bias} - {mean})*{scale} + {beta}"
            why = "the layer's bias goes through the batch norm too"
            self.add(f"b'[{channel}]", "(b - E)*s + beta", substituted, result, _FOLDING, why)
        elif channel == 0:
            terms = self._products(layer)
            own, result = float(layer.bias[0]), float(folded.bias[0])
            digits = _digits(max(abs(own), *(abs(w * t) for w, t in terms)), result)
            sums = _sum([_n(own, digits), *(f"{_n(w, digits)}*{_n(t, digits)}" for w, t in terms)])
            formula = "b + sum_j W_ij*t_j" if layer.kind == "linear" else "b + sum over inputs j and taps of W_ij*t_j"
            why = "the shift of every input goes through the layer"
            self.add("b'[0]", formula, sums, result, _FOLDING, why)

    def _products(self, layer: WeightedLayer) -> list[tuple[float, float]]:
        """Pair the weights of output 0 with the shifts that meet them."""
        inputs = layer.inputs // layer.groups
        weight = layer.weight[:inputs, 0] if layer.kind == "transposed" else layer.weight[0]
        shifts = np.broadcast_to(along(self.answer.shift[:inputs], layer.weight), (1, *weight.shape))
        return list(zip(weight.reshape(-1).tolist(), shifts.reshape(-1).tolist(), strict=True))

    def _entry(self) -> tuple[int, ...]:
        """Index the first entry of the weight that belongs to the channel."""
        layer, first = self.answer.question.layer, self.answer.question.bn_first
        assert layer is not None
        rest = (0,) * len(layer.kernel)
        if first == (layer.kind == "transposed"):
            return (self.channel, 0, *rest)
        per_group = layer.weight.shape[1]
        group = self.channel // per_group
        return (group * (layer.weight.shape[0] // layer.groups), self.channel % per_group, *rest)


def _claims(before: Effect, after: Effect) -> list[Step]:
    """List what is claimed of normalising, with who claims it, beside what was measured on these samples."""

    def change(old: Floats, new: Floats) -> str:
        return f"{_n(float(np.mean(old)))} before, {_n(float(np.mean(new)))} after"

    slope = change(before.sigmoid_slope, after.sigmoid_slope)
    depth = change(before.sigmoid_slope_10_layers, after.sigmoid_slope_10_layers)
    texts = [
        ("fewer saturated units, so larger slopes", slope, _PAPER, "measured here: the mean of a*(1 - a)"),
        ("slopes that survive depth", depth, _PAPER, "measured here: behind 10 such layers"),
        ("less internal covariate shift", "", _PAPER, "disputed: Santurkar et al. 2018 find no such link"),
        ("a smoother loss", "", "Santurkar et al. 2018", "not measured here"),
        ("some regularisation, by the noise of the mini-batch", "", _PAPER, "not measured here"),
    ]
    place = {"claims": "of benefit"}
    return [Step("claim", text, numbers, None, source, why, place) for text, numbers, source, why in texts]


def _digits(size: float, *results: float) -> int:
    """Count the digits with which a sum of terms of a size comes out as its results: more where the terms cancel."""
    least = min((abs(result) for result in results if result), default=0.0)
    if not 0 < least < abs(size) < inf:
        return 6
    return min(17, 6 + ceil(log10(abs(size)) - log10(least)))
