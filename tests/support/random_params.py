"""Random questions about parameters, legal and not, small enough to count: for every test that compares two roads."""

import random
from collections.abc import Iterator
from contextlib import suppress

from dlcalc.core.conv.layer import FRAMEWORKS, PADDING_WORDS
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.errors import DlcalcError
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.question import DTYPES, ParamsQuestion, layer_question
from tests.support import random_layers
from tests.support.random_layers import Names, Words, layer_of


def questions(
    count: int, seed: int, frameworks: Names = FRAMEWORKS, words: Words = PADDING_WORDS
) -> Iterator[ParamsQuestion]:
    """Questions of every kind, with a size and without."""
    rng = random.Random(seed)
    while count:
        geometry = random_layers.question(rng, frameworks, words)
        layer = layer_of(geometry)
        if layer.family == "pool":
            continue
        count -= 1
        groups = rng.choice((1, 1, 2, 3, 4))
        c_in, c_out = (groups * rng.randint(1, 6) for _ in "io")
        if rng.random() < 0.05:
            c_in += 1
        bias, dtype, n = rng.random() < 0.5, rng.choice(list(DTYPES)), rng.choice((1, 1, 2, 5))
        if rng.random() < 0.1:
            yield layer_question(c_in, c_out, 1, bias, dtype=dtype, n=n)
            continue
        size = geometry.size if rng.random() < 0.8 else None
        yield layer_question(c_in, c_out, groups, bias, layer, geometry.axes, size, geometry.framework, dtype, n)


def answers(
    count: int, seed: int, frameworks: Names = FRAMEWORKS, words: Words = PADDING_WORDS
) -> Iterator[ConvParams]:
    """The answers to those of the questions that have one."""
    for asked in questions(count, seed, frameworks, words):
        with suppress(DlcalcError):
            yield conv_params(asked)
