"""How a batch norm and its fold are worked out, with every choice that can go wrong as a value of its own."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.batch_norm.answer import BnFold, BnFoldQuestion, as_inputs
from dlcalc.core.batch_norm.fold import channel_of
from dlcalc.core.batch_norm.statistics import Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, along, evaluate

# The orders in which programs multiply by gamma/sqrt(var + eps).
ROADS = ("gamma/root", "gamma*(1/root)", "W*gamma/root", "W/root*gamma", "W*(1/root)*gamma")


@dataclass(frozen=True)
class BnWorking:
    """The right way to begin with; a mistake replaces a choice.

    Attributes:
        gamma, beta, mean, var: (C,) as they are used.
        eps: as it is used, and where: ``inside`` or ``outside`` the root.
        statistics: where mean and variance come from, if from mini-batches.
        layer: the layer, if there is one.
        question: for what does not change.
        key: what is claimed.
        claimed: the claim, to which an eps may be fitted.
        by_rounding: whether the claim is so near to what is right, and says so much, that it can differ by rounding.
        eps_at: ``inside`` or ``outside``.
        rooted: whether the root is taken at all.
        mean_sign: 1, or -1 where the mean is added.
        bias: ``scaled``, ``unscaled`` or ``ignored``.
        axis: ``right``, or ``wrong`` where the weight is scaled along the other one.
        grouped: whether channels are counted through all groups.
        folded: whether anything is folded.
        precision: the format in which each step is rounded; None for float64.
        road: the order of the operations, where each is rounded; one of ``ROADS``.
        offset: of the bias likewise: ``centred``, (b - mean) s + beta, or ``shifted``, b s + t.
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
    by_rounding: bool = True
    eps_at: str = "inside"
    rooted: bool = True
    mean_sign: int = 1
    bias: str = "scaled"
    axis: str = "right"
    grouped: bool = True
    folded: bool = True
    precision: str | None = None
    road: str = "gamma/root"
    offset: str = "centred"

    def rounded(self, values: Any) -> Floats:
        """The result of a step in the precision that is used."""
        found = np.asarray(values, np.float64)
        return found if self.precision is None else rounded(found, self.precision)

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
        if "(1/root)" in self.road:
            return self.rounded(gamma * self.rounded(1 / self.root))
        return self.rounded(gamma / self.root)

    @cached_property
    def shift(self) -> Floats:
        """(C,) t."""
        moved = self.mean_sign * self.scaled(self.rounded(self.mean), np.arange(len(self.mean)))
        return self.rounded(self.rounded(self.beta) - moved)

    def scaled(self, values: Floats, channels: Any) -> Floats:
        """Values times s, each by its channel, in the order of the road."""
        if self.road.startswith("gamma"):
            return self.rounded(values * self.scale[channels])
        gamma, root = self.rounded(self.gamma)[channels], self.root[channels]
        if self.road == "W*gamma/root":
            return self.rounded(self.rounded(values * gamma) / root)
        if self.road == "W/root*gamma":
            return self.rounded(self.rounded(values / root) * gamma)
        return self.rounded(self.rounded(values * self.rounded(1 / root)) * gamma)

    def answer(self) -> Floats | None:
        """What this working gives for its key; None where it gives nothing."""
        with np.errstate(all="ignore"):
            if self.key in ("mean", "var", "scale", "shift"):
                found: Floats = getattr(self, self.key)
                return found
            if self.key in ("weight", "bias"):
                layer = self.folded_layer()
                return None if layer is None else getattr(layer, self.key)
            return self._output()

    def folded_layer(self) -> WeightedLayer | None:
        """The layer with the batch norm in it."""
        if self.layer is None or not self.folded:
            return self.layer
        weight = self._weight(self.layer)
        return None if weight is None else replace(self.layer, weight=weight, bias=self._bias(self.layer))

    def _weight(self, layer: WeightedLayer) -> Floats | None:
        outputs = not self.question.bn_first
        if self.axis == "wrong":
            other = int(layer.outputs if not outputs else layer.inputs)
            if other != len(self.scale):
                return None
            outputs = not outputs
        channels = self._channels(layer, outputs)
        return self.scaled(self.rounded(layer.weight), channels)

    def _channels(self, layer: WeightedLayer, outputs: bool) -> Any:
        if self.grouped:
            return channel_of(layer, outputs=outputs)
        single = replace(layer, groups=1)
        return channel_of(single, outputs=outputs)

    def _bias(self, layer: WeightedLayer) -> Floats:
        own = np.zeros_like(layer.bias) if self.bias == "ignored" else layer.bias
        if self.question.bn_first:
            shifts = self.shift[self._channels(layer, outputs=False)]
            outputs = np.broadcast_to(channel_of(layer, outputs=True), layer.weight.shape).reshape(-1)
            sums = np.bincount(outputs, (layer.weight * shifts).reshape(-1), layer.outputs)
            return self.rounded(own + self.rounded(sums))
        if self.bias == "unscaled":
            return self.rounded(own + self.shift)
        every = np.arange(len(own))
        if self.offset == "shifted":
            return self.rounded(self.scaled(self.rounded(own), every) + self.shift)
        centred = self.rounded(self.rounded(own) - self.mean_sign * self.rounded(self.mean))
        return self.rounded(self.scaled(centred, every) + self.rounded(self.beta))

    def _output(self) -> Floats | None:
        """What the inputs give, through the layer as it is worked out."""
        rows, restored = as_inputs(self.question)
        if self.key == "training":
            return self._training(rows, restored)
        layer = self.folded_layer()
        if self.layer is None:
            return restored(along(self.scale, rows) * rows + along(self.shift, rows)) if self.folded else restored(rows)
        return None if layer is None else restored(evaluate(layer, rows))

    def _training(self, rows: Floats, restored: Any) -> Floats:
        first = self.layer is None or self.question.bn_first
        values = rows if first else evaluate(self.layer, rows)  # type: ignore[arg-type]
        axes = (0, *range(2, values.ndim))
        mean, var = values.mean(axis=axes), values.var(axis=axes)
        if values.size // values.shape[1] < 2:
            assert self.statistics is not None
            mean, var = self.statistics.batches[-1].mean, self.statistics.batches[-1].variance
        own = replace(self, mean=mean, var=var, key="scale")
        normed = along(own.scale, values) * values + along(own.shift, values)
        return restored(evaluate(self.layer, normed) if first and self.layer is not None else normed)  # type: ignore[no-any-return]


def working(answer: BnFold, key: str, claimed: Floats, *, by_rounding: bool = True) -> BnWorking:
    """How the answer comes about."""
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
        by_rounding=by_rounding,
    )
