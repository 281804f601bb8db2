"""How losses and gradients are worked out, with every choice that can go wrong as a value of its own. In float64."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Rows
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.softmax.question import Linear
from dlcalc.core.softmax.targets import Tally


@dataclass(frozen=True)
class SoftmaxWorking:
    """The right way to begin with; a mistake replaces a choice.

    Attributes:
        logits: (n, C) of the rows that are looked at.
        labels: (n,) theirs, each a class where it counts; None where there are distributions.
        distribution: (n, C) theirs; None where there are labels.
        kept: (n,) which of them count.
        count: N, how many rows there are.
        tally: of the labels of all rows.
        ignore_index: the label of rows that do not count.
        class_weights: (C,), or None.
        smoothing, temperature, reduction: as asked.
        linear: the layer that makes the logits, if there is one.
        claimed: what is claimed, to which constants and orders of rows are fitted.
        key: the key that it is claimed for.
        factor_temperature: T once more, in the factor 1/T that the chain rule brings.
        form: what is taken for the gradient: ``gradient``, ``softmax``, ``diagonal``, ``probabilities``, ``twice`` or
            ``twice-chained``.
        counted: what D counts: ``weights`` of the rows that count, those and ``ignored`` rows as 1 or ``ignored by
            weight``, the ``rows`` that count, or ``all rows``.
        taken_for: the class that rows to be ignored are taken for, if they are.
        divisor: D itself, where it stays as it was while rows are taken for others.
        blank: what an ignored row's target sums to, though it has no class: 1 where nobody masks it.
        shift: what is added to each label, around the classes.
        scale: by which the result is multiplied.
        transposed: rows and columns change places.
        bounds: of what was typed, between what each number lies.
        slack: how far a claim may be from an answer, entry by entry.
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
    reduction: str
    linear: Linear | None
    key: str
    claimed: Floats
    factor_temperature: float = 1.0
    form: str = "gradient"
    counted: str = "weights"
    taken_for: int | None = None
    divisor: float | None = None
    blank: float = 0.0
    shift: int = 0
    scale: float = 1.0
    transposed: bool = False
    bounds: tuple[Floats, Floats] | None = None
    slack: Callable[[Floats], Floats] = np.zeros_like
    permuted: bool = False

    @property
    def road(self) -> tuple[object, ...]:
        """The choices that the loss of a row depends on."""
        form = self.form if self.form.startswith("twice") else ""
        weighs = self.class_weights is not None
        return form, weighs, self.smoothing, self.temperature, self.taken_for, self.shift

    @property
    def classes(self) -> int:
        """C."""
        return int(self.logits.shape[1])

    @property
    def weights(self) -> Floats:
        """(C,) the class weights."""
        return np.ones(self.classes) if self.class_weights is None else self.class_weights

    @cached_property
    def target(self) -> Floats:
        """(n, C) t."""
        if self.labels is None:
            assert self.distribution is not None
            given, mask = self.distribution, self.kept
        else:
            mask = self.kept if self.taken_for is None else np.ones_like(self.kept)
            labels = np.where(self.kept, self.labels, self.taken_for or 0)
            labels = (labels + self.shift) % self.classes
            given = np.zeros(self.logits.shape)
            given[np.arange(len(labels)), labels] = mask
        smooth = (1 - self.smoothing) * given + self.smoothing / self.classes
        found: Floats = np.where(mask[:, None], smooth * self.weights, 0.0)
        return found

    @property
    def denominator(self) -> float:
        """D."""
        if self.divisor is not None:
            return self.divisor
        if self.reduction != "mean":
            return 1.0
        if self.tally is None or self.counted == "all rows":
            return float(self.count)
        counts, ignored = self.tally.counts, self.tally.ignored
        if self.taken_for is not None:
            counts, ignored = counts.copy(), 0
            counts[self.taken_for] += self.tally.ignored
        if self.counted == "rows":
            return float(counts.sum())
        total = float(self.weights @ np.roll(counts, self.shift))
        by_weight = self.counted == "ignored by weight"
        each = self.weights[self.ignore_index] if by_weight else float(self.counted == "ignored")
        return float(total + ignored * each)

    @cached_property
    def softmax(self) -> Floats:
        """(n, C) a."""
        return _softmax(self.logits / self.temperature)

    @cached_property
    def surprise(self) -> Floats:
        """(n, C) -ln a, infinite where a is 0; of the softmax of the softmax, where that is the form."""
        scaled = self.softmax if self.form.startswith("twice") else self.logits / self.temperature
        top = scaled.max(axis=1, keepdims=True)
        found: Floats = (top - scaled) + np.log(np.exp(scaled - top).sum(axis=1, keepdims=True))
        return found

    def answer(self) -> Floats | None:
        """What this working gives for its key; None where it gives nothing."""
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
        """(n,) the loss of each row."""
        found: Floats = np.where(self.target == 0, 0.0, self.target * self.surprise).sum(axis=1)
        return found

    def gradient(self) -> Floats:
        """(n, C) what is taken for dC/dz."""
        a, t = self.softmax, self.target
        divisor = self.denominator * self.factor_temperature
        total = t.sum(axis=1, keepdims=True)
        if self.blank:
            total = total + self.blank * ~self.kept[:, None]
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
    """The slopes with respect to z, from those with respect to a: J' times them."""
    found: Floats = a * (slopes - (a * slopes).sum(axis=1, keepdims=True))
    return found


def _softmax(logits: Floats) -> Floats:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = grown / grown.sum(axis=1, keepdims=True)
    return found


def _loss(working: SoftmaxWorking) -> Floats:
    losses = working.losses()
    return losses if working.reduction == "none" else np.asarray(losses.sum() / working.denominator)


def _grad_softmax(working: SoftmaxWorking) -> Floats:
    form = "probabilities" if working.form == "gradient" else working.form
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
    counts = working.kept[:, None] if working.taken_for is None else True
    x = np.where(counts, working.linear.x, 0.0)
    return working.gradient().T @ x


def _grad_x(working: SoftmaxWorking) -> Floats:
    assert working.linear is not None
    found: Floats = working.gradient() @ working.linear.weight
    return found


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


def working(answer: SoftmaxGrad, key: str, claimed: Floats, rows: Rows = slice(None)) -> SoftmaxWorking:
    """How the answer comes about, for all rows or for some.

    Args:
        answer: the right answer.
        key: what is claimed.
        claimed: for these rows, in the rank of a matrix.
        rows: which rows are looked at.
    """
    question, targets = answer.question, answer.question.targets
    return SoftmaxWorking(
        **_data(answer, rows),
        count=answer.rows,
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


def moved(working: SoftmaxWorking, answer: SoftmaxGrad, rows: Rows) -> SoftmaxWorking:
    """The same choices made about other rows of the answer."""
    return replace(working, **_data(answer, rows))


def _data(answer: SoftmaxGrad, rows: Rows) -> dict[str, Any]:
    targets = answer.question.targets
    return {
        "logits": answer.question.logits[rows].astype(np.float64, copy=False),
        "labels": None if targets.labels is None else targets.labels[rows],
        "distribution": None if targets.distribution is None else targets.distribution[rows],
        "kept": targets.kept(rows),
    }
