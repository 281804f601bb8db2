"""The question of bn-fold: statistics or mini-batches, the layer to fold into, and whose epsilon holds."""

import numpy as np
import pytest

from dlcalc.notation.bn_fold import merged, question
from tests.support.raw_values import no_file
from tests.support.refusals import by_option, cause

GIVEN: dict[str, object] = {"mean": "0,1", "var": "1,4"}
MATRIX = "1,2/3,4"
KERNELS = [[[1]], [[2]]]  # a convolution of two outputs


def test_defaults() -> None:
    found = question(GIVEN, no_file)
    for key, values in {"gamma": [1, 1], "beta": [0, 0], "mean": [0, 1], "var": [1, 4]}.items():
        assert getattr(found.affine, key).tolist() == values
    assert (found.framework, found.bn_first) == ("paper", False)
    assert (found.statistics, found.layer, found.x) == (None, None, None)


@pytest.mark.parametrize(
    ("raw", "eps", "source"),
    [
        ({}, 1e-5, "default"),
        ({"eps": "1e-3"}, 1e-3, "option"),
        ({"framework": "tensorflow"}, 1e-3, "framework"),
        ({"framework": "tensorflow", "eps": 0}, 0.0, "option"),
    ],
)
def test_epsilon(raw: dict[str, object], eps: float, source: str) -> None:
    found = question({**GIVEN, **raw}, no_file)
    assert (found.affine.eps, found.eps_source) == (eps, source)


def test_how_closely_to_judge() -> None:
    found = question(GIVEN, no_file)
    assert (found.tolerances, found.exact) == (None, False)
    assert question({**GIVEN, "rtol": "1e-3", "atol": 2, "exact": False}, no_file).tolerances == (1e-3, 2.0)
    assert question({**GIVEN, "atol": "0"}, no_file).tolerances == (0.0, 0.0)
    assert question({**GIVEN, "exact": True}, no_file).exact


@pytest.mark.parametrize("beside", ["rtol", "atol"])
def test_exact_is_no_tolerance(beside: str) -> None:
    assert cause(question, {**GIVEN, "exact": True, beside: "1"}, no_file) == ("usage", "exact")
    defaults = {**GIVEN, "exact": True}
    line = merged(defaults, {beside: 1})
    assert (question(line, no_file).exact, beside in line) == (False, True)
    line = merged({**GIVEN, beside: "1"}, {"exact": True})
    assert (question(line, no_file).exact, beside in line) == (True, False)
    assert beside in merged({**GIVEN, beside: "1"}, {"exact": False})


LAYERS: list[tuple[dict[str, object], tuple[object, ...]]] = [
    ({"weight": MATRIX}, ("linear", 1, (), (), ())),
    ({"weight": MATRIX, "kind": "conv"}, ("conv", 1, (), (), ())),
    ({"weight": KERNELS, "stride": "2", "padding": 1}, ("conv", 1, (2,), (1,), (1,))),
    ({"weight": KERNELS, "kind": "transposed", "groups": "2", "dilation": 3}, ("transposed", 2, (1,), (0,), (3,))),
]


@pytest.mark.parametrize(("raw", "numbers"), LAYERS)
def test_layer(raw: dict[str, object], numbers: tuple[object, ...]) -> None:
    layer = question({**GIVEN, **raw}, no_file).layer
    assert layer is not None
    assert (layer.kind, layer.groups, layer.stride, layer.padding, layer.dilation) == numbers
    assert layer.bias.tolist() == [0, 0]


def test_what_goes_with_a_layer() -> None:
    found = question({**GIVEN, "weight": MATRIX, "bias": [5, 6], "bn_first": True, "x": "7,8"}, no_file)
    assert found.layer is not None
    assert found.x is not None
    assert (found.layer.bias.tolist(), found.bn_first, found.x.tolist()) == ([5, 6], True, [7, 8])


