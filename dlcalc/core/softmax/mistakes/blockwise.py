"""Large claims about softmax-grad are compared with the answer block by block, while it is computed."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.row_source import Array, Floats, Rows
from dlcalc.core.evidence.array_claim import ArrayClaim, Distance, LikeZeros, distance
from dlcalc.core.softmax.answer import Block
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import rows_of, summed


@dataclass(frozen=True)
class Allowed:
    """The tolerance for a claim c: |c - r| <= K eps M + R |r| + h by its format, M the scale of the key.

    Attributes:
        scale: M.
        asked: relative and absolute tolerance, in place of those of the format.
        largest: the largest absolute value that is right; where it is known, another array has a scale of its own.
    """

    scale: float
    asked: tuple[float, float] | None = None
    largest: float | None = None

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute the tolerance for each entry of an array that may be right, in the format of that name."""
        if self.asked is not None:
            return self.asked[1] + self.asked[0] * np.abs(right)
        form = FORMATS[name]
        grown = self.scale * largest(right) / self.largest if self.largest else self.scale
        return form.factor * form.eps * grown + form.relative * np.abs(right) + form.half_tiny

    def growing_from(self, reference: Floats) -> "Allowed":
        """Tie M to this reference, so that it grows with arrays that are larger."""
        return replace(self, largest=largest(reference))

    def grown_to(self, other: Floats) -> "Allowed":
        """Fix M for arrays of which this other one is a part."""
        if not self.largest:
            return self
        return replace(self, scale=self.scale * largest(other) / self.largest, largest=None)


def allowed_in(question: SoftmaxQuestion, key: str) -> Allowed:
    """Make the tolerance for claims of a key."""
    return Allowed(scale_of(question, key), question.tolerances)


def largest(values: Floats) -> float:
    """Find the largest finite absolute value; 0 if there is none."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def scale_of(question: SoftmaxQuestion, key: str) -> float:
    """Estimate M, the size of the terms whose sums and differences the entries of a key are."""
    targets, temperature, rows = question.targets, question.temperature, question.rows
    gradient = targets.spread / targets.denominator / temperature
    scales = {"grad_logits": gradient, "softmax": 1.0, "jacobian": 1 / temperature, "grad_softmax": 0.0}
    if question.linear is not None:
        x, weight = np.abs(question.linear.x), np.abs(question.linear.weight)
        inputs = float(np.max(x, initial=0.0, where=np.isfinite(x)))
        scales |= {"grad_weight": gradient * inputs * rows, "grad_bias": gradient * rows}
        scales |= {"grad_x": gradient * float(weight.max()), "logits": float(weight.max()) * inputs}
    return scales.get(key, 0.0)


FAILING = 64  # rows that are known to be wrong, and remembered


class BlockComparison(NamedTuple):
    """The comparison of some rows of a claim.

    Attributes:
        distance: how far they are from the right ones.
        failing: the first rows that are wrong.
        like_zeros: whether zeros would pass for them; None where the claim was typed, or the block is wrong.
    """

    distance: Distance
    failing: tuple[int, ...]
    like_zeros: LikeZeros | None

    def joined(self, other: "BlockComparison") -> "BlockComparison":
        """Join the comparison of the rows that follow."""
        like_zeros = self.like_zeros or other.like_zeros
        if self.like_zeros is not None and other.like_zeros is not None:
            like_zeros = self.like_zeros.joined(other.like_zeros)
        failing = (*self.failing, *other.failing)[:FAILING]
        return BlockComparison(self.distance.joined(other.distance), failing, like_zeros)


@dataclass(frozen=True)
class RowsComparison:
    """Compares a claim that has a row for each row of logits, in float64; a visitor of blocks."""

    question: SoftmaxQuestion
    claim: ArrayClaim

    @cached_property
    def allowed(self) -> Allowed:
        """How far the claim may be from what is right."""
        return allowed_in(self.question, self.claim.key)

    def __call__(self, block: Block) -> BlockComparison:
        """Compare a block."""
        with np.errstate(over="ignore", invalid="ignore"):
            known = {"grad_logits": block.gradient, "loss": block.losses}
            right = known.get(self.claim.key) if block.logits.dtype == np.float64 else None
            if right is None:
                right = self.right(block.rows, block.logits)
            claimed = self.claim.rows(block.rows)
            wrong = ~claimed.accepts(right, self.allowed)
            if self.claim.transposed:
                wrong[...] = True
            failing = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[:FAILING]
            like_zeros = None
            if claimed.format is not None and not wrong.any():
                like_zeros = LikeZeros.of(right, self.allowed(right, claimed.format), claimed.format)
            apart = distance(claimed.numbers, right, wrong, block.rows.start)
            return BlockComparison(apart, tuple((block.rows.start + failing).tolist()), like_zeros)

    def right(self, rows: Rows, logits: Array | None = None) -> Floats:
        """Compute some rows of the right array, in float64."""
        logits = self.question.logits[rows] if logits is None else logits
        return rows_of(self.question, self.claim.key, rows, logits.astype(np.float64, copy=False))


class LossSums(NamedTuple):
    """The sums of the losses of some blocks, which are added up in one go so that rounding depends on nothing else."""

    sums: tuple[float, ...]

    def joined(self, other: "LossSums") -> "LossSums":
        """Join the sums of the blocks that follow."""
        return LossSums(self.sums + other.sums)


@dataclass(frozen=True)
class LossComparison:
    """Sums up the loss, with which a claim of a single number is compared, in float64; a visitor of blocks."""

    question: SoftmaxQuestion
    claim: ArrayClaim

    def __call__(self, block: Block) -> LossSums:
        """Sum up a block."""
        losses: Floats = block.losses
        if block.logits.dtype != np.float64:
            losses = rows_of(self.question, "loss", block.rows, block.logits.astype(np.float64))
        return LossSums((summed(losses),))


Comparison = RowsComparison | LossComparison
