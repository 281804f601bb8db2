"""Gradients are proved by the complex step on the loss as the textbook writes it, which is an independent method.

With f analytic and h = 1e-20, f'(x) = Im f(x + ih)/h: no difference is taken, so nothing cancels. Each row's target and
D are made here once more, label by label, from the definitions. Nothing is shared with what is proved but the table of
number formats, which says how near two computations must come.

Source: Martins, Sturdza & Alonso, The complex-step derivative approximation, ACM TOMS 2003.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from dlcalc.core.softmax.answer import SoftmaxGrad
    from dlcalc.core.softmax.question import Linear
    from dlcalc.core.softmax.targets import Targets

MAX_EXPONENTIALS = 4_000_000
MAX_ROWS = 10_000
_ROWS = 64  # that are looked at even if not all of their classes can be
_AT_ONCE = 200_000  # exponentials that are held in memory
_H = 1e-20
_SEED = 20031
_LABELS = 100_000  # that are read at a time

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


class _Row(NamedTuple):
    """A row of logits (C,), its target t (C,) and T: all that its loss is made of."""

    logits: Floats
    target: Floats
    temperature: float

    def loss(self, logits: Floats | Complex) -> Complex:
        """Compute the losses (m,) at (m, C) logits: sum(t (lse - z/T)), infinite where it is."""
        scaled = self._scaled(logits)
        log_sum = np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
        used = self.target != 0
        surprise = log_sum - scaled[..., used]
        real = (self.target[used] * surprise.real).sum(axis=-1)
        return np.asarray(real + 1j * (self.target[used] * surprise.imag).sum(axis=-1))

    def softmax(self, logits: Floats | Complex) -> Complex:
        """Compute the softmax (m, C) at (m, C) logits."""
        grown = np.exp(self._scaled(logits))
        return np.asarray(grown / grown.sum(axis=-1, keepdims=True))

    def _scaled(self, logits: Floats | Complex) -> Complex:
        """Compute z/T less its maximum, part by part: a complex division makes NaN of an infinity."""
        real, imaginary = logits.real / self.temperature, logits.imag / self.temperature
        return np.asarray(real - real.max() + 1j * imaginary)


@np.errstate(all="ignore")
def check(answer: "SoftmaxGrad", limit: int = MAX_EXPONENTIALS) -> Proof:
    """Prove the loss, the softmax and every gradient of an answer, on seeded rows and classes if there are many.

    Args:
        answer: to be proved.
        limit: how many exponentials may be taken; the rows and classes beyond are left out.
    """
    question, targets = answer.question, answer.question.targets
    rng = np.random.default_rng(_SEED)
    classes = answer.classes
    row_count = min(answer.rows, MAX_ROWS, max(limit // classes**2, min(_ROWS, limit // classes), 1))
    rows = np.sort(rng.choice(answer.rows, row_count, replace=False))
    column_count = min(classes, max(1, limit // classes // row_count))
    scale = _Scale(answer, question.logits.dtype.name)
    denominator = _denominator(targets)
    compared = _Compared()
    for row in map(int, rows):
        label = None if targets.labels is None else int(targets.labels[row])
        if label == targets.ignore_index:
            compared.add("grad_logits", (row,), answer.gradient[row], np.zeros(classes), 0.0)
            compared.add("loss", (row,), answer.row_losses[row], 0.0, 0.0)
            continue
        columns = np.sort(rng.choice(classes, column_count, replace=False))
        if label is not None and label not in columns:
            columns[0] = label
        truth = _Row(question.logits[row].astype(np.float64), _target(targets, row), question.temperature)
        _check_row(answer, row, truth, columns, denominator, scale, compared)
    if question.linear is not None:
        _check_linear(answer, question.linear, denominator, rng, compared)
    if targets.reduction != "none" and not question.streamed:
        total = float(np.longdouble(answer.row_losses[:]).sum() / denominator)
        compared.add("loss", (), answer.array("loss"), total, scale.near(total, abs(total)))
    sampled = row_count < answer.rows or column_count < classes
    manner = f"by the complex step, {compared.entries:,} numbers of {row_count:,} row{'s' if row_count > 1 else ''}"
    details = {
        "keys": tuple(compared.keys),
        "rows": row_count,
        "entries": compared.entries,
        "sampled": sampled,
        "max_abs_error": compared.largest,
    }
    return Proof("complex-step", manner + (", chosen at random" if sampled else ""), details, tuple(compared.failures))


class _Scale:
    """How near two computations must come: the rules' tolerance for a claim in the dtype that was computed in."""

    def __init__(self, answer: "SoftmaxGrad", name: str) -> None:
        form = FORMATS[name]
        self.relative, self.noise, self.tiny = form.relative, form.factor * form.eps, form.half_tiny + 1e-320

    def near(self, reference: ArrayLike, size: float) -> Floats:
        """Compute the tolerance for entries of an array whose scale is ``size``."""
        return np.asarray(self.noise * size + self.relative * np.abs(reference) + self.tiny)


