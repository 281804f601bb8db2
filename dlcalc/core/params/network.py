"""The parameters, the work and the memory of every layer of a stack, by the road of a single layer."""

from math import prod
from typing import NamedTuple

from dlcalc.core.conv.layer import Axis, FrameworkName, per_axis
from dlcalc.core.conv.plan import plan_layer
from dlcalc.core.conv.shape import ConvShapeQuestion, Place, inner_shape, layer_shape
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.network.network import (
    StackLayer,
    StackQuestion,
    groups_of,
    in_layer,
    layer_names,
    merge_notices,
    place_layers,
)
from dlcalc.core.params.count import DTYPES, Amounts, ConvParams, ConvParamsQuestion, LayerParams, Work, count
from dlcalc.core.validation import legal


class StackParamsQuestion(NamedTuple):
    """A stack of layers, and the input that it works on where that is known; else as a ``ConvParamsQuestion``.

    Attributes:
        c_in: channels of the input.
        layers: one after the other.
        bias: whether every output channel of a convolution or of a linear layer has one, where a layer does not say.
    """

    c_in: int
    layers: tuple[StackLayer, ...]
    bias: bool = False
    axes: tuple[Axis, ...] = ("h", "w")
    size: tuple[int, ...] | None = None
    framework: FrameworkName = "pytorch"
    dtype: str = "float32"
    n: int = 1
    square: bool = False


def stack_params(question: StackParamsQuestion) -> ConvParams:
    """The amounts of every layer; those of the stack are their sums.

    Raises:
        DlcalcError: ``usage`` for output channels or an input of a linear layer that are not known, and what
            ``conv_params`` and ``stack_shape`` raise, the message beginning with the layer.

    >>> from dlcalc.core.conv.layer import Layer
    >>> layers = StackLayer("conv", Layer(3), 64), StackLayer("batch-norm"), StackLayer("linear", None, 10)
    >>> stack_params(StackParamsQuestion(3, layers, size=(8, 8))).amounts.params
    24896
    """
    legal(question.c_in, "c_in", 1)
    legal(question.n, "n", 1)
    places = place_layers(question.layers, question.c_in)
    for place in places:
        if place.output_channels is None:
            error = DlcalcError("usage", "its number of output channels is not given", hint=f"{place.word}c64")
            raise in_layer(error, place)
    layers: list[LayerParams] = []
    size = question.size
    for name, place, layer in zip(layer_names(places), places, question.layers, strict=True):
        try:
            layers.append(_counted(question, name, place, layer, size))
        except DlcalcError as error:
            raise in_layer(error, place) from None
        known = size is not None or layer.kind == "global-avg-pool"
        size = layers[-1].output if known else None
    warned = [
        (place, warning)
        for place, layer in zip(places, layers, strict=True)
        for warning in (layer.shape.warnings if layer.shape else ())
    ]
    return ConvParams(question, tuple(layers), merge_notices(warned))


def as_shapes(question: StackParamsQuestion) -> StackQuestion:
    """The same stack as a question about its sizes.

    Raises:
        ValueError: where the size of the input is not known.
    """
    if question.size is None:
        raise ValueError("the size of the input is not known")
    return StackQuestion(question.axes, question.size, question.layers, question.framework, None, question.c_in)


def _counted(
    question: StackParamsQuestion, name: str, place: Place, layer: StackLayer, size: tuple[int, ...] | None
) -> LayerParams:
    """One layer, on an input of ``size``; a vector has no axes, and what is not known is None."""
    c_in, c_out = place.input_channels, place.output_channels
    assert c_in is not None
    assert c_out is not None
    bias = question.bias if layer.bias is None else layer.bias
    asked = ConvParamsQuestion(
        c_in, c_out, 1, bias, layer.layer, question.axes, size, question.framework, question.dtype, question.n
    )
    if layer.kind == "linear":
        if size is None:
            message = "the size of its input is not known: an fc needs --w"
            hint = (Fix("w", 224), " (", Fix("w", 1), " for a vector), or a gap in front of it")
            raise DlcalcError("usage", message, hint=hint)
        return count(asked._replace(c_in=c_in * prod(size)), name, place)
    if layer.kind in ("conv", "transposed"):
        return count(asked._replace(groups=groups_of(layer, c_in) or 1), name, place)
    return _without_weights(asked._replace(bias=False), name, place)


def _without_weights(asked: ConvParamsQuestion, name: str, place: Place) -> LayerParams:
    """A pooling, or a batch norm: 2C that are trained, and 2C of statistics."""
    each = DTYPES[asked.dtype]
    kernel: tuple[int, ...] = ()
    shape, output = None, asked.size or ()
    if asked.layer is not None:
        numbers = per_axis(asked.layer, len(asked.axes))
        kernel = tuple(axis.kernel for axis in numbers)
        if asked.size is None:
            plan_layer(asked.framework, asked.layer, len(asked.axes))  # which refuses what cannot be built
        else:
            shape_of = layer_shape if place.number == 1 else inner_shape  # the others' input is not typed
            shape = shape_of(ConvShapeQuestion(asked.axes, asked.size, asked.layer, asked.framework))
            output = shape.output
    elif place.kind == "global-avg-pool":
        output = (1,) * len(asked.axes)
    work = None
    if asked.size is not None:
        made = asked.n * asked.c_out * prod(output) * each
        work = Work(0, 0, made, asked.n * asked.c_in * prod(asked.size) * each + made)
    trained = 2 * asked.c_in if place.kind == "batch-norm" else 0
    amounts = Amounts(0, 0, trained, trained * each, work, trained)
    return LayerParams(name, asked, kernel, shape, amounts, place, output)
