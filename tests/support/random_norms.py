"""Random questions for bn-fold: every kind of layer, format and number of groups. The same for every test."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.batch_norm.affine import Affine, checked_affine
from dlcalc.core.batch_norm.question import BnFoldQuestion
from dlcalc.core.batch_norm.weighted_layer import KINDS, Kind, WeightedLayer


def affine(rng: np.random.Generator, channels: int) -> Affine:
    """A batch norm, sometimes without eps, sometimes with a channel that is off."""
    gamma = rng.standard_normal(channels) * (rng.random(channels) > 0.05)
    var = np.abs(rng.standard_normal(channels)) * 10.0 ** rng.integers(-3, 2, channels) + 1e-9
    eps = float(rng.choice([0, 1e-5, 1e-3]))
    return checked_affine(gamma, rng.standard_normal(channels), rng.standard_normal(channels), var, eps)


def layer(rng: np.random.Generator, kind: Kind, form: str, *, groups: int | None = None) -> WeightedLayer:
    """A layer of a kind, its numbers in a format."""
    if kind == "linear":
        groups, space = 1, []
    else:
        groups = groups or int(rng.choice([1, 1, 2, 3]))
        space = rng.integers(1, 4, int(rng.integers(1, 4))).tolist()
    outputs, inputs = (groups * int(rng.integers(1, 4)) for _ in range(2))
    shape = (inputs, outputs // groups, *space) if kind == "transposed" else (outputs, inputs // groups, *space)
    size = 1.0
    if form in ("float64", "float32") and rng.random() < 0.2:
        size = 10.0 ** rng.integers(*{"float64": (-300, 300), "float32": (-30, 30)}[form])
    weight = rounded(rng.standard_normal(shape) * size, form)
    bias = rounded(rng.standard_normal(outputs), form)
    ones = (1,) * len(space)
    return WeightedLayer(kind, weight, bias, groups, ones, (0,) * len(space), ones, form)


def questions(count: int, seed: int, forms: tuple[str, ...] = tuple(FORMATS)) -> Iterator[BnFoldQuestion]:
    """Batch norms with a layer behind or in front of them; such as can be folded."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kind, form = KINDS[int(rng.integers(len(KINDS)))], str(rng.choice(forms))
        one = layer(rng, kind, form)
        first = bool(rng.random() < 0.4)
        if first and kind == "transposed":
            one = replace(one, padding=tuple(k - 1 for k in one.kernel))  # else border outputs get fewer taps
        channels = one.inputs if first else one.outputs
        yield BnFoldQuestion("paper", affine(rng, channels), "option", None, one, first)
