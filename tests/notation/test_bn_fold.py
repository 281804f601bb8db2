"""The question of bn-fold: statistics or mini-batches, the layer to fold into, and whose epsilon holds."""

import numpy as np
import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.notation.bn_fold import question
from tests.support.raw_values import no_file

GIVEN: dict[str, object] = {"mean": "0,1", "var": "1,4"}
MATRIX = "1,2/3,4"
KERNELS = [[[1]], [[2]]]  # a convolution of two outputs


def test_defaults() -> None:
    found = question(GIVEN, no_file)
    affine = found.affine
    assert [values.tolist() for values in (affine.gamma, affine.beta, affine.mean, affine.var)] == [
        [1, 1],
        [0, 0],
        [0, 1],
        [1, 4],
    ]
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


@pytest.mark.parametrize(
    ("raw", "kind", "groups", "stride", "padding", "dilation"),
    [
        ({"weight": MATRIX}, "linear", 1, (), (), ()),
        ({"weight": MATRIX, "kind": "conv"}, "conv", 1, (), (), ()),
        ({"weight": KERNELS, "stride": "2", "padding": 1}, "conv", 1, (2,), (1,), (1,)),
        ({"weight": KERNELS, "kind": "transposed", "groups": "2", "dilation": 3}, "transposed", 2, (1,), (0,), (3,)),
    ],
)
def test_layer(
    raw: dict[str, object],
    kind: str,
    groups: int,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> None:
    layer = question({**GIVEN, **raw}, no_file).layer
    assert layer is not None
    assert (layer.kind, layer.groups, layer.stride, layer.padding, layer.dilation) == (
        kind, groups, stride, padding, dilation,
    )  # fmt: skip
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


REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"batches": "1,2"}, "usage", "mean"),
    ({"mean": ""}, "usage", "mean"),
    ({"var": "1"}, "shape-mismatch", "var"),
    ({"var": "1,-1"}, "invalid-statistics", "var"),
    ({"gamma": "1,2,3"}, "shape-mismatch", "gamma"),
    ({"beta": [[1], 2]}, "shape-mismatch", "beta"),
    ({"eps": -1}, "invalid-value", "eps"),
    ({"eps": "a"}, "usage", "eps"),
    ({"framework": "jax"}, "usage", "framework"),
    ({"momentum": "0.1"}, "usage", "momentum"),
    ({"weight": MATRIX, "stride": 2}, "usage", "stride"),
    ({"weight": MATRIX, "kind": "conv", "padding": 1}, "usage", "padding"),
    ({"weight": MATRIX, "kind": "pool"}, "usage", "kind"),
    ({"weight": MATRIX, "groups": "a"}, "usage", "groups"),
    ({"weight": MATRIX, "bn_first": 1}, "usage", "bn_first"),
    ({"weight": MATRIX, "bias": "1,2,3"}, "shape-mismatch", "bias"),
    ({"weight": KERNELS, "groups": 3}, "groups-do-not-divide", "groups"),
    ({"weight": KERNELS, "stride": "1x2"}, "shape-mismatch", "stride"),
    ({"weight": KERNELS, "stride": "a"}, "usage", "stride"),
    ({"x": [1, None]}, "usage", "x"),
]
OF_A_LAYER = ("bias", "kind", "groups", "stride", "padding", "dilation", "bn_first")
REFUSED += [({key: 1}, "usage", key) for key in OF_A_LAYER]  # and there is none


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        question({**GIVEN, **raw}, no_file)
    assert (caught.value.code, caught.value.option) == (code, option)
    assert caught.value.hint


BATCHES_REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"batches": "1"}, "not-enough-samples", "batches"),
    ({"batches": [[1], [[2]]]}, "shape-mismatch", "batches"),
    ({"batches": [[[1, 2], [1, 2]], [[3], [4]]]}, "shape-mismatch", "batches"),
    ({"batches": [[1, 2], 3]}, "shape-mismatch", "batches"),
    ({"batches": []}, "shape-mismatch", "batches"),
    ({"batches": "1,2", "momentum": "0.5"}, "usage", "momentum"),
    ({"batches": "1,2", "momentum": "none", "framework": "onnx"}, "usage", "momentum"),
    ({"batches": "1,2", "momentum": "x", "framework": "onnx"}, "usage", "momentum"),
    ({"batches": "1,2", "momentum": 2, "framework": "onnx"}, "invalid-value", "momentum"),
]


@pytest.mark.parametrize(("raw", "code", "option"), BATCHES_REFUSED)
def test_batches_refused(raw: dict[str, object], code: str, option: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        question(raw, no_file)
    assert (caught.value.code, caught.value.option) == (code, option)
    assert caught.value.hint


@pytest.mark.parametrize(("raw", "option"), [({}, "mean"), ({"mean": 1}, "var"), ({"var": 1}, "mean")])
def test_missing_statistics(raw: dict[str, object], option: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        question(raw, no_file)
    assert (caught.value.code, caught.value.option) == ("usage", option)
