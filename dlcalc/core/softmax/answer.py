"""softmax-grad: losses and gradients, and every array that can be asked for besides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.blocks import in_order
from dlcalc.core.arrays.row_source import Computed, RowSource
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.errors import Notice
from dlcalc.core.softmax.notices import no_softmax, warnings_of
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import block, blocks_of, factor_of, rows_of
from dlcalc.core.softmax.summary import Totals, combined, totals_of


@dataclass(frozen=True)
class SoftmaxGrad:
    """The answer to a ``SoftmaxQuestion``. Arrays that nobody looks at are not computed.

    Where the logits are read from a file some rows at a time, so are all arrays with a row for each of theirs: they
    are worked out again, for the rows that are looked at.

    Attributes:
        question: what was asked.
        row_losses: (N,) the loss of each row, before any reduction; 0 in an ignored row.
        gradient: (N, C) dC/dz, in the precision that was computed in.
        totals: what all rows come to, if that was found on the way.
    """

    question: SoftmaxQuestion
    row_losses: RowSource
    gradient: RowSource
    totals: Totals | None = None

    @property
    def rows(self) -> int:
        """N."""
        return self.question.rows

    @property
    def classes(self) -> int:
        """C."""
        return self.question.classes

    @cached_property
    def summary(self) -> Totals:
        """What all rows come to."""
        if self.totals is not None:
            return self.totals
        blocks = blocks_of(self.question)
        return combined(
            in_order(lambda part: totals_of(part.start, self.row_losses[part], self.gradient[part]), blocks)
        )

    @cached_property
    def warnings(self) -> tuple[Notice, ...]:
        """What its reader should know."""
        return tuple(warnings_of(self.question, self.summary))

    @cached_property
    def loss(self) -> RowSource:
        """The loss: of each row, (N,), without reduction, else a single number, ()."""
        targets = self.question.targets
        if targets.reduction == "none":
            return self.row_losses
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.summary.loss / targets.denominator)

    @cached_property
    def softmax(self) -> Any:
        """(N, C) a."""
        return self._by_row("softmax")

    @cached_property
    def target(self) -> Any:
        """(N, C) y, as it was given; 0 in an ignored row."""
        return self._by_row("target")

    @cached_property
    def grad_softmax(self) -> Any:
        """(N, C) dC/da = -t/a/D, 0 where t is."""
        return self._by_row("grad_softmax")

    def _by_row(self, key: str) -> Any:
        if not self.question.streamed:
            return rows_of(self.question, key, slice(None))
        return Computed(self.shapes()[key], np.float64, lambda rows: rows_of(self.question, key, rows))

    @cached_property
    def jacobian(self) -> Floats:
        """(N, C, C) da/dz = (diag(a) - a a')/T.

        Raises:
            DlcalcError: ``invalid-value`` if it is too large to hold.
        """
        self.question.refuse_large_jacobian()
        found: Floats = self._by_row("jacobian")
        return found

    @property
    def grad_weight(self) -> Floats:
        """(C, K) dC/dW of the linear layer: the sum over rows of (dC/dz) x'."""
        assert self.question.linear is not None
        x = np.where(self.question.targets.kept(slice(None))[:, None], self.question.linear.x, 0.0)
        found: Floats = np.asarray(self.gradient).T @ x
        return found

    @property
    def grad_bias(self) -> Floats:
        """(C,) dC/db of the linear layer: the sum over rows of dC/dz."""
        found: Floats = np.asarray(self.gradient).sum(axis=0)
        return found

    @property
    def grad_x(self) -> Floats:
        """(N, K) dC/dx of the linear layer: W' dC/dz."""
        assert self.question.linear is not None
        found: Floats = np.asarray(self.gradient) @ self.question.linear.weight
        return found

    @property
    def grad_norm(self) -> float:
        """The Euclidean norm of the whole gradient."""
        return sqrt(self.summary.squares)

    @property
    def max_abs_grad(self) -> float:
        """The largest entry of the gradient, without its sign."""
        return self.summary.largest

    @property
    def worst_rows(self) -> tuple[tuple[int, float], ...]:
        """The ten rows with the largest losses, the worst first."""
        return self.summary.worst

    @cached_property
    def reference(self) -> "SoftmaxGrad":
        """The same answer computed in float64, by which claims are judged."""
        return self if self.question.logits.dtype == np.float64 else softmax_grad(self.question.wide)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The arrays of the answer by their keys, in the order of the JSON, each with the shape that was asked for."""
        return shapes_of(self.question)

    def array(self, key: str) -> NDArray[Any]:
        """One of the arrays, in the shape that was asked for."""
        if key == "logits":
            found = self.question.logits
        else:
            found = self.gradient if key == "grad_logits" else getattr(self, key)
        return np.asarray(found).reshape(self.shapes()[key])


def shapes_of(question: SoftmaxQuestion) -> dict[str, tuple[int, ...]]:
    """The arrays of an answer by their keys, in the order of the JSON, each with the shape that was asked for."""
    row, rows, classes = question.flat, question.rows, question.classes
    matrix = (classes,) if row else (rows, classes)
    found: dict[str, tuple[int, ...]] = {"loss": (rows,) if question.targets.reduction == "none" else ()}
    linear = question.linear
    if linear is not None:
        found["logits"] = matrix
    found |= dict.fromkeys(("softmax", "target", "grad_softmax", "grad_logits"), matrix)
    if question.jacobian:
        found["jacobian"] = (*matrix, classes)
    if linear is not None:
        inputs = linear.x.shape[1]
        x = (inputs,) if row else linear.x.shape
        found |= {"grad_weight": (classes, inputs), "grad_bias": (classes,), "grad_x": x}
    return found


class Visitor(Protocol):
    """Somebody who sees every block of rows of an answer while it is made."""

    def see(self, part: slice, logits: NDArray[Any], gradient: NDArray[Any], losses: Floats) -> Any:
        """Look at a block, in whatever thread and order; of what is returned ``take`` is told."""

    def take(self, seen: Any) -> None:
        """Hear what was seen in a block, in the order of the rows."""


def softmax_grad(
    question: SoftmaxQuestion, visitors: Sequence[Visitor] = (), progress: Callable[[int], object] = int
) -> SoftmaxGrad:
    """The losses of all rows and the gradient with respect to the logits, in blocks of rows, on all processors.

    Args:
        question: with its logits in memory, where the answer will be too; or in a file, where it is not kept.
        visitors: who is shown each block.
        progress: is told how many rows are done.

    Raises:
        DlcalcError: ``no-finite-logit`` naming the row, ``no-valid-rows``.

    >>> from dlcalc.core.softmax.question import checked
    >>> answer = softmax_grad(checked(np.array([[1.0, 2.0, 3.0]]), np.array([2]), None))
    >>> float(answer.loss.round(6)), answer.gradient.round(3).tolist()
    (0.407606, [[0.09, 0.245, -0.335]])
    """
    streamed, targets = question.streamed, question.targets
    factor = factor_of(question)
    targets.refuse_unreal()
    blank = (0, 0) if streamed else question.logits.shape
    gradient, losses = np.empty(blank, question.logits.dtype), np.empty(blank[0])

    def work(part: slice) -> tuple[slice, Totals | None, list[Any]]:
        logits = question.logits[part]
        result = block(question, part, logits, factor, None if streamed else gradient[part])
        if not result.finite.all():
            bad = np.flatnonzero(~result.finite & targets.kept(part))
            if bad.size:
                option = "logits" if question.linear is None else "x"
                raise no_softmax(part.start + int(bad[0]), logits[bad[0]], option)
        seen = [visitor.see(part, logits, result.gradient, result.losses) for visitor in visitors]
        if streamed:
            return part, totals_of(part.start, result.losses, result.gradient), seen
        losses[part] = result.losses
        return part, None, seen

    found: list[Totals] = []
    for part, totals, seen in in_order(work, blocks_of(question)):
        for visitor, one in zip(visitors, seen, strict=True):
            visitor.take(one)
        found += [] if totals is None else [totals]
        progress(part.stop)
    if not streamed:
        return SoftmaxGrad(question, losses, gradient)
    return SoftmaxGrad(
        question,
        Computed((question.rows,), np.float64, lambda rows: rows_of(question, "loss", rows)),
        Computed(question.logits.shape, question.logits.dtype, lambda rows: rows_of(question, "grad_logits", rows)),
        combined(found),
    )
