"""The working of a batch norm and its fold, with every choice that can go wrong as a value of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.batch_norm.answer import BnFold, moments_of
from dlcalc.core.batch_norm.fold import channel_of, summed
from dlcalc.core.batch_norm.question import BnFoldQuestion, as_inputs
from dlcalc.core.batch_norm.statistics import Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, along, evaluate

# The orders in which programs multiply by gamma/sqrt(var + eps).
Order = Literal["gamma/root", "gamma*(1/root)", "W*gamma/root", "W/root*gamma", "W*(1/root)*gamma"]
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True)
class BnWorking:
    """The working of an answer: right to begin with, and wrong where a mistake replaces a choice.

    Attributes:
        gamma, beta, mean, var: (C,) float64, as they are used.
        eps: as it is used.
        statistics: the mini-batches that mean and variance come from, if there are some.
        layer: the layer, if there is one.
        question: for what does not change.
        key: the key of the answer that is claimed.
        claimed: the claim, to which an eps may be fitted.
        narrower: the formats in which the claimed numbers may have been computed, and not only stored.
        eps_at: ``inside`` or ``outside`` the root.
        rooted: whether the root is taken at all.
        mean_sign: 1, or -1 where the mean is added.
        bias: ``scaled``, ``unscaled`` or ``ignored``.
        axis: ``right``, or ``wrong`` where the weight is scaled along the other one.
        grouped: whether channels are counted through all groups.
        shifted: whether the shift is added at all.
        times: how many times the batch norm is folded in.
        precision: the format in which each step is rounded; None for float64.
        order: the order of the operations, where each is rounded.
        offset: the same of the bias: ``centred``, (b - mean) s + beta, or ``shifted``, b s + t.
        estimates: means and variances by the choices that they were estimated with: a pair of mistakes is one edit
            after another, and one of them is met many times.
    """

    gamma: Floats
    beta: Floats
    mean: Floats
    var: Floats
    eps: float
    statistics: Statistics | None
    layer: WeightedLayer | None
    question: BnFoldQuestion
    key: str
    claimed: Floats
    narrower: tuple[str, ...] = ()
    eps_at: Literal["inside", "outside"] = "inside"
    rooted: bool = True
    mean_sign: int = 1
    bias: Literal["scaled", "unscaled", "ignored"] = "scaled"
    axis: Literal["right", "wrong"] = "right"
    grouped: bool = True
    shifted: bool = True
    times: int = 1
    precision: str | None = None
    order: Order = "gamma/root"
    offset: Literal["centred", "shifted"] = "centred"
    estimates: dict[object, tuple[Floats, Floats]] = field(default_factory=dict)

    def estimated(self, **changes: object) -> Iterator["BnWorking"]:
        """Estimate the statistics with other choices; nothing where a mini-batch is too small for them."""
        assert self.statistics is not None
        other = replace(self.statistics, **changes)  # type: ignore[arg-type]
        if min(other.counts) <= other.ddof:
            return
        start = None if other.start is None else b"".join(values.tobytes() for values in other.start)
        choices = (other.momentum, other.of_the_new, other.ddof, start, len(other.batches))
        if choices not in self.estimates:
            self.estimates[choices] = other.mean, other.variance
        mean, var = self.estimates[choices]
        yield replace(self, statistics=other, mean=mean, var=var)

    def pooled(self) -> Iterator["BnWorking"]:
        """Take the statistics of all samples as one mini-batch, with either divisor."""
        assert self.statistics is not None
        for ddof in (0, 1):
            choices = "pooled", ddof
            if choices not in self.estimates:
                sums = self.statistics.pooled.sums
                self.estimates[choices] = sums.mean.rounded(), sums.variance(Fraction(ddof)).rounded()
            mean, var = self.estimates[choices]
            yield replace(self, mean=mean, var=var)

    def rounded(self, values: Floats | float) -> Floats:
        """Round the result of a step to the precision that is used; to float64 numbers in any case."""
        exact = np.asarray(values, np.float64)
        return exact if self.precision is None else rounded(exact, self.precision)

    @cached_property
    def root(self) -> Floats:
        """(C,) what gamma is divided by."""
        if self.eps_at == "outside":
            return self.rounded(self.rounded(np.sqrt(self.var)) + self.eps)
        inside = self.rounded(self.rounded(self.var) + self.rounded(self.eps))
        return self.rounded(np.sqrt(inside)) if self.rooted else inside

    @cached_property
    def scale(self) -> Floats:
        """(C,) s."""
        gamma = self.rounded(self.gamma)
        if "(1/root)" in self.order:
            return self.rounded(gamma * self.rounded(1 / self.root))
        return self.rounded(gamma / self.root)

    @cached_property
    def shift(self) -> Floats:
        """(C,) t."""
        if not self.shifted:
            return np.zeros_like(self.mean)
        moved = self.mean_sign * self.scaled(self.rounded(self.mean), np.arange(len(self.mean)))
        return self.rounded(self.rounded(self.beta) - moved)

    def scaled(self, values: Floats, channels: NDArray[np.intp]) -> Floats:
        """Multiply values by s of their channels, which broadcast to them, in the order of the operations."""
        if self.order.startswith("gamma"):
            return self.rounded(values * self.scale[channels])
        gamma, root = self.rounded(self.gamma)[channels], self.root[channels]
        if self.order == "W*gamma/root":
            return self.rounded(self.rounded(values * gamma) / root)
        if self.order == "W/root*gamma":
            return self.rounded(self.rounded(values / root) * gamma)
        return self.rounded(self.rounded(values * self.rounded(1 / root)) * gamma)

    def answer(self) -> Floats | None:
        """Compute the array of its key; None where this working has none."""
        with np.errstate(all="ignore"):
            match self.key:
                case "mean":
                    return self.mean
                case "var":
                    return self.var
                case "scale":
                    return self.scale
                case "shift":
                    return self.shift
                case "weight" | "bias":
                    layer = self.folded_layer()
                    return None if layer is None else layer.as_given if self.key == "weight" else layer.bias
                case _:
                    return self._output()

    def folded_layer(self) -> WeightedLayer | None:
        """Fold the batch norm into the layer; None where this working cannot."""
        layer = self.layer
        for _ in range(self.times if layer is not None else 0):
            assert layer is not None
            weight = self._weight(layer)
            if weight is None:
                return None
            layer = replace(layer, weight=weight, bias=self._bias(layer))
        return layer

    def _weight(self, layer: WeightedLayer) -> Floats | None:
        outputs = not self.question.bn_first
        if self.axis == "wrong":
            outputs, counted = not outputs, self._counted(layer)
            if (counted.outputs if outputs else counted.inputs) != len(self.scale):
                return None
        return self.scaled(self.rounded(layer.weight), self._channels(layer, outputs))

    def _channels(self, layer: WeightedLayer, outputs: bool) -> NDArray[np.intp]:
        return channel_of(self._counted(layer), outputs=outputs)

    def _counted(self, layer: WeightedLayer) -> WeightedLayer:
        """Take the layer's channels for what they are, or for those of one group."""
        return layer if self.grouped else replace(layer, groups=1)

    def _bias(self, layer: WeightedLayer) -> Floats:
        own = np.zeros_like(layer.bias) if self.bias == "ignored" else layer.bias
        if self.question.bn_first:
            shifts = self.shift[self._channels(layer, outputs=False)]
            return self.rounded(own + self.rounded(summed(layer, layer.weight * shifts)))
        if self.bias == "unscaled":
            return self.rounded(own + self.shift)
        every = np.arange(len(own))
        if self.offset == "shifted" or not self.shifted:
            return self.rounded(self.scaled(self.rounded(own), every) + self.shift)
        centred = self.rounded(self.rounded(own) - self.mean_sign * self.rounded(self.mean))
        return self.rounded(self.scaled(centred, every) + self.rounded(self.beta))

    def _output(self) -> Floats | None:
        """Evaluate the question's inputs by this working, in their own rank."""
        rows, restored = as_inputs(self.question)
        if self.key == "training":
            return restored(self._training(rows))
        layer = self.folded_layer()
        if self.layer is None:
            for _ in range(self.times):
                rows = along(self.scale, rows) * rows + along(self.shift, rows)
            return restored(rows)
        return None if layer is None else restored(evaluate(layer, rows))

    def _training(self, rows: Floats) -> Floats:
        behind = None if self.layer is None or self.question.bn_first else self.layer
        values = rows if behind is None else evaluate(behind, rows)
        mean, var = moments_of(values)
        if values.size // values.shape[1] < 2:
            assert self.statistics is not None
            mean, var = self.statistics.batches[-1].mean, self.statistics.batches[-1].variance
        own = replace(self, mean=mean, var=var, key="scale")
        normed = along(own.scale, values) * values + along(own.shift, values)
        return normed if behind is not None or self.layer is None else evaluate(self.layer, normed)


def working(answer: BnFold, key: str, claimed: Floats, *, narrower: tuple[str, ...] = ()) -> BnWorking:
    """Start from the right working of an answer's key.

    Args:
        answer: the answer.
        key: one of its ``arrays``.
        claimed: what is claimed of it.
        narrower: the formats narrower than the claim's, in which its numbers may have been computed.
    """
    question = answer.question
    affine = question.affine
    return BnWorking(
        gamma=affine.gamma,
        beta=affine.beta,
        mean=affine.mean,
        var=affine.var,
        eps=affine.eps,
        statistics=question.statistics,
        layer=question.layer,
        question=question,
        key=key,
        claimed=claimed,
        narrower=narrower,
    )
