"""Judging what is claimed of softmax-grad: by the precision of the claim, and with its diagnosis if it is wrong."""

from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.blocks import in_order
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.evidence.array_claim import ArrayClaim, ArrayVerdict, compare, written
from dlcalc.core.evidence.claim import Diagnosis
from dlcalc.core.evidence.diagnosis import diagnose
from dlcalc.core.softmax.answer import SoftmaxGrad, shapes_of
from dlcalc.core.softmax.mistakes.blockwise import Comparison, LossComparison, RowsComparison
from dlcalc.core.softmax.mistakes.table import MISTAKES
from dlcalc.core.softmax.mistakes.tolerance import allowed_in
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking, working
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import blocks_of

_ENTRIES = 400_000  # of an array that is judged as a whole; a larger one is judged block by block
_BY_ROW = ("grad_logits", "softmax", "grad_softmax", "jacobian", "loss")


def claimable(answer: SoftmaxGrad) -> dict[str, tuple[int, ...]]:
    """The keys that can be claimed with their shapes, the headline first."""
    return claimable_of(answer.question)


def claimable_of(question: SoftmaxQuestion) -> dict[str, tuple[int, ...]]:
    """The keys that can be claimed of its answer with their shapes, the headline first."""
    shapes = shapes_of(question)
    return {"grad_logits": shapes.pop("grad_logits"), **{key: shapes[key] for key in shapes if key != "target"}}


def comparison(question: SoftmaxQuestion, claim: ArrayClaim) -> Comparison | None:
    """What compares a claim about a large array with the answer, block by block; None where the whole is compared."""
    large = question.streamed or question.rows * question.classes > _ENTRIES
    if not large or claim.key not in _BY_ROW or question.flat:
        return None
    if question.tolerances is not None:
        claim = claim.by_tolerance
    if claim.key == "loss" and question.targets.reduction != "none":
        return LossComparison(question, claim)
    return RowsComparison(question, claim)


def judge(answer: SoftmaxGrad, claim: ArrayClaim) -> ArrayVerdict:
    """Judge one claim about an answer, in float64 whatever the answer was computed in."""
    by_blocks = comparison(answer.question, claim)
    if by_blocks is None:
        with np.errstate(over="ignore", invalid="ignore"):
            return _judged(answer, claim)

    def look(part: slice) -> object:
        return by_blocks.see(part, answer.question.logits[part], answer.gradient[part], answer.row_losses[part])

    for seen in in_order(look, blocks_of(answer.question)):
        by_blocks.take(seen)
    return by_blocks.verdict(answer)


def _judged(answer: SoftmaxGrad, claim: ArrayClaim) -> ArrayVerdict:
    claim, reference = replace(claim, values=np.asarray(claim.values)), answer.reference
    right = reference.array(claim.key).astype(np.float64)
    if answer.question.tolerances is not None:
        claim = claim.by_tolerance
    verdict = compare(claim, right, allowed_in(reference.question, claim.key).growing_from(right))
    if verdict.passed or not verdict.decidable:
        return verdict
    return replace(verdict, diagnosis=_diagnosis(reference, verdict))


def _diagnosis(answer: SoftmaxGrad, verdict: ArrayVerdict) -> tuple[Diagnosis, ...]:
    """The mistakes that give a whole claim."""
    claim, right = verdict.claim, verdict.right
    allowed = allowed_in(answer.question, claim.key).growing_from(right)
    row = answer.question.flat and claim.key not in ("loss", "grad_weight", "grad_bias")
    claimed, low, high = (part[None] if row else part for part in (claim.values, claim.low, claim.high))
    start = working(answer, claim.key, claimed)
    start = replace(start, slack=lambda values: allowed(values, claim.format or "float64"))
    if claim.typed:
        start = replace(start, bounds=(low, high))

    def of(edited: SoftmaxWorking) -> Floats | None:
        found = edited.answer()
        return found[0] if found is not None and row and not edited.transposed else found

    def fits(values: Floats) -> bool:
        return claim.is_explained_by(values, right, allowed)

    return diagnose(MISTAKES, start, of, fits, written, claim.carries_a_pair)
