"""Judging what is claimed of a layer's sizes, unread input and receptive field."""

from collections.abc import Callable, Mapping

from dlcalc.core.conv.mistakes import MISTAKES
from dlcalc.core.conv.shape import AxisShape, ConvShape
from dlcalc.core.conv.working import evaluate, layer_working
from dlcalc.core.evidence import diagnosis
from dlcalc.core.evidence.claim import Claim, Verdict
from dlcalc.core.numeric.ratio import Ratio


def facts(answer: ConvShape, key: str) -> tuple[Ratio | None, ...]:
    """List the right numbers of a key that can be claimed, one per axis."""
    axes, place = answer.layers[-1].axes, answer.layers[-1].place
    if key == "output" and place is not None and place.gives_vector:
        return ((place.output_channels or 0, 1),)
    return tuple(KEYS[key](axis) for axis in axes)


KEYS: Mapping[str, Callable[[AxisShape], Ratio | None]] = {
    "output": lambda axis: (axis.output, 1),
    "unread": lambda axis: (axis.unread, 1),
    "receptive_field": lambda axis: (axis.field.size, 1),
    "receptive_field_min": lambda axis: (axis.field.smallest, 1),
    "jump": lambda axis: axis.field.jump,
    "center": lambda axis: axis.field.center,
}
WHOLE_KEYS = ("output", "unread", "receptive_field", "receptive_field_min")


def claimable(answer: ConvShape) -> Mapping[str, tuple[str, ...]]:
    """List the keys that can be claimed, the headline first, each with its axes; of a vector, its features."""
    keys: dict[str, tuple[str, ...]] = dict.fromkeys(KEYS, answer.question.axes)
    return keys if answer.output else keys | {"output": ()}


def judge_layer(answer: ConvShape, claim: Claim) -> Verdict:
    """Judge one claim about a layer, and explain it if it is wrong."""
    exact = claim.key in WHOLE_KEYS
    return diagnosis.judge(claim, facts(answer, claim.key), exact, layer_working(answer), MISTAKES, evaluate)
