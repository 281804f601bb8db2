"""The questions of conv-params: about one layer, and about a network of layers."""

from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.layer import Axis, FrameworkName, Kind, Layer

if TYPE_CHECKING:
    from dlcalc.core.network.network import StackLayer

KINDS: tuple[Kind, ...] = ("conv", "transposed", "linear")

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


class ConvParamsQuestion(NamedTuple):
    """A layer, and the input that it works on where that is known.

    Attributes:
        c_in: channels of the input; features of a linear layer.
        c_out: channels of the output; features of a linear layer.
        groups: into how many groups the channels are divided.
        bias: whether every output channel has a bias.
        layer: the windows of a convolution; None of a linear layer.
        axes: those of the layer, of ``d``, ``h``, ``w``, in this order.
        size: the input's extent along each axis, in positions; None where it is not known.
        framework: whose rules hold for the size.
        dtype: of the parameters and the activations, one of ``DTYPES``.
        n: samples in a batch.
        square: whether one extent was given, and is meant for every axis.
    """

    c_in: int
    c_out: int
    groups: int = 1
    bias: bool = False
    layer: Layer | None = None
    axes: tuple[Axis, ...] = ()
    size: tuple[int, ...] | None = None
    framework: FrameworkName = "pytorch"
    dtype: str = "float32"
    n: int = 1
    square: bool = False

    @property
    def kind(self) -> Kind:
        """``conv``, ``transposed`` or ``linear``; within a network the kind of a pooling too."""
        return "linear" if self.layer is None else self.layer.kind


class StackParamsQuestion(NamedTuple):
    """A network of layers, and the input that it works on where that is known; else as a ``ConvParamsQuestion``.

    Attributes:
        c_in: channels of the input.
        layers: one after the other.
        bias: whether every output channel of a convolution or of a linear layer has a bias, where a layer does not say.
    """

    c_in: int
    layers: "tuple[StackLayer, ...]"
    bias: bool = False
    axes: tuple[Axis, ...] = ("h", "w")
    size: tuple[int, ...] | None = None
    framework: FrameworkName = "pytorch"
    dtype: str = "float32"
    n: int = 1
    square: bool = False
