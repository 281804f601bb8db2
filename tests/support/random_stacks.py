"""Random stacks, legal and not, small enough to walk through: the same for every test that compares two roads."""

import random
from collections.abc import Iterator

from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, PADDING_WORDS, FrameworkName
from dlcalc.core.conv.shape import ConvShape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer, StackQuestion, stack_shape
from tests.support import random_layers


def questions(count: int, seed: int, most: int = 6, axes: int = 1) -> Iterator[StackQuestion]:
    """Stacks of up to ``most`` layers of every kind, in every framework."""
    rng = random.Random(seed)
    for _ in range(count):
        yield question(rng, most, axes)


def answers(count: int, seed: int, most: int = 6, axes: int = 1) -> Iterator[ConvShape]:
    """As many answers, to the stacks that have one."""
    rng = random.Random(seed)
    while count:
        try:
            answer = stack_shape(question(rng, most, axes))
        except DlcalcError:
            continue
        count -= 1
        yield answer


def question(rng: random.Random, most: int, axes: int) -> StackQuestion:
    """One stack."""
    framework = rng.choice(FRAMEWORKS)
    names = ALL_AXES[-axes:]
    layers = tuple(layer(rng, framework, axes) for _ in range(rng.randint(1, most)))
    if rng.random() < 0.1:
        layers = (*layers[:-1], StackLayer("global-avg-pool"))
    if rng.random() < 0.1:
        layers = (*layers, StackLayer("linear", None, 10))
    return StackQuestion(names, tuple(rng.randint(1, 60) for _ in names), layers, framework)


def layer(rng: random.Random, framework: FrameworkName, axes: int) -> StackLayer:
    """One layer."""
    if rng.random() < 0.05:
        return StackLayer("batch-norm")
    while True:
        words = PADDING_WORDS if rng.random() < 0.5 else ()
        windows = random_layers.question(rng, (framework,), words)
        if len(windows.axes) == axes and small(windows.layer.stride):
            return StackLayer(windows.layer.kind, windows.layer)


def small(stride: int | tuple[int, ...] | None) -> bool:
    """Few strides are large in a network; six large ones would leave nothing."""
    strides = (stride,) if isinstance(stride, int) else stride or (2,)
    return max(strides) <= 3
