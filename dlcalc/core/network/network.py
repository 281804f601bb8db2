"""A network: nodes that read the maps of other nodes, from one layer to a graph with branches and joins."""

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from dlcalc.core.conv.layer import Axis, FrameworkName, Kind, Layer, Sides
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.validation import PerAxis

if TYPE_CHECKING:
    from dlcalc.core.tensors.saved import Dims, File, Saved

Elementwise = Literal[
    "relu",
    "relu6",
    "leaky",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "sigmoid",
    "tanh",
    "hardswish",
    "hardsigmoid",
    "softmax",
    "dropout",
    "identity",
]
JoinKind = Literal["add", "multiply", "concat"]
OtherKind = Literal[
    "global-avg-pool",
    "adaptive-avg-pool",
    "adaptive-max-pool",
    "upsample",
    "pixel-shuffle",
    "pixel-unshuffle",
    "pad",
    "crop",
    "batch-norm",
    "layer-norm",
    "group-norm",
    "flatten",
    "linear",
    "matmul",
    "permute",
    "reshape",
    "slice",
    "resize",
    "tensor",
]
OpKind = Kind | OtherKind | JoinKind | Elementwise

ELEMENTWISE: tuple[Elementwise, ...] = get_args(Elementwise)
JOINS: tuple[JoinKind, ...] = get_args(JoinKind)
SCATTERING: tuple[OpKind, ...] = ("transposed", "upsample", "pixel-shuffle")  # an input has several outputs
ADAPTIVE: tuple[OpKind, ...] = ("adaptive-avg-pool", "adaptive-max-pool")
WHOLE: tuple[OpKind, ...] = ("global-avg-pool", "flatten", "linear")  # one window, which is all of the map
INPUT = "input"  # the name of the one input of a network in words

# Kind -> the family by which its layers are named: conv1, pool1, conv2. Elementwise layers have a family each.
FAMILIES: dict[OpKind, str] = {
    "conv": "conv",
    "transposed": "transposed",
    "max-pool": "pool",
    "avg-pool": "pool",
    "global-avg-pool": "gap",
    "adaptive-avg-pool": "pool",
    "adaptive-max-pool": "pool",
    "upsample": "up",
    "pixel-shuffle": "shuffle",
    "pixel-unshuffle": "unshuffle",
    "pad": "pad",
    "crop": "crop",
    "batch-norm": "bn",
    "layer-norm": "ln",
    "group-norm": "gn",
    "flatten": "flatten",
    "linear": "fc",
    "add": "add",
    "multiply": "mul",
    "concat": "cat",
}


class Op(NamedTuple):
    """The operation of a node.

    Attributes:
        kind: what it does.
        layer: its windows, where its kind has them.
        channels: of its output, or the features of a linear layer; None where they are not given.
        groups: of its channels.
        depthwise: as many groups as channels of the input.
        bias: whether it has one, where that is not as for all layers.
        amount: of a resampling its factor, of an adaptive pooling the size of its output, of a padding or cropping the
            positions at both ends; once for all axes or per axis. In model files of a permutation the order of the
            axes, of a reshaping the shape, of a mean, a concatenation or a slice the axes of the tensor.
        last: whether the channels stand last in the tensor; None where they stand as in front of it.
    """

    kind: OpKind
    layer: Layer | None = None
    channels: int | None = None
    groups: int = 1
    depthwise: bool = False
    bias: bool | None = None
    amount: PerAxis | tuple[Sides, ...] | None = None
    last: bool | None = None


class Block(NamedTuple):
    """One repetition of a block of nodes: the ``number``-th of as many as ``times``, from 1 on."""

    name: str
    number: int
    times: int


class Node(NamedTuple):
    """A node of a network.

    Attributes:
        name: unique among the nodes and the inputs.
        op: the operation.
        inputs: the names of what it reads, the current map first.
        word: the layer as it was typed; empty for a layer in options.
        label: the name that was given to its map.
        blocks: the repeated blocks that it stands in, the outermost first.
        saved: what a model file says of it; None where it was typed.
    """

    name: str
    op: Op
    inputs: tuple[str, ...] = (INPUT,)
    word: str = ""
    label: str = ""
    blocks: tuple[Block, ...] = ()
    saved: "Saved | None" = None

    @property
    def said(self) -> str:
        """The word as a sentence shows it: the end of a long one is left out."""
        return self.word if len(self.word) <= 40 else self.word[:37] + "..."


class Input(NamedTuple):
    """A map that is given to a network.

    Attributes:
        name: unique among the nodes and the inputs.
        size: its extent along each axis; empty of a vector, None where it is not known.
        channels: of it; None where they are not known.
        dims: of a model file its shape, with the batch.
        last: whether the channels stand last in it.
    """

    name: str = INPUT
    size: tuple[int, ...] | None = None
    channels: int | None = None
    dims: "Dims | None" = None
    last: bool = False


