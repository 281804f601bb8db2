"""What a model file says of a layer, besides what it computes."""

from typing import Literal, NamedTuple

Dim = int | str | None  # an extent: a number, an expression in open extents, or not stated
Dims = tuple[Dim, ...]


class Stored(NamedTuple):
    """Entries of stored tensors, each counted by the first layer that uses it.

    Attributes:
        weights: of convolutions, transposed ones and linear layers.
        bias: of their biases.
        other: that are learned, and neither: scale and shift of norms, embeddings, positions.
        buffers: that are kept and not learned.
    """

    weights: int = 0
    bias: int = 0
    other: int = 0
    buffers: int = 0


class Saved(NamedTuple):
    """What a model file says of a node.

    Attributes:
        op: the name that the format has for the operation.
        declared: the shape of its output, with the batch; None where the file does not state it.
        stored: the entries that it is the first to use.
        constants: the shapes of what it reads from the file itself.
        known: whether the operation is known here.
        module: the path of the part of the author's model that it belongs to.
        equation: of a product, which axes meet, as einsum writes it; empty for the ordinary ones.
        keeps: of a mean, whether the axes that it goes over stay, with an extent of 1.
    """

    op: str
    declared: Dims | None = None
    stored: Stored = Stored()
    constants: tuple[Dims, ...] = ()
    known: bool = True
    module: str = ""
    equation: str = ""
    keeps: bool = True


class File(NamedTuple):
    """What a model file says of the whole network.

    Attributes:
        framework: whose rules hold for its layers: ``pytorch``, ``tensorflow`` or ``onnx``.
        outputs: the nodes that make its outputs.
        unowned: stored entries that no layer uses.
        examples: open extents by their names, as they were in the example that the model was traced with.
    """

    framework: Literal["pytorch", "tensorflow", "onnx"]
    outputs: tuple[str, ...]
    unowned: Stored = Stored()
    examples: tuple[tuple[str, int], ...] = ()
