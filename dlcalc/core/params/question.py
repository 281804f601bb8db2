"""The question of conv-params: a network, the type of its numbers, and the batch that it works on."""

from typing import NamedTuple

from dlcalc.core.conv.layer import Axis, FrameworkName, Layer
from dlcalc.core.errors import Notice
from dlcalc.core.network.network import INPUT, Input, Network, Node, Op, OpKind

KINDS: tuple[OpKind, ...] = ("conv", "transposed", "linear")  # that have weights

# Bytes of one entry.
DTYPES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8": 1,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
}


class ParamsQuestion(NamedTuple):
    """A network, and the input that it works on where that is known.

    Attributes:
        network: the layers; its input has channels, or features, and a size where that is known.
        axes: those of the layers, of ``d``, ``h``, ``w``, in this order.
        framework: whose rules hold for the size.
        bias: whether every output channel of a convolution or of a linear layer has a bias, where a layer does not say.
        dtype: of the parameters and the activations, one of ``DTYPES``.
        n: samples in a batch.
        square: whether one extent was given, and is meant for every axis.
        at: the name of the layer to explain; None for all.
        summary: whether to show blocks and totals only.
    """

    network: Network
    axes: tuple[Axis, ...] = ("h", "w")
    framework: FrameworkName = "pytorch"
    bias: bool = False
    dtype: str = "float32"
    n: int = 1
    square: bool = False
    at: str | None = None
    summary: bool = False

    @property
    def size(self) -> tuple[int, ...] | None:
        """The extent of the input along each axis; empty of a vector, None where it is not known."""
        return self.network.inputs[0].size

    @property
    def c_in(self) -> int:
        """Channels of the input; features of a linear layer."""
        return self.network.inputs[0].channels or 0


def layer_question(
    c_in: int,
    c_out: int,
    groups: int = 1,
    bias: bool = False,
    layer: Layer | None = None,
    axes: tuple[Axis, ...] = (),
    size: tuple[int, ...] | None = None,
    framework: FrameworkName = "pytorch",
    dtype: str = "float32",
    n: int = 1,
    square: bool = False,
    notices: tuple[Notice, ...] = (),
) -> ParamsQuestion:
    """Ask about a single convolution, or about a linear layer where there are no windows.

    >>> layer_question(512, 10).network.nodes[0].name
    'linear1'
    """
    op = Op("linear", None, c_out) if layer is None else Op(layer.kind, layer, c_out, groups)
    given = Input(INPUT, () if layer is None else size, c_in)
    network = Network((given,), (Node(f"{op.kind}1", op),), notices)
    return ParamsQuestion(network, axes, framework, bias, dtype, n, square)
