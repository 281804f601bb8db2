"""Random networks, legal and not, small enough to walk through: the same for every test that compares two roads."""

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, PADDING_WORDS, FrameworkName
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import ConvShape, Map
from dlcalc.core.network.network import (
    INPUT,
    Input,
    JoinKind,
    Namer,
    Network,
    Node,
    Op,
    ShapeQuestion,
    chain,
    family_of,
)
from dlcalc.core.network.shape import network_shape
from dlcalc.notation.layer_words import read_word
from tests.support import random_layers
from tests.support.random_layers import layer_of


def questions(count: int, seed: int, most: int = 6, axes: int = 1) -> Iterator[ShapeQuestion]:
    """Chains of up to ``most`` layers with windows, of every kind, in every framework."""
    rng = random.Random(seed)
    for _ in range(count):
        yield question(rng, most, axes)


def answers(count: int, seed: int, most: int = 6, axes: int = 1) -> Iterator[ConvShape]:
    """As many answers, to the chains that have one."""
    rng = random.Random(seed)
    while count:
        try:
            answer = network_shape(question(rng, most, axes))
        except DlcalcError:
            continue
        count -= 1
        yield answer


def question(rng: random.Random, most: int, axes: int) -> ShapeQuestion:
    """One chain."""
    framework = rng.choice(FRAMEWORKS)
    names = ALL_AXES[-axes:]
    layers = [layer(rng, framework, axes) for _ in range(rng.randint(1, most))]
    if rng.random() < 0.1:
        layers[-1] = Op("global-avg-pool")
    if rng.random() < 0.1:
        layers.append(Op("linear", None, 10))
    size = tuple(rng.randint(1, 60) for _ in names)
    return ShapeQuestion(in_words(chain(layers, size)), names, framework)


def in_words(network: Network) -> Network:
    """The network as if its layers had been typed as words: w1, w2 and so on."""
    nodes = [node._replace(word=f"w{number}") for number, node in enumerate(network.nodes, 1)]
    return network._replace(nodes=tuple(nodes))


def layer(rng: random.Random, framework: FrameworkName, axes: int) -> Op:
    """One layer."""
    if rng.random() < 0.05:
        return Op("batch-norm")
    while True:
        words = PADDING_WORDS if rng.random() < 0.5 else ()
        windows = random_layers.question(rng, (framework,), words)
        if len(windows.axes) == axes and small(layer_of(windows).stride):
            return Op(layer_of(windows).kind, layer_of(windows))


def small(stride: int | tuple[int, ...] | None) -> bool:
    """Few strides are large in a network; six large ones would leave nothing."""
    strides = (stride,) if isinstance(stride, int) else stride or (2,)
    return max(strides) <= 3


JOINS: dict[JoinKind, str] = {"add": "add", "multiply": "mul", "concat": "cat"}  # their words
# Prefix of a word -> how often it is drawn.
KINDS = {"conv": 4, "convt": 2, "pad": 2, "crop": 2} | dict.fromkeys(
    ("dw", "max", "avg", "up", "shuffle", "unshuffle", "aavg", "amax", "gap", "relu", "dropout", "bn", "ln", "gn2"), 1
)


class Draw(NamedTuple):
    """What random graphs are like.

    Attributes:
        nodes: how many there are at most.
        size: the largest extent of the input.
        axes: how many, one of these.
        channels: of the input; None where they are not known.
        joined: how often a map is joined with another that it meets.
        vectors: how often a flatten or a linear layer stands at the end.
        kinds: prefixes of the words, and how often each is drawn.
    """

    nodes: int = 8
    size: int = 24
    axes: tuple[int, ...] = (1, 1, 2, 3)
    channels: int | None = None
    joined: float = 0.45
    vectors: float = 0.15
    kinds: Mapping[str, int] = MappingProxyType(KINDS)


USUAL = Draw()


def graphs(count: int, seed: int, draw: Draw = USUAL) -> Iterator[ShapeQuestion]:
    """As many networks with branches and joins, of every kind, in every framework, that run."""
    rng = random.Random(seed)
    for _ in range(count):
        yield graph(rng, draw)


def graph(rng: random.Random, draw: Draw = USUAL) -> ShapeQuestion:
    """One network: layer by layer, each of which runs on the map that it reads."""
    axes = ALL_AXES[-rng.choice(draw.axes) :]
    dims = len(axes) if draw.channels or rng.random() < 0.7 else None
    size = tuple(rng.randint(1, draw.size) for _ in axes)
    empty = ShapeQuestion(Network((Input(INPUT, size, draw.channels),), ()), axes, rng.choice(FRAMEWORKS), dims)
    growing = _Growing(rng, empty, draw)
    most = rng.randint(1, draw.nodes)
    while len(growing.question.network.nodes) < most:
        growing.grow()
    if rng.random() < draw.vectors:
        growing.end()
    return growing.question


