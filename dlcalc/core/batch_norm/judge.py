"""Judging what is claimed of bn-fold: folded numbers by half an ulp of their format, computed ones by its precision."""

from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.answer import BnFold, bn_fold
from dlcalc.core.batch_norm.fold import channel_of, summed
from dlcalc.core.batch_norm.mistakes import MISTAKES
from dlcalc.core.batch_norm.working import BnWorking, working
from dlcalc.core.evidence.array_claim import ArrayClaim, ArrayVerdict, Tolerance, compare, errors, written
from dlcalc.core.evidence.diagnosis import explained

_FOLDED = ("scale", "shift", "weight", "bias")  # made of few numbers: a claim must be within half an ulp
_DOUBLE = FORMATS["float64"]


def claimable(answer: BnFold) -> dict[str, tuple[int, ...]]:
    """List the keys that can be claimed, the headline first, each with its shape."""
    return {key: array.shape for key, array in answer.arrays().items()}


@np.errstate(over="ignore", invalid="ignore")
def judge(answer: BnFold, claim: ArrayClaim) -> ArrayVerdict:
    """Judge one claim about an answer, and name the mistakes that would give it if it is wrong."""
    right = exact_arrays(answer)[claim.key]
    allowed = tolerance(answer, claim.key)
    verdict = compare(claim, right, allowed)
    if verdict.passed or not verdict.decidable:
        return verdict
    explanations = explained(
        MISTAKES,
        working(answer, claim.key, claim.numbers, by_rounding=_by_rounding(answer, verdict)),
        BnWorking.answer,
        lambda values: claim.is_explained_by(values, right, allowed),
        written,
        claim.carries_a_pair,
    )
    return replace(verdict, diagnosis=tuple(explanation.diagnosis for explanation in explanations))


def _by_rounding(answer: BnFold, verdict: ArrayVerdict) -> bool:
    """Tell whether a claim is within some roundings of the coarsest format, and has the digits to show it."""
    claim = verdict.claim
    if claim.transposed or (claim.typed and bool(claim.digits.min() < 5)):
        return False
    terms = _terms(answer).get(claim.key, 0.0)
    right = np.asarray(verdict.right)
    apart = errors(claim.numbers, right)
    return bool((apart <= 16 * FORMATS["bfloat16"].eps * (np.abs(right) + terms)).all())


def exact_arrays(answer: BnFold) -> dict[str, Floats]:
    """Compute what can be claimed in float64: a claim may be stored more finely than the folded layer is."""
    layer = answer.question.layer
    if layer is None or layer.format == "float64":
        return answer.arrays()
    wide = replace(answer.question, layer=replace(layer, format="float64"))
    return bn_fold(wide).arrays()


def tolerance(answer: BnFold, key: str) -> Tolerance:
    """Bound how far a claim may be from what is right, by its format.

    Folded numbers: u|r| + h, half an ulp, and what ordinary float64 arithmetic loses on the way: 1e-12 |r| + 64 eps M,
    M the size of the terms that are added. Statistics and outputs: K eps M + R |r| + h, M their own size.
    """
    terms = _terms(answer).get(key)

    def allowed(right: Floats, name: str) -> Floats:
        form, size = FORMATS[name], np.abs(right)
        if key in _FOLDED:
            noise = 64 * _DOUBLE.eps * (size if terms is None else np.maximum(terms, size))
            return form.eps / 2 * size + form.half_tiny + _DOUBLE.relative * size + noise
        largest = float(np.max(size, initial=0.0, where=np.isfinite(size)))
        return form.factor * form.eps * largest + form.relative * size + form.half_tiny

    return allowed


def _terms(answer: BnFold) -> dict[str, Floats]:
    """Add up the sizes of the terms whose sums the shift and the bias are."""
    affine, layer = answer.question.affine, answer.question.layer
    scale = np.abs(answer.scale)
    shift = scale * np.abs(affine.mean) + np.abs(affine.beta)
    if layer is None:
        return {"shift": shift}
    if answer.question.bn_first:
        sizes = np.abs(layer.weight) * shift[channel_of(layer, outputs=False)]
        return {"shift": shift, "bias": np.abs(layer.bias) + summed(layer, sizes)}
    return {"shift": shift, "bias": np.abs(layer.bias) * scale + shift}
