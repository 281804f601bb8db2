"""Random stacks with channels, as they are met: what they count is worked out again in more than one test."""

import random
from collections.abc import Iterator

from dlcalc.core.conv.layer import ALL_AXES, Kind, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.network import StackParamsQuestion, stack_params


def answers(count: int, seed: int, small: bool = False) -> Iterator[ConvParams]:
    """As many answers; ``small`` ones can be counted entry by entry."""
    chance = random.Random(seed)
    while count:
        try:
            answer = stack_params(question(chance, small))
        except DlcalcError:
            continue
        count -= 1
        yield answer


def question(chance: random.Random, small: bool) -> StackParamsQuestion:
    """One stack."""
    channels = [1, 2, 3, 4, 6, 8] if small else [8, 16, 24, 32, 64, 96, 128, 256]
    sizes = [5, 6, 9, 12] if small else [28, 32, 56, 112, 224]
    layers = [layer(chance, channels) for _ in range(chance.randint(1, 6))]
    if chance.random() < 0.4:
        layers += [StackLayer("global-avg-pool")] if chance.random() < 0.6 else []
        layers.append(StackLayer("linear", None, chance.choice([2, 10]), bias=chance.choice([None, True])))
    axes = ALL_AXES[-chance.choice([1, 2, 2, 2, 3] if small else [2]) :]
    size = tuple(chance.choice(sizes) for _ in axes) if chance.random() < 0.85 else None
    layers = [each._replace(word=f"w{number}") for number, each in enumerate(layers, 1)]
    return StackParamsQuestion(
        chance.choice([2, 3, 4] if small else [3, 16]),
        tuple(layers),
        chance.random() < 0.5,
        axes,
        size,
        dtype=chance.choice(["float32", "float32", "float16", "float64", "int8"]),
        n=chance.choice([1, 1, 3]),
    )


def layer(chance: random.Random, channels: list[int]) -> StackLayer:
    """One layer."""
    kinds: list[Kind] = ["conv", "conv", "conv", "conv", "conv", "transposed", "max-pool", "avg-pool", "batch-norm"]
    kind = chance.choice(kinds)
    kernel = chance.choice([1, 2, 3, 3, 3, 4])
    if kind == "batch-norm":
        return StackLayer(kind)
    if kind in ("max-pool", "avg-pool"):
        return StackLayer(kind, Layer(2, None, chance.choice([0, 1]), kind=kind, ceil_mode=chance.random() < 0.3))
    numbers = Layer(kernel, chance.choice([1, 1, 2]), chance.randint(0, 2), chance.choice([1, 1, 1, 2]), kind)
    if kind == "conv" and chance.random() < 0.2:
        return StackLayer(kind, numbers, depthwise=True, bias=chance.choice([None, False]))
    groups = chance.choice([1, 1, 1, 2])
    return StackLayer(kind, numbers, chance.choice(channels), groups, bias=chance.choice([None, None, True, False]))
