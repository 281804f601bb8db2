"""Networks as plain functions: what ``import dlcalc`` offers for more than one layer."""

from collections.abc import Sequence
from typing import NamedTuple

from dlcalc.core.conv.functions import hashable
from dlcalc.core.conv.layer import ALL_AXES, KINDS, FrameworkName, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import LayerShape
from dlcalc.core.network.network import Op, ShapeQuestion, chain
from dlcalc.core.network.shape import network_shape
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.core.validation import legal, wrong_rank


class ReceptiveField(NamedTuple):
    """The receptive field of an output of a network, along one axis, in pixels of the network's input.

    Attributes:
        size: the extent of the receptive field, holes and padding included; where outputs differ, the largest.
        smallest: the smallest, which differs from ``size`` only behind a transposed layer, an adaptive pooling or
            branches that are misaligned.
        jump: pixels between neighbouring outputs.
        center: the pixel, counted from 0, in the middle of the first output's field; None if no output has one.
    """

    size: int
    smallest: int
    jump: int | float
    center: int | float | None


def receptive_field(
    size: int | Sequence[int], layers: Sequence[Layer], *, framework: FrameworkName = "pytorch"
) -> tuple[ReceptiveField, ...]:
    """Compute the receptive field of the last layer's outputs, one entry per axis.

    Args:
        size: the input's extent in pixels, or one extent per axis in the order depth, height, width; paddings such as
            ``"same"``, and so the centre, may depend on it.
        layers: convolutions, transposed convolutions and poolings, each reading the one before it.
        framework: whose rules hold: ``"pytorch"``, ``"tensorflow"`` or ``"onnx"``.

    Raises:
        DlcalcError: what a layer alone raises, its message beginning with "layer 2: " or whichever it is; ``usage`` for
            no layers.

    Source:
        Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019, eqs. 1-3.

    >>> receptive_field(224, [Layer(3, padding=1)] * 2 + [Layer(2, stride=2, kind="max-pool")])
    (ReceptiveField(size=6, smallest=6, jump=2, center=0.5),)
    """
    extents = (size,) if isinstance(size, int) else tuple(size)
    if not 1 <= len(extents) <= len(ALL_AXES):
        raise wrong_rank(len(extents))
    for extent in extents:
        legal(extent, "size", 1)
    ops = [Op(layer.kind, Layer(*map(hashable, layer))) for layer in layers]
    for number, op in enumerate(ops, 1):
        if op.kind not in KINDS:
            from dlcalc.core.spelling import one_of

            hint = one_of(op.kind, KINDS)
            raise DlcalcError("usage", f"layer {number}: unknown kind {op.kind!r}", hint=hint, option="kind")
    question = ShapeQuestion(chain(ops, extents), ALL_AXES[-len(extents) :], framework)
    return fields_of(network_shape(question).layers[-1])


def fields_of(layer: LayerShape) -> tuple[ReceptiveField, ...]:
    """The receptive field of a layer's outputs, one entry per axis."""
    fields = []
    for _, _, _, _, (size, smallest, jump, center) in layer.axes:
        fields.append(ReceptiveField(size, smallest, as_number(jump), None if center is None else as_float(center)))
    return tuple(fields)
