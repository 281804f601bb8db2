"""The explanation of a batch norm: statistics, the affine, the fold, each with the numbers of a channel in it."""

from math import ceil, log10
from typing import Any

import numpy as np

from dlcalc.core.batch_norm.answer import BnFold
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, along
from dlcalc.core.evidence.step import Step

_PAPER = "Ioffe & Szegedy 2015"
_FOLDING = "Jacob et al. 2018, section 3.2"
_FEW = 4  # channels, batches and samples that are written out


def explain(answer: BnFold) -> tuple[Step, ...]:
    """Every term, channel by channel for the first few, and what is claimed to come of normalising."""
    with np.errstate(all="ignore"):  # infinities are shown as such
        return tuple(_steps(answer))


def _steps(answer: BnFold) -> list[Step]:
    found: list[Step] = []
    for channel in range(min(answer.question.channels, _FEW)):
        terms = _Terms(answer, channel)
        if answer.question.statistics is not None:
            terms.statistics(answer.question.statistics)
        terms.affine()
        if answer.folded is not None:
            terms.fold()
        found += terms.steps
    if answer.effect is not None:
        found += _claims(answer)
    return found


class _Terms:
    """Collects the steps of one channel."""

    def __init__(self, answer: BnFold, channel: int) -> None:
        self.answer, self.channel, self.steps = answer, channel, list[Step]()
        self.where = {"channel": channel} if answer.question.channels > 1 else {}

    def add(self, symbol: str, formula: str, substituted: str, value: Any, source: str, why: str) -> None:
        """Append a step."""
        self.steps.append(Step(symbol, formula, substituted, float(value), source, why, self.where))

    def statistics(self, statistics: Statistics) -> None:
        """Mean and variance of each batch, and what the estimator makes of them."""
        channel, source = self.channel, f"{_PAPER}, algorithm 1"
        for number, batch in enumerate(statistics.batches[:_FEW]):
            column = batch.samples[:, channel].tolist()
            name, mean = f"mu_{number}", float(batch.mean[channel])
            digits = _digits(np.abs(column).max(), mean, np.sqrt(batch.variance[channel]))
            total = f"({_sum([_n(value, digits) for value in column])})/{len(column)}"
            self.add(name, "sum_i x_i/m", total, mean, source, "mean of the mini-batch")
            squares = f"({_sum([f'({_n(value, digits)} - {_n(mean, digits)})**2' for value in column])})/{len(column)}"
            why = "variance of the mini-batch, biased: over m"
            self.add(f"var_{number}", "sum_i (x_i - mu)^2/m", squares, batch.variance[channel], source, why)
        if len(statistics.batches) <= _FEW:
            self._population(statistics)

    def _population(self, statistics: Statistics) -> None:
        channel, rule = self.channel, ESTIMATORS[statistics.estimator]
        means = [float(batch.mean[channel]) for batch in statistics.batches]
        spreads = []
        for batch in statistics.batches:
            count, biased = len(batch.samples), _n(batch.variance[channel])
            spreads.append(f"{count}/{count - 1}*{biased}" if statistics.unbiased else biased)
        if statistics.momentum is None:
            digits = _digits(np.abs(means).max(), statistics.mean[channel])
            mean, var = (f"({_sum(part)})/{len(means)}" for part in ([_n(one, digits) for one in means], spreads))
            formulas = "sum_B mu_B/B", "sum_B m/(m - 1)*var_B/B"
            whys = "mean over the mini-batches", "unbiased, so over m - 1; leaves out the variance between batches"
        else:
            old, new = map(_n, statistics.weights)
            mean, var = "0", "1"
            digits = _digits(np.abs(means).max(), statistics.mean[channel])
            for one, spread in zip([_n(one, digits) for one in means], spreads, strict=True):
                mean, var = f"{old}*({mean}) + {new}*{one}", f"{old}*({var}) + {new}*{spread}"
            weight = "m/(m - 1)*var_B" if statistics.unbiased else "var_B"
            formulas = f"{old}*E + {new}*mu_B, from 0", f"{old}*Var + {new}*{weight}, from 1"
            left = f"{statistics.start_value_left:.1%} of the start value is left"
            whys = f"running mean; {left}", f"running variance; {left}"
        self.add("E", formulas[0], mean, statistics.mean[channel], rule.source, whys[0])
        self.add("Var", formulas[1], var, statistics.variance[channel], rule.source, whys[1])

    def affine(self) -> None:
        """What s and t are."""
        affine, channel = self.answer.question.affine, self.channel
        source, scale, shift = f"{_PAPER}, algorithm 2, step 11", self.answer.scale[channel], self.answer.shift[channel]
        digits = _digits(affine.beta[channel], shift)
        gamma, beta, var = _n(affine.gamma[channel]), _n(affine.beta[channel], digits), _n(affine.var[channel])
        where = {"option": "as typed", "framework": "the framework's", "default": "assumed, it is in no checkpoint"}
        why = f"scale; eps {affine.eps:g} ({where[self.answer.question.eps_source]}) keeps it finite"
        self.add("s", "gamma/sqrt(Var + eps)", f"{gamma}/sqrt({var} + {affine.eps:g})", scale, source, why)
        substituted = f"{beta} - {_n(scale, digits)}*{_n(affine.mean[channel], digits)}"
        self.add("t", "beta - s*E", substituted, shift, source, "shift: y = s*x + t")

    def fold(self) -> None:
        """What becomes of the weight and the bias."""
        answer, channel = self.answer, self.channel
        layer, folded, affine = answer.question.layer, answer.folded, answer.question.affine
        assert layer is not None
        assert folded is not None
        at = self._entry()
        name = ",".join(map(str, at))
        weight, scale = _n(layer.weight[at]), _n(answer.scale[channel])
        side = "input" if answer.question.bn_first else "output"
        why = f"the channel's {side} scaled; its first entry stands for all"
        self.add(f"W'[{name}]", "W*s", f"{weight}*{scale}", folded.weight[at], _FOLDING, why)
        if not answer.question.bn_first:
            parts = [part[channel] for part in (layer.bias, affine.mean, answer.scale, affine.beta)]
            centred, result = parts[0] - parts[1], folded.bias[channel]
            digits = max(_digits(parts[0], centred), _digits(parts[3], result))
            bias, mean, scale, beta = (_n(part, digits) for part in parts)
            substituted = f"({bias} - {mean})*{scale} + {beta}"
            why = "the layer's bias goes through the batch norm too"
            self.add(f"b'[{channel}]", "(b - E)*s + beta", substituted, folded.bias[channel], _FOLDING, why)
        elif channel == 0:
            terms = self._products(layer)
            largest = max(abs(layer.bias[0]), *(abs(w * t) for w, t in terms))
            digits = _digits(largest, folded.bias[0])
            sums = _sum([_n(layer.bias[0], digits), *(f"{_n(w, digits)}*{_n(t, digits)}" for w, t in terms)])
            formula = "b + sum_j W_ij*t_j" if layer.kind == "linear" else "b + sum over inputs j and taps of W_ij*t_j"
            why = "the shift of every input goes through the layer"
            self.add("b'[0]", formula, sums, folded.bias[0], _FOLDING, why)

    def _products(self, layer: WeightedLayer) -> list[tuple[float, float]]:
        """The weights of output 0 and the shifts that meet them."""
        inputs = layer.inputs // layer.groups
        weight = layer.weight[:inputs, 0] if layer.kind == "transposed" else layer.weight[0]
        shifts = np.broadcast_to(along(self.answer.shift[:inputs], layer.weight), (1, *weight.shape))
        return list(zip(weight.reshape(-1).tolist(), shifts.reshape(-1).tolist(), strict=True))

    def _entry(self) -> tuple[int, ...]:
        """The first entry of the weight that belongs to the channel."""
        layer, first = self.answer.question.layer, self.answer.question.bn_first
        assert layer is not None
        rest = (0,) * len(layer.kernel)
        if first == (layer.kind == "transposed"):
            return (self.channel, 0, *rest)
        per_group = layer.weight.shape[1]
        group = self.channel // per_group
        return (group * (layer.weight.shape[0] // layer.groups), self.channel % per_group, *rest)


def _claims(answer: BnFold) -> list[Step]:
    """What is claimed of normalising, with who claims it, beside what was measured on these samples."""
    assert answer.effect is not None
    before, after = answer.effect

    def change(key: str) -> str:
        return f"{_n(np.mean(getattr(before, key)))} before, {_n(np.mean(getattr(after, key)))} after"

    slope, depth = change("sigmoid_slope"), change("sigmoid_slope_10_layers")
    texts = [
        ("fewer saturated units, so larger slopes", slope, _PAPER, "measured here: the mean of a*(1 - a)"),
        ("slopes that survive depth", depth, _PAPER, "measured here: behind 10 such layers"),
        ("less internal covariate shift", "", _PAPER, "disputed: Santurkar et al. 2018 find no such link"),
        ("a smoother loss", "", "Santurkar et al. 2018", "not measured here"),
        ("some regularisation, by the noise of the mini-batch", "", _PAPER, "not measured here"),
    ]
    place = {"claims": "of benefit"}
    return [Step("claim", text, numbers, None, source, why, place) for text, numbers, source, why in texts]


def _digits(size: Any, *results: Any) -> int:
    """How many digits make a sum of terms of a size come out as its results: more where the terms cancel."""
    least = min((abs(float(result)) for result in results if result), default=0.0)
    if not 0 < least < abs(float(size)) < np.inf:
        return 6
    return min(17, 6 + ceil(log10(abs(float(size))) - log10(least)))


def _n(value: Any, digits: int = 6) -> str:
    """A number in a formula: a negative one in parentheses."""
    text = f"{float(value) + 0.0:.{digits}g}"
    return f"({text})" if text.startswith("-") else text


def _sum(terms: list[str]) -> str:
    """A sum in a formula; of many terms the first and the last."""
    if len(terms) > 2 * _FEW:
        terms = [*terms[:_FEW], "...", terms[-1]]
    return " + ".join(terms)
