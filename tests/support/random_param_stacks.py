"""Random stacks with channels, as they are met: what they count is worked out again in more than one test."""

import random
from collections.abc import Iterator

from dlcalc.core.conv.layer import ALL_AXES, Kind, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.network import stack_params
from dlcalc.core.params.question import StackParamsQuestion


def answers(count: int, seed: int, small: bool = False) -> Iterator[ConvParams]:
    """As many answers; ``small`` ones can be counted entry by entry."""
    rng = random.Random(seed)
    while count:
        try:
            answer = stack_params(question(rng, small))
        except DlcalcError:
            continue
        count -= 1
        yield answer


def question(rng: random.Random, small: bool) -> StackParamsQuestion:
    """One stack."""
    channels = [1, 2, 3, 4, 6, 8] if small else [8, 16, 24, 32, 64, 96, 128, 256]
    sizes = [5, 6, 9, 12] if small else [28, 32, 56, 112, 224]
    layers = [layer(rng, channels) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.4:
        layers += [StackLayer("global-avg-pool")] if rng.random() < 0.6 else []
        layers.append(StackLayer("linear", None, rng.choice([2, 10]), bias=rng.choice([None, True])))
    axes = ALL_AXES[-rng.choice([1, 2, 2, 2, 3] if small else [2]) :]
    size = tuple(rng.choice(sizes) for _ in axes) if rng.random() < 0.85 else None
    layers = [each._replace(word=f"w{number}") for number, each in enumerate(layers, 1)]
    return StackParamsQuestion(
        rng.choice([2, 3, 4] if small else [3, 16]),
        tuple(layers),
        rng.random() < 0.5,
        axes,
        size,
        dtype=rng.choice(["float32", "float32", "float16", "float64", "int8"]),
        n=rng.choice([1, 1, 3]),
    )


def layer(rng: random.Random, channels: list[int]) -> StackLayer:
    """One layer."""
    kinds: list[Kind] = ["conv", "conv", "conv", "conv", "conv", "transposed", "max-pool", "avg-pool", "batch-norm"]
    kind = rng.choice(kinds)
    kernel = rng.choice([1, 2, 3, 3, 3, 4])
    if kind == "batch-norm":
        return StackLayer(kind)
    if kind in ("max-pool", "avg-pool"):
        return StackLayer(kind, Layer(2, None, rng.choice([0, 1]), kind=kind, ceil_mode=rng.random() < 0.3))
    numbers = Layer(kernel, rng.choice([1, 1, 2]), rng.randint(0, 2), rng.choice([1, 1, 1, 2]), kind)
    if kind == "conv" and rng.random() < 0.2:
        return StackLayer(kind, numbers, depthwise=True, bias=rng.choice([None, False]))
    groups = rng.choice([1, 1, 1, 2])
    return StackLayer(kind, numbers, rng.choice(channels), groups, bias=rng.choice([None, None, True, False]))
