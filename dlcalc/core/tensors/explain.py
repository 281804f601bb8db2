"""The explanation of the sizes of a model: like that of words where fields are known, and of each window elsewhere."""

from dlcalc.core.conv.explain import AxisSteps
from dlcalc.core.evidence.step import Step
from dlcalc.core.network.explain import explain_shape
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.tensors.known import seen_part


def explain_model(answer: ConvShape) -> tuple[Step, ...]:
    """List the terms of every layer, in the order of the layers; of one, where the question names it."""
    by_layer: dict[object, list[Step]] = {}
    part = seen_part(answer)
    for step in explain_shape(part) if part.layers else ():
        by_layer.setdefault(step.where.get("layer"), []).append(step)
    at = answer.question.at
    steps: list[Step] = []
    for layer in answer.layers:
        if at in (None, layer.name):
            steps += by_layer.get(layer.name) or _unseen(layer)
    return tuple(steps)


def _unseen(layer: LayerShape) -> list[Step]:
    """Explain a layer alone: its windows, or where its shape comes from."""
    steps: list[Step] = []
    if layer.plan is None:
        shape = "x".join(map(str, layer.made.dims or ()))
        why = "shape of the tensor, with the batch"
        formula = (
            "as the file declares it" if layer.kind in ("tensor", "resize") else f"by the rule of {layer.said_kind}"
        )
        return [Step("shape", formula, "", shape, "the model file", why, {"layer": layer.name})]
    for name, axis in zip(layer.names(()), layer.axes, strict=True):
        terms = AxisSteps(name, axis, {"layer": layer.name, "axis": name})
        terms.size(layer.plan.size)
        steps += terms.steps
    return steps
