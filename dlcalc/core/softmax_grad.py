"""softmax-grad: losses and gradients of softmax and cross-entropy. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.softmax.answer import softmax_grad as answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.array_verdict import ArrayVerdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def explain(result: SoftmaxGrad) -> "tuple[Step, ...]":
    """Derive the gradient of one row, term by term."""
    from dlcalc.core.softmax.explain import explain

    return explain(result)


def check(result: SoftmaxGrad) -> "Proof":
    """Prove the gradient by the complex step on the loss, in float64."""
    from dlcalc.core.softmax.check import check

    return check(result)


def claimable(result: SoftmaxGrad) -> "Mapping[str, tuple[int, ...]]":
    """List the keys that ``--expect`` judges, the headline first, each with its shape."""
    from dlcalc.core.softmax.mistakes.judge import claimable

    return claimable(result)


def judge(result: SoftmaxGrad, claim: "ArrayClaim") -> "ArrayVerdict":
    """Judge one claim by the precision of its format, and name the mistakes that would give it if it is wrong."""
    from dlcalc.core.softmax.mistakes.along_axis import as_asked, in_rows
    from dlcalc.core.softmax.mistakes.judge import judge

    axis = result.question.axis
    if axis is None:
        return judge(result, claim)
    return as_asked(judge(result.by_rows, in_rows(claim, axis)), claim, axis)
