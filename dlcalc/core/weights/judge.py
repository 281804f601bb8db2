"""What can be claimed of a file of weights, and how a claim is judged."""

from dlcalc.core.evidence import diagnosis
from dlcalc.core.evidence.claim import Claim, Verdict, compare
from dlcalc.core.weights.answer import StoredParams
from dlcalc.core.weights.mistakes import MISTAKES
from dlcalc.core.weights.working import evaluate, working


def claimable(answer: StoredParams) -> dict[str, tuple[str, ...]]:
    """List the keys that can be claimed, each a single number: the totals, then the bytes of each tensor."""
    return dict.fromkeys((*answer.by_key(), *(f"{one.tensor.name}.bytes" for one in answer.tensors)), ())


def judge_stored(answer: StoredParams, claim: Claim) -> Verdict:
    """Judge one claim, and explain it if it is wrong."""
    totals = answer.by_key()
    if claim.key not in totals:
        name = claim.key.removesuffix(".bytes")
        return compare(claim, ((answer.question.checkpoint.tensors[name].bytes, 1),))
    right = ((totals[claim.key], 1),)
    return diagnosis.judge(
        claim, right, working(answer, claim.key), MISTAKES, lambda work, _: _changed(evaluate(work), right)
    )


def _changed(found: diagnosis.Numbers, right: diagnosis.Numbers) -> diagnosis.Numbers | None:
    """Pass a number on if it is another one: a mistake that changes nothing explains nothing."""
    return None if found == right else found
