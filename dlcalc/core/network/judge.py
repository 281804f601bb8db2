"""Judging what is claimed of the sizes and receptive fields of a layer or a network, and naming the mistakes behind it.

In a network a mistake is made in every layer, or in one, which is named.
"""

from collections.abc import Callable, Iterable, Mapping
from math import prod

from dlcalc.core.conv.mistakes import MISTAKES
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.working import evaluate, layer_working
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.evidence import diagnosis
from dlcalc.core.evidence.claim import Claim, Diagnosis, Verdict, compare, reproduces
from dlcalc.core.evidence.diagnosis import Numbers, phrase, written
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ADAPTIVE
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
    keys = keys_of(answer.layers[-1], answer.question.axes)
    if answer.question.network.single is None:
        linear = next((layer for layer in answer.layers if layer.kind == "linear"), None)
        keys |= {} if linear is None else {"in_features": (), "out_features": ()}
        for layer in answer.layers:
            keys |= {f"{layer.name}.{key}": axes for key, axes in keys_of(layer, answer.question.axes).items()}
    return keys


def keys_of(layer: LayerShape, axes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """List the keys that can be claimed of a layer, each with its axes."""
    keys: dict[str, tuple[str, ...]] = dict.fromkeys(KEYS, axes)
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
        smallest = () if verdict.passed or key != "receptive_field" else _smallest(layer, claim)
        return verdict._replace(diagnosis=(*smallest, *verdict.diagnosis)) if smallest else verdict
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
    if key == "receptive_field":
        found = (*_smallest(layer, claim), *_mistakes(answer, layer, key, claim))
        return verdict._replace(diagnosis=found if layer.output else ())
    if key == "in_features":
        return verdict._replace(diagnosis=(*_features(answer, layer, claim), *_mistakes(answer, layer, key, claim)))
    return verdict._replace(diagnosis=_mistakes(answer, layer, key, claim) if layer.output else ())


# The mistakes about receptive fields that are no slip in a layer.
FIELD_MISTAKES: Mapping[str, str] = {"smallest-field": "the field of the output that sees least"}


def _smallest(layer: LayerShape, claim: Claim) -> tuple[Diagnosis, ...]:
    """Name the field of the output that sees least, where that is claimed: outputs see different numbers of pixels."""
    numbers = facts(layer, "receptive_field_min")
    if None in numbers or not reproduces(claim, numbers):
        return ()
    smallest = tuple([number for number in numbers if number is not None])
    return (Diagnosis("smallest-field", f"{FIELD_MISTAKES['smallest-field']} would give {written(smallest)}"),)


def _mistakes(answer: ConvShape, layer: LayerShape, key: str, claim: Claim) -> tuple[Diagnosis, ...]:
    """Find the mistakes that give a claim: each in every layer, then each in one."""
    from dlcalc.core.network.working import NetworkWorking

    network = NetworkWorking(answer, layer, key)
    found: list[Diagnosis] = []
    alone: list[Diagnosis] = []

    def fits(numbers: Numbers | None) -> bool:
        return numbers is not None and reproduces(claim, numbers)

    for mistake in MISTAKES:
        relevant = [number for number in network.windows if mistake.relevant(network.right_working(number))]
        ones = [(number, one) for number in relevant for one in network.with_one(mistake, number) if fits(one)]
        if ones:
            text = f"{phrase(mistake)} in {either(network.layers[number] for number, _ in ones)}"
            alone.append(Diagnosis(mistake.name, f"{text} would give {written(ones[0][1])}"))
        if len(network.windows) < 2 or not relevant or (ones and len(relevant) == 1):
            continue  # where there is one layer to make it in, that is named
        numbers = next(filter(fits, network.with_all(mistake)), None)
        if numbers is not None:
            found.append(Diagnosis(mistake.name, f"{phrase(mistake)} in every layer would give {written(numbers)}"))
    return tuple(found + alone)


def either(layers: Iterable[LayerShape]) -> str:
    """Name the layers in any one of which a mistake would do, each once."""
    titles = list(dict.fromkeys(layer.title for layer in layers))
    if len(titles) > 3:
        return f"{titles[0]}, {titles[1]} or {len(titles) - 2:,} others"
    return " or ".join(titles)


# The mistakes in flattening a map for a linear layer, commonest first.
FEATURE_MISTAKES: Mapping[str, str] = {
    "channels-not-flattened": "leaving the channels out",
    "size-before-last-pooling": "taking the size before the last pooling",
    "batch-flattened": "flattening the batch too",
}
_POOLS = ("max-pool", "avg-pool", "global-avg-pool", *ADAPTIVE)


def _features(answer: ConvShape, linear: LayerShape, claim: Claim) -> Iterable[Diagnosis]:
    """Find the mistakes in flattening a map, from which a linear layer gets a wrong number of inputs."""
    by_name = {layer.name: layer for layer in answer.layers}
    layer = answer.flattening(linear)
    if layer is None:
        return
    channels, positions = layer.read[0].channels or 1, prod(layer.input)
    pool = by_name.get(layer.node.inputs[0])
    while pool is not None and pool.kind not in _POOLS:
        pool = by_name.get(pool.node.inputs[0])
    wrong = {"channels-not-flattened": positions}
    if pool is not None:
        wrong["size-before-last-pooling"] = channels * prod(pool.input)
    if answer.question.n > 1:
        wrong["batch-flattened"] = answer.question.n * channels * positions
    for name, number in wrong.items():
        if number != linear.in_features and reproduces(claim, ((number, 1),)):
            said = FEATURE_MISTAKES[name]
            if pool is not None and name == "size-before-last-pooling":
                said = f"taking the size before {pool.title}"
            yield Diagnosis(name, f"{said} would give {number:,}")
