"""The working: losses and gradients in float64, with every choice that can go wrong as a value of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Floats, Rows
from dlcalc.core.softmax.question import Linear, SoftmaxQuestion
from dlcalc.core.softmax.targets import Reduction, Tally

Form = Literal["gradient", "softmax", "diagonal", "probabilities", "twice", "twice-chained"]
DenominatorCounts = Literal["weights", "ignored", "ignored by weight", "rows", "all rows"]


@dataclass(frozen=True)
class SoftmaxWorking:
    """The choices of a working: the right ones to begin with; a mistake replaces some.

    Attributes:
        logits: (n, C) float64, of the rows that are looked at.
        labels: (n,) of those rows, each a class where it counts; None where there are distributions.
        distribution: (n, C) of those rows; None where there are labels.
        kept: (n,) which of those rows count.
        count: N, how many rows there are.
        tally: of the labels of all rows.
        ignore_index: the label of rows that do not count.
        class_weights: (C,), or None.
        smoothing, temperature, reduction: as asked.
        linear: the layer that makes the logits, if there is one.
        claimed: what is claimed, to which constants and orders of rows are fitted.
        key: the key that it is claimed for.
        factor_temperature: T once more, in the factor 1/T that the chain rule brings.
        form: what is taken for the gradient.
        denominator_counts: what D counts: ``weights`` of the rows that count, those and ``ignored`` rows as 1 or
            ``ignored by weight``, the ``rows`` that count, or ``all rows``.
        ignored_as_class: the class that ignored rows are taken for, if they are.
        divisor: D itself, where it stays as it was while rows are taken for others.
        ignored_row_mass: the sum of an ignored row's target, though it has no class: 1 where nothing masks it.
        shift: what is added to each label, around the classes.
        scale: by which the result is multiplied.
        transposed: rows and columns change places.
        bounds: of what was typed, between what each number lies.
        slack: from an answer to how far a claim may be from it, entry by entry.
        permuted: the rows in the order in which they stand in the claim.
    """

    logits: Floats
    labels: NDArray[np.int64] | None
    distribution: Floats | None
    kept: NDArray[np.bool_]
    count: int
    tally: Tally | None
    ignore_index: int
    class_weights: Floats | None
    smoothing: float
    temperature: float
    reduction: Reduction
    linear: Linear | None
    key: str
    claimed: Floats
    factor_temperature: float = 1.0
    form: Form = "gradient"
    denominator_counts: DenominatorCounts = "weights"
    ignored_as_class: int | None = None
    divisor: float | None = None
    ignored_row_mass: float = 0.0
    shift: int = 0
    scale: float = 1.0
    transposed: bool = False
    bounds: tuple[Floats, Floats] | None = None
    slack: Callable[[Floats], Floats] = np.zeros_like
    permuted: bool = False

    @property
    def loss_key(self) -> tuple[object, ...]:
        """The choices that the loss of a row depends on: workings with equal ones have equal losses."""
        form = self.form if self.form.startswith("twice") else ""
        weighs = self.class_weights is not None
        return form, weighs, self.smoothing, self.temperature, self.ignored_as_class, self.shift

    @property
    def classes(self) -> int:
        """C, how many classes there are."""
        return int(self.logits.shape[1])

    @property
    def weights(self) -> Floats:
        """(C,) the class weights."""
        return np.ones(self.classes) if self.class_weights is None else self.class_weights

    @cached_property
    def target(self) -> Floats:
        """(n, C) t, the target with weights and smoothing."""
        if self.labels is None:
            assert self.distribution is not None
            given, mask = self.distribution, self.kept
        else:
            mask = self.kept if self.ignored_as_class is None else np.ones_like(self.kept)
            labels = np.where(self.kept, self.labels, self.ignored_as_class or 0)
            labels = (labels + self.shift) % self.classes
            given = np.zeros(self.logits.shape)
            given[np.arange(len(labels)), labels] = mask
        smooth = (1 - self.smoothing) * given + self.smoothing / self.classes
        return np.where(mask[:, None], smooth * self.weights, 0.0)

    @property
    def denominator(self) -> float:
        """D, by which the loss is divided."""
        if self.divisor is not None:
            return self.divisor
        if self.reduction != "mean":
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
        return float(total + ignored * each)

    @cached_property
    def softmax(self) -> Floats:
        """(n, C) a, the softmax."""
        return _softmax(self.logits / self.temperature)

    @cached_property
    def negative_log_softmax(self) -> Floats:
        """(n, C) -ln a, infinite where a is 0; of the softmax of the softmax, where that is the form."""
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
        return np.asarray(np.where(self.target == 0, 0.0, self.target * self.negative_log_softmax).sum(axis=1))

    def gradient(self) -> Floats:
        """Compute what is taken for dC/dz, (n, C)."""
        a, t = self.softmax, self.target
        divisor = self.denominator * self.factor_temperature
        total = t.sum(axis=1, keepdims=True)
        if self.ignored_row_mass:
            total = total + self.ignored_row_mass * ~self.kept[:, None]
        forms: dict[str, Callable[[], Floats]] = {
            "gradient": lambda: a * total - t,
            "softmax": lambda: a * total,
            "diagonal": lambda: -t * (1 - a),
            "probabilities": lambda: np.where(t == 0, 0.0, -t / a),
            "twice": lambda: _softmax(a) * total - t,
            "twice-chained": lambda: _through_softmax(a, _softmax(a) * total - t),
        }
        return forms[self.form]() / divisor


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
    counts = working.kept[:, None] if working.ignored_as_class is None else True
    x = np.where(counts, working.linear.x, 0.0)
    return working.gradient().T @ x


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
