"""Layers with weights do what their definition says, product by product."""

import tracemalloc
from itertools import product
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm import weighted_layer
from dlcalc.core.batch_norm.weighted_layer import Kind, WeightedLayer, along, evaluate
from tests.support.refusals import refused


def by_definition(layer: WeightedLayer, x: Any) -> Any:
    """Every product of an input and a weight, added where it belongs; inputs and outputs counted by hand."""
    transposed, space = layer.kind == "transposed", x.shape[2:]
    axes = list(zip(space, layer.kernel, layer.stride, layer.padding, layer.dilation, strict=True))
    if transposed:
        sizes = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, k, s, p, d in axes]
    else:
        sizes = [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in axes]
    first = layer.weight.shape[0] // layer.groups
    second = layer.weight.shape[1]
    outputs = second * layer.groups if transposed else layer.weight.shape[0]
    y = np.zeros((len(x), outputs, *sizes)) + layer.bias.reshape(-1, *(1,) * len(space))
    for at in np.ndindex(*layer.weight.shape):
        group = at[0] // first
        inner = group * second + at[1]
        output, entering = (inner, at[0]) if transposed else (at[0], inner)
        for near in product(*map(range, space if transposed else sizes)):
            numbers = zip(near, at[2:], layer.stride, layer.padding, layer.dilation, strict=True)
            far = tuple(n * s + tap * d - p for n, tap, s, p, d in numbers)
            inside = all(0 <= n < size for n, size in zip(far, sizes if transposed else space, strict=True))
            if inside:
                here, there = (far, near) if transposed else (near, far)
                y[(slice(None), output, *here)] += layer.weight[at] * x[(slice(None), entering, *there)]
    return y


@pytest.mark.parametrize("kind", ["conv", "transposed"])
def test_windows(kind: Kind) -> None:
    rng = np.random.default_rng(171)
    compared = 0
    for _ in range(60):
        axes, groups = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        kernel, stride, padding, dilation = (
            tuple(rng.integers(low, high, axes).tolist()) for low, high in ((1, 4), (1, 4), (0, 3), (1, 3))
        )
        shape = (groups * int(rng.integers(1, 3)), int(rng.integers(1, 3)), *kernel)
        outputs = shape[1] * groups if kind == "transposed" else shape[0]
        weight, bias = rng.standard_normal(shape), rng.standard_normal(outputs)
        layer = WeightedLayer(kind, weight, bias, groups, stride, padding, dilation)
        assert layer.outputs == outputs
        assert layer.inputs == (shape[0] if kind == "transposed" else shape[1] * groups)
        assert layer.kernel == kernel
        assert layer.extent == tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        space = [max(1, e + int(rng.integers(0, 3))) for e in layer.extent]
        if kind == "transposed" and any(
            (size - 1) * s + e <= 2 * p for size, s, e, p in zip(space, stride, layer.extent, padding, strict=True)
        ):
            continue
        x = rng.standard_normal((2, layer.inputs, *space))
        np.testing.assert_allclose(evaluate(layer, x), by_definition(layer, x), rtol=1e-11, atol=1e-11)
        compared += 1
    assert compared > 30


def test_linear() -> None:
    layer = WeightedLayer("linear", np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([0.5, 0, -1]))
    assert (layer.inputs, layer.outputs, layer.kernel, layer.extent) == (2, 3, (), ())
    assert evaluate(layer, np.array([[1.0, 10], [0, 1]])).tolist() == [[21.5, 43, 64], [2.5, 4, 5]]


@pytest.mark.parametrize(
    ("kind", "window", "option"),
    [
        ("conv", {"padding": (500,)}, "padding"),
        ("transposed", {"stride": (600,)}, "stride"),
        ("transposed", {"dilation": (900,)}, "dilation"),
    ],
)
def test_what_does_not_fit_in_memory(
    kind: Kind, window: dict[str, Any], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighted_layer, "MAX_NUMBERS", 1000)
    numbers: dict[str, Any] = {"stride": (1,), "padding": (0,), "dilation": (1,)}
    layer = WeightedLayer(kind, np.ones((1, 1, 3)), np.zeros(1), 1, **{**numbers, **window})
    error = refused(evaluate, layer, np.ones((1, 1, 4)))
    assert (error.code, error.option) == ("invalid-value", option)
    assert f"{option}=1" in str(error.hint)
    small = WeightedLayer(kind, np.ones((1, 1, 3)), np.zeros(1), 1, **numbers)
    assert evaluate(small, np.ones((1, 1, 4))).size


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("conv", {"padding": (5790, 5790)}),
        ("conv", {"padding": (10**17, 10**17)}),
        ("transposed", {"stride": (5790, 5790)}),
        ("transposed", {"dilation": (10**9, 10**9), "padding": (10**9, 10**9)}),
    ],
)
def test_a_few_inputs_take_little_memory_or_are_refused(kind: Kind, window: dict[str, Any]) -> None:
    numbers: dict[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    layer = WeightedLayer(kind, np.ones((1, 1, 2, 2)), np.zeros(1), 1, **{**numbers, **window})
    tracemalloc.start()
    assert refused(evaluate, layer, np.ones((1, 1, 2, 3))).code == "invalid-value"
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_many_products_are_refused_and_large_inputs_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = WeightedLayer("conv", np.ones((1, 1, 20)), np.zeros(1), 1, (1,), (300_000,), (1,))
    monkeypatch.setattr(weighted_layer, "SHORT_WORK", 1_000_000)
    assert "products" in refused(evaluate, layer, np.ones((1, 1, 20))).message
    assert evaluate(layer, np.ones((1, 1, 2_000))).shape == (1, 1, 601_981)


def test_values_by_channel() -> None:
    for shape in ((2, 3), (2, 3, 4), (2, 3, 4, 5)):
        scaled = along(np.array([1.0, 10, 100]), np.ones(shape)) * np.ones(shape)
        assert scaled.shape == shape
        assert [np.unique(scaled[:, channel]).tolist() for channel in range(3)] == [[1], [10], [100]]
