"""conv-params: how many numbers a layer learns, how much it computes, and the memory of both."""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from dlcalc.core.conv.coverage import taps_on_input, taps_on_output
from dlcalc.core.conv.layer import Axis, FrameworkName, Kind, Layer, per_axis
from dlcalc.core.conv.plan import plan_axes
from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion, Place, inner_shape, layer_shape
from dlcalc.core.errors import DlcalcError, Notice, alternatives
from dlcalc.core.validation import legal

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
        c_in, c_out: channels of the input and of the output; features of a linear layer.
        groups: into how many groups the channels are divided.
        bias: whether every output channel has one.
        layer: the windows of a convolution; None of a linear layer.
        axes: those of the layer, of ``d``, ``h``, ``w``, in this order.
        size: the input's extent along each, if it is known.
        framework: whose rules hold for the size.
        dtype: of the parameters and the activations, one of ``DTYPES``.
        n: samples in a batch.
        square: one extent was given, and it is meant for every axis.
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
    def kind(self) -> str:
        """``conv``, ``transposed`` or ``linear``."""
        return "linear" if self.layer is None else self.layer.kind


class Work(NamedTuple):
    """What is computed from an input, and held while it is.

    Attributes:
        macs: multiply-accumulates; a bias adds none.
        macs_without_padding: those that meet real data: of a convolution not the zeros of the padding, of a transposed
            one not the products that the padding cuts off.
        activation_bytes: of all the layers' outputs.
        peak_activation_bytes: of the input and the output of one layer, where they are largest.
    """

    macs: int
    macs_without_padding: int
    activation_bytes: int
    peak_activation_bytes: int


class Amounts(NamedTuple):
    """What is counted of a layer, or of several together.

    Attributes:
        weights, bias: entries that are learned.
        buffers: entries that are kept and not learned: the statistics of batch norms.
        param_bytes: memory of all that is learned.
        work: None where no input is known.
        norm: entries of batch norms that are learned, their scale and shift.
    """

    weights: int
    bias: int
    buffers: int
    param_bytes: int
    work: Work | None
    norm: int = 0

    @property
    def params(self) -> int:
        """All entries that are learned."""
        return self.weights + self.bias + self.norm

    def by_key(self) -> dict[str, int]:
        """The numbers by the keys of the JSON, in its order."""
        found = {
            "weights": self.weights,
            "bias": self.bias,
            "params": self.params,
            "buffers": self.buffers,
            "param_bytes": self.param_bytes,
        }
        if self.work is not None:
            found |= {
                "macs": self.work.macs,
                "macs_without_padding": self.work.macs_without_padding,
                "flops": 2 * self.work.macs,
                "activation_bytes": self.work.activation_bytes,
                "peak_activation_bytes": self.work.peak_activation_bytes,
            }
        return found


class LayerParams(NamedTuple):
    """A layer, counted.

    Attributes:
        name: its own among the layers.
        asked: the layer as a question of its own.
        kernel: taps along each axis.
        shape: its geometry, where a size is known and there is one.
        amounts: what was counted.
        place: its place in a stack, of which it is a part.
        without_windows: the output's extent along each axis, of a layer of a stack that has no windows.
    """

    name: str
    asked: ConvParamsQuestion
    kernel: tuple[int, ...]
    shape: ConvShape | None
    amounts: Amounts
    place: Place | None = None
    without_windows: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """What kind of layer it is."""
        return self.place.kind if self.place else self.asked.kind

    @property
    def channels(self) -> int:
        """Of its input; a linear layer behind a feature map has more features."""
        return (self.place and self.place.input_channels) or self.asked.c_in

    @property
    def input(self) -> tuple[int, ...]:
        """The input's extent along each axis; none of a linear layer."""
        return self.asked.size or ()

    @property
    def output(self) -> tuple[int, ...]:
        """The output's."""
        return self.shape.output if self.shape else self.without_windows


class ConvParams(NamedTuple):
    """The answer to a question, a ``ConvParamsQuestion`` or a ``StackParamsQuestion``."""

    question: Any
    layers: tuple[LayerParams, ...]
    warnings: tuple[Notice, ...]

    @property
    def amounts(self) -> Amounts:
        """Of all the layers."""
        return total([layer.amounts for layer in self.layers])


