"""softmax-grad: losses and gradients, and every array that can be asked for besides."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays import Floats
from dlcalc.core.errors import DlcalcError, Warned
from dlcalc.core.softmax import rows as arithmetic
from dlcalc.core.softmax.question import MAX_JACOBIAN, SoftmaxQuestion

_BLOCK = 1 << 20  # bytes of a block of rows: what a processor keeps near


@dataclass(frozen=True)
class SoftmaxGrad:
    """The answer to a ``SoftmaxQuestion``. Arrays that nobody looks at are not computed.

    Attributes:
        question: what was asked.
        row_losses: (N,) the loss of each row, before any reduction; 0 in an ignored row.
        gradient: (N, C) dC/dz, in the precision that was computed in.
        warnings: what its reader should know.
    """

    question: SoftmaxQuestion
    row_losses: Floats
    gradient: NDArray[Any]
    warnings: tuple[Warned, ...]

    @property
    def rows(self) -> int:
        """N."""
        return int(self.question.logits.shape[0])

    @property
    def classes(self) -> int:
        """C."""
        return int(self.question.logits.shape[1])

    @cached_property
    def loss(self) -> Floats:
        """The loss: of each row, (N,), without reduction, else a single number, ()."""
        targets = self.question.targets
        if targets.reduction == "none":
            return self.row_losses
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.sum(self.row_losses) / targets.denominator)

    @cached_property
    def softmax(self) -> NDArray[Any]:
        """(N, C) a."""
        return arithmetic.probabilities(self.question.logits, self.question.temperature)

    @cached_property
    def target(self) -> Floats:
        """(N, C) y, as it was given; 0 in an ignored row."""
        return self.question.targets.given(slice(None))

    @cached_property
    def grad_softmax(self) -> Floats:
        """(N, C) dC/da = -t/a/D, 0 where t is."""
        targets = self.question.targets
        weighted = targets.dense(slice(None))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            quotient = -weighted / self.softmax.astype(np.float64) / targets.denominator
        return np.where(weighted == 0, 0.0, quotient)

    @cached_property
    def jacobian(self) -> Floats:
        """(N, C, C) da/dz = (diag(a) - a a')/T.

        Raises:
            DlcalcError: ``invalid-value`` if it is too large to hold.
        """
        entries = self.rows * self.classes**2
        if entries > MAX_JACOBIAN:
            message = f"the Jacobian of {self.rows} x {self.classes} logits has {entries:,} entries"
            hint = f"at most {MAX_JACOBIAN:,}: fewer rows"
            raise DlcalcError("invalid-value", message, hint=hint, option="jacobian")
        return jacobian_of(self.question.logits, self.question.temperature)

    @property
    def grad_weight(self) -> Floats:
        """(C, K) dC/dW of the linear layer: the sum over rows of (dC/dz) x'."""
        assert self.question.linear is not None
        x = np.where(self.question.targets.kept[:, None], self.question.linear.x, 0.0)
        return self.gradient.T @ x

    @property
    def grad_bias(self) -> Floats:
        """(C,) dC/db of the linear layer: the sum over rows of dC/dz."""
        found: Floats = self.gradient.sum(axis=0)
        return found

    @property
    def grad_x(self) -> Floats:
        """(N, K) dC/dx of the linear layer: W' dC/dz."""
        assert self.question.linear is not None
        found: Floats = self.gradient @ self.question.linear.weight
        return found

    @cached_property
    def grad_norm(self) -> float:
        """The Euclidean norm of the whole gradient."""
        return float(np.linalg.norm(self.gradient.reshape(-1).astype(np.float64)))

    @cached_property
    def max_abs_grad(self) -> float:
        """The largest entry of the gradient, without its sign."""
        return float(np.abs(self.gradient).max())

    def worst_rows(self, count: int = 10) -> list[tuple[int, float]]:
        """The rows with the largest losses, the worst first."""
        order = np.argsort(-self.row_losses, kind="stable")[:count]
        return [(int(row), float(self.row_losses[row])) for row in order]

    @cached_property
    def reference(self) -> "SoftmaxGrad":
        """The same answer computed in float64, by which claims are judged."""
        return self if self.question.logits.dtype == np.float64 else softmax_grad(self.question.wide)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The arrays of the answer by their keys, in the order of the JSON, each with the shape that was asked for."""
        row, classes = self.question.flat, self.classes
        matrix = (classes,) if row else (self.rows, classes)
        found: dict[str, tuple[int, ...]] = {"loss": self.loss.shape}
        linear = self.question.linear
        if linear is not None:
            found["logits"] = matrix
        found |= dict.fromkeys(("softmax", "target", "grad_softmax", "grad_logits"), matrix)
        if self.question.jacobian:
            found["jacobian"] = (*matrix, classes)
        if linear is not None:
            inputs = linear.x.shape[1]
            x = (inputs,) if row else linear.x.shape
            found |= {"grad_weight": (classes, inputs), "grad_bias": (classes,), "grad_x": x}
        return found

    def array(self, key: str) -> NDArray[Any]:
        """One of the arrays, in the shape that was asked for."""
        if key == "logits":
            found = self.question.logits
        else:
            found = self.gradient if key == "grad_logits" else getattr(self, key)
        return np.asarray(found).reshape(self.shapes()[key])


def softmax_grad(question: SoftmaxQuestion) -> SoftmaxGrad:
    """The losses of all rows and the gradient with respect to the logits.

    Raises:
        DlcalcError: ``no-finite-logit`` naming the row, ``no-valid-rows``.

    >>> from dlcalc.core.softmax.question import checked
    >>> answer = softmax_grad(checked(np.array([[1.0, 2.0, 3.0]]), np.array([2]), None))
    >>> float(answer.loss.round(6)), answer.gradient.round(3).tolist()
    (0.407606, [[0.09, 0.245, -0.335]])
    """
    logits, targets = question.logits, question.targets
    factor = 1 / (targets.denominator * question.temperature)
    gradient, losses = np.empty_like(logits), np.empty(len(logits))
    step = max(1, _BLOCK // logits[0].nbytes)
    for start in range(0, len(logits), step):
        part = slice(start, start + step)
        result = block(question, part, factor, gradient[part])
        bad = np.flatnonzero(~result.finite & targets.kept[part])
        if bad.size:
            option = "logits" if question.linear is None else "x"
            raise _no_softmax(start + int(bad[0]), logits[start + bad[0]], option)
        losses[part] = result.losses
    return SoftmaxGrad(question, losses, gradient, tuple(_warnings(question, losses)))


def block(question: SoftmaxQuestion, part: slice, factor: float, out: NDArray[Any]) -> arithmetic.Result:
    """Losses and gradients of some of the question's rows, the gradients times ``factor`` and written to ``out``."""
    logits, hard = question.logits[part], question.targets.hard(part)
    if hard is not None:
        return arithmetic.hard(logits, *hard, question.temperature, factor, out)
    return arithmetic.soft(logits, question.targets.dense(part), question.temperature, factor, out)


def jacobian_of(logits: NDArray[Any], temperature: float) -> Floats:
    """(N, C, C) da/dz: a_i (1 - a_i)/T on the diagonal, -a_i a_j/T beside it."""
    a = arithmetic.probabilities(logits.astype(np.float64), temperature)
    found = -a[:, :, None] * a[:, None, :]
    index = np.arange(a.shape[1])
    found[:, index, index] = 0  # so that a_i (1 - a_i) is a sum over the others, and no small difference
    found[:, index, index] = -found.sum(axis=2)
    return found / temperature


def _no_softmax(row: int, logits: NDArray[Any], option: str) -> DlcalcError:
    if np.isnan(logits).any():
        problem = f"logit nan of class {int(np.flatnonzero(np.isnan(logits))[0])} is not a number"
    elif np.isposinf(logits).any():
        problem = f"logit inf of class {int(np.argmax(logits))} leaves no softmax"
    else:
        problem = "every logit is -inf"
    message = f"row {row} has no softmax: {problem}"
    hint = "finite logits; -inf rules out a class"
    if option != "logits":
        hint = "inputs and weights whose products are finite"
    return DlcalcError("no-finite-logit", message, hint=hint, option=option)


def _warnings(question: SoftmaxQuestion, losses: Floats) -> list[Warned]:
    found = list(question.notes)
    infinite = np.flatnonzero(np.isinf(losses))
    if infinite.size:
        row = int(infinite[0])
        why = "its target includes a class whose logit is -inf"
        if not np.isneginf(question.logits[row]).any():
            why = "its logits are too far apart for float64"
        elif question.targets.label_smoothing and question.targets.labels is not None:
            why = "smoothing gives a class whose logit is -inf a part of the target"
        more = f", and of {infinite.size - 1} more rows" if infinite.size > 1 else ""
        found.append(Warned("infinite-loss", f"the loss of row {row} is infinite: {why}{more}"))
    found += _target_warnings(question)
    logits = question.logits[:4096]
    with np.errstate(invalid="ignore", over="ignore"):
        sums = logits.sum(axis=1, dtype=np.float64)
    if len(logits) and bool(np.all((logits >= 0) & (logits <= 1))) and bool(np.all(np.abs(sums - 1) < 1e-3)):
        text = "the logits look like probabilities: rows in [0, 1] that sum to 1; softmax would be applied twice"
        found.append(Warned("logits-look-like-probabilities", text))
    return found


def _target_warnings(question: SoftmaxQuestion) -> list[Warned]:
    distribution = question.targets.distribution
    if distribution is None:
        return []
    found = []
    sums = distribution.sum(axis=1)
    off = np.flatnonzero(np.abs(sums - 1) > 1e-4)
    if off.size:
        text = f"the target of row {off[0]} sums to {sums[off[0]]:.6g} and not to 1: the gradient is a*sum(y) - y"
        found.append(Warned("target-not-normalized", text))
    negative = np.flatnonzero((distribution < 0).any(axis=1))
    if negative.size:
        text = f"the target of row {negative[0]} has a negative entry"
        found.append(Warned("target-negative", text))
    return found