class Network(NamedTuple):
    """A network. Its nodes stand in an order in which each reads only inputs and nodes before it.

    Attributes:
        inputs: the maps that are given.
        nodes: the layers; the last one makes the output.
        notices: what is to be said of how the network and its input are written.
        file: what a model file says of the whole; None of a network that was typed.
    """

    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    notices: tuple[Notice, ...] = ()
    file: "File | None" = None

    @property
    def single(self) -> Op | None:
        """The one layer that was given in options; None for layers in words or in a model file, even for one."""
        alone = len(self.nodes) == 1 and not self.nodes[0].word and self.file is None
        return self.nodes[0].op if alone else None

    def up_to(self, name: str) -> "Network":
        """The part of the network that a node depends on, with the node last.

        >>> chain([Op("conv", Layer(3)), Op("conv", Layer(5))]).up_to("conv1").nodes[-1].name
        'conv1'
        """
        needed = {name}
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.inputs)
        return self._replace(nodes=tuple([node for node in self.nodes if node.name in needed]))

    def last_uses(self) -> dict[str, int]:
        """Find for each input and node the index of the last node that reads it; its own where none does."""
        uses = {one.name: -1 for one in self.inputs}
        for index, node in enumerate(self.nodes):
            uses[node.name] = index
            for name in node.inputs:
                uses[name] = index
        return uses


class Namer:
    """Names nodes after their families, with their number among the nodes of the family."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def name(self, family: str) -> str:
        """The next name of a family.

        >>> namer = Namer()
        >>> namer.name("conv"), namer.name("pool"), namer.name("conv")
        ('conv1', 'pool1', 'conv2')
        """
        self.counts[family] = self.counts.get(family, 0) + 1
        return f"{family}{'_' if family[-1].isdigit() else ''}{self.counts[family]}"  # relu6_1, and no relu61


def family_of(kind: OpKind) -> str:
    """The family by which a node of a kind is named."""
    return FAMILIES.get(kind, kind)


def chain(
    ops: "list[Op] | tuple[Op, ...]", size: tuple[int, ...] | None = None, channels: int | None = None
) -> Network:
    """Make the network in which each layer reads the one before it.

    >>> [node.inputs for node in chain([Op("conv", Layer(3)), Op("batch-norm")], (7,)).nodes]
    [('input',), ('conv1',)]
    """
    namer = Namer()
    names = [namer.name(family_of(op.kind)) for op in ops]
    nodes = [Node(name, op, (before,)) for name, op, before in zip(names, ops, (INPUT, *names), strict=False)]
    return Network((Input(INPUT, size, channels),), tuple(nodes))


class ShapeQuestion(NamedTuple):
    """A network, and what it is to be computed by.

    Attributes:
        network: the layers, and the size of their input.
        axes: which axes are asked for, of ``d``, ``h``, ``w``, in this order.
        framework: whose rules hold: ``pytorch``, ``tensorflow`` (Keras 3) or ``onnx`` (ONNX Runtime).
        dims: how many axes were asked for, where that was said.
        n: samples in a batch.
        at: the name of the layer to draw or to explain; None for the whole.
        summary: whether to show blocks and totals only.
    """

    network: Network
    axes: tuple[Axis, ...]
    framework: FrameworkName = "pytorch"
    dims: int | None = None
    n: int = 1
    at: str | None = None
    summary: bool = False

    @property
    def size(self) -> tuple[int, ...]:
        """The extent of the input along each axis; empty where it is not known."""
        return self.network.inputs[0].size or ()

    def with_size(self, size: tuple[int, ...]) -> "ShapeQuestion":
        """Ask the same about another input."""
        first, *others = self.network.inputs
        return self._replace(network=self.network._replace(inputs=(first._replace(size=size), *others)))

    def with_layer(self, layer: Layer) -> "ShapeQuestion":
        """Ask the same about another layer, where the question is about a single one."""
        (node,) = self.network.nodes
        return self._replace(network=self.network._replace(nodes=(node._replace(op=node.op._replace(layer=layer)),)))


def layer_question(
    axes: tuple[Axis, ...],
    size: tuple[int, ...],
    layer: Layer,
    framework: FrameworkName = "pytorch",
    dims: int | None = None,
    notices: tuple[Notice, ...] = (),
) -> ShapeQuestion:
    """Ask about a single layer on an input of ``size``.

    >>> layer_question(("w",), (7,), Layer(kernel=3)).size
    (7,)
    """
    node = Node(FAMILIES.get(layer.kind, "conv") + "1", Op(layer.kind, layer))
    return ShapeQuestion(Network((Input(INPUT, size),), (node,), notices), axes, framework, dims)


def in_layer(error: DlcalcError, title: str) -> DlcalcError:
    """Prefix an error with the layer that it is about."""
    return DlcalcError(error.code, f"{title}: {error.message}", hint=error.advice, option="layers")
