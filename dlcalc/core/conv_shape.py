"""conv-shape: the size that a layer, or a network of layers, makes of an input. Each verb loads what it needs."""

from typing import TYPE_CHECKING

from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion, layer_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step
    from dlcalc.core.network.network import StackQuestion

__all__ = ["answer", "check", "claimable", "explain", "judge"]


def answer(question: "ConvShapeQuestion | StackQuestion") -> ConvShape:
    """Compute the output size, the unread input and the receptive field of every layer.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``empty-output``, and what a framework refuses.

    >>> from dlcalc.core.conv.layer import Layer
    >>> answer(ConvShapeQuestion(("w",), (7,), Layer(kernel=3))).output
    (5,)
    """
    if isinstance(question, ConvShapeQuestion):
        return layer_shape(question)
    from dlcalc.core.network.network import stack_shape

    return stack_shape(question)


def explain(result: ConvShape) -> "tuple[Step, ...]":
    """List every term with its formula, numbers, value and source."""
    if isinstance(result.question, ConvShapeQuestion):
        from dlcalc.core.conv.explain import explain_layer

        return explain_layer(result)
    from dlcalc.core.network.explain import explain_network

    return explain_network(result)


def check(result: ConvShape) -> "Proof":
    """Prove every number by enumerating windows; where they are too many, by the inequalities that define the size."""
    if isinstance(result.question, ConvShapeQuestion):
        from dlcalc.core.conv.check import check_layer

        return check_layer(result)
    from dlcalc.core.network.check import check_network

    return check_network(result)


def claimable(result: ConvShape) -> "Mapping[str, Sequence[str]]":
    """List the keys that ``--expect`` judges, the headline first, each with its axes."""
    from dlcalc.core.conv.judge import claimable

    return claimable(result)


def judge(result: ConvShape, claim: "Claim") -> "Verdict":
    """Judge one claim, and name the mistakes that would give it if it is wrong."""
    if isinstance(result.question, ConvShapeQuestion):
        from dlcalc.core.conv.judge import judge_layer

        return judge_layer(result, claim)
    from dlcalc.core.network.judge import judge_network

    return judge_network(result, claim)