class _Growing:
    """A network that grows by a node at a time; what each makes is asked of a network of that node alone."""

    def __init__(self, rng: random.Random, question: ShapeQuestion, draw: Draw) -> None:
        (given,) = question.network.inputs
        self.rng, self.question, self.draw = rng, question, draw
        self.maps: dict[str, Map] = {INPUT: Map(given.size, given.channels)}
        self.current, self.namer = INPUT, Namer()

    def grow(self) -> None:
        """Add a node: mostly to the last one, now and then beside it."""
        if self.rng.random() < 0.1:
            self.current = self.rng.choice(list(self.maps))
        if self.rng.random() < self.draw.joined:
            self.beside()
            if self.join():
                return
        while not self.read(self.word(), self.current):
            pass

    def beside(self) -> None:
        """Now and then, go on from what a node reads to a map of the size of its own: a branch beside it."""
        nodes = [node for node in self.question.network.nodes if node.op.kind not in JOINS]
        if not nodes or self.rng.random() < 0.3:
            return
        node = self.rng.choice(nodes)
        for _ in range(8):
            word = self.word()
            (part,) = read_word(word, self.question.axes)
            with suppress(DlcalcError):
                windowed = part.op.layer is not None or part.op.amount is not None
                if windowed and self._made(part.op, word, node.inputs).size == self.maps[node.name].size:
                    self.read(word, node.inputs[0])
                    return

    def join(self) -> bool:
        """Join the current map with one or two that it meets."""
        kind = self.rng.choice(list(JOINS))
        near = [name for name in self.maps if name != self.current]
        meeting = [name for name in near if self._meet(kind, self.current, name)]
        if not meeting:
            return False
        others = [self.rng.choice(meeting)]
        more = [name for name in meeting if name not in others and self._meet(kind, others[0], name)]
        others += [self.rng.choice(more)] if more and self.rng.random() < 0.2 else []
        return self._add(Op(kind), "@".join((JOINS[kind], *others)), (self.current, *others))

    def _meet(self, kind: str, one: str, other: str) -> bool:
        """Whether maps have as many positions along each axis, and channels where they are added; or one."""
        pairs = [*zip(self.maps[one].size or (), self.maps[other].size or (), strict=False)]
        if kind != "concat":
            pairs += [(self.maps[one].channels or 1, self.maps[other].channels or 1)]
            return bool(self.maps[one].size and self.maps[other].size) and all(a == b or 1 in (a, b) for a, b in pairs)
        return bool(pairs) and all(a == b for a, b in pairs)

    def read(self, word: str, source: str) -> bool:
        """Add a layer in words, if it runs on the map."""
        (part,) = read_word(word, self.question.axes)
        return self._add(part.op, word, (source,))

    def _add(self, op: Op, word: str, inputs: tuple[str, ...]) -> bool:
        """Add a node, if it runs."""
        try:
            made = self._made(op, word, inputs)
        except DlcalcError:
            return False
        if max(made.size or (1,)) > 200 or (made.channels or 0) > 100:
            return False
        name = self.namer.name(family_of(op.kind))
        network = self.question.network
        node = Node(name, op, inputs, word)
        self.question = self.question._replace(network=network._replace(nodes=(*network.nodes, node)))
        self.maps[name], self.current = made, name
        return True

    def _made(self, op: Op, word: str, inputs: tuple[str, ...]) -> Map:
        """The map that a node makes: alone, or behind all others where it reads a vector, which is no input."""
        given, nodes = self.question.network.inputs, self.question.network.nodes
        if all(self.maps[name].size for name in inputs):
            given, nodes = tuple(Input(f"map{number}", *self.maps[name]) for number, name in enumerate(inputs)), ()
            inputs = tuple(one.name for one in given)
        network = Network(given, (*nodes, Node("last", op, inputs, word)))
        return network_shape(self.question._replace(network=network), fields=False).layers[-1].made

    def word(self) -> str:
        """A layer word."""
        rng = self.rng
        (kind,) = rng.choices([*self.draw.kinds], [*self.draw.kinds.values()])
        if kind in ("conv", "dw", "convt"):
            word = f"{kind}{self.number(1, 4)}"
            if rng.random() < 0.5:
                word += f"s{self.number(1, 3)}"
            if rng.random() < 0.6:
                sides = ["same", "valid", "causal", "full", "same-lower", "0:1", "2:0"]
                word += "p" + (self.number(0, 2) if rng.random() < 0.7 else rng.choice(sides))
            if rng.random() < 0.3:
                word += f"d{self.number(1, 3)}"
            if kind == "convt" and rng.random() < 0.3:
                word += f"o{rng.randint(0, 1)}"
            if kind == "conv" and self.draw.channels and rng.random() < 0.2:
                word += "g2"
            return word if kind == "dw" else word + f"c{rng.choice((1, 2, 4, 4, 4))}"
        if kind in ("max", "avg"):
            word = f"{kind}{self.number(1, 4)}"
            if rng.random() < 0.6:
                word += f"s{self.number(1, 3)}"
            return word + rng.choice(["", "", "p1", "psame"]) + rng.choice(["", "", "u"])
        if kind in ("up", "shuffle", "unshuffle"):
            return f"{kind}{self.number(1, 3)}"
        if kind in ("pad", "crop"):
            return kind + rng.choice(["1", "0:1", "2:0", "0:2", "0"])
        return f"{kind}{self.number(1, 9)}" if kind in ("aavg", "amax") else kind

    def number(self, low: int, high: int) -> str:
        """A number for all axes, or one for each."""
        axes = len(self.question.axes)
        count = axes if axes > 1 and self.rng.random() < 0.2 else 1
        return "x".join(str(self.rng.randint(low, high)) for _ in range(count))

    def end(self) -> None:
        """Add layers that make a vector."""
        for word in self.rng.choice(["flatten", "fc3", "flatten relu fc3b1", "gap fc3 relu fc2", "flatten bn"]).split():
            self.read(word, self.current)


def as_typed(network: Network) -> str:
    """The words that are read as the network: maps that are read later have a name."""
    named = {name for node in network.nodes for name in node.inputs[1:]}
    before = INPUT
    for node in network.nodes:
        named |= {node.inputs[0]} - {before}
        before = node.name
    words = [f"@{INPUT}"] if INPUT in named else []
    before = INPUT
    for node in network.nodes:
        words += [] if node.inputs[0] == before else [f"from@{node.inputs[0]}"]
        words += [node.word] + ([f"@{node.name}"] if node.name in named else [])
        before = node.name
    return " ".join(words)
