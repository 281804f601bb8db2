"""The answer of softmax-grad: losses and gradients, and every array that can be asked for besides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple, Protocol, Self

import numpy as np

from dlcalc.core.arrays.row_source import Array, Floats, Readable, in_order
from dlcalc.core.errors import Notice
from dlcalc.core.softmax.notices import refuse_rows, warnings_of
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import (
    Computed,
    Totals,
    blocks_of,
    combined,
    gradient_of_rows,
    rows_of,
    scale_of_gradient,
    totals_of,
)


@dataclass(frozen=True)
class SoftmaxGrad:
    """The answer to a ``SoftmaxQuestion``. Arrays that are not read are not computed.

    Where the logits are read from a file some rows at a time, arrays with a row for each of theirs are computed again,
    for the rows that are read.

    Attributes:
        question: what was asked.
        row_losses: (N,) float64, the loss of each row, before any reduction; 0 in an ignored row.
        gradient: (N, C) dC/dz, in the dtype of the logits.
        totals: of all rows, if they were added up on the way.
    """

    question: SoftmaxQuestion
    row_losses: Readable
    gradient: Readable
    totals: Totals | None = None

    @property
    def rows(self) -> int:
        """N, how many rows there are."""
        return self.question.rows

    @property
    def classes(self) -> int:
        """C, how many classes there are."""
        return self.question.classes

    @cached_property
    def summary(self) -> Totals:
        """The totals of all rows."""
        if self.totals is not None:
            return self.totals
        return combined(in_order(partial(_totals, self.row_losses, self.gradient), blocks_of(self.question)))

    @cached_property
    def warnings(self) -> tuple[Notice, ...]:
        """The caveats about the answer."""
        return tuple(warnings_of(self.question, self.summary))

    @cached_property
    def loss(self) -> Readable:
        """The loss, float64: of each row, (N,), without reduction, else a single number, ()."""
        targets = self.question.targets
        if targets.reduction == "none":
            return self.row_losses
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.summary.loss / targets.denominator)

    @cached_property
    def softmax(self) -> Readable:
        """(N, C) a, the softmax, in the dtype of the logits."""
        return self._by_row("softmax")

    @cached_property
    def target(self) -> Readable:
        """(N, C) y, the target as it was given, float64; 0 in an ignored row."""
        return self._by_row("target")

    @cached_property
    def grad_softmax(self) -> Readable:
        """(N, C) dC/da = -t/a/D, float64, 0 where t is."""
        return self._by_row("grad_softmax")

    def _by_row(self, key: str) -> Readable:
        if self.question.streamed:
            return Computed(self.question, key)
        return rows_of(self.question, key, slice(None))

    @cached_property
    def jacobian(self) -> Readable:
        """(N, C, C) da/dz = (diag(a) - a a')/T, float64.

        Raises:
            DlcalcError: ``invalid-value`` if it is too large to hold.
        """
        self.question.refuse_large_jacobian()
        return self._by_row("jacobian")

    @property
    def grad_weight(self) -> Floats:
        """(C, K) dC/dW of the linear layer: the sum over rows of (dC/dz) x'."""
        assert self.question.linear is not None
        x = np.where(self.question.targets.kept(slice(None))[:, None], self.question.linear.x, 0.0)
        slopes: Floats = np.asarray(self.gradient).T @ x
        return slopes

    @property
    def grad_bias(self) -> Floats:
        """(C,) dC/db of the linear layer: the sum over rows of dC/dz."""
        return np.asarray(np.asarray(self.gradient).sum(axis=0))

    @property
    def grad_x(self) -> Floats:
        """(N, K) dC/dx of the linear layer: W' dC/dz."""
        assert self.question.linear is not None
        slopes: Floats = np.asarray(self.gradient) @ self.question.linear.weight
        return slopes

    @cached_property
    def reference(self) -> "SoftmaxGrad":
        """The answer computed in float64, by which claims are judged."""
        return self if self.question.logits.dtype == np.float64 else softmax_grad(self.question.wide)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """List the arrays by their keys, in the order of the JSON, each with the shape that was asked for."""
        return shapes_of(self.question)

    def array(self, key: str) -> Array:
        """One of the arrays, in memory and in the shape that was asked for."""
        known: dict[str, Readable] = {"logits": self.question.logits, "grad_logits": self.gradient}
        values = np.asarray(known[key] if key in known else getattr(self, key))
        axis = self.question.axis
        if axis is not None and values.shape == (self.rows, self.classes):
            return axis.restored(values)
        return values.reshape(self.shapes()[key])

    @property
    def by_rows(self) -> "SoftmaxGrad":
        """The answer with its arrays as rows x classes."""
        return self if self.question.axis is None else replace(self, question=replace(self.question, axis=None))


def _totals(row_losses: Readable, gradient: Readable, rows: slice) -> Totals:
    """The totals of a block of rows of an answer."""
    return totals_of(rows.start, row_losses[rows], gradient[rows])


def shapes_of(question: SoftmaxQuestion) -> dict[str, tuple[int, ...]]:
    """List the arrays of an answer by their keys, in the order of the JSON, each with the shape of the JSON."""
    row, classes, axis = question.flat, question.classes, question.axis
    rows = (question.rows,) if axis is None else axis.row_shape
    matrix = (classes,) if row else (*rows, classes) if axis is None else axis.shape
    shapes: dict[str, tuple[int, ...]] = {"loss": rows if question.targets.reduction == "none" else ()}
    linear = question.linear
    if linear is not None:
        shapes["logits"] = matrix
    shapes |= dict.fromkeys(("softmax", "target", "grad_softmax", "grad_logits"), matrix)
    if question.jacobian:
        shapes["jacobian"] = (classes, classes) if row else (*rows, classes, classes)
    if linear is not None:
        inputs = linear.x.shape[1]
        x = (inputs,) if row else linear.x.shape
        shapes |= {"grad_weight": (classes, inputs), "grad_bias": (classes,), "grad_x": x}
    return shapes


class Block(NamedTuple):
    """A block of rows of an answer, as it is computed.

    Attributes:
        rows: which rows they are.
        logits: (n, C) theirs.
        gradient: (n, C) dC/dz, in the dtype of the logits.
        losses: (n,) float64.
    """

    rows: slice
    logits: Array
    gradient: Array
    losses: Floats


class Seen(Protocol):
    """What a visitor sees in some rows."""

    def joined(self, other: Self) -> Self:
        """Join what it sees in the rows that follow."""


# A visitor is shown every block of an answer, in any order and thread; it is pure, and picklable.
Visitor = Callable[[Block], Seen | None]


def softmax_grad(question: SoftmaxQuestion) -> SoftmaxGrad:
    """Compute the losses of all rows and the gradient with respect to the logits, in blocks, on all processors.

    The answer is kept in memory where the logits are.

    Raises:
        DlcalcError: ``no-finite-logit`` naming the row, ``no-valid-rows``, ``invalid-value``.

    >>> from dlcalc.core.softmax.question import checked
    >>> answer = softmax_grad(checked(np.array([[1.0, 2.0, 3.0]]), np.array([2]), None))
    >>> float(answer.array("loss").round(6)), answer.array("grad_logits").round(3).tolist()
    (0.407606, [[0.09, 0.245, -0.335]])
    """
    return visited(question, ())[0]


def visited(
    question: SoftmaxQuestion, visitors: Sequence[Visitor], progress: Callable[[int], object] = int
) -> tuple[SoftmaxGrad, list[Seen | None]]:
    """Answer as ``softmax_grad`` does, show every block to visitors, and tell ``progress`` how many rows are done.

    Returns:
        The answer, and what each of the visitors has seen in all rows.

    Raises:
        DlcalcError: as ``softmax_grad``, and what the visitors raise.
    """
    question.targets.check_finite()
    gradient = losses = None
    if not question.streamed:
        gradient, losses = np.empty(question.logits.shape, question.logits.dtype), np.empty(question.rows)
    work = _Work(question, scale_of_gradient(question), tuple(visitors), gradient, losses)
    totals: list[Totals] = []
    seen: list[Seen | None] = [None] * len(visitors)
    for rows, block_totals, block_seen in in_order(work, blocks_of(question)):
        seen = [_joined(before, after) for before, after in zip(seen, block_seen, strict=True)]
        if block_totals is not None:
            totals.append(block_totals)
        progress(rows.stop)
    if gradient is not None and losses is not None:
        return SoftmaxGrad(question, losses, gradient), seen
    answer = SoftmaxGrad(question, Computed(question, "loss"), Computed(question, "grad_logits"), combined(totals))
    return answer, seen


def _joined(before: Seen | None, after: Seen | None) -> Seen | None:
    return after if before is None or after is None else before.joined(after)


@dataclass(frozen=True)
class _Work:
    """The work on one block of rows.

    Attributes:
        question: that is answered.
        scale: 1/(D T).
        visitors: who are shown the block.
        gradient, losses: where the answer is kept, if it is.
    """

    question: SoftmaxQuestion
    scale: float
    visitors: tuple[Visitor, ...]
    gradient: Array | None
    losses: Floats | None

    def __call__(self, rows: slice) -> tuple[slice, Totals | None, list[Seen | None]]:
        """Compute the block; its totals if the answer is not kept, and what each visitor sees in it."""
        question, logits = self.question, self.question.logits[rows]
        out = None if self.gradient is None else self.gradient[rows]
        result = gradient_of_rows(question, rows, logits, self.scale, out)
        if not result.finite.all():
            option = "logits" if question.linear is None else "x"
            refuse_rows(~result.finite & question.targets.kept(rows), logits, option, rows.start)
        block = Block(rows, logits, result.gradient, result.losses)
        seen = [visitor(block) for visitor in self.visitors]
        if self.losses is None:
            return rows, totals_of(rows.start, result.losses, result.gradient), seen
        self.losses[rows] = result.losses
        return rows, None, seen
