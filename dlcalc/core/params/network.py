"""The parameters, the work and the memory of every layer of a network, each counted as a single layer is."""

from math import prod

from dlcalc.core.conv.layer import Kind
from dlcalc.core.conv.shape import Place
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.network.network import StackLayer, groups_of, in_layer, layer_names, merge_notices, place_layers
from dlcalc.core.params.count import Amounts, ConvParams, LayerParams, Work, count, geometry, memory
from dlcalc.core.params.question import DTYPES, ConvParamsQuestion, StackParamsQuestion
from dlcalc.core.validation import legal


def stack_params(question: StackParamsQuestion) -> ConvParams:
    """Count every layer of a network.

    Raises:
        DlcalcError: ``usage`` for output channels or an input of a linear layer that are not known, and what
            ``layer_params`` and ``stack_shape`` raise, the message beginning with the layer.

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
    notices: list[tuple[Place, Notice]] = []
    size = question.size
    for name, place, layer in zip(layer_names(places), places, question.layers, strict=True):
        try:
            counted = _counted(question, place, layer, size)
        except DlcalcError as error:
            raise in_layer(error, place) from None
        layers.append(counted._replace(name=name, kind=layer.kind, place=place))
        known = size is not None or layer.kind == "global-avg-pool"
        size = counted.output if known else None
        notices += [(place, notice) for notice in (counted.shape.warnings if counted.shape else ())]
    return ConvParams(question, tuple(layers), merge_notices(notices))


def _counted(
    network: StackParamsQuestion, place: Place, layer: StackLayer, size: tuple[int, ...] | None
) -> LayerParams:
    """Count one layer on an input of ``size``, which is None where it is not known and empty of a vector."""
    c_in, c_out = place.input_channels, place.output_channels
    assert c_in is not None
    assert c_out is not None
    bias = network.bias if layer.bias is None else layer.bias
    question = ConvParamsQuestion(
        c_in, c_out, 1, bias, layer.layer, network.axes, size, network.framework, network.dtype, network.n
    )
    if layer.kind == "linear":
        if size is None:
            message = "the size of its input is not known: an fc needs --w"
            hint = (Fix("w", 224), " (", Fix("w", 1), " for a vector), or a gap in front of it")
            raise DlcalcError("usage", message, hint=hint)
        return count(question._replace(c_in=c_in * prod(size)), typed=False)._replace(channels=c_in)
    if layer.kind in ("conv", "transposed"):
        return count(question._replace(groups=groups_of(layer, c_in) or 1), typed=place.number == 1)
    return _without_weights(question._replace(bias=False), layer.kind, place.number == 1)


def _without_weights(question: ConvParamsQuestion, kind: Kind, typed: bool) -> LayerParams:
    """Count a pooling, or a batch norm, whose 2C entries are learned and whose 2C statistics are kept."""
    kernel, shape = geometry(question, typed)
    output = shape.output if shape else question.size or ()
    if kind == "global-avg-pool":
        output = (1,) * len(question.axes)
    work = None if question.size is None else Work(0, 0, *memory(question, question.size, output))
    learned = 2 * question.c_in if kind == "batch-norm" else 0
    amounts = Amounts(0, 0, learned, learned * DTYPES[question.dtype], work, learned)
    return LayerParams("", kind, question, question.c_in, kernel, shape, output, amounts)
