"""Random questions, legal and not, small enough to enumerate: the same for every test that compares two roads."""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress

from dlcalc.core.conv import layer as layers
from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, KINDS, PADDING_WORDS, Layer, Padding
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import ShapeQuestion, layer_question
from dlcalc.core.validation import PerAxis

Names = Sequence[layers.FrameworkName]
Words = Sequence[layers.PaddingWord]


def questions(
    count: int, seed: int, frameworks: Names = FRAMEWORKS, words: Words = PADDING_WORDS
) -> Iterator[ShapeQuestion]:
    """Questions of every kind, on one to three axes."""
    rng = random.Random(seed)
    return (question(rng, frameworks, words) for _ in range(count))


def answers(count: int, seed: int, frameworks: Names = FRAMEWORKS, words: Words = PADDING_WORDS) -> Iterator[ConvShape]:
    """The answers to those of the questions that have one."""
    for asked in questions(count, seed, frameworks, words):
        with suppress(DlcalcError):
            yield conv_shape(asked)


def layer_of(question: ShapeQuestion) -> Layer:
    """The layer that a question about a single one is about."""
    single = question.network.single
    assert single is not None
    assert single.layer is not None
    return single.layer


def question(rng: random.Random, frameworks: Names, words: Words) -> ShapeQuestion:
    """One question."""
    axes = ALL_AXES[-rng.randint(1, 3) :]
    kind = rng.choice(list(KINDS))

    def per_axis(low: int, high: int) -> PerAxis:
        if rng.random() < 0.6:
            return rng.randint(low, high)
        return tuple(rng.randint(low, high) for _ in axes)

    padding: Padding = per_axis(0, 3)
    if words and rng.random() < 0.3:
        padding = rng.choice(words)
    elif rng.random() < 0.2:
        padding = tuple((rng.randint(0, 3), rng.randint(0, 3)) for _ in axes)
    stride = per_axis(1, 5) if rng.random() < 0.8 else None
    dilation = per_axis(1, 3) if rng.random() < 0.4 else 1
    output_padding = per_axis(0, 3) if kind == "transposed" and rng.random() < 0.6 else None
    ceil_mode = KINDS[kind] == "pool" and rng.random() < 0.5
    layer = Layer(per_axis(1, 5), stride, padding, dilation, kind, output_padding, ceil_mode)
    size = tuple(rng.randint(1, 20) for _ in axes)
    return layer_question(axes, size, layer, rng.choice(frameworks))
