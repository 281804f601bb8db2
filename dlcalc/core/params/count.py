"""How many parameters a layer has, how much it computes, and the memory of both."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from dlcalc.core.conv.coverage import real_taps
from dlcalc.core.conv.frameworks import plan_layer
from dlcalc.core.conv.layer import Kind
from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion, Place, layer_shape
from dlcalc.core.errors import Notice
from dlcalc.core.params.question import DTYPES, ConvParamsQuestion, StackParamsQuestion
from dlcalc.core.validation import legal


class Work(NamedTuple):
    """The arithmetic on an input, and the memory held meanwhile.

    Attributes:
        macs: multiply-accumulates; a bias adds none.
        macs_without_padding: multiply-accumulates on real data: of a convolution without the zeros of the padding, of a
            transposed one without the products that the padding cuts off.
        activation_bytes: bytes of all layers' outputs.
        peak_activation_bytes: bytes of the input and the output of one layer, where they are largest.
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
        name: the layer's name among the layers, like ``conv1``.
        kind: the layer's kind; in a network one of ``network.FAMILIES``.
        question: the layer as a question of its own.
        channels: of the input; of a linear layer behind a feature map fewer than its input features.
        kernel: taps along each axis; none of a layer without windows.
        shape: its geometry, where its input's size is known and it has windows.
        output: the output's extent along each axis, where it is known; a vector has no axes.
        amounts: what was counted.
        place: its place in a network; None of a single layer.
    """

    name: str
    kind: Kind
    question: ConvParamsQuestion
    channels: int
    kernel: tuple[int, ...]
    shape: ConvShape | None
    output: tuple[int, ...]
    amounts: Amounts
    place: Place | None = None

    @property
    def input(self) -> tuple[int, ...]:
        """The input's extent along each axis, where it is known; a vector has no axes."""
        return self.question.size or ()


class ConvParams(NamedTuple):
    """The answer to a question about one layer or about a network.

    Attributes:
        question: the question.
        layers: the layers, in order; of a question about one layer that layer.
        warnings: caveats, e.g. that a pad layer is needed.
    """

    question: ConvParamsQuestion | StackParamsQuestion
    layers: tuple[LayerParams, ...]
    warnings: tuple[Notice, ...]

    @property
    def amounts(self) -> Amounts:
        """The amounts of all layers together."""
        return total([layer.amounts for layer in self.layers])


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


def layer_params(question: ConvParamsQuestion) -> ConvParams:
    """Count the parameters of a layer; the work and the memory too where the input's size is known.

    Raises:
        DlcalcError: ``invalid-value``, ``groups-do-not-divide``, and all that ``layer_shape`` raises.

    Source:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning, arXiv 1603.07285, section 2.

    >>> from dlcalc.core.conv.layer import Layer
    >>> layer_params(ConvParamsQuestion(64, 128, layer=Layer(kernel=3), axes=("h", "w"))).amounts.params
    73728
    """
    layer = count(question)
    return ConvParams(question, (layer,), layer.shape.warnings if layer.shape else ())


def count(question: ConvParamsQuestion, name: str | None = None, typed: bool = True) -> LayerParams:
    """Count a convolution, a transposed convolution or a linear layer.

    Args:
        question: the layer.
        name: what to call it; by default after its kind.
        typed: whether its numbers were typed, as of ``layer_shape``; a linear layer may read any number of features.

    Raises:
        DlcalcError: as ``layer_params``.
    """
    if typed:
        for option in ("c_in", "c_out", "groups", "n"):
            legal(getattr(question, option), option, 1)
    if question.c_in % question.groups or question.c_out % question.groups:
        from dlcalc.core.validation import groups_do_not_divide

        raise groups_do_not_divide(question.groups, question.c_in, question.c_out)
    kernel, shape = geometry(question, typed)
    weights = question.c_in // question.groups * prod(kernel) * question.c_out
    bias = question.c_out if question.bias else 0
    output, kind = shape.output if shape else (), question.kind
    work = None
    if question.layer is None:
        macs = question.n * weights
        work = Work(macs, macs, *memory(question, (), ()))
    elif shape is not None:
        work = Work(*_macs(question, shape), *memory(question, question.size or (), output))
    amounts = Amounts(weights, bias, 0, (weights + bias) * DTYPES[question.dtype], work)
    return LayerParams(name or f"{kind}1", kind, question, question.c_in, kernel, shape, output, amounts)


def geometry(question: ConvParamsQuestion, typed: bool) -> tuple[tuple[int, ...], ConvShape | None]:
    """Find the taps along each axis, and the shape where the input's size is known; nothing of a layer without windows.

    Args:
        question: the layer.
        typed: whether its numbers were typed, as of ``layer_shape``; a linear layer may read any number of features.

    Raises:
        DlcalcError: for windows that the framework cannot build, on an input of any size; and all that ``layer_shape``
            raises.
    """
    if question.layer is None:
        return (), None
    plan = plan_layer(question.framework, question.layer, len(question.axes))
    shape = None
    if question.size is not None:
        geometry = ConvShapeQuestion(question.axes, question.size, question.layer, question.framework)
        shape = layer_shape(geometry, typed)
    return tuple(axis.kernel for axis in plan.axes), shape


def memory(question: ConvParamsQuestion, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> tuple[int, int]:
    """Compute the bytes of the output, and of the input and the output together.

    Args:
        question: for the samples, the channels and the dtype.
        inputs: the input's extent along each axis.
        outputs: the output's.
    """
    each = question.n * DTYPES[question.dtype]
    made = each * question.c_out * prod(outputs)
    return made, each * question.c_in * prod(inputs) + made


def _macs(question: ConvParamsQuestion, shape: ConvShape) -> tuple[int, int]:
    """Count the multiply-accumulates, all and those on real data: one per tap, window and pair of channels."""
    macs = real = question.n * (question.c_in // question.groups) * question.c_out
    for axis in shape.layers[-1].axes:
        window, output = axis.window, axis.output
        transposed = question.kind == "transposed"
        macs *= (window.input if transposed else output) * window.kernel
        real *= real_taps(window, output, transposed)
    return macs, real
