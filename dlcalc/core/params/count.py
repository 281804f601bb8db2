"""How many parameters the layers of a network have, how much they compute, and the memory of both."""

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.coverage import real_taps
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.layer_shape import ConvShape, LayerShape, Map
from dlcalc.core.network.maps import groups_of
from dlcalc.core.network.network import Node, Op, OpKind, ShapeQuestion, in_layer
from dlcalc.core.network.shape import network_shape
from dlcalc.core.params.memory import Alive, alone
from dlcalc.core.params.question import DTYPES, KINDS, ParamsQuestion
from dlcalc.core.validation import legal

if TYPE_CHECKING:
    from dlcalc.core.tensors.saved import Stored

NORMS: tuple[OpKind, ...] = ("batch-norm", "layer-norm", "group-norm")  # that learn a scale and a shift a channel


class Work(NamedTuple):
    """The arithmetic on an input, and the memory held meanwhile.

    Attributes:
        macs: multiply-accumulates; a bias adds none.
        macs_without_padding: multiply-accumulates on real data: of a convolution without the zeros of the padding, of a
            transposed one without the products that the padding cuts off.
        activation_bytes: bytes of the outputs.
        peak_activation_bytes: bytes of all maps that are alive while a layer runs, where they are most.
    """

    macs: int
    macs_without_padding: int
    activation_bytes: int
    peak_activation_bytes: int


class Amounts(NamedTuple):
    """The counts of a layer, or of several together.

    Attributes:
        weights: entries of weight tensors.
        bias: entries of biases.
        buffers: entries that are kept and not learned: the statistics of batch norms.
        param_bytes: bytes of all that is learned.
        work: the arithmetic and its memory; None where no input is known.
        norm: entries of norms that are learned, their scale and shift; of models all that is learned otherwise.
    """

    weights: int
    bias: int
    buffers: int
    param_bytes: int
    work: Work | None
    norm: int = 0

    @property
    def params(self) -> int:
        """The entries that are learned, of every kind."""
        return self.weights + self.bias + self.norm

    def by_key(self) -> dict[str, int]:
        """The numbers by the keys of the JSON, in its order."""
        numbers = {"weights": self.weights, "bias": self.bias, "params": self.params, "buffers": self.buffers}
        numbers["param_bytes"] = self.param_bytes
        if self.work is not None:
            macs, real, memory, peak = self.work
            numbers |= {"macs": macs, "macs_without_padding": real, "flops": 2 * macs}
            numbers |= {"activation_bytes": memory, "peak_activation_bytes": peak}
        return numbers


class LayerParams(NamedTuple):
    """A layer, counted.

    Attributes:
        shape: the layer's geometry.
        c_in, c_out: channels of its input and of its output; features of a linear layer.
        groups: into how many groups the channels are divided.
        bias: whether every output channel has a bias.
        amounts: what was counted.
        samples: in a batch; of a linear layer of a model also the positions that it works at.
    """

    shape: LayerShape
    c_in: int
    c_out: int
    groups: int
    bias: bool
    amounts: Amounts
    samples: int = 1

    @property
    def name(self) -> str:
        """The name of the node."""
        return self.shape.name

    @property
    def kind(self) -> OpKind:
        """The kind of its operation."""
        return self.shape.kind

    @property
    def kernel(self) -> tuple[int, ...]:
        """The taps along each axis; none of a layer without windows."""
        plan = self.shape.plan
        return () if plan is None else tuple([axis.kernel for axis in plan.axes])


