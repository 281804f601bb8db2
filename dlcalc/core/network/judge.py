"""Judging what is claimed of the sizes and receptive fields of a layer or a network, and naming the mistakes behind it.

In a network a mistake is made in every layer, or in one, which is named.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from dlcalc.core.conv.layer import Axis
from dlcalc.core.conv.mistakes import MISTAKES
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.working import evaluate, layer_working
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.evidence import diagnosis
from dlcalc.core.evidence.claim import Claim, Diagnosis, Verdict, compare, reproduces
from dlcalc.core.evidence.diagnosis import Numbers, phrase, written
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.whole_mistakes import of_features, of_field
from dlcalc.core.numeric.ratio import Ratio

KEYS: Mapping[str, Callable[[AxisShape], Ratio | None]] = {
    "output": lambda axis: (axis.output, 1),
    "unread": lambda axis: (axis.unread, 1),
    "receptive_field": lambda axis: (axis.field.size, 1),
    "receptive_field_min": lambda axis: (axis.field.smallest, 1),
    "jump": lambda axis: axis.field.jump,
    "center": lambda axis: axis.field.center,
}


def claimable(answer: ConvShape) -> dict[str, tuple[str, ...]]:
    """List the keys that can be claimed, the headline first, each with its axes; of a vector, its features.

    In a network they are those of the last layer, then of every layer by its name; and what the first linear layer
    reads.
    """
    axes_of_all = answer.question.axes
    keys = keys_of(answer.layers[-1], axes_of_all)
    if answer.question.network.single is None:
        linear = next((layer for layer in answer.layers if layer.kind == "linear"), None)
        keys |= {} if linear is None else {"in_features": (), "out_features": ()}
        for layer in answer.layers:
            keys |= {f"{layer.name}.{key}": axes for key, axes in keys_of(layer, axes_of_all).items()}
    return keys


def keys_of(layer: LayerShape, axes: tuple[Axis, ...]) -> dict[str, tuple[str, ...]]:
    """List the keys that can be claimed of a layer, each with its axes."""
    keys: dict[str, tuple[str, ...]] = dict.fromkeys(KEYS, layer.names(axes))
    if not layer.seen:  # of a model, where what its outputs see is not known
        keys = {key: names for key, names in keys.items() if key == "output" or (key == "unread" and layer.axes)}
    if not layer.output:
        keys["output"] = ()
    return keys | ({"in_features": (), "out_features": ()} if layer.kind == "linear" else {})


def layer_and_key(answer: ConvShape, claimed: str) -> tuple[LayerShape, str]:
    """Find the layer that a key is about: the one that it names, or the last; of features the first linear one."""
    name, _, key = claimed.rpartition(".")
    if name:
        return answer.layer(name), key
    if key in ("in_features", "out_features"):
        return next(layer for layer in answer.layers if layer.kind == "linear"), key
    return answer.layers[-1], key


def facts(layer: LayerShape, key: str) -> tuple[Ratio | None, ...]:
    """List the right numbers of a key that can be claimed, one per axis; None where there is none, or it is unknown."""
    features = layer.made.channels
    if key == "in_features":
        return (None if layer.in_features is None else (layer.in_features, 1),)
    if key == "out_features" or (key == "output" and not layer.output):
        return (None if features is None else (features, 1),)
    return tuple(KEYS[key](axis) for axis in layer.axes)


def judge_shape(answer: ConvShape, claim: Claim) -> Verdict:
    """Judge one claim about a layer, and explain it if it is wrong.

    Raises:
        DlcalcError: ``usage`` for features that are not known.
    """
    layer, key = layer_and_key(answer, claim.key)
    right = facts(layer, key)
    if answer.question.network.single is not None:
        assert layer.plan is not None
        verdict = diagnosis.judge(claim, right, layer_working(layer.plan, layer.axes), MISTAKES, evaluate)
        if verdict.passed or key != "receptive_field":
            return verdict
        before, behind = of_field(answer, layer, claim)
        single = [one for one in verdict.diagnosis if one.second is None]
        return verdict._replace(diagnosis=(*before, *single, *behind) or verdict.diagnosis)
    if key in ("in_features", "out_features") and None in right:
        hint: tuple[str | Fix, ...] = ("words with channels, like 3p1c64",)
        message = f"{claim.key} is not known without the channels"
        if len(answer.question.axes) == 1 and answer.question.dims is None:
            message = f"{claim.key} depends on all axes of the map, and one is named"
            hint = (Fix("size", answer.question.size * 2), ", or ", Fix("dims", 1), " for a sequence")
        raise DlcalcError("usage", message, hint=hint, option="expect")
    verdict = compare(claim, right)
    if verdict.passed or None in right:
        return verdict
    if not layer.output and key != "in_features":
        return verdict
    if answer.question.network.file is not None:
        if not layer.seen:
            return _of_layer_alone(layer, claim, right)
        from dlcalc.core.tensors.known import seen_part

        answer = seen_part(answer)
    together, apart = _slips(answer, layer, key, claim)
    if key == "in_features":
        together = [*of_features(answer, layer, claim), *together]
    if key == "receptive_field":
        before, behind = of_field(answer, layer, claim)
        together = [*before, *together, *behind]
    return weighed(verdict, together, apart)


def _of_layer_alone(layer: LayerShape, claim: Claim, right: tuple[Ratio | None, ...]) -> Verdict:
    """Judge a claim about a layer of a model by its own numbers, as nothing is known of those in front of it."""
    if layer.plan is None or len(right) != len(layer.axes):
        return compare(claim, right)
    bare = claim._replace(key=claim.key.rpartition(".")[2])
    verdict = diagnosis.judge(bare, right, layer_working(layer.plan, layer.axes), MISTAKES, evaluate)
    return verdict._replace(claim=claim)


class Slip(NamedTuple):
    """A mistake in one of several layers that gives a claim.

    Attributes:
        mistake: its code.
        said: what was done.
        layer: where.
        gives: the number that comes out, as it is written.
        only: whether there is no other layer in which it can be made.
    """

    mistake: str
    said: str
    layer: LayerShape
    gives: str
    only: bool = False


def _slips(answer: ConvShape, layer: LayerShape, key: str, claim: Claim) -> tuple[list[Diagnosis], list[Slip]]:
    """Find the mistakes that give a claim: those made in every layer, and those in one."""
    from dlcalc.core.network.working import NetworkWorking

    network = NetworkWorking(answer, layer, key)
    together: list[Diagnosis] = []
    apart: list[Slip] = []

    def fits(numbers: Numbers | None) -> bool:
        return numbers is not None and reproduces(claim, numbers)

    for mistake in MISTAKES:
        relevant = [number for number in network.windows if mistake.relevant(network.right_working(number))]
        slips = []
        for number in relevant:
            numbers = next(filter(fits, network.with_one(mistake, number)), None)
            if numbers is not None:
                said = phrase(mistake, network.right_working(number))
                slips.append(Slip(mistake.name, said, network.layers[number], written(numbers), len(relevant) == 1))
        apart += slips
        alone = not relevant or (slips and len(relevant) == 1)
        numbers = None if alone else next(filter(fits, network.with_all(mistake)), None)
        if numbers is not None:
            said = phrase(mistake, network.right_working(relevant[0]))
            together.append(Diagnosis(mistake.name, f"{said} in every layer would give {written(numbers)}"))
    return together, apart


_MOST_LAYERS = _MOST_KINDS = 3  # in which, and of which, single slips that all give a claim are evidence


def weighed(verdict: Verdict, together: Sequence[Diagnosis], apart: Sequence[Slip]) -> Verdict:
    """Complete a verdict on a wrong claim about a network by what explains it, as far as that is evidence.

    Where slips in one of several layers, in many or of many kinds, all give the claim, none of them is: they are what
    it could be. One that can be made in no other layer is made wherever it can be, and stands.

    Args:
        verdict: on the claim.
        together: the mistakes made in every layer, likeliest first.
        apart: those made in one layer, likewise.
    """
    among = [slip for slip in apart if not slip.only]
    kinds, places = {slip.mistake for slip in among}, {slip.layer.name for slip in among}
    evidence = len(kinds) <= _MOST_KINDS and len(places) <= _MOST_LAYERS
    by_kind: dict[str, list[Slip]] = {}
    for slip in apart:
        if evidence or slip.only:
            by_kind.setdefault(slip.mistake, []).append(slip)
    could_be = [] if evidence else [_in_any_of([slip])._replace(layer=slip.layer.name) for slip in among]
    return verdict._replace(
        diagnosis=(*together, *map(_in_any_of, by_kind.values())),
        could_be=tuple(could_be),
    )


def _in_any_of(slips: Sequence[Slip]) -> Diagnosis:
    """Make one diagnosis of slips of one kind: ``in layer 1 (3), layer 3 (3p1) or layer 4 (3p1)``."""
    mistake, said, _, gives, _ = slips[0]
    *others, last = [slip.layer.title for slip in slips]
    where = f"{', '.join(others)} or {last}" if others else last
    return Diagnosis(mistake, f"{said} in {where} would give {gives}")