class _Compared:
    """Counts what was compared, and collects what differs."""

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        self.entries, self.largest = 0, 0.0
        self.failures: list[Failure] = []

    def add(
        self, key: str, index: tuple[int, ...], answered: ArrayLike, proved: ArrayLike, tolerance: ArrayLike
    ) -> None:
        """Compare entries of one key; ``index`` is where the first of them stands."""
        said, found, allowed = np.broadcast_arrays(np.asarray(answered, np.float64), proved, tolerance)
        same = (said == found) | (np.isnan(said) & np.isnan(found))  # infinities, and the sum of two of them
        error = np.where(same, 0.0, np.abs(said - found))
        wrong = ~((error <= allowed) | same)
        self.keys[key] = None
        self.entries += said.size
        self.largest = max(self.largest, float(np.max(error[np.isfinite(error)], initial=0.0)))
        for at in np.argwhere(wrong)[:1]:
            place = {"index": [*index, *map(int, at)]}
            self.failures.append(Failure(place, key, float(said[tuple(at)]), float(found[tuple(at)])))


def _check_row(
    answer: "SoftmaxGrad",
    row: int,
    truth: _Row,
    columns: NDArray[np.intp],
    denominator: float,
    scale: _Scale,
    compared: _Compared,
) -> None:
    """Compare the loss, the softmax and the derivatives of one row with respect to some of its logits."""
    loss = float(truth.loss(truth.logits).real)
    spread = float(np.abs(truth.target).sum())
    compared.add("loss", (row,), answer.row_losses[row], loss, scale.near(loss, spread))
    a = truth.softmax(truth.logits)
    compared.add("softmax", (row,), answer.softmax[row], a, scale.near(a, 1.0))
    gradient, step = answer.gradient[row], _H * truth.temperature
    size = spread / denominator / truth.temperature
    count = max(1, _AT_ONCE // a.size)
    for some in (columns[start : start + count] for start in range(0, len(columns), count)):
        steps = np.repeat(truth.logits[None].astype(np.complex128), len(some), axis=0)
        steps[np.arange(len(some)), some] += 1j * step
        slope = truth.loss(steps).imag / step / denominator
        compared.add("grad_logits", (row,), gradient[some], slope, scale.near(slope, size))
        if answer.question.jacobian:
            slopes = truth.softmax(steps).imag / step
            near = scale.near(slopes, 1 / truth.temperature)
            compared.add("jacobian", (row,), answer.jacobian[row][some], slopes, near)


def _check_linear(
    answer: "SoftmaxGrad", linear: "Linear", denominator: float, rng: np.random.Generator, compared: _Compared
) -> None:
    """Compare the derivatives with respect to some entries of W, b and x, by a step in each."""
    targets = answer.question.targets
    kept = [row for row in range(answer.rows) if targets.labels is None or targets.labels[row] != targets.ignore_index]
    if not kept:
        for key in ("grad_x", "grad_weight", "grad_bias"):
            compared.add(key, (), getattr(answer, key), 0.0, 0.0)
        return
    rows = [_Row(np.zeros(0), _target(targets, row), answer.question.temperature) for row in kept]

    def total(x: Floats | Complex, weight: Floats | Complex, bias: Floats | Complex) -> float:
        losses = (truth.loss(weight @ x[row] + bias) for truth, row in zip(rows, kept, strict=True))
        return float(sum(loss.imag for loss in losses)) / _H / denominator

    said = {"grad_x": answer.grad_x, "grad_weight": answer.grad_weight, "grad_bias": answer.grad_bias}
    cost = max(1, answer.rows * linear.weight.size)
    for key, name in (("grad_x", "x"), ("grad_weight", "weight"), ("grad_bias", "bias")):
        values: dict[str, Floats | Complex] = {"x": linear.x, "weight": linear.weight, "bias": linear.bias}
        count = min(values[name].size, max(1, MAX_EXPONENTIALS // cost))
        size = float(np.abs(said[key]).max()) + 1 / denominator
        for flat in map(int, np.sort(rng.choice(values[name].size, count, replace=False))):
            index = tuple(map(int, np.unravel_index(flat, values[name].shape)))
            stepped = values[name].astype(np.complex128)
            stepped[index] += 1j * _H
            slope = total(**(values | {name: stepped}))
            compared.add(key, index, said[key][index], slope, 1e-11 * size + 1e-11 * abs(slope))


def _denominator(targets: "Targets") -> float:
    """Add up D, label by label; NaN where no row counts."""
    if targets.reduction != "mean":
        return 1.0
    if targets.distribution is not None:
        return float(len(targets.distribution))
    assert targets.labels is not None
    weights, labels = targets.class_weights, targets.labels
    total = 0.0
    for start in range(0, len(labels), _LABELS):
        for label in labels[start : start + _LABELS].tolist():
            if label != targets.ignore_index:
                total += 1.0 if weights is None else float(weights[label])
    return total or np.nan


def _target(targets: "Targets", row: int) -> Floats:
    """Compute t (C,) of a row that counts, class by class."""
    classes, spread = targets.classes, targets.label_smoothing
    found = np.zeros(classes)
    for number in range(classes):
        if targets.distribution is not None:
            share = float(targets.distribution[row, number])
        else:
            assert targets.labels is not None
            share = 1.0 if int(targets.labels[row]) == number else 0.0
        weight = 1.0 if targets.class_weights is None else float(targets.class_weights[number])
        found[number] = weight * (share - spread * share + spread / classes)
    return found
