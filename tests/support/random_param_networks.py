"""Random networks with channels: chains as they are met, and graphs of every kind; for more than one test."""

import random
from collections.abc import Iterator

from dlcalc.core.conv.layer import ALL_AXES, Kind, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Network, Op, chain
from dlcalc.core.params.count import ConvParams, network_params
from dlcalc.core.params.question import ParamsQuestion
from tests.support import random_networks
from tests.support.random_networks import in_words


def answers(count: int, seed: int, small: bool = False) -> Iterator[ConvParams]:
    """As many answers; ``small`` ones can be counted entry by entry."""
    rng = random.Random(seed)
    while count:
        try:
            answer = network_params(question(rng, small))
        except DlcalcError:
            continue
        count -= 1
        yield answer


def graphs(count: int, seed: int) -> Iterator[ConvParams]:
    """As many answers about networks with branches and joins, small enough to be counted entry by entry."""
    rng = random.Random(seed)
    while count:
        drawn = random_networks.graph(rng, SMALL)
        nodes = [node._replace(op=biased(rng, node.op)) for node in drawn.network.nodes]
        (given,) = drawn.network.inputs
        given = given if rng.random() < 0.9 else given._replace(size=None)
        asked = ParamsQuestion(
            Network((given,), tuple(nodes)),
            drawn.axes,
            drawn.framework,
            rng.random() < 0.5,
            rng.choice(["float32", "float16", "float64", "int8"]),
            rng.choice([1, 1, 3]),
        )
        try:
            answer = network_params(asked)
        except DlcalcError:
            continue
        count -= 1
        yield answer


SMALL = random_networks.Draw(size=9, channels=4)


def biased(rng: random.Random, op: Op) -> Op:
    """The layer with a bias, or without, or as the network has it."""
    return op._replace(bias=rng.choice([None, None, True, False])) if op.kind in ("conv", "transposed") else op


def question(rng: random.Random, small: bool) -> ParamsQuestion:
    """One chain."""
    channels = [1, 2, 3, 4, 6, 8] if small else [8, 16, 24, 32, 64, 96, 128, 256]
    sizes = [5, 6, 9, 12] if small else [28, 32, 56, 112, 224]
    layers = [layer(rng, channels) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.4:
        layers += [Op("global-avg-pool")] if rng.random() < 0.6 else []
        layers.append(Op("linear", None, rng.choice([2, 10]), bias=rng.choice([None, True])))
    axes = ALL_AXES[-rng.choice([1, 2, 2, 2, 3] if small else [2]) :]
    size = tuple(rng.choice(sizes) for _ in axes) if rng.random() < 0.85 else None
    c_in = rng.choice([2, 3, 4] if small else [3, 16])
    return ParamsQuestion(
        in_words(chain(layers, size, c_in)),
        axes,
        bias=rng.random() < 0.5,
        dtype=rng.choice(["float32", "float32", "float16", "float64", "int8"]),
        n=rng.choice([1, 1, 3]),
    )


def layer(rng: random.Random, channels: list[int]) -> Op:
    """One layer."""
    kinds: list[Kind | None] = ["conv", "conv", "conv", "conv", "conv", "transposed", "max-pool", "avg-pool", None]
    kind = rng.choice(kinds)
    kernel = rng.choice([1, 2, 3, 3, 3, 4])
    if kind is None:
        return Op("batch-norm")
    if kind == "max-pool" or kind == "avg-pool":
        return Op(kind, Layer(2, None, rng.choice([0, 1]), kind=kind, ceil_mode=rng.random() < 0.3))
    numbers = Layer(kernel, rng.choice([1, 1, 2]), rng.randint(0, 2), rng.choice([1, 1, 1, 2]), kind)
    if kind == "conv" and rng.random() < 0.2:
        return Op(kind, numbers, depthwise=True, bias=rng.choice([None, False]))
    groups = rng.choice([1, 1, 1, 2])
    return Op(kind, numbers, rng.choice(channels), groups, bias=rng.choice([None, None, True, False]))
