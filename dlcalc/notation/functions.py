"""A network in layer words as a plain function: what ``import dlcalc`` offers for it."""

from collections.abc import Sequence
from typing import NamedTuple

from dlcalc.core import conv_params, conv_shape
from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, FrameworkName
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.network.functions import ReceptiveField, fields_of
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import INPUT, Input, Network, ShapeQuestion
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.question import DTYPES, ParamsQuestion
from dlcalc.core.validation import legal, wrong_count, wrong_rank
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
        receptive_field: what its outputs see of the input of the whole network; of a model none where not known.
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
    layers: str | Sequence[str] | Network,
    size: int | Sequence[int] | None = None,
    channels: int | None = None,
    *,
    framework: FrameworkName = "pytorch",
    bias: bool = False,
    dtype: str = "float32",
    n: int | None = None,
) -> tuple[NetworkLayer, ...]:
    """Compute the shape, the receptive field, the parameters and the work of every layer of a network.

    Args:
        layers: layer words, in one text or in several, as the command line takes them; or what ``load_model`` gives,
            which says by itself what its framework, its channels and its biases are.
        size: the input's extent in pixels, or one extent per axis in the order depth, height, width; of a model file
            only where that leaves it open.
        channels: of the input.
        framework: whose rules hold: ``"pytorch"``, ``"tensorflow"`` or ``"onnx"``.
        bias: whether convolutions and linear layers have a bias, where their word does not say.
        dtype: of the parameters and the activations.
        n: samples in a batch; 1, or those of the example that a model was traced with.

    Raises:
        DlcalcError: ``usage`` for words that cannot be read, and for a size that is not given or is another in a file;
            ``shape-mismatch`` for maps that do not meet, and what a layer alone raises, its message beginning with the
            layer.

    Source:
        Dumoulin & Visin, arXiv 1603.07285; Araujo et al., Distill 2019.

    >>> block = network("@x 3p1c64 bn relu 3p1c64 bn add@x", (56, 56), 64)
    >>> block[-1].output, sum(layer.params for layer in block), block[-1].receptive_field[0].size
    ((56, 56), 73984, 5)
    """
    if isinstance(layers, Network):
        return _of_file(layers, size, dtype, n)
    if size is None or channels is None:
        missing = "size" if size is None else "channels"
        hint = Fix(missing, 224 if size is None else 3)
        raise DlcalcError("usage", f"no {missing} of the input is given", hint=hint, option=missing)
    extents = (size,) if isinstance(size, int) else tuple(size)
    if not 1 <= len(extents) <= len(ALL_AXES):
        raise wrong_rank(len(extents))
    for extent in extents:
        legal(extent, "size", 1)
    legal(channels, "channels", 1)
    framework = framework_name(framework, "framework", FRAMEWORKS)
    axes = ALL_AXES[-len(extents) :]
    samples = 1 if n is None else n
    made = read_network(split_layer_words(layers), axes, Input(INPUT, extents, channels))
    counted = conv_params.answer(ParamsQuestion(made, axes, framework, bias, word(dtype, "dtype", DTYPES), samples))
    seen = conv_shape.answer(ShapeQuestion(made, axes, framework, len(axes), samples))
    return _layers(seen, counted)


def _of_file(model: Network, size: int | Sequence[int] | None, dtype: str, n: int | None) -> tuple[NetworkLayer, ...]:
    """Compute a network of a model file."""
    from dlcalc.notation.models.open_extents import bound

    count = len(model.inputs[0].size or ())
    axes = ALL_AXES[-count:] if count else ()
    extents = () if size is None else (size,) * count if isinstance(size, int) else tuple(size)
    if extents and len(extents) != count:
        raise wrong_count("size", len(extents), count)
    made = bound(model, n, dict(zip(axes, extents, strict=False)))
    assert made.file is not None
    counted = conv_params.answer(ParamsQuestion(made, axes, made.file.framework, dtype=word(dtype, "dtype", DTYPES)))
    return _layers(conv_shape.answer(ShapeQuestion(made, axes, made.file.framework, count)), counted)


def _layers(seen: ConvShape, counted: ConvParams) -> tuple[NetworkLayer, ...]:
    return tuple(
        NetworkLayer(
            shape.name,
            shape.said_kind,
            shape.node.inputs,
            shape.input,
            shape.output,
            count.c_out,
            tuple([axis.unread for axis in shape.axes]),
            fields_of(shape) if shape.seen else (),
            count.amounts.params,
            count.amounts.work.macs if count.amounts.work else 0,
        )
        for shape, count in zip(seen.layers, counted.layers, strict=False)  # all but what no layer owns
    )
