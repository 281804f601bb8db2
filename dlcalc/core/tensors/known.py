"""The part of a model of which it is known what its outputs see, as a network of the kinds that words have."""

from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import OpKind

_ONE_BY_ONE: tuple[OpKind, ...] = ("permute", "reshape", "slice")  # at each position, where a map stays one


def seen_part(answer: ConvShape) -> ConvShape:
    """Leave out the layers whose sight is not known, and inputs that are no maps like the first.

    What is left reads only what is left. A linear layer that works at each position of a map is one of its kind there.
    """
    question = answer.question
    inputs = tuple([one for one in question.network.inputs if one.size and len(one.size) == len(question.axes)])
    left = {one.name for one in inputs}
    layers: list[LayerShape] = []
    for layer in answer.layers:
        if layer.seen:
            left.add(layer.name)
            layers.append(_alone(layer, left))
    network = question.network._replace(inputs=inputs, nodes=tuple([layer.node for layer in layers]))
    return answer._replace(question=question._replace(network=network), layers=tuple(layers))


def _alone(layer: LayerShape, left: set[str]) -> LayerShape:
    node = layer.node
    pairs = [pair for pair in zip(node.inputs, layer.read, strict=True) if pair[0] in left]
    if node.op.kind in _ONE_BY_ONE or (node.op.kind == "linear" and layer.output):
        node = node._replace(op=node.op._replace(kind="identity"))
    read = tuple([one for _, one in pairs])
    return layer._replace(node=node._replace(inputs=tuple([name for name, _ in pairs])), read=read)
