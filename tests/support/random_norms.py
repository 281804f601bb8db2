"""Random questions for bn-fold: every kind of layer, format and number of groups. The same for every test."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.batch_norm.affine import Affine, checked_affine
from dlcalc.core.batch_norm.answer import BnFoldQuestion
from dlcalc.core.batch_norm.weighted_layer import KINDS, WeightedLayer


def affine(chance: np.random.Generator, channels: int) -> Affine:
    """A batch norm, sometimes without eps, sometimes with a channel that is off."""
    gamma = chance.standard_normal(channels) * (chance.random(channels) > 0.05)
    var = np.abs(chance.standard_normal(channels)) * 10.0 ** chance.integers(-3, 2, channels) + 1e-9
    eps = float(chance.choice([0, 1e-5, 1e-3]))
    return checked_affine(gamma, chance.standard_normal(channels), chance.standard_normal(channels), var, eps)


def layer(chance: np.random.Generator, kind: str, form: str, *, groups: int | None = None) -> WeightedLayer:
    """A layer of a kind, its numbers in a format."""
    if kind == "linear":
        groups, space = 1, []
    else:
        groups = groups or int(chance.choice([1, 1, 2, 3]))
        space = chance.integers(1, 4, int(chance.integers(1, 4))).tolist()
    outputs, inputs = (groups * int(chance.integers(1, 4)) for _ in range(2))
    shape = (inputs, outputs // groups, *space) if kind == "transposed" else (outputs, inputs // groups, *space)
    size = 1.0
    if form in ("float64", "float32") and chance.random() < 0.2:
        size = 10.0 ** chance.integers(*{"float64": (-300, 300), "float32": (-30, 30)}[form])
    weight = rounded(chance.standard_normal(shape) * size, form)
    bias = rounded(chance.standard_normal(outputs), form)
    ones = (1,) * len(space)
    return WeightedLayer(kind, weight, bias, groups, ones, (0,) * len(space), ones, form)


def questions(count: int, seed: int, forms: tuple[str, ...] = tuple(FORMATS)) -> Iterator[BnFoldQuestion]:
    """Batch norms with a layer behind or in front of them; such as can be folded."""
    chance = np.random.default_rng(seed)
    for _ in range(count):
        kind, form = str(chance.choice(KINDS)), str(chance.choice(forms))
        one = layer(chance, kind, form)
        first = bool(chance.random() < 0.4)
        if first and kind == "transposed":
            one = replace(one, padding=tuple(k - 1 for k in one.kernel))  # else border outputs get fewer taps
        channels = one.inputs if first else one.outputs
        yield BnFoldQuestion("paper", affine(chance, channels), "option", None, one, first)