@pytest.mark.parametrize(
    ("batches", "shapes"),
    [
        ("1,2,3", [(3,)]),
        ("1,2,3/4,5", [(3,), (2,)]),
        ([1, 2, 3], [(3,)]),
        ([[1, 2], [3, 4, 5]], [(2,), (3,)]),
        ([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], [(2, 2), (2, 2)]),
    ],
)
def test_batches(batches: object, shapes: list[tuple[int, ...]]) -> None:
    statistics = question({"batches": batches}, no_file).statistics
    assert statistics is not None
    assert [batch.shape for batch in statistics.batches] == shapes


@pytest.mark.parametrize(("shape", "batches"), [((3,), [(3,)]), ((2, 3), [(3,), (3,)]), ((2, 3, 4), [(3, 4), (3, 4)])])
def test_batches_of_a_file(shape: tuple[int, ...], batches: list[tuple[int, ...]]) -> None:
    statistics = question({"batches": "b.npy"}, lambda path, option: np.ones(shape)).statistics
    assert statistics is not None
    assert [batch.shape for batch in statistics.batches] == batches


@pytest.mark.parametrize(
    ("raw", "momentum"),
    [
        ({}, None),
        ({"framework": "pytorch"}, 0.1),
        ({"framework": "pytorch", "momentum": "0.5"}, 0.5),
        ({"framework": "pytorch", "momentum": "none"}, None),
        ({"framework": "onnx", "momentum": 0}, 0.0),
    ],
)
def test_momentum(raw: dict[str, object], momentum: float | None) -> None:
    statistics = question({"batches": "1,2,3", **raw}, no_file).statistics
    assert statistics is not None
    assert statistics.momentum == momentum


REFUSED = [
    *by_option({
        "usage": [
            {"mean": ""}, {"eps": "a"}, {"framework": "jax"}, {"momentum": "0.1"}, {"weight": MATRIX, "stride": 2},
            {"weight": MATRIX, "kind": "conv", "padding": 1}, {"weight": MATRIX, "kind": "pool"},
            {"weight": MATRIX, "groups": "a"}, {"weight": MATRIX, "bn_first": 1}, {"weight": KERNELS, "stride": "a"},
            {"x": [1, None]}, {"exact": "true"}, {"rtol": "a"},
        ],
        "shape-mismatch": [
            {"var": "1"}, {"gamma": "1,2,3"}, {"beta": [[1], 2]}, {"weight": MATRIX, "bias": "1,2,3"},
            {"weight": KERNELS, "stride": "1x2"},
        ],
        "invalid-statistics": [{"var": "1,-1"}],
        "invalid-value": [{"eps": -1}, {"rtol": -1}, {"atol": "-1e-9"}],
        "groups-do-not-divide": [{"weight": KERNELS, "groups": 3}],
    }),
    ({"batches": "1,2"}, "usage", "mean"),
]  # fmt: skip
OF_A_LAYER = ("bias", "kind", "groups", "stride", "padding", "dilation", "bn_first")
REFUSED += [({key: 1}, "usage", key) for key in OF_A_LAYER]  # and there is none


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, {**GIVEN, **raw}, no_file) == (code, option)


BATCHES_REFUSED = by_option({
    "not-enough-samples": [{"batches": "1"}],
    "shape-mismatch": [
        {"batches": [[1], [[2]]]}, {"batches": [[[1, 2], [1, 2]], [[3], [4]]]}, {"batches": [[1, 2], 3]},
        {"batches": []},
    ],
    "usage": [
        {"batches": "1,2", "momentum": "0.5"}, {"batches": "1,2", "framework": "onnx", "momentum": "none"},
        {"batches": "1,2", "framework": "onnx", "momentum": "x"},
    ],
    "invalid-value": [{"batches": "1,2", "framework": "onnx", "momentum": 2}],
})  # fmt: skip


MISSING = [({}, "usage", "mean"), ({"mean": 1}, "usage", "var"), ({"var": 1}, "usage", "mean")]


@pytest.mark.parametrize(("raw", "code", "option"), [*BATCHES_REFUSED, *MISSING])
def test_statistics_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, raw, no_file) == (code, option)
