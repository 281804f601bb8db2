"""The working: losses and gradients in float64, as they follow from its choices."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Floats, Rows
from dlcalc.core.softmax.mistakes.choices import Choices, Form
from dlcalc.core.softmax.mistakes.columns import ColumnsAt
from dlcalc.core.softmax.question import SoftmaxQuestion


@dataclass(frozen=True)
class SoftmaxWorking(Choices):
    """What follows from the choices of a working."""

    @property
    def loss_key(self) -> tuple[object, ...]:
        """The choices that the loss of a row depends on: workings with equal ones have equal losses."""
        form = self.form if self.form.startswith("twice") else ""
        target = (self.class_weights is not None, self.smoothing, self.smoothed, self.ignored_as_class, self.shift)
        across = self.columns is not None
        return (*target, form, self.temperature, self.divergence, self.clip, self.probabilities, across)

    @property
    def classes(self) -> int:
        """C, how many classes there are."""
        return int(self.logits.shape[1])

    @property
    def weights(self) -> Floats:
        """(C,) the class weights."""
        return np.ones(self.classes) if self.class_weights is None else self.class_weights

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(n,) which rows have a target."""
        return self.kept if self.ignored_as_class is None else np.ones_like(self.kept)

    @cached_property
    def shares(self) -> Floats:
        """(n, C) y', the target with smoothing, in rows that have one."""
        if self.labels is None:
            assert self.distribution is not None
            given = self.distribution
        else:
            labels = np.where(self.kept, self.labels, self.ignored_as_class or 0)
            labels = (labels + self.shift) % self.classes
            given = np.zeros(self.logits.shape)
            given[np.arange(len(labels)), labels] = self.mask
        return self.smooth(given, 1.0)

    def smooth(self, given: Floats, rows: float) -> Floats:
        """Smooth targets, or their sum over some rows."""
        own = 1.0 if self.smoothed == "target whole" else 1 - self.smoothing
        spread = 1.0 if self.smoothed == "added whole" else 0.0 if self.smoothed == "fastai" else self.smoothing
        return own * given + rows * spread / self.classes

    @cached_property
    def target(self) -> Floats:
        """(n, C) t, the target with weights and smoothing."""
        weighted = np.where(self.mask[:, None], self.shares * self.weights, 0.0)
        if self.smoothed != "fastai":
            return weighted
        # What is spread there is neither weighted nor masked, and its mean is over all rows.
        return weighted + self.smoothing / self.classes * (self.denominator / self.count if self.means else 1.0)

    @property
    def means(self) -> bool:
        """Whether the mean over the rows is taken."""
        return self.reduction == "mean"

    @property
    def denominator(self) -> float:
        """D, by which the loss is divided."""
        if self.divisor is not None:
            return self.divisor
        if not self.means:
            return 1.0
        if self.tally is None or self.denominator_counts == "all rows":
            return float(self.count)
        counts, ignored = self.tally.counts, self.tally.ignored
        if self.ignored_as_class is not None:
            counts, ignored = counts.copy(), 0
            counts[self.ignored_as_class] += self.tally.ignored
        if self.denominator_counts == "rows":
            return float(counts.sum())
        total = float(self.weights @ np.roll(counts, self.shift))
        by_weight = self.denominator_counts == "ignored by weight"
        each = self.weights[self.ignore_index] if by_weight else float(self.denominator_counts == "ignored")
        return float(total + ignored * each) or np.nan  # the mean of nothing is no number

    @cached_property
    def softmax(self) -> Floats:
        """(n, C) a, the softmax."""
        if self.probabilities:
            return self.logits
        scaled = self.logits / self.temperature
        return _softmax(scaled) if self.columns is None else np.exp(scaled - self.columns.log_sum)

    @cached_property
    def clipped(self) -> Floats:
        """(n, C) a between its bounds, if there are some."""
        if self.clip is None:
            return self.softmax
        held = np.clip(self.softmax, self.clip.low, self.clip.high)
        return held / held.sum(axis=1, keepdims=True) if self.clip.normalised else held

    @cached_property
    def negative_log_softmax(self) -> Floats:
        """(n, C) -ln a, infinite where a is 0; of the softmax of the softmax, where that is the form."""
        if self.probabilities or self.clip is not None:
            return -np.log(self.clipped)
        if self.columns is not None:
            return self.columns.log_sum - self.logits / self.temperature
        scaled = self.softmax if self.form.startswith("twice") else self.logits / self.temperature
        top = scaled.max(axis=1, keepdims=True)
        return np.asarray((top - scaled) + np.log(np.exp(scaled - top).sum(axis=1, keepdims=True)))

    def answer(self) -> Floats | None:
        """Compute what this working gives for its key; None where it gives nothing."""
        with np.errstate(all="ignore"):
            if self.key not in _KEYS:
                return None
            found: Floats = _KEYS[self.key](self)
        if self.scale != 1:
            found = found * self.scale
        if self.permuted:
            return self.claimed
        return found.T if self.transposed else found

    def losses(self) -> Floats:
        """Compute the loss (n,) of each row."""
        surprise = self.negative_log_softmax
        if self.divergence:
            surprise = surprise + np.log(self.shares)
        return np.asarray(np.where(self.target == 0, 0.0, self.target * surprise).sum(axis=1))

    def gradient(self) -> Floats:
        """Compute what is taken for dC/dz, (n, C)."""
        a, t = self.softmax, self.target
        total = t.sum(axis=1, keepdims=True)
        if self.ignored_row_mass:
            total = total + self.ignored_row_mass * ~self.kept[:, None]
        forms: dict[Form, Callable[[], Floats]] = {
            "gradient": lambda: a * total - t if self.clip is None else _through_softmax(a, self._clipped_slopes()),
            "softmax": lambda: a * total,
            "diagonal": lambda: -t * (1 - a),
            "probabilities": lambda: np.where(t == 0, 0.0, -t / a if self.clip is None else self._clipped_slopes()),
            "identity": lambda: -t,
            "unit": lambda: a - t,
            "twice": lambda: _softmax(a) * total - t,
            "twice-chained": lambda: _through_softmax(a, _softmax(a) * total - t),
            "over-rows-chained": lambda: a * self._column_totals() - t,
        }
        found = forms[self.form]() / (self.denominator * self.factor_temperature)
        if self.form == "over-rows-chained":  # each row is in the softmax of the others, ignored ones too
            return found
        return np.where(total.any(axis=1, keepdims=True) | t.any(axis=1, keepdims=True), found, 0.0)

    def _clipped_slopes(self) -> Floats:
        """The slopes (n, C) of the loss with respect to a, 0 where a bound holds it."""
        assert self.clip is not None
        a, t = self.softmax, self.target
        inside = (a >= self.clip.low) & (a <= self.clip.high)
        through_sum = self.clipped * t.sum(axis=1, keepdims=True) if self.clip.normalised else 0.0
        return np.where(inside, (through_sum - t) / a, 0.0)

    def _column_totals(self) -> Floats:
        """Sum up t over all rows, (C,)."""
        assert self.columns is not None
        return self.weights * self.smooth(self.columns.given, self.columns.kept)


