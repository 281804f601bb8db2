"""Judging what is claimed of softmax-grad: by the precision of the claim, and with its diagnosis if it is wrong."""

from dataclasses import replace
from functools import partial, reduce

import numpy as np

from dlcalc.core.arrays.row_source import Floats, in_order
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_judge import Candidates, in_memory, judged
from dlcalc.core.evidence.array_verdict import ArrayVerdict, compare
from dlcalc.core.evidence.tolerance import Allowance, largest, roundings
from dlcalc.core.softmax.answer import Block, Seen, SoftmaxGrad, shapes_of
from dlcalc.core.softmax.mistakes.blockwise import (
    BlockComparison,
    Comparison,
    LossComparison,
    LossSums,
    RowsComparison,
)
from dlcalc.core.softmax.mistakes.table import ALONE, MISTAKES
from dlcalc.core.softmax.mistakes.tolerances import Allowed, allowed_in, scale_of, terms_of
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking, working
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import Computed, blocks_of, summed

_ENTRIES = 400_000  # of an array that is judged as a whole; a larger one is judged block by block
_BY_ROW = ("grad_logits", "softmax", "grad_softmax", "jacobian", "loss")


def claimable(answer: SoftmaxGrad) -> dict[str, tuple[int, ...]]:
    """List the keys that can be claimed with their shapes, the headline first."""
    return claimable_of(answer.question)


def claimable_of(question: SoftmaxQuestion) -> dict[str, tuple[int, ...]]:
    """List the keys that can be claimed of the question's answer with their shapes, the headline first."""
    shapes = shapes_of(question)
    return {"grad_logits": shapes.pop("grad_logits"), **{key: shapes[key] for key in shapes if key != "target"}}


def comparison(question: SoftmaxQuestion, claim: ArrayClaim) -> Comparison | None:
    """Make the visitor that compares a claim about a large array block by block; None where the whole is compared.

    Raises:
        DlcalcError: ``invalid-value`` for a Jacobian that is too large.
    """
    large = question.streamed or question.rows * question.classes > _ENTRIES
    if not large or claim.key not in _BY_ROW or question.flat:
        return None
    if question.tolerances is not None:
        claim = claim.by_tolerance
    if claim.key == "loss" and question.targets.reduction != "none":
        return LossComparison(question, claim)
    if claim.key == "jacobian":
        question.refuse_large_jacobian()
    return RowsComparison(question, claim)


def judge(answer: SoftmaxGrad, claim: ArrayClaim) -> ArrayVerdict:
    """Judge one claim about an answer, in float64 whatever the answer was computed in."""
    by_blocks = comparison(answer.question, claim)
    if by_blocks is None:
        with np.errstate(over="ignore", invalid="ignore"):
            return _judged(answer, claim)
    seen = in_order(partial(_shown, by_blocks, answer), blocks_of(answer.question))
    return verdict(answer, by_blocks, reduce(_joined, seen))


def _shown(visitor: Comparison, answer: SoftmaxGrad, rows: slice) -> Seen:
    """Show a visitor a block of an answer that is there."""
    return visitor(Block(rows, answer.question.logits[rows], answer.gradient[rows], answer.row_losses[rows]))


def _joined(before: Seen, after: Seen) -> Seen:
    return before.joined(after)


def verdict(answer: SoftmaxGrad, by_blocks: Comparison, seen: Seen | None) -> ArrayVerdict:
    """Judge a claim by what its comparison has seen in all blocks, and explain it if it is wrong."""
    # Screening is not imported where a claim is right, and nothing is to be explained.
    claim, question = by_blocks.claim, by_blocks.question
    if isinstance(by_blocks, LossComparison):
        assert isinstance(seen, LossSums)
        right = np.asarray(summed(seen.sums) / question.targets.denominator)
        allowed = allowed_in(question, claim).growing_from(right)
        single = replace(compare(claim, right, allowed), tolerance=allowed.stated(claim))
        if single.passed:
            return single
        from dlcalc.core.softmax.mistakes.screening import diagnosed_loss

        return diagnosed_loss(question, single, right)
    assert isinstance(seen, BlockComparison)
    stated = by_blocks.allowed.stated(claim)
    found = ArrayVerdict(claim, Computed(question.wide, claim.key), seen.distance, passed=False, tolerance=stated)
    if seen.distance.failed:
        from dlcalc.core.softmax.mistakes.screening import diagnosed

        by_format = replace(by_blocks, question=replace(question, exact=False))
        return diagnosed(by_format, seen.failing, found)
    if seen.like_zeros is not None and seen.like_zeros.would_pass:
        return replace(found, decidable=False)
    if claim.format is not None and by_blocks.allowed.asked is None:
        from dlcalc.core.softmax.mistakes.screening import overruled

        if diagnosis := overruled(by_blocks):
            return replace(found, within_tolerance=True, diagnosis=diagnosis)
    return replace(found, passed=True, quality=seen.quality)


def _judged(answer: SoftmaxGrad, claim: ArrayClaim) -> ArrayVerdict:
    """Judge a whole claim."""
    question, claim = answer.reference.question, in_memory(claim)
    right = answer.reference.array(claim.key).astype(np.float64)
    if question.tolerances is not None:
        claim = claim.by_tolerance
    allowed = allowed_in(question, claim).growing_from(right)
    by_format = allowed_in(replace(question, exact=False), claim).growing_from(right) if question.exact else allowed
    size = max(scale_of(question, claim.key), largest(right)) if claim.key == "loss" else scale_of(question, claim.key)
    verdict = judged(claim, allowed, _candidates(question, claim, right, by_format), size or None)
    stated = allowed.stated(claim)
    if verdict.printed is not None:
        stated = Allowance(verdict.printed, absolute=roundings(verdict.printed) * size)
    return replace(verdict, tolerance=stated)


def _candidates(
    question: SoftmaxQuestion, claim: ArrayClaim, right: Floats, allowed: Allowed
) -> Candidates[SoftmaxWorking]:
    """Prepare the mistakes that may be behind a whole claim."""
    row = question.flat and claim.key not in ("loss", "grad_weight", "grad_bias")
    claimed, low, high = (part[None] if row else part for part in (claim.numbers, claim.low, claim.high))
    start = working(question, claim.key, claimed)
    start = replace(start, slack=partial(allowed, name=claim.format or "float64"))
    if claim.typed:
        start = replace(start, bounds=(low, high))

    def answer(edited: SoftmaxWorking) -> Floats | None:
        values = edited.answer()
        return values[0] if values is not None and row and not edited.transposed else values

    def terms() -> Floats:
        sizes = terms_of(start, right)
        return sizes[0] if row and sizes.ndim > right.ndim else sizes

    return Candidates(MISTAKES, start, answer, right, allowed, terms, alone=ALONE)
