"""Which arrays are a batch, a layer, or inputs of it, and in what shape."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import Stored
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.question import BnFoldQuestion, as_inputs, batch_of, checked_layer
from dlcalc.core.errors import DlcalcError
from tests.support.refusals import cause


@pytest.mark.parametrize(
    ("shape", "samples"), [((5,), (5, 1)), ((5, 3), (5, 3)), ((2, 3, 4), (8, 3)), ((2, 3, 4, 5), (40, 3)), ((), (1, 1))]
)
def test_a_batch(shape: tuple[int, ...], samples: tuple[int, ...]) -> None:
    values = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    batch = batch_of(values.astype(np.float32))
    assert (batch.samples.shape, batch.samples.dtype.name, batch.shape) == (samples, "float64", shape)
    np.testing.assert_array_equal(batch.restored(batch.samples), values)
    if len(shape) > 1:
        for channel in range(3):
            assert sorted(batch.samples[:, channel]) == sorted(values[:, channel].reshape(-1))


def stored(shape: tuple[int, ...], form: str = "float32") -> Stored:
    return Stored(np.ones(shape, form), form)


LAYERS: list[tuple[tuple[int, ...], dict[str, Any], tuple[str, int, int, int]]] = [
    ((3,), {}, ("linear", 3, 1, 0)),
    ((2, 3), {}, ("linear", 3, 2, 0)),
    ((2, 3), {"kind": "conv"}, ("conv", 3, 2, 0)),
    ((2, 3), {"kind": "conv", "groups": 2}, ("conv", 6, 2, 0)),
    ((2, 3), {"kind": "transposed", "groups": 2}, ("transposed", 2, 6, 0)),
    ((4, 3, 5), {}, ("conv", 3, 4, 1)),
    ((4, 3, 5), {"groups": 2, "stride": 2, "padding": (1,)}, ("conv", 6, 4, 1)),
    ((4, 3, 5, 5), {"kind": "transposed"}, ("transposed", 4, 3, 2)),
    ((4, 3, 5, 5, 5), {"dilation": (1, 2, 3)}, ("conv", 3, 4, 3)),
]


@pytest.mark.parametrize(("shape", "options", "expected"), LAYERS)
def test_a_layer(shape: tuple[int, ...], options: dict[str, Any], expected: tuple[str, int, int, int]) -> None:
    layer = checked_layer(stored(shape), None, **options)
    assert (layer.kind, layer.inputs, layer.outputs, len(layer.kernel)) == expected
    assert (layer.format, layer.weight.dtype.name) == ("float32", "float64")
    assert layer.bias.tolist() == [0] * layer.outputs
    for window in (layer.stride, layer.padding, layer.dilation):
        assert len(window) == expected[3]
    assert checked_layer(stored(shape), stored((expected[2],)), **options).bias.tolist() == [1] * expected[2]


NO_LAYERS: list[tuple[tuple[int, ...], dict[str, Any], str, str]] = [
    ((2, 3), {"kind": "pool"}, "usage", "kind"),
    ((), {}, "shape-mismatch", "weight"),
    ((2,) * 6, {}, "shape-mismatch", "weight"),
    ((2, 3, 4), {"kind": "linear"}, "shape-mismatch", "weight"),
    ((2, 3, 4), {"groups": 0}, "invalid-value", "groups"),
    ((4, 3, 5), {"groups": 3}, "groups-do-not-divide", "groups"),
    ((2, 3), {"groups": 2}, "usage", "groups"),
    ((2, 3, 4), {"stride": (1, 2)}, "shape-mismatch", "stride"),
    ((2, 3, 4), {"stride": 0}, "invalid-value", "stride"),
    ((2, 3, 4), {"padding": -1}, "invalid-value", "padding"),
    ((2, 3, 4), {"bias": stored((3,))}, "shape-mismatch", "bias"),
    ((2, 3, 4), {"bias": Stored(np.array([1, np.nan]), "float64")}, "invalid-value", "bias"),
]


@pytest.mark.parametrize(("shape", "options", "code", "option"), NO_LAYERS)
def test_no_layer(shape: tuple[int, ...], options: dict[str, Any], code: str, option: str) -> None:
    assert cause(checked_layer, stored(shape), **{"bias": None, **options}) == (code, option)


def test_the_hint_names_groups_that_divide() -> None:
    for kind, what in (("conv", "outputs"), ("transposed", "inputs")):
        with pytest.raises(DlcalcError, match=f"do not divide the 6 {what}") as caught:
            checked_layer(stored((6, 1, 1)), None, kind, groups=4)
        assert caught.value.hint == "groups 3 or 2"


def question(weight: tuple[int, ...] | None, channels: int, x: tuple[int, ...]) -> BnFoldQuestion:
    ones = np.ones(channels)
    layer = None if weight is None else checked_layer(stored(weight), None, "conv" if len(weight) > 2 else "linear")
    return BnFoldQuestion("paper", checked_affine(ones, ones, ones, ones, 0), "option", None, layer, False, np.ones(x))


INPUTS: list[tuple[tuple[int, ...] | None, int, tuple[int, ...], tuple[int, ...]]] = [
    (None, 1, (5,), (5, 1)),
    (None, 1, (2, 3), (6, 1)),
    (None, 3, (3,), (1, 3)),
    (None, 3, (2, 3), (2, 3)),
    (None, 3, (2, 3, 4, 5), (2, 3, 4, 5)),
    ((2, 3), 2, (3,), (1, 3)),
    ((2, 3), 2, (4, 3), (4, 3)),
    ((2, 3, 2), 2, (3, 7), (1, 3, 7)),
    ((2, 3, 2), 2, (4, 3, 7), (4, 3, 7)),
    ((2, 3, 1), 2, (3,), (1, 3, 1)),
    ((2, 3, 1), 2, (4, 3), (4, 3, 1)),
    ((2, 3, 1, 1), 2, (4, 3), (4, 3, 1, 1)),
]


@pytest.mark.parametrize(("weight", "channels", "x", "rows"), INPUTS)
def test_inputs(weight: tuple[int, ...] | None, channels: int, x: tuple[int, ...], rows: tuple[int, ...]) -> None:
    shaped, restored = as_inputs(question(weight, channels, x))
    assert shaped.shape == rows
    if weight is None:
        assert restored(shaped).shape == x
    else:  # the channels alone are others
        outputs = restored(np.ones((rows[0], 2, *rows[2:])))
        assert outputs.shape == tuple(2 if length == 3 else length for length in x)


NO_INPUTS: list[tuple[tuple[int, ...] | None, int, tuple[int, ...]]] = [
    (None, 3, (2,)),
    (None, 3, ()),
    (None, 3, (3, 2)),
    ((2, 3), 2, (2,)),
    ((2, 3), 2, (4, 3, 1)),
    ((2, 3, 2), 2, (4, 3)),
    ((2, 3, 2), 2, (3,)),
    ((2, 3, 2), 2, (4, 3, 1)),
    ((2, 3, 2), 2, (1, 4, 3, 7)),
]


@pytest.mark.parametrize(("weight", "channels", "x"), NO_INPUTS)
def test_no_inputs(weight: tuple[int, ...] | None, channels: int, x: tuple[int, ...]) -> None:
    assert cause(as_inputs, question(weight, channels, x)) == ("shape-mismatch", "x")


def test_inputs_are_finite() -> None:
    with pytest.raises(DlcalcError, match="not finite") as caught:
        as_inputs(replace(question(None, 2, (2,)), x=np.array([1, np.inf])))
    assert (caught.value.code, caught.value.option) == ("invalid-value", "x")