def _through_softmax(a: Floats, slopes: Floats) -> Floats:
    """Multiply slopes with respect to a by J', which gives those with respect to z."""
    return np.asarray(a * (slopes - (a * slopes).sum(axis=1, keepdims=True)))


def _softmax(logits: Floats) -> Floats:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def _loss(working: SoftmaxWorking) -> Floats:
    losses = working.losses()
    return losses if working.reduction == "none" else np.asarray(losses.sum() / working.denominator)


def _grad_softmax(working: SoftmaxWorking) -> Floats:
    form: Form = "probabilities" if working.form == "gradient" else working.form
    return replace(working, form=form, factor_temperature=1.0).gradient()


def _jacobian(working: SoftmaxWorking) -> Floats:
    a = working.softmax
    found = -a[:, :, None] * a[:, None, :]
    if working.form == "diagonal":
        found = np.zeros_like(found)
    index = np.arange(working.classes)
    found[:, index, index] = a * (1 - a)
    return found / working.factor_temperature


def _grad_weight(working: SoftmaxWorking) -> Floats:
    assert working.linear is not None
    slopes = working.gradient()
    x = np.where(slopes.any(axis=1, keepdims=True), working.linear.x, 0.0)  # anything may stand in an ignored row
    return slopes.T @ x


def _grad_x(working: SoftmaxWorking) -> Floats:
    assert working.linear is not None
    return np.asarray(working.gradient() @ working.linear.weight)


_KEYS = {
    "loss": _loss,
    "logits": lambda working: working.logits,
    "softmax": lambda working: _softmax(working.softmax) if working.form == "twice" else working.softmax,
    "grad_softmax": _grad_softmax,
    "grad_logits": SoftmaxWorking.gradient,
    "jacobian": _jacobian,
    "grad_weight": _grad_weight,
    "grad_bias": lambda working: working.gradient().sum(axis=0),
    "grad_x": _grad_x,
}


def working(question: SoftmaxQuestion, key: str, claimed: Floats, rows: Rows = slice(None)) -> SoftmaxWorking:
    """Make the right working of a question, for all rows or for some.

    Args:
        question: that is answered.
        key: of the claimed array.
        claimed: what is claimed of these rows, in the rank of a matrix.
        rows: which rows are looked at.
    """
    targets = question.targets
    start = SoftmaxWorking(
        logits=np.empty((0, question.classes)),
        labels=None,
        distribution=None,
        kept=np.empty(0, bool),
        count=question.rows,
        tally=None if targets.labels is None else targets.tally,
        ignore_index=targets.ignore_index,
        class_weights=targets.class_weights,
        smoothing=targets.label_smoothing,
        temperature=question.temperature,
        reduction=targets.reduction,
        linear=question.linear,
        key=key,
        claimed=claimed,
        factor_temperature=question.temperature,
        looks_like_probabilities=question.looks_like_probabilities,
        columns_at=ColumnsAt(question),
    )
    return moved(start, question, rows)


def moved(working: SoftmaxWorking, question: SoftmaxQuestion, rows: Rows) -> SoftmaxWorking:
    """Make the same choices about other rows of the question."""
    targets = question.targets
    return replace(
        working,
        logits=question.logits[rows].astype(np.float64, copy=False),
        labels=None if targets.labels is None else targets.labels[rows],
        distribution=None if targets.distribution is None else targets.distribution[rows],
        kept=targets.kept(rows),
    )
