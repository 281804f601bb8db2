"""conv-shape: the size that a layer, or a network of layers, makes of an input. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import ConvShape, MapsDoNotMeetError, without_channels
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.network.shape import network_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def answer(question: ShapeQuestion) -> ConvShape:
    """Compute the output size, the unread input and the receptive field of every layer.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``empty-output``, ``shape-mismatch``, and what a framework refuses.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import layer_question
    >>> answer(layer_question(("w",), (7,), Layer(kernel=3))).output
    (5,)
    """
    try:
        return network_shape(question)
    except MapsDoNotMeetError as error:
        from dlcalc.core.network.mends import with_mends

        raise with_mends(error, question) from None
    except DlcalcError as error:
        raise without_channels(error, question.network.notices, question.size) from None


def explain(result: ConvShape) -> "tuple[Step, ...]":
    """List every term with its formula, numbers, value and source."""
    if result.question.network.file is not None:
        from dlcalc.core.tensors.explain import explain_model

        return explain_model(result)
    from dlcalc.core.network.explain import explain_shape

    return explain_shape(result)


def check(result: ConvShape) -> "Proof":
    """Prove every number by enumerating windows; where they are too many, by the inequalities that define the size."""
    if result.question.network.file is not None:
        from dlcalc.core.tensors.check import check_model
        from dlcalc.core.tensors.known import seen_part

        return check_model(result, seen_part(result))
    from dlcalc.core.network.check import check_shape

    return check_shape(result)


def claimable(result: ConvShape) -> "Mapping[str, Sequence[str]]":
    """List the keys that ``--expect`` judges, the headline first, each with its axes."""
    from dlcalc.core.network.judge import claimable

    return claimable(result)


def judge(result: ConvShape, claim: "Claim") -> "Verdict":
    """Judge one claim, and name the mistakes that would give it if it is wrong."""
    from dlcalc.core.network.judge import judge_shape

    return judge_shape(result, claim)
