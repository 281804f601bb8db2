"""Judging what is claimed of bn-fold: by what a right program may be off in the arithmetic of the claim's format."""

from dataclasses import dataclass, replace

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.answer import BnFold, bn_fold
from dlcalc.core.batch_norm.fold import channel_of, summed
from dlcalc.core.batch_norm.mistakes import MISTAKES
from dlcalc.core.batch_norm.working import BnWorking, working
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_judge import Candidates, in_memory, judged
from dlcalc.core.evidence.array_verdict import ArrayVerdict
from dlcalc.core.evidence.tolerance import Allowance, Asked, HalfUlp, largest, roundings

_FOLDED = ("scale", "shift", "weight", "bias")  # made of few numbers, with some roundings
_EXACT = (*_FOLDED, "mean", "var")  # computed as if exactly, and rounded once
_SHIFT = "|scale|*|mean| + |beta|"
_TELLING = 5  # digits of a typed number, by which a narrower format can be told


def claimable(answer: BnFold) -> dict[str, tuple[int, ...]]:
    """List the keys that can be claimed, the headline first, each with its shape."""
    return {key: array.shape for key, array in answer.arrays().items()}


@np.errstate(over="ignore", invalid="ignore")
def judge(answer: BnFold, claim: ArrayClaim) -> ArrayVerdict:
    """Judge one claim about an answer, and name the mistakes that would give it if it is wrong."""
    question, claim = answer.question, in_memory(claim)
    if question.tolerances is not None:
        claim = claim.by_tolerance
    right, terms = exact_arrays(answer)[claim.key], _terms(answer).get(claim.key)
    by_format = OfFold(claim.key, terms, _in_words(answer, claim.key), _scale_of(answer, claim.key))
    allowed: OfFold | Asked | HalfUlp = by_format
    if question.tolerances is not None:
        allowed = Asked(*question.tolerances)
    elif question.exact and not claim.typed:
        noise = 0.0 if claim.key in _EXACT else 64 * FORMATS["float64"].eps * largest(right)
        allowed = HalfUlp(noise)
    sizes = np.abs(right) if terms is None else terms
    start = working(answer, claim.key, claim.numbers, narrower=_narrower(claim))
    candidates = Candidates(MISTAKES, start, BnWorking.answer, right, by_format, lambda: sizes)
    if allowed is not by_format and not isinstance(allowed, HalfUlp):
        candidates = replace(candidates, tolerance=allowed)
    verdict = judged(claim, allowed, candidates)
    if verdict.printed is not None:
        allowance = Allowance(verdict.printed, roundings(verdict.printed), of=by_format.said)
        return replace(verdict, tolerance=allowance)
    return replace(verdict, tolerance=_stated(allowed, claim, right))


def _narrower(claim: ArrayClaim) -> tuple[str, ...]:
    """List the formats narrower than a claim's, in which its numbers may have been computed; none if digits lack."""
    if claim.typed and bool(claim.digits.min() < _TELLING):
        return ()
    order = list(FORMATS)
    name = claim.format or claim.printed or "float64"
    return tuple(order[order.index(name) + 1 :])


def _stated(allowed: "OfFold | Asked | HalfUlp", claim: ArrayClaim, right: Floats) -> Allowance | None:
    """Tell a tolerance; None of a claim that is judged by the digits that were typed."""
    if claim.format is None and not isinstance(allowed, Asked):
        return None
    name = claim.format or "float64"
    if isinstance(allowed, Asked):
        return Allowance(name, allowed.relative, allowed.absolute)
    return Allowance(name, ulp=0.5) if isinstance(allowed, HalfUlp) else allowed.stated(right, name)


def exact_arrays(answer: BnFold) -> dict[str, Floats]:
    """Compute what can be claimed in float64: a claim may be stored more finely than the folded layer is."""
    layer = answer.question.layer
    if layer is None or layer.format == "float64":
        return answer.arrays()
    wide = replace(answer.question, layer=replace(layer, format="float64"))
    return bn_fold(wide).arrays()


@dataclass(frozen=True)
class OfFold:
    """The tolerance for a claim of a key in its format.

    Folded numbers: 8 u T + h, what a right program may be off in its own arithmetic, T the size of the terms; 16 u in
    float16, where an eps of 1e-5 is subnormal. Statistics and outputs: K eps M + R |r| + h, M their own size.

    Attributes:
        key: of the array.
        terms: T of each entry; that of the right entry itself if None.
        said: T in a formula, where it is not that.
        scale: M of a statistic, where its terms are larger than itself.
    """

    key: str
    terms: Floats | None
    said: str = ""
    scale: float = 0.0

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute what is allowed for each entry."""
        form, size = FORMATS[name], np.abs(right)
        if self.key in _FOLDED:
            return _roundings(name) * (size if self.terms is None else np.maximum(self.terms, size)) + form.half_tiny
        return form.factor * form.eps * self._scale(right) + form.relative * size + form.half_tiny

    def _scale(self, right: Floats) -> float:
        return max(self.scale, largest(right))

    def stated(self, right: Floats, name: str) -> Allowance:
        """Tell the tolerance."""
        form = FORMATS[name]
        if self.key in _FOLDED:
            return Allowance(name, _roundings(name), form.half_tiny, self.said)
        return Allowance(name, form.relative, form.factor * form.eps * self._scale(right) + form.half_tiny)


def _roundings(name: str) -> float:
    return (2 if name == "float16" else 1) * roundings(name)


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


def _scale_of(answer: BnFold, key: str) -> float:
    """Find the size of the terms of a statistic: a mean may be far smaller than the samples that cancel in it."""
    statistics = answer.question.statistics
    if statistics is None or key != "mean":
        return 0.0
    return max(largest(batch.samples) for batch in statistics.batches)


def _in_words(answer: BnFold, key: str) -> str:
    """Write the size of the terms of a key as a formula."""
    if key == "shift":
        return _SHIFT
    if key != "bias":
        return ""
    return f"|b| + sum of |W|*({_SHIFT})" if answer.question.bn_first else "|scale|*(|b| + |mean|) + |beta|"
