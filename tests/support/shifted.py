"""Frameworks that agree on every size and not on the windows: no single layer is like that."""

from dlcalc.core.conv.layer import Layer
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import Op, ShapeQuestion, chain, layer_question
from dlcalc.core.network.shape import network_shape

ONE = layer_question(("w",), (224,), Layer(3, 2, 1))
TWO = ShapeQuestion(chain([Op("conv", Layer(3, 1, 1)), Op("conv", Layer(3, 2, 1))], (224,)), ("w",))


def shifted_in_keras(question: ShapeQuestion) -> ConvShape:
    """The forward rule, but Keras pads the last layer at the end only."""
    *nodes, last = question.network.nodes
    assert last.op.layer is not None
    if question.framework == "tensorflow":
        last = last._replace(op=last.op._replace(layer=last.op.layer._replace(padding=((0, 1),))))
    network = question.network._replace(nodes=(*nodes, last))
    return network_shape(question._replace(network=network, framework="onnx"))
