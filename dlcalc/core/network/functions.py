"""Stacks of layers as plain functions: what ``import dlcalc`` offers for more than one layer."""

from collections.abc import Sequence
from typing import NamedTuple

from dlcalc.core.conv.functions import hashable
from dlcalc.core.conv.layer import ALL_AXES, KINDS, FrameworkName, Layer
from dlcalc.core.conv.shape import LayerShape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer, StackQuestion, stack_shape
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.core.validation import legal, wrong_rank


class ReceptiveField(NamedTuple):
    """The receptive field of an output of a stack, along one axis, in pixels of the stack's input.

    Attributes:
        size: the extent of the receptive field, holes and padding included; behind a transposed layer, the largest.
        smallest: the smallest, which differs from ``size`` only behind a transposed layer.
        jump: pixels between neighbouring outputs.
        center: the pixel, counted from 0, in the middle of the first output's field; None if no output has one.
    """

    size: int
    smallest: int
    jump: int | float
    center: int | float | None


class StackedLayer(NamedTuple):
    """One layer of a stack, computed; each tuple has an entry per axis, in the order depth, height, width.

    Attributes:
        name: like ``conv1``, unique in its stack.
        input, output: extents in pixels of the layer's own input and output.
        unread: positions of its input that no window reads.
        receptive_field: what its outputs see of the input of the whole stack.
    """

    name: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    unread: tuple[int, ...]
    receptive_field: tuple[ReceptiveField, ...]


def stack(
    size: int | Sequence[int], layers: Sequence[Layer], *, framework: FrameworkName = "pytorch"
) -> tuple[StackedLayer, ...]:
    """Compute the sizes and receptive fields of several layers, each on the output of the one before it.

    Args:
        size: the input's extent in pixels, or one extent per axis in the order depth, height, width.
        layers: convolutions, transposed convolutions and poolings, from the input on.
        framework: whose rules hold: ``"pytorch"``, ``"tensorflow"`` or ``"onnx"``.

    Raises:
        DlcalcError: what a layer alone raises, its message beginning with "layer 2: " or whichever it is; ``usage`` for
            no layers.

    Source:
        Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019, eqs. 1-3.

    >>> stem = Layer(7, stride=2, padding=3), Layer(3, stride=2, padding=1, kind="max-pool")
    >>> [(layer.name, layer.output, layer.receptive_field[0].size) for layer in stack(224, stem)]
    [('conv1', (112,), 7), ('pool1', (56,), 11)]
    """
    extents = (size,) if isinstance(size, int) else tuple(size)
    if not 1 <= len(extents) <= len(ALL_AXES):
        raise wrong_rank(len(extents))
    for extent in extents:
        legal(extent, "size", 1)
    asked = tuple(StackLayer(layer.kind, Layer(*map(hashable, layer))) for layer in layers)
    for number, layer in enumerate(asked, 1):
        if layer.kind not in KINDS:
            hint = "one of " + ", ".join(KINDS)
            raise DlcalcError("usage", f"layer {number}: unknown kind {layer.kind!r}", hint=hint, option="kind")
    question = StackQuestion(ALL_AXES[-len(extents) :], extents, asked, framework)
    return tuple(map(_stacked, stack_shape(question).layers))


def receptive_field(
    size: int | Sequence[int], layers: Sequence[Layer], *, framework: FrameworkName = "pytorch"
) -> tuple[ReceptiveField, ...]:
    """Compute the receptive field of the last layer's outputs, one entry per axis.

    Args:
        size: as of ``stack``; paddings such as ``"same"``, and so the centre, may depend on it.
        layers: as of ``stack``.
        framework: whose rules hold.

    Raises:
        DlcalcError: as ``stack``.

    Source:
        Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019, eqs. 1-3.

    >>> receptive_field(224, [Layer(3, padding=1)] * 2 + [Layer(2, stride=2, kind="max-pool")])
    (ReceptiveField(size=6, smallest=6, jump=2, center=0.5),)
    """
    return stack(size, layers, framework=framework)[-1].receptive_field


def _stacked(layer: LayerShape) -> StackedLayer:
    fields = []
    for _, _, _, _, (size, smallest, jump, center) in layer.axes:
        fields.append(ReceptiveField(size, smallest, as_number(jump), None if center is None else as_float(center)))
    unread = tuple(axis.unread for axis in layer.axes)
    return StackedLayer(layer.name, layer.input, layer.output, unread, tuple(fields))
