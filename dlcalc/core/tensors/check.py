"""An independent proof for models: windows enumerated, layer by layer; sights walked back where they are known."""

from typing import TYPE_CHECKING

from dlcalc.core.conv.check import MAX_POSITIONS, bounds, differences, positions, proof_of, walk
from dlcalc.core.evidence.proof import Failure, Proof
from dlcalc.core.network.check import check_shape

if TYPE_CHECKING:
    from dlcalc.core.network.layer_shape import ConvShape


def check_model(answer: "ConvShape", known: "ConvShape", limit: int = MAX_POSITIONS) -> Proof:
    """Prove the sizes of all layers with windows; and of those whose sights are known all that a network in words has.

    Args:
        answer: the model.
        known: the part of it whose sights are known.
        limit: how many positions are visited at the most; beyond, the inequalities that define a size prove it.
    """
    method, visited = "enumeration", 0
    failures: list[Failure] = []
    proved = {layer.name for layer in known.layers}
    if known.layers:
        proof = check_shape(known, limit)
        failures += proof.failures
        method = proof.method
        visited += int(str(proof.details.get("positions", 0)))
    for layer in answer.layers:
        if layer.plan is None or layer.name in proved:
            continue
        for index, axis in enumerate(layer.axes):
            where: dict[str, object] = {"layer": layer.name, "axis": ("d", "h", "w")[index - len(layer.axes)]}
            if layer.input[index] != axis.window.input:
                failures.append(Failure(where, "input", axis.window.input, layer.input[index]))
            visits = positions(layer.plan, axis)
            if visits > limit - visited:
                method = "bounds"
                failures += bounds(layer.plan, where, axis)
                continue
            visited += visits
            counted = walk(layer.plan, axis, layer.plan.axes[index].padding)
            failures += differences(
                where, ("output", "padding", "unread"), (axis.output, True, axis.unread), counted[:3]
            )
    return proof_of(method, visited, failures)
