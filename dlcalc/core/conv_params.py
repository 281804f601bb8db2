"""conv-params: the parameters, work and memory of a layer, or of a network of layers. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import MapsDoNotMeetError, without_channels
from dlcalc.core.params.count import ConvParams, network_params
from dlcalc.core.params.question import ParamsQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def answer(question: ParamsQuestion) -> ConvParams:
    """Count the parameters of every layer; the work and the memory too where the size of the input is known.

    Raises:
        DlcalcError: ``invalid-value``, ``groups-do-not-divide``, and what ``conv_shape.answer`` raises.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.params.question import layer_question
    >>> answer(layer_question(64, 128, layer=Layer(kernel=3), axes=("h", "w"))).amounts.params
    73728
    """
    try:
        return network_params(question)
    except MapsDoNotMeetError as error:
        from dlcalc.core.network.mends import with_mends
        from dlcalc.core.network.network import ShapeQuestion

        network, axes, framework, *_ = question
        raise with_mends(error, ShapeQuestion(network, axes, framework, len(axes))) from None
    except DlcalcError as error:
        raise without_channels(error, question.network.notices, question.size) from None


def explain(result: ConvParams) -> "tuple[Step, ...]":
    """List every quantity with its formula, numbers, value and source."""
    from dlcalc.core.params.explain import explain_params

    return explain_params(result)


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
    from dlcalc.core.params.judge import is_about_sizes, judge_params

    if not is_about_sizes(result, claim.key):
        return judge_params(result, claim)
    from dlcalc.core import conv_shape

    return conv_shape.judge(result.shape, claim)
