"""Short ways to write layers one behind another."""

from dlcalc.core.conv.layer import Layer
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import Op, OpKind, ShapeQuestion, chain
from dlcalc.core.network.shape import network_shape
from tests.support.random_networks import in_words

GAP, BN, FC = Op("global-avg-pool"), Op("batch-norm"), Op("linear", None, 10)


def conv(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Op:
    return Op("conv", Layer(kernel, stride, padding, dilation))


def pool(kernel: int, stride: int | None = None, padding: int = 0) -> Op:
    return Op("max-pool", Layer(kernel, stride, padding, kind="max-pool"))


def up(kernel: int, stride: int, padding: int = 0) -> Op:
    return Op("transposed", Layer(kernel, stride, padding, kind="transposed"))


def op(layer: Layer | OpKind) -> Op:
    """A layer with windows, or one of a kind without."""
    return Op(layer) if isinstance(layer, str) else Op(layer.kind, layer)


def asked(size: int, *ops: Op) -> ShapeQuestion:
    """The layers on one axis, as if they had been typed as words: w1, w2 and so on."""
    return ShapeQuestion(in_words(chain(ops, (size,))), ("w",))


def answer(size: int, *ops: Op) -> ConvShape:
    """What they make of an input."""
    return network_shape(asked(size, *ops))
