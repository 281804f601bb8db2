"""Large claims about softmax-grad, compared with the answer block by block while it is made."""

from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Computed, Rows
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.evidence.array_claim import ArrayClaim, ArrayVerdict, Distance, LikeZeros, compare, distance
from dlcalc.core.softmax.answer import SoftmaxGrad, shapes_of
from dlcalc.core.softmax.mistakes.tolerance import allowed_in
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import rows_of
from dlcalc.core.softmax.summary import summed

FAILING = 64  # rows that are known to be wrong, and remembered


class Comparison(Protocol):
    """A visitor of all blocks who has a verdict in the end."""

    def see(self, part: slice, logits: NDArray[Any], gradient: NDArray[Any], losses: Floats) -> Any:
        """Compare a block."""

    def take(self, seen: Any) -> None:
        """Hear what was seen in a block, in the order of the rows."""

    def verdict(self, answer: SoftmaxGrad) -> ArrayVerdict:
        """The verdict, and what explains the claim if it is wrong."""


class _Seen(NamedTuple):
    """What a block shows: how far it is off, which rows fail, and whether zeros would do."""

    distance: Distance
    failing: list[int]
    like_zeros: LikeZeros | None


class RowsComparison:
    """Compares a claim that has a row for each row of logits, in float64."""

    def __init__(self, question: SoftmaxQuestion, claim: ArrayClaim) -> None:
        self.question, self.claim = question, claim
        self.allowed = allowed_in(question, claim.key)
        self.failing: list[int] = []
        self._distance: Distance | None = None
        self._like_zeros: LikeZeros | None = None
        if claim.key == "jacobian":
            question.refuse_large_jacobian()

    def see(self, part: slice, logits: NDArray[Any], gradient: NDArray[Any], losses: Floats) -> _Seen:
        """Compare a block."""
        with np.errstate(over="ignore", invalid="ignore"):
            known = {"grad_logits": gradient, "loss": losses} if logits.dtype == np.float64 else {}
            right = known.get(self.claim.key)
            if right is None:
                right = self.right(part, logits)
            claimed = self.claim.rows(part)
            wrong = ~claimed.accepts(right, self.allowed)
            if self.claim.transposed:
                wrong[...] = True
            failing = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[:FAILING]
            like_zeros = None
            if claimed.format is not None and not wrong.any():
                like_zeros = LikeZeros.of(right, self.allowed(right, claimed.format), claimed.format)
            apart = distance(claimed.values, right, wrong, part.start)
            return _Seen(apart, (part.start + failing).tolist(), like_zeros)

    def right(self, rows: Rows, logits: NDArray[Any] | None = None) -> Floats:
        """What is right of some rows, in float64."""
        logits = self.question.logits[rows] if logits is None else logits
        return rows_of(self.question, self.claim.key, rows, logits.astype(np.float64, copy=False))

    def take(self, seen: _Seen) -> None:
        """Hear what was seen in a block."""
        self._distance = seen.distance if self._distance is None else self._distance.joined(seen.distance)
        self.failing = [*self.failing, *seen.failing][:FAILING]
        if seen.like_zeros is not None:
            before = self._like_zeros
            self._like_zeros = seen.like_zeros if before is None else before.joined(seen.like_zeros)

    def verdict(self, answer: SoftmaxGrad) -> ArrayVerdict:
        """The verdict, and what explains the claim if it is wrong."""
        from dlcalc.core.softmax.mistakes.screening import diagnosed  # which is not needed for what is right

        assert self._distance is not None
        shape = shapes_of(self.question)[self.claim.key]
        verdict = ArrayVerdict(self.claim, Computed(shape, np.float64, self.right), self._distance, passed=False)
        if self._distance.failed:
            return diagnosed(answer, self, verdict)
        unclear = self._like_zeros is not None and self._like_zeros.would_pass
        return replace(verdict, passed=not unclear, decidable=not unclear)


class LossComparison:
    """Compares a single number with the loss, which is summed up in float64."""

    def __init__(self, question: SoftmaxQuestion, claim: ArrayClaim) -> None:
        self.question, self.claim = question, claim
        self.sums: list[float] = []

    def see(self, part: slice, logits: NDArray[Any], gradient: NDArray[Any], losses: Floats) -> float:
        """Sum up a block."""
        if logits.dtype != np.float64:
            losses = rows_of(self.question, "loss", part, logits.astype(np.float64))
        return summed(losses)

    def take(self, seen: float) -> None:
        """Hear the sum of a block."""
        self.sums.append(seen)

    def verdict(self, answer: SoftmaxGrad) -> ArrayVerdict:
        """The verdict, and what explains the claim if it is wrong."""
        from dlcalc.core.softmax.mistakes.screening import diagnosed_loss

        right = np.asarray(summed(self.sums) / self.question.targets.denominator)
        allowed = allowed_in(self.question, "loss").growing_from(right)
        verdict = compare(self.claim, right, allowed)
        return verdict if verdict.passed else diagnosed_loss(answer, verdict)
