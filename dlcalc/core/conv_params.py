"""conv-params: the parameters, work and memory of a layer, or of a network of layers. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.params.count import ConvParams, layer_params
from dlcalc.core.params.question import ConvParamsQuestion, StackParamsQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def answer(question: ConvParamsQuestion | StackParamsQuestion) -> ConvParams:
    """Count the parameters of every layer; the work and the memory too where the size of the input is known.

    Raises:
        DlcalcError: ``invalid-value``, ``groups-do-not-divide``, and what ``conv_shape.answer`` raises.

    >>> from dlcalc.core.conv.layer import Layer
    >>> answer(ConvParamsQuestion(64, 128, layer=Layer(kernel=3), axes=("h", "w"))).amounts.params
    73728
    """
    if isinstance(question, ConvParamsQuestion):
        return layer_params(question)
    from dlcalc.core.params.network import stack_params

    return stack_params(question)


def explain(result: ConvParams) -> "tuple[Step, ...]":
    """List every quantity with its formula, numbers, value and source."""
    from dlcalc.core.params.explain import explain_layer, explain_network

    return explain_layer(result) if isinstance(result.question, ConvParamsQuestion) else explain_network(result)


def check(result: ConvParams) -> "Proof":
    """Prove every count by counting entries of weights and taps of windows one by one."""
    from dlcalc.core.params.check import check_params

    return check_params(result)


def claimable(result: ConvParams) -> "Mapping[str, Sequence[str]]":
    """List the keys that ``--expect`` judges, the headline first, each with its axes; none for a single number."""
    from dlcalc.core.params.judge import claimable

    return claimable(result)


def judge(result: ConvParams, claim: "Claim") -> "Verdict":
    """Judge one claim, and name the mistakes that would give it if it is wrong; a size by the mistakes about sizes.

    Raises:
        DlcalcError: ``usage`` for a claim about what is known only with the size of the input.
    """
    from dlcalc.core.params.judge import judge_params, shape_of

    shape = shape_of(result, claim.key)
    if shape is None:
        return judge_params(result, claim)
    from dlcalc.core import conv_shape

    return conv_shape.judge(shape, claim)