class ConvParams(NamedTuple):
    """The answer to a question about a network.

    Attributes:
        question: the question.
        layers: the layers, in order.
        amounts: those of all layers together.
        peak_layer: the layer that runs where the memory is largest; None where no size is known.
        shape: the sizes of all layers.
    """

    question: ParamsQuestion
    layers: tuple[LayerParams, ...]
    amounts: Amounts
    peak_layer: str | None
    shape: ConvShape

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The caveats, e.g. that a pad layer is needed."""
        return self.shape.warnings


def total(amounts: Sequence[Amounts]) -> Amounts:
    """Add the amounts of layers that work one after the other; memory peaks in one of them.

    >>> total([Amounts(9, 1, 0, 40, None), Amounts(4, 0, 0, 16, None)]).params
    14
    """
    weights, bias, buffers, param_bytes, works, norm = zip(*amounts, strict=True)
    work = None
    if None not in works:
        macs, real, memory, peak = zip(*works, strict=True)
        work = Work(sum(macs), sum(real), sum(memory), max(peak))
    return Amounts(sum(weights), sum(bias), sum(buffers), sum(param_bytes), work, sum(norm))


def network_params(question: ParamsQuestion) -> ConvParams:
    """Count the parameters of every layer; the work and the memory too where the input's size is known.

    Raises:
        DlcalcError: ``invalid-value``, ``groups-do-not-divide``, ``usage`` for output channels that are not known, and
            all that ``network_shape`` raises.

    Source:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning, arXiv 1603.07285, section 2.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.params.question import layer_question
    >>> network_params(layer_question(64, 128, layer=Layer(kernel=3), axes=("h", "w"))).amounts.params
    73728
    """
    network, axes, framework, _, dtype, n, *_ = question
    if network.file is None:
        legal(question.c_in, "c_in", 1)
    single = network.single
    if single is not None:  # in the order of the options
        legal(single.channels or 0, "c_out", 1)
        legal(single.groups, "groups", 1)
    legal(n, "n", 1)
    shape = network_shape(ShapeQuestion(network, axes, framework, len(axes), n), fields=False)
    each = DTYPES[dtype] * (n if network.file is None else 1)  # whose tensors have all samples
    if single is not None:
        layer = _counted(shape.layers[0], question, lambda layer: alone(layer, each))
        return ConvParams(question, (layer,), layer.amounts, layer.name if layer.amounts.work else None, shape)
    sized = question.size is not None or network.file is not None
    alive = Alive(shape, each) if sized else None
    layers = [
        _counted(layer, question, alive.behind if alive else lambda layer: alone(layer, each)) for layer in shape.layers
    ]
    if network.file is not None and any(network.file.unowned):
        layers.append(_unowned(question, network.file.unowned))
    amounts = total([layer.amounts for layer in layers])
    peak = None
    if amounts.work is not None:
        most = amounts.work.peak_activation_bytes
        peak = next(one.name for one in layers if one.amounts.work and one.amounts.work[-1] == most)
    return ConvParams(question, tuple(layers), amounts, peak, shape)


def _counted(
    layer: LayerShape, question: ParamsQuestion, memory: Callable[[LayerShape], tuple[int, int]]
) -> LayerParams:
    op, kind = layer.node.op, layer.kind
    if layer.node.saved is not None:
        return _stored(layer, layer.node.saved.stored, question, memory(layer))
    c_in, c_out = layer.read[0].channels, layer.made.channels
    if c_in is None or c_out is None:
        message = "its number of output channels is not given"
        error = DlcalcError("usage", message, hint=f"{layer.node.word}c64")
        raise in_layer(error, layer.title)
    groups, features = groups_of(op, c_in) or 1, layer.in_features
    has_bias = kind in KINDS and (question.bias if op.bias is None else op.bias)
    weights = norm = 0
    used = real = 1
    if kind == "linear":
        c_in = c_in if features is None else features
        weights = c_in * c_out
    elif kind in KINDS:
        assert layer.plan is not None
        weights = c_in // groups * prod([axis.kernel for axis in layer.plan.axes]) * c_out
        used, real = _products(layer)
    elif kind in NORMS:
        norm = 2 * c_out
    work = None
    if question.size is not None or kind == "linear":
        pairs = question.n * (c_in // groups) * c_out if kind in KINDS else 0
        work = Work(pairs * used, pairs * real, *memory(layer))
    learned = weights + has_bias * c_out + norm
    buffers = norm if kind == "batch-norm" else 0
    amounts = Amounts(weights, has_bias * c_out, buffers, learned * DTYPES[question.dtype], work, norm)
    return LayerParams(layer, c_in, c_out, groups, has_bias, amounts, question.n)


def _stored(layer: LayerShape, stored: "Stored", question: ParamsQuestion, memory: tuple[int, int]) -> LayerParams:
    """Count a layer of a model: what is stored for it, and its work on all samples of its tensors."""
    op, kind, dims, read = layer.node.op, layer.kind, layer.made.dims, layer.read[0].dims
    c_in, c_out = layer.in_features or layer.read[0].channels or 0, layer.made.channels or 0
    groups = groups_of(op, c_in) or 1
    macs, real, samples = layer.macs, layer.macs, question.n
    if kind == "linear" and read is not None:
        samples = prod(read) // max(1, c_in)
        macs = real = samples * c_in * c_out
    elif kind in KINDS and dims is not None:
        used, real = _products(layer)
        samples = prod(dims) // (c_out * prod(layer.output))
        pairs = samples * (c_in // groups) * c_out
        macs, real = pairs * used, pairs * real
    weights, bias, other, buffers = stored
    param_bytes = (weights + bias + other) * DTYPES[question.dtype]
    work = Work(macs, real, *memory)
    amounts = Amounts(weights, bias, buffers, param_bytes, work, other)
    return LayerParams(layer, c_in, c_out, groups, bias > 0, amounts, samples)


def _unowned(question: ParamsQuestion, stored: "Stored") -> LayerParams:
    """Count what a model stores and no layer uses."""
    from dlcalc.core.tensors.saved import Saved

    saved = Saved("other", (), stored)
    nothing = Map((), None, ())
    shape = LayerShape(Node("other", Op("tensor"), (), saved=saved), 0, None, (), (nothing,), nothing, seen=False)
    return _stored(shape, stored, question, (0, 0))


def _products(layer: LayerShape) -> tuple[int, int]:
    """Count the products of a pair of channels, all and those on real data: one per tap and window."""
    used = real = 1
    for axis in layer.axes:
        window, output = axis.window, axis.output
        used *= (window.input if layer.scatters else output) * window.kernel
        real *= real_taps(window, output, layer.scatters)
    return used, real
