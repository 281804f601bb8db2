"""Frameworks that agree on every size and not on the windows: no single layer is like that."""

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion
from dlcalc.core.network.network import StackLayer, StackQuestion, forward

ONE = ConvShapeQuestion(("w",), (224,), Layer(3, 2, 1))
TWO = StackQuestion(("w",), (224,), (StackLayer("conv", Layer(3, 1, 1)), StackLayer("conv", Layer(3, 2, 1))))


def shifted_in_keras(question: ConvShapeQuestion | StackQuestion) -> ConvShape:
    """The forward rule, but Keras pads the last layer at the end only."""
    layer = question.layer if isinstance(question, ConvShapeQuestion) else question.layers[-1].layer
    assert layer is not None
    if question.framework == "tensorflow":
        layer = layer._replace(padding=((0, 1),))
    if isinstance(question, ConvShapeQuestion):
        return forward(question._replace(layer=layer, framework="onnx"))
    layers = (*question.layers[:-1], StackLayer("conv", layer))
    return forward(question._replace(layers=layers, framework="onnx"))
