"""A network in layer words as a plain function: what ``import dlcalc`` offers for it."""

from collections.abc import Sequence
from typing import NamedTuple

from dlcalc.core import conv_params, conv_shape
from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, FrameworkName
from dlcalc.core.network.functions import ReceptiveField, fields_of
from dlcalc.core.network.network import INPUT, Input, ShapeQuestion
from dlcalc.core.params.question import DTYPES, ParamsQuestion
from dlcalc.core.validation import legal, wrong_rank
from dlcalc.notation.networks import read_network, split_layer_words
from dlcalc.notation.values import framework_name, word


class NetworkLayer(NamedTuple):
    """One layer of a network, computed; each tuple has an entry per axis, in the order depth, height, width.

    Attributes:
        name: like ``conv1``, unique in the network.
        kind: like ``conv``, ``max-pool`` or ``add``.
        inputs: the names of the layers that it reads.
        input, output: extents in pixels of the current map that it reads and of its output; empty of a vector.
        channels: of its output, or features.
        unread: positions of its input that no window reads.
        receptive_field: what its outputs see of the input of the whole network.
        params: entries that are learned.
        macs: multiply-accumulates.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    input: tuple[int, ...]
    output: tuple[int, ...]
    channels: int
    unread: tuple[int, ...]
    receptive_field: tuple[ReceptiveField, ...]
    params: int
    macs: int


def network(
    layers: str | Sequence[str],
    size: int | Sequence[int],
    channels: int,
    *,
    framework: FrameworkName = "pytorch",
    bias: bool = False,
    dtype: str = "float32",
    n: int = 1,
) -> tuple[NetworkLayer, ...]:
    """Compute the shape, the receptive field, the parameters and the work of every layer of a network in words.

    Args:
        layers: layer words, in one text or in several, as the command line takes them.
        size: the input's extent in pixels, or one extent per axis in the order depth, height, width.
        channels: of the input.
        framework: whose rules hold: ``"pytorch"``, ``"tensorflow"`` or ``"onnx"``.
        bias: whether convolutions and linear layers have a bias, where their word does not say.
        dtype: of the parameters and the activations.
        n: samples in a batch.

    Raises:
        DlcalcError: ``usage`` for words that cannot be read, ``shape-mismatch`` for maps that do not meet, and what a
            layer alone raises, its message beginning with the layer.

    Source:
        Dumoulin & Visin, arXiv 1603.07285; Araujo et al., Distill 2019.

    >>> block = network("@x 3p1c64 bn relu 3p1c64 bn add@x", (56, 56), 64)
    >>> block[-1].output, sum(layer.params for layer in block), block[-1].receptive_field[0].size
    ((56, 56), 73984, 5)
    """
    extents = (size,) if isinstance(size, int) else tuple(size)
    if not 1 <= len(extents) <= len(ALL_AXES):
        raise wrong_rank(len(extents))
    for extent in extents:
        legal(extent, "size", 1)
    legal(channels, "channels", 1)
    framework = framework_name(framework, "framework", FRAMEWORKS)
    axes = ALL_AXES[-len(extents) :]
    made = read_network(split_layer_words(layers), axes, Input(INPUT, extents, channels))
    counted = conv_params.answer(ParamsQuestion(made, axes, framework, bias, word(dtype, "dtype", DTYPES), n))
    seen = conv_shape.answer(ShapeQuestion(made, axes, framework, len(axes), n))
    return tuple(
        NetworkLayer(
            shape.name,
            shape.kind,
            shape.node.inputs,
            shape.input,
            shape.output,
            count.c_out,
            tuple([axis.unread for axis in shape.axes]),
            fields_of(shape),
            count.amounts.params,
            count.amounts.work.macs if count.amounts.work else 0,
        )
        for shape, count in zip(seen.layers, counted.layers, strict=True)
    )
