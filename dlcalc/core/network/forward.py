"""The forward rule for a layer and for a stack of layers: what goes backwards or compares frameworks calls it."""

from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion, layer_shape
from dlcalc.core.network.network import StackQuestion
from dlcalc.core.network.shape import stack_shape


def forward(question: ConvShapeQuestion | StackQuestion) -> ConvShape:
    """Compute the sizes of a layer, or of every layer of a stack.

    Raises:
        DlcalcError: what ``layer_shape`` and ``stack_shape`` raise.

    >>> from dlcalc.core.conv.layer import Layer
    >>> forward(ConvShapeQuestion(("w",), (7,), Layer(kernel=3))).output
    (5,)
    """
    return layer_shape(question) if isinstance(question, ConvShapeQuestion) else stack_shape(question)
