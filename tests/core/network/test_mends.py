"""Whatever is offered to make maps meet is typed, and then they do."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from dlcalc.core.conv.layer import FRAMEWORKS
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Network, Node, Op, ShapeQuestion
from dlcalc.notation.conv_shape import question
from tests.support.random_networks import JOINS, Draw, as_typed, graph
from tests.support.refusals import refused

Drawn = Callable[[random.Random], ShapeQuestion]
KEYS = {"d": "depth", "h": "h", "w": "w"}
PIECE = re.compile(r"[spdogc](?:same-lower|same|valid|causal|full|[\d:x]+)|u")


def usual(rng: random.Random) -> ShapeQuestion:
    return graph(rng, Draw(nodes=6, vectors=0))


def hourglass(rng: random.Random) -> ShapeQuestion:
    """A few levels down, and as many up, which do not always come back to where they began."""
    words = [rng.choice(["3s2p1", "3s2", "max2", "4s2p1", "5s3p2", "2s3"]) for _ in range(rng.randint(1, 3))]
    up = {"3s2p1": "convt3s2p1", "5s3p2": "convt5s3p2", "3s2": "convt3s2", "2s3": "convt2s3"}
    words += [rng.choice([up.get(word, "up2"), "up2", "convt2s2"]) for word in reversed(words)]
    return question({"w": rng.randint(20, 60), "layers": words, "framework": rng.choice(FRAMEWORKS)})


def typed(asked: ShapeQuestion, network: Network, size: tuple[int, ...] | None = None) -> ShapeQuestion:
    """A network of the same framework as it is typed."""
    pixels = {KEYS[axis]: extent for axis, extent in zip(asked.axes, size or asked.size, strict=True)}
    return question({**pixels, "layers": as_typed(network), "framework": asked.framework})


def mismatches(
    seed: int, draw: Callable[[random.Random], ShapeQuestion]
) -> Iterator[tuple[ShapeQuestion, DlcalcError]]:
    """Networks whose last node joins two maps of different sizes, and what is said of them."""
    rng = random.Random(seed)
    while True:
        asked = draw(rng)
        *before, last = ["input", *[node.name for node in asked.network.nodes]]
        kind, other = rng.choice([*JOINS]), rng.choice(before)
        join = Node("join", Op(kind), (last, other), f"{JOINS[kind]}@{other}")
        network = asked.network._replace(nodes=(*asked.network.nodes, join)).up_to("join")
        asked = asked._replace(network=network)
        try:
            conv_shape(typed(asked, network))
        except DlcalcError as error:
            if "of different sizes" in error.message:
                yield asked, error


def with_piece(word: str, piece: str) -> str:
    """The layer word with a padding, a stride or an output padding in place of its own."""
    head = re.match(r"(?:convt|conv|dw|max|avg|)[\dx]+", word)
    assert head
    pieces = PIECE.findall(word[head.end() :])
    assert head[0] + "".join(pieces) == word
    return head[0] + "".join([one for one in pieces if one[0] != piece[0]] + [piece])


def followed(asked: ShapeQuestion, mend: str) -> Iterator[tuple[str, ShapeQuestion]]:
    """What somebody types who follows a mend, and its kind."""
    network, join = asked.network, asked.network.nodes[-1]
    if numbers := re.fullmatch(r"([spo][\dx:]+) in layer (\d+) \((.*)\)", mend):
        piece, number, word = numbers.groups()
        nodes = list(network.nodes)
        node = nodes[int(number) - 1]
        assert node.word == word
        nodes[int(number) - 1] = node._replace(word=with_piece(word, piece))
        yield piece[0], typed(asked, network._replace(nodes=tuple(nodes)))
    elif front := re.fullmatch(r"((crop|pad)[\dx:]+) in front of \S+", mend):
        extra = Node("extra", Op("pad"), join.inputs[:1], front[1])
        nodes = [*network.nodes[:-1], extra, join._replace(inputs=("extra", *join.inputs[1:]))]
        yield front[2], typed(asked, network._replace(nodes=tuple(nodes)))
    elif behind := re.fullmatch(r"(crop[\dx:]+) on @(\S+)", mend):
        extra = Node("extra", Op("crop"), (behind[2],), behind[1])
        read = ["extra" if name == behind[2] else name for name in join.inputs]
        word = "@".join("extra" if name == behind[2] else name for name in join.word.split("@"))
        nodes = [*network.nodes[:-1], extra, join._replace(inputs=tuple(read), word=word)]
        yield "crop", typed(asked, network._replace(nodes=tuple(nodes)))
    elif shortcut := re.fullmatch(r"a shortcut (1s\d+(?:c\d+)?): @y from@\S+ \1 (?:add|mul|cat)@y", mend):
        extra = Node("extra", Op("conv"), join.inputs[1:], shortcut[1])
        word = join.word.partition("@")[0] + "@extra"
        nodes = [*network.nodes[:-1], extra, join._replace(inputs=(join.inputs[0], "extra"), word=word)]
        yield "shortcut", typed(asked, network._replace(nodes=tuple(nodes)))
    else:
        inputs = re.fullmatch(r"an input (?:depth|height|width)(?: x (?:height|width))* of (.*)", mend)
        assert inputs, mend
        for size in inputs[1].split(" or "):
            yield "input", typed(asked, network, tuple(map(int, size.split("x"))))


@pytest.mark.parametrize(
    ("draw", "kinds"),
    [(usual, {"p", "s", "crop", "pad", "input", "shortcut"}), (hourglass, {"o", "p", "s", "crop", "pad", "input"})],
)
def test_every_mend_works(draw: Drawn, kinds: set[str]) -> None:
    """The maps meet; that their channels do too is another matter."""
    found, worked, without = mismatches(91, draw), Counter[str](), 0
    for _ in range(250):
        asked, error = next(found)
        assert error.message.startswith(f"layer {len(asked.network.nodes)} (")
        assert error.hint
        if error.hint == "branches that have the same strides and paddings":
            without += 1
            continue
        for mend in error.hint.partition("; their channels differ too")[0].split(", or "):
            for kind, changed in followed(asked, mend):
                try:
                    conv_shape(changed)
                except DlcalcError as again:
                    assert "maps of different channels" in again.message, (as_typed(asked.network), asked, mend, again)
                worked[kind] += 1
    assert set(worked) >= kinds
    assert min(worked[kind] for kind in kinds) >= 5, worked
    assert without < 50


@pytest.mark.parametrize(
    ("words", "size", "hint"),
    [
        (
            "@x 3s2p1 convt3s2p1 add@x",
            8,
            "o1 in layer 2 (convt3s2p1), or pad0:1 in front of add@x, or crop0:1 on @x, or an input width of 7 or 9",
        ),
        ("@x 3 add@x", 8, "p1 in layer 1 (3), or pad1 in front of add@x, or crop1 on @x"),
        (
            "@x max2 up2 cat@x",
            7,
            "pad0:1 in front of cat@x, or crop0:1 on @x, or an input width of 6 or 8",
        ),
        ("@x 5 3 @y from@x 3 add@y", 9, "p2 in layer 1 (5), or s3 in layer 3 (3)"),
        ("@x pad1 cat@x", 7, "crop1 in front of cat@x"),
        ("@x gap up2 cat@x", 7, "a shortcut 1s4: @y from@x 1s4 cat@y"),
        (
            "crop2 @a sep1s2c4 add@a",
            8,
            "s1 in layer 2 (sep1s2c4), or a shortcut 1s2c4: @y from@a 1s2c4 add@y, or an input width of 5",
        ),
        ("3p1c4 @a max2 3p1c8 add@a", 16, "a shortcut 1s2c8: @y from@a 1s2c8 add@y"),
        (
            "3c4 @a 3c8 add@a",
            16,
            "p1 in layer 2 (3c8), or pad1 in front of add@a, or crop1 on @a; their channels differ too, 4 and 8",
        ),
        ("3p1 @x 3s2p1 add@x", 16, "s1 in layer 2 (3s2p1), or a shortcut 1s2: @y from@x 1s2 add@y"),
        (
            "3 3 @a max2 3 convt2s2 cat@a",
            60,
            "p1 in layer 4 (3), or pad2 in front of cat@a, or crop2 on @a",
        ),
    ],
)
def test_mends_of_some_networks(words: str, size: int, hint: str) -> None:
    error = refused(conv_shape, question({"w": size, "layers": words}))
    assert (error.code, error.hint) == ("shape-mismatch", hint)
