"""What is off at the border, against windows that are slid over inputs of many sizes, one by one."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm.border import border_error
from dlcalc.core.batch_norm.weighted_layer import Kind, WeightedLayer, evaluate


def by_hand(layer: WeightedLayer, terms: Any) -> float:
    """Evaluate ones with the terms as the weight: an output is the sum of those that it has."""
    space = len(layer.kernel)
    sums = replace(layer, weight=terms).by_group.sum(axis=tuple(range(2, 3 + space)))
    whole = sums.reshape(1, -1, *(1,) * space)
    worst = 0.0
    for more in product(range(max(layer.stride)), repeat=space):
        size = [2 * e + s + extra for e, s, extra in zip(layer.extent, layer.stride, more, strict=True)]
        seen = evaluate(replace(layer, weight=terms), np.ones((1, layer.inputs, *size)))
        worst = max(worst, float(np.abs(seen - whole).max(initial=0.0)))
    return worst


@pytest.mark.parametrize("kind", ["conv", "transposed"])
@pytest.mark.parametrize("space", [1, 2])
def test_random_layers(kind: Kind, space: int) -> None:
    rng = np.random.default_rng(201)
    seen = set()
    for _ in range(150 if space == 1 else 40):
        groups = int(rng.choice([1, 2]))
        kernel = rng.integers(1, 5, space).tolist()
        stride, dilation = (tuple(rng.integers(1, 4, space).tolist()) for _ in range(2))
        most = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        padding = tuple(int(rng.integers(0, e + 3 if kind == "conv" else e)) for e in most)
        weight = rng.standard_normal((2 * groups, 2, *kernel))
        layer = WeightedLayer(kind, weight, np.zeros(2 * groups), groups, stride, padding, dilation)
        right = by_hand(layer, weight)
        assert border_error(layer, weight) == pytest.approx(right, abs=1e-10), layer
        seen.add(right > 1e-9)
    assert seen == {True, False} or space == 2


@pytest.mark.parametrize("kind", ["conv", "transposed"])
def test_no_window_is_too_large(kind: Kind) -> None:
    """Two of three taps of a convolution stay along each axis; of a transposed layer few outputs meet any."""
    far = (10**17,) * 3
    layer = WeightedLayer(kind, np.ones((1, 1, 3, 3, 3)), np.zeros(1), 1, far, far, far)
    assert border_error(layer, layer.weight) == {"conv": 27 - 2**3, "transposed": 27}[kind]
