"""A judged claim in a sentence: a few numbers as they are, of many the worst."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcalc.report.arrays import short
from dlcalc.report.numbers import text
from dlcalc.report.view import ClaimInWords

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_claim import ArrayVerdict
    from dlcalc.core.evidence.claim import Verdict


def numbers_in_words(verdict: "Verdict") -> ClaimInWords:
    """Say a claim about a few whole numbers or ratios."""
    right = "there is none" if None in verdict.right else f"it is {text(verdict.right)}"
    distance = None if None in verdict.right else text(verdict.distance)
    return ClaimInWords(text(verdict.claim.values), right, distance)


def arrays_in_words(verdict: "ArrayVerdict") -> ClaimInWords:
    """Say a claim about an array: its numbers where they are few, else the worst of them."""
    claim, right, apart = verdict.claim, verdict.right, verdict.distance
    if claim.values.size <= 6:
        claimed, shown = _numbers(claim.values), _numbers(right)
        if claimed == shown and not verdict.passed:  # six digits are too few to tell them apart
            claimed, shown = _numbers(claim.values, repr), _numbers(right, repr)
        said = f"it is {shown}"
    else:
        claimed = f"({' x '.join(map(str, claim.values.shape))})"
        said = f"in {apart.failed:,} of {claim.values.size:,} entries"
        if not claim.transposed:
            where = ", ".join(map(str, apart.worst))
            said += f"; the worst, at [{where}], is {short(apart.actual)} and not {short(apart.expected)}"
    if not verdict.decidable:
        return ClaimInWords(
            claimed, f"or right: it is not decidable in {claim.format}, where zeros would pass too", None
        )
    return ClaimInWords(claimed, said, f"up to {short(apart.max_abs_error)}")


def _numbers(values: Any, written: Callable[[float], str] = short) -> str:
    rows = values.reshape(-1, values.shape[-1]) if values.ndim else values.reshape(1, 1)
    return " / ".join(", ".join(map(written, row)) for row in rows.tolist())
