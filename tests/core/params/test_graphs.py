"""Networks with branches: counted entry by entry, and their memory against objects that Python itself keeps alive."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from math import prod
from typing import Any
from weakref import WeakSet

import pytest

from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network import maps
from dlcalc.core.network.network import ELEMENTWISE, INPUT, JOINS, Network, Op
from dlcalc.core.params import count, memory
from dlcalc.core.params.check import check_params
from dlcalc.core.params.count import Amounts, ConvParams, Work, network_params
from dlcalc.notation.conv_params import question
from tests.support.random_networks import as_typed
from tests.support.random_param_networks import graphs

BYTES = {"float32": 4, "float16": 2, "float64": 8, "int8": 1}


class Buffer:
    """The memory of a map."""

    def __init__(self, size: int, alive: "WeakSet[Buffer]") -> None:
        self.size = size
        alive.add(self)


def lived(answer: ConvParams) -> list[tuple[int, int]]:
    """Run the network with buffers that are let go after their last use: what each layer makes, and all there is."""
    asked = answer.question
    (given,) = asked.network.inputs
    each = asked.n * BYTES[asked.dtype]
    reads = Counter(name for node in asked.network.nodes for name in node.inputs)
    alive: WeakSet[Buffer] = WeakSet()
    maps = {INPUT: Buffer(each * (given.channels or 0) * prod(given.size or ()), alive)}
    found = []
    for node, layer in zip(asked.network.nodes, answer.shape.layers, strict=True):
        read = [maps[name] for name in node.inputs]
        for name in node.inputs:
            reads[name] -= 1
            if not reads[name]:
                del maps[name]
        in_place = node.op.kind in ("flatten", *ELEMENTWISE) and not any(one is read[0] for one in maps.values())
        size = 0 if in_place else each * (layer.made.channels or 0) * prod(layer.output)
        maps[node.name] = read[0] if in_place else Buffer(size, alive)
        found.append((size, sum(one.size for one in alive)))
        read.clear()
        if not reads[node.name]:
            del maps[node.name]
    return found


@pytest.mark.parametrize(("many", "seed"), [(400, 85)])
def test_random_graphs_are_counted(many: int, seed: int) -> None:
    met: Counter[object] = Counter()
    for answer in graphs(many, seed):
        proof = check_params(answer)
        assert proof.passed, (as_typed(answer.question.network), answer.question, proof)
        assert proof.method == "enumeration"
        kinds = {layer.kind for layer in answer.layers}
        met.update(["join"] * bool(kinds & {*JOINS}) + ["unsized"] * (answer.question.size is None))
        if answer.question.size is None:
            continue
        works = [layer.amounts.work for layer in answer.layers]
        memory = lived(answer)
        assert [work and work[2:] for work in works] == memory, (as_typed(answer.question.network), answer.question)
        most = max(alive for _, alive in memory)
        assert answer.amounts.work is not None
        assert answer.amounts.work[2:] == (sum(made for made, _ in memory), most)
        names = [layer.name for layer in answer.layers]
        assert answer.peak_layer == names[[alive for _, alive in memory].index(most)]
        in_place = [node.op.kind in ("flatten", *ELEMENTWISE) for node in answer.question.network.nodes]
        met.update(["in place"] * any(one and not made for one, (made, _) in zip(in_place, memory, strict=True)))
        met.update(["kept"] * any(one and made for one, (made, _) in zip(in_place, memory, strict=True)))
    assert met["join"] > many / 2
    assert min(met["unsized"], met["in place"], met["kept"]) > many / 40


@pytest.mark.parametrize(
    ("words", "alive"),
    [
        ("3p1c4", [4 + 4]),
        ("relu", [4]),
        ("@x relu add@x", [4 + 4, 4 + 4 + 4]),
        ("3p1c4 relu bn", [4 + 4, 4, 4 + 4]),
        ("@x 3p1c4 3p1c8 1c4 add@x", [4 + 4, 4 + 4 + 8, 4 + 8 + 4, 4 + 4 + 4]),
        ("3p1c4 @x relu from@x 3p1c4", [4 + 4, 4 + 4, 4 + 4]),  # the relu is not read, and is let go
        ("flatten fc25", [4, 4 + 1]),
        ("@x relu @y tanh add@x@y", [4 + 4, 4 + 4 + 4, 4 + 4 + 4 + 4]),
    ],
)
def test_what_is_alive(words: str, alive: list[int]) -> None:
    """In maps of one channel, of 100 bytes: 5 x 5 pixels in float32."""
    answer = conv_params(question({"c_in": 4, "w": 5, "layers": words}))
    works = [layer.amounts.work for layer in answer.layers]
    assert [work and work.peak_activation_bytes for work in works] == [100 * maps for maps in alive]


def never_let_go(network: Network) -> dict[str, int]:
    """The wrong rule, that every map is kept to the end."""
    names = [one.name for one in network.inputs] + [node.name for node in network.nodes]
    return dict.fromkeys(names, len(network.nodes))


# What is broken, and by which key the count must see it.
BREAKS: list[tuple[Any, str, Callable[[Any], Any], str]] = [
    (memory, "IN_PLACE", lambda right: (), "activation_bytes"),
    (memory, "IN_PLACE", lambda right: (*right, "batch-norm"), "activation_bytes"),
    (Network, "last_uses", lambda right: never_let_go, "peak_activation_bytes"),
    (count, "NORMS", lambda right: right[:1], "params"),
    (count, "real_taps", lambda right: lambda *of: right(*of) + 1, "macs_without_padding"),
]
GRAPHS = list(graphs(150, 86))


@pytest.mark.parametrize(("module", "name", "breaking", "key"), BREAKS)
def test_a_broken_count_is_seen(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, breaking: Callable[[Any], Any], key: str
) -> None:
    monkeypatch.setattr(module, name, breaking(getattr(module, name)))
    seen = 0
    for answer in GRAPHS:
        broken = network_params(answer.question)
        if broken != answer:
            assert key in [failure.key for failure in check_params(broken).failures], as_typed(answer.question.network)
            seen += 1
    assert seen > 10


def behind(kinds: tuple[str, ...], change: Callable[[int], int]) -> Callable[[Any], Any]:
    """Break the channels behind layers of some kinds."""

    def breaking(right: Callable[..., int | None]) -> Callable[..., int | None]:
        def broken(op: Op, *rest: Any) -> int | None:
            channels = right(op, *rest)
            return change(channels) if op.kind in kinds and channels is not None else channels

        return broken

    return breaking


@pytest.mark.parametrize(
    ("module", "name", "breaking"),
    [
        (maps, "channels_behind", behind(("max-pool", "avg-pool", "pad", "crop"), lambda channels: channels + 1)),
        (maps, "channels_behind", behind(("pixel-shuffle", "pixel-unshuffle"), lambda channels: channels + 1)),
        (maps, "channels_behind", behind(("batch-norm", "relu", "group-norm"), lambda channels: 2 * channels)),
        (maps, "channels_behind", behind(("conv", "transposed"), lambda channels: channels + 2)),
        (count, "groups_of", lambda right: lambda op, channels: 1),
    ],
)
def test_other_channels_than_were_asked_for_are_seen(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, breaking: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr(module, name, breaking(getattr(module, name)))
    seen = 0
    for answer in GRAPHS:
        broken = None
        with suppress(DlcalcError):
            broken = network_params(answer.question)
        if broken is not None and broken != answer:
            assert check_params(broken).failures, as_typed(answer.question.network)
            seen += 1
    assert seen > 5


def test_a_wrong_amount_in_any_layer_of_a_graph_is_seen() -> None:
    rng = random.Random(87)
    for answer in GRAPHS:
        layers, number = list(answer.layers), rng.randrange(len(answer.layers))
        amounts, name = layers[number].amounts, layers[number].name
        key = rng.choice((*Amounts._fields[:4], *(Work._fields if amounts.work else ())))
        if key in Amounts._fields:
            amounts = amounts._replace(**{key: getattr(amounts, key) + 1})
        else:
            assert amounts.work is not None
            amounts = amounts._replace(work=amounts.work._replace(**{key: getattr(amounts.work, key) + 1}))
        layers[number] = layers[number]._replace(amounts=amounts)
        failures = check_params(answer._replace(layers=tuple(layers))).failures
        assert (name, key) in [(one.where.get("layer"), one.key) for one in failures], answer.question
