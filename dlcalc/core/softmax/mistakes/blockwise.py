"""Large claims about softmax-grad are compared with the answer block by block, while it is computed."""

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.row_source import Array, Floats, Rows
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import Distance, LikeZeros, Quality, distance, quality
from dlcalc.core.softmax.answer import Block
from dlcalc.core.softmax.mistakes.tolerances import Allowed, allowed_in
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import rows_of, summed

_CACHED = 32_768  # entries, of which several arrays fit into the cache of a processor
FAILING = 64  # rows that are known to be wrong, and remembered


class BlockComparison(NamedTuple):
    """The comparison of some rows of a claim.

    Attributes:
        distance: how far they are from the right ones.
        failing: the first rows that are wrong.
        like_zeros: whether zeros would pass for them; None where the claim was typed, or the block is wrong.
        quality: how good they are; None likewise.
    """

    distance: Distance
    failing: tuple[int, ...]
    like_zeros: LikeZeros | None
    quality: Quality | None

    def joined(self, other: "BlockComparison") -> "BlockComparison":
        """Join the comparison of the rows that follow."""
        like_zeros = self.like_zeros or other.like_zeros
        if self.like_zeros is not None and other.like_zeros is not None:
            like_zeros = self.like_zeros.joined(other.like_zeros)
        good = self.quality or other.quality
        if self.quality is not None and other.quality is not None:
            good = self.quality.joined(other.quality)
        failing = (*self.failing, *other.failing)[:FAILING]
        return BlockComparison(self.distance.joined(other.distance), failing, like_zeros, good)


@dataclass(frozen=True)
class RowsComparison:
    """Compares a claim that has a row for each row of logits, in float64; a visitor of blocks."""

    question: SoftmaxQuestion
    claim: ArrayClaim

    @cached_property
    def allowed(self) -> Allowed:
        """How far the claim may be from what is right."""
        return allowed_in(self.question, self.claim)

    def __call__(self, block: Block) -> BlockComparison:
        """Compare a block."""
        with np.errstate(over="ignore", invalid="ignore"):
            known = {"grad_logits": block.gradient, "loss": block.losses}
            right = known.get(self.claim.key) if block.logits.dtype == np.float64 else None
            if right is None:
                right = self.right(block.rows, block.logits)
            claimed = self.claim.rows(block.rows)
            row = max(1, right.size // len(right))
            some = max(1, _CACHED // row)
            parts = [slice(first, first + some) for first in range(0, len(right), some)]
            return reduce(
                BlockComparison.joined,
                [self._compare(claimed.rows(part), right[part], block.rows.start + part.start) for part in parts],
            )

    def _compare(self, claimed: ArrayClaim, right: Floats, first: int) -> BlockComparison:
        """Compare some rows, from row ``first`` on: so few that what is made of them stays in the cache."""
        wrong = ~claimed.accepts(right, self.allowed)
        if self.claim.transposed:
            wrong[...] = True
        failing = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[:FAILING]
        like_zeros = good = None
        if claimed.format is not None and not wrong.any():
            like_zeros = LikeZeros.of(right, self.allowed(right, claimed.format), claimed.format)
            good = quality(claimed.numbers, right, claimed.format)
        apart = distance(claimed.numbers, right, wrong, first)
        return BlockComparison(apart, tuple((first + failing).tolist()), like_zeros, good)

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
