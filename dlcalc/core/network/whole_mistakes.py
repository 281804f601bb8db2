"""The mistakes about a network that are no slip in a layer, commonest first: about its field, and in flattening."""

from collections.abc import Iterable, Iterator, Mapping
from math import prod

from dlcalc.core.evidence.claim import Claim, Diagnosis, reproduces
from dlcalc.core.evidence.diagnosis import Numbers, written
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ADAPTIVE

# About receptive fields. The first is the right answer to another question, so it stands before all others.
FIELD_MISTAKES: Mapping[str, str] = {
    "smallest-field": "the field of the output that sees least",
    "kernels-summed": "adding up the kernels",
    "one-layer-more": "one layer more, like the first, in front",
}
# About flattening a map for a linear layer.
FEATURE_MISTAKES: Mapping[str, str] = {
    "channels-not-flattened": "leaving the channels out",
    "size-before-last-pooling": "taking the size before the last pooling",
    "batch-flattened": "flattening the batch too",
}
_POOLS = ("max-pool", "avg-pool", "global-avg-pool", *ADAPTIVE)


def of_field(answer: ConvShape, layer: LayerShape, claim: Claim) -> tuple[list[Diagnosis], list[Diagnosis]]:
    """Find the mistakes about a field that give a claim: those before the slips in layers, and those behind them."""
    right = [axis.field.size for axis in layer.axes]
    smallest = [axis.field.smallest for axis in layer.axes]
    path = list(_windows_before(answer, layer))
    behind: list[tuple[str, list[int]]] = []
    if path and not any(one.scatters for one in path):
        if len(path) > 1:
            behind += [("kernels-summed", _added(path, dilated)) for dilated in (False, True)]
        first = path[0].axes
        longer = [axis.window.kernel + (size - 1) * axis.window.stride for axis, size in zip(first, right, strict=True)]
        behind.append(("one-layer-more", longer))
    return (
        list(_that_fit(claim, right, [("smallest-field", smallest)])),
        list(_that_fit(claim, right, behind)),
    )


def _windows_before(answer: ConvShape, layer: LayerShape) -> Iterator[LayerShape]:
    """Iterate over the layers with windows on the way to one, the first first; past a join on the current map's way."""
    by_name, way = {one.name: one for one in answer.layers}, []
    at: LayerShape | None = layer
    while at is not None:
        way.append(at)
        at = by_name.get(at.node.inputs[0])
    return (one for one in reversed(way) if one.plan is not None)


def _added(path: list[LayerShape], dilated: bool) -> list[int]:
    along = zip(*(one.axes for one in path), strict=True)
    return [sum(axis.window.extent if dilated else axis.window.kernel for axis in axes) for axes in along]


def _that_fit(claim: Claim, right: list[int], candidates: Iterable[tuple[str, list[int]]]) -> Iterator[Diagnosis]:
    """Make a diagnosis of each candidate that changes the right field and gives what is claimed, each name once."""
    named: set[str] = set()
    for name, fields in candidates:
        numbers: Numbers = tuple([(size, 1) for size in fields])
        if fields != right and name not in named and reproduces(claim, numbers):
            named.add(name)
            yield Diagnosis(name, f"{FIELD_MISTAKES[name]} would give {written(numbers)}")


def of_features(answer: ConvShape, linear: LayerShape, claim: Claim) -> Iterator[Diagnosis]:
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