def total(amounts: Sequence[Amounts]) -> Amounts:
    """The amounts of layers that work one after the other; memory peaks in one of them.

    >>> total([Amounts(9, 1, 0, 40, None), Amounts(4, 0, 0, 16, None)]).params
    14
    """
    weights, bias, buffers, param_bytes, works, norm = zip(*amounts, strict=True)
    work = None
    if None not in works:
        macs, real, memory, peak = zip(*works, strict=True)
        work = Work(sum(macs), sum(real), sum(memory), max(peak))
    return Amounts(sum(weights), sum(bias), sum(buffers), sum(param_bytes), work, sum(norm))


def layer_params(question: ConvParamsQuestion) -> ConvParams:
    """Count the parameters of a layer; the work and the memory too where the input's size is known.

    Raises:
        DlcalcError: ``invalid-value``, ``groups-do-not-divide``, and all that ``layer_shape`` raises.

    Source:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning, arXiv 1603.07285, section 2.

    >>> layer_params(ConvParamsQuestion(64, 128, layer=Layer(kernel=3), axes=("h", "w"))).amounts.params
    73728
    """
    layer = count(question)
    return ConvParams(question, (layer,), layer.shape.warnings if layer.shape else ())


def count(asked: ConvParamsQuestion, name: str | None = None, place: Place | None = None) -> LayerParams:
    """One layer, counted; ``name`` says what to call it, and ``place`` where it stands in a stack."""
    for option in ("c_in", "c_out", "groups", "n"):
        legal(getattr(asked, option), option, 1)
    _refuse_groups(asked)
    if asked.layer is None:
        kernel: tuple[int, ...] = ()
        shape = None
    else:
        numbers = per_axis(asked.layer, len(asked.axes))
        kernel = tuple(axis.kernel for axis in numbers)
        if asked.size is None:
            plan_axes(asked.framework, asked.layer, numbers)  # which refuses a layer that the framework cannot build
            shape = None
        else:
            typed = place is None or place.number == 1  # the input of the others is computed, and may be longer
            shape_of = layer_shape if typed else inner_shape
            shape = shape_of(ConvShapeQuestion(asked.axes, asked.size, asked.layer, asked.framework))
    each = DTYPES[asked.dtype]
    weights = asked.c_in // asked.groups * prod(kernel) * asked.c_out
    bias = asked.c_out if asked.bias else 0
    works = shape is not None or asked.layer is None
    work = _work(asked, kernel, shape, each) if works else None
    return LayerParams(
        name or f"{asked.kind}1", asked, kernel, shape, Amounts(weights, bias, 0, (weights + bias) * each, work), place
    )


def _work(asked: ConvParamsQuestion, kernel: tuple[int, ...], shape: ConvShape | None, each: int) -> Work:
    """Every tap of every window multiplies, for each pair of channels that meet."""
    pairs = asked.n * (asked.c_in // asked.groups) * asked.c_out
    used = real = pairs
    inputs = outputs = 1
    for taps, axis in zip(kernel, shape.layers[-1].axes if shape else (), strict=True):
        window, output = axis.window, axis.output
        if asked.kind == "transposed":
            used *= window.input * taps
            real *= taps_on_output(window, output)
        else:
            used *= output * taps
            real *= taps_on_input(window, output)
        inputs *= window.input
        outputs *= output
    made = asked.n * asked.c_out * outputs * each
    return Work(used, real, made, asked.n * asked.c_in * inputs * each + made)


def _refuse_groups(asked: ConvParamsQuestion) -> None:
    groups = asked.groups
    for channels, side in ((asked.c_in, "input"), (asked.c_out, "output")):
        if channels % groups:
            from dlcalc.core.numeric.divisors import nearest_common_divisors

            message = f"groups {groups} does not divide the {channels} {side} channels"
            nearest = nearest_common_divisors(groups, asked.c_in, asked.c_out)
            hint = alternatives("groups", nearest)
            raise DlcalcError("groups-do-not-divide", message, hint=hint, option="groups")
