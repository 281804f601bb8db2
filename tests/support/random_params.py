"""Random questions about parameters, legal and not, small enough to count: for every test that compares two roads."""

import random
from collections.abc import Iterator
from contextlib import suppress

from dlcalc.core.conv.layer import FRAMEWORKS, PADDING_WORDS
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.errors import DlcalcError
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.question import DTYPES, ConvParamsQuestion
from tests.support import random_layers
from tests.support.random_layers import Names, Words


def questions(
    count: int, seed: int, frameworks: Names = FRAMEWORKS, words: Words = PADDING_WORDS
) -> Iterator[ConvParamsQuestion]:
    """Questions of every kind, with a size and without."""
    rng = random.Random(seed)
    while count:
        geometry = random_layers.question(rng, frameworks, words)
        if geometry.layer.family == "pool":
            continue
        count -= 1
        groups = rng.choice((1, 1, 2, 3, 4))
        c_in, c_out = (groups * rng.randint(1, 6) for _ in "io")
        if rng.random() < 0.05:
            c_in += 1
        asked = ConvParamsQuestion(
            c_in, c_out, groups, rng.random() < 0.5, dtype=rng.choice(list(DTYPES)), n=rng.choice((1, 1, 2, 5))
        )
        if rng.random() < 0.1:
            yield asked._replace(groups=1)
            continue
        size = geometry.size if rng.random() < 0.8 else None
        yield asked._replace(layer=geometry.layer, axes=geometry.axes, size=size, framework=geometry.framework)


def answers(
    count: int, seed: int, frameworks: Names = FRAMEWORKS, words: Words = PADDING_WORDS
) -> Iterator[ConvParams]:
    """The answers to those of the questions that have one."""
    for asked in questions(count, seed, frameworks, words):
        with suppress(DlcalcError):
            yield conv_params(asked)
