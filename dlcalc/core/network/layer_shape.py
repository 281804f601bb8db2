"""A node of a network, computed; and the answer, which is all of them."""

from collections.abc import Sequence
from typing import NamedTuple

from dlcalc.core.conv.frameworks import Plan
from dlcalc.core.conv.layer import ALL_AXES, Axis
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.network.network import SCATTERING, Node, OpKind, ShapeQuestion
from dlcalc.core.validation import picture_in


class Map(NamedTuple):
    """A map that a node makes.

    Attributes:
        size: its extent along each axis; empty of a vector, None where it is not known.
        channels: or features of a vector; None where they are not known.
        dims: in a model the shape of the whole tensor, with the batch; None where it is not known. Of a tensor that is
            no map, ``size`` is empty and ``channels`` is its last extent.
        last: whether the channels of the map stand last in the tensor.
    """

    size: tuple[int, ...] | None
    channels: int | None
    dims: tuple[int, ...] | None = None
    last: bool = False


class MapsDoNotMeetError(DlcalcError):
    """Maps that are joined and differ, with what somebody needs who looks for a way to make them meet.

    Attributes:
        name: the node that joins them.
    """

    name: str = ""


class LayerShape(NamedTuple):
    """A node, computed.

    Attributes:
        node: the node.
        number: its place in the network, from 1 on.
        plan: how the framework computes it, where it has windows of its own.
        axes: its geometry, in the order of the question's axes; none where no size is known.
        read: the maps that it reads, the current one first.
        made: the map that it makes.
        in_features: of a linear layer, what it reads, where that is known.
        misaligned: whether it joins maps whose outputs see different middles.
        seen: whether what its outputs see of the input is known.
        macs: of a product of activations, its multiply-accumulates.
    """

    node: Node
    number: int
    plan: Plan | None
    axes: tuple[AxisShape, ...]
    read: tuple[Map, ...]
    made: Map
    in_features: int | None = None
    misaligned: bool = False
    seen: bool = True
    macs: int = 0

    @property
    def name(self) -> str:
        """The name of the node."""
        return self.node.name

    @property
    def kind(self) -> OpKind:
        """The kind of its operation."""
        return self.node.op.kind

    @property
    def said_kind(self) -> str:
        """The kind for somebody who reads it: the operation's own name where the kind is a family of them."""
        saved = self.node.saved
        if saved is None or self.kind not in _FAMILIES_OF_OPS or saved.op in _FAMILIES_OF_OPS[self.kind]:
            return self.kind
        return saved.op

    def names(self, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        """The axes that its geometry is about: those of the question, or of a model its own, one to three."""
        if self.node.saved is None or len(self.axes) == len(axes):
            return axes
        return ALL_AXES[-len(self.axes) :] if self.axes else ()

    @property
    def input(self) -> tuple[int, ...]:
        """The extent of the current map along each axis; none of a vector, or where it is not known."""
        return self.read[0].size or ()

    @property
    def output(self) -> tuple[int, ...]:
        """The extent of the output along each axis; none of a vector, or where it is not known."""
        return self.made.size or ()

    @property
    def scatters(self) -> bool:
        """Whether each input has several outputs, as of a transposed convolution, and not the other way round."""
        return self.node.op.kind in SCATTERING

    @property
    def title(self) -> str:
        """The layer in a sentence, like ``layer 3 (3p1)``."""
        return title_of(self.number, self.node)


# Kinds that stand for several operations of a model file -> the operations that they name.
_FAMILIES_OF_OPS: dict[OpKind, tuple[str, ...]] = {
    "add": ("add", "Add"),
    "multiply": ("mul", "multiply", "Multiply"),
    "global-avg-pool": ("mean", *(f"GlobalAveragePooling{axes}D" for axes in (1, 2, 3))),
    "identity": (),
    "reshape": (),
    "slice": (),
    "tensor": (),
    "resize": (),
}


def title_of(number: int, node: Node) -> str:
    """Name a node in a sentence."""
    if node.saved is not None:
        return node.name
    return f"layer {number} ({node.said})" if node.word else f"layer {number}"


class ConvShape(NamedTuple):
    """The answer to a question: what each layer makes of its input, and the notices of all layers."""

    question: ShapeQuestion
    layers: tuple[LayerShape, ...]
    warnings: tuple[Notice, ...]

    @property
    def output(self) -> tuple[int, ...]:
        """The extent of the output along each axis; a vector has none."""
        return self.layers[-1].output

    def layer(self, name: str) -> LayerShape:
        """Find a layer by its name."""
        return next(layer for layer in self.layers if layer.name == name)

    def flattening(self, linear: LayerShape) -> LayerShape | None:
        """Find the layer that makes the vector that a linear layer reads of a map; None where no map is flattened."""
        by_name = {layer.name: layer for layer in self.layers}
        layer: LayerShape | None = linear
        while layer is not None and not layer.input:
            layer = by_name.get(layer.node.inputs[0])
            if layer is not None and layer.kind == "linear":
                return None
        return layer


def without_channels(error: DlcalcError, notices: Sequence[Notice], size: Sequence[int] | None) -> DlcalcError:
    """Say in the hint of a refusal what the size is without channels, where it looks as if it had some."""
    if size is None or error.code not in ("kernel-exceeds-input", "empty-output"):
        return error
    picture = picture_in(tuple(size))
    if picture is None or all(notice.code != "channels-in-size" for notice in notices):
        return error
    plane, channels = picture
    hint = (Fix("size", plane), f", if {channels} is the number of channels")
    return DlcalcError(error.code, error.message, hint=hint, option=error.option)


def merge_notices(found: list[tuple[str, Notice]]) -> tuple[Notice, ...]:
    """Merge the notices of all layers: each once, prefixed with the layers that it is about."""
    about: dict[Notice, list[str]] = {}
    for title, warning in found:
        about.setdefault(warning, []).append(title)
    merged = []
    for (code, message), titles in about.items():
        more = f"{titles[0]}, {titles[1]} and {len(titles) - 2:,} more" if len(titles) > 3 else ", ".join(titles)
        merged.append(Notice(code, f"{more}: {message}"))
    return tuple(merged)
