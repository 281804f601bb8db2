"""conv-params of a file of weights: what is stored, counted from headers alone. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.weights.answer import StoredParams, stored_params
from dlcalc.core.weights.question import WeightsQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def answer(question: WeightsQuestion) -> StoredParams:
    """Count the parameters of a file of weights.

    Raises:
        DlcalcError: ``usage`` for a tensor to explain that is not there.
    """
    return stored_params(question)


def explain(result: StoredParams) -> "tuple[Step, ...]":
    """List every total with its kinds, numbers and value."""
    from dlcalc.core.weights.explain import explain_stored

    return explain_stored(result)


def check(result: StoredParams) -> "Proof":
    """Prove every total by the bytes of the files that tensors own."""
    from dlcalc.core.weights.check import check_stored

    return check_stored(result)


def claimable(result: StoredParams) -> "Mapping[str, Sequence[str]]":
    """List the keys that ``--expect`` judges, the headline first, each a single number."""
    from dlcalc.core.weights.judge import claimable

    return claimable(result)


def judge(result: StoredParams, claim: "Claim") -> "Verdict":
    """Judge one claim, and name the mistakes that would give it if it is wrong."""
    from dlcalc.core.weights.judge import judge_stored

    return judge_stored(result, claim)
