"""What can be claimed of parameters, work and memory, and how a claim is judged."""

from collections.abc import Iterable

from dlcalc.core.conv.shape import ConvShape
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.evidence import diagnosis
from dlcalc.core.evidence.claim import Claim, Verdict
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.mistakes import BYTES, MACS, MISTAKES
from dlcalc.core.params.question import ConvParamsQuestion
from dlcalc.core.params.working import evaluate, layer_working

_KEYS = ("params", "weights", "bias", "buffers", *BYTES, *MACS, "flops", "output")  # the headline first


def claimable(answer: ConvParams) -> dict[str, tuple[str, ...]]:
    """List the keys that can be claimed, each with its axes; none where it is a single number."""
    axes = answer.question.axes
    if not isinstance(answer.question, ConvParamsQuestion) and not answer.layers[-1].output:
        axes = ()  # a vector, whose features can be claimed
    return {key: axes if key == "output" else () for key in _KEYS}


def shape_of(answer: ConvParams, key: str) -> ConvShape | None:
    """Compute the sizes that a claim of ``output`` is about; None for any other claim, or without a size."""
    if key != "output":
        return None
    if isinstance(answer.question, ConvParamsQuestion):
        return answer.layers[-1].shape
    if answer.question.size is None:
        return None
    from dlcalc.core.network.shape import stack_shape
    from dlcalc.core.params.network import as_shapes

    return stack_shape(as_shapes(answer.question))


def judge_params(answer: ConvParams, claim: Claim) -> Verdict:
    """Judge one claim about the counts, and explain it if it is wrong.

    Raises:
        DlcalcError: ``usage`` for a claim about what is known only with the size of the input.
    """
    key, numbers = claim.key, answer.amounts.by_key()
    if key not in numbers:
        raise _unknown_number(answer, key, numbers)
    if isinstance(answer.question, ConvParamsQuestion):
        working = layer_working(answer.layers[-1], key)
        return diagnosis.judge(claim, ((numbers[key], 1),), True, working, MISTAKES, evaluate)
    from dlcalc.core.params.network_mistakes import judge_totals

    return judge_totals(answer, claim)


def _unknown_number(answer: ConvParams, key: str, numbers: Iterable[str]) -> DlcalcError:
    """Make the error for a claim about a number that the answer does not have."""
    if isinstance(answer.question, ConvParamsQuestion) and answer.question.kind == "linear":
        hint = "one of " + ", ".join(numbers)
        return DlcalcError("usage", f"a linear layer has no {key} size", hint=hint, option="expect")
    sizes = (Fix("w", 224), ", or ", Fix("size", (224, 224)))
    return DlcalcError("usage", f"{key} is known only with the size of the input", hint=sizes, option="expect")
