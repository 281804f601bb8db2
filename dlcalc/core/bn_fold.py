"""bn-fold: batch norms at inference, and folding them into the layer beside them. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.batch_norm.answer import BnFold
from dlcalc.core.batch_norm.answer import bn_fold as answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.array_verdict import ArrayVerdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def explain(result: BnFold) -> "tuple[Step, ...]":
    """List every term with its formula, numbers, value and source, channel by channel."""
    from dlcalc.core.batch_norm.explain import explain

    return explain(result)


def check(result: BnFold) -> "Proof":
    """Prove the fold by decimal arithmetic, and against the layer and its batch norm one after the other."""
    from dlcalc.core.batch_norm.check import check

    return check(result)


def claimable(result: BnFold) -> "Mapping[str, tuple[int, ...]]":
    """List the keys that ``--expect`` judges, the headline first, each with its shape."""
    from dlcalc.core.batch_norm.judge import claimable

    return claimable(result)


def judge(result: BnFold, claim: "ArrayClaim") -> "ArrayVerdict":
    """Judge one claim by the precision of its format, and name the mistakes that would give it if it is wrong."""
    from dlcalc.core.batch_norm.judge import judge

    return judge(result, claim)
