"""The question of bn-fold: statistics or mini-batches, the layer to fold into, and whose epsilon holds."""

import numpy as np
import pytest

from dlcalc.core.errors import DlcalcError
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


# The shape of a file, what is said of its axes -> the mini-batches, the samples of each and the channels.
FILES: list[tuple[tuple[int, ...], str | None, tuple[int, int, int]]] = [
    ((3,), None, (1, 3, 1)),
    ((2, 3, 4), None, (2, 3, 4)),
    ((2, 3), "BN", (2, 3, 1)),
    ((2, 3), "NB", (3, 2, 1)),
    ((2, 3), "nc", (1, 2, 3)),
    ((2, 3), "CN", (1, 3, 2)),
    ((2, 3, 4), "NCL", (1, 8, 3)),
    ((2, 3, 4, 5), "NCHW", (1, 40, 3)),
    ((2, 3, 4, 5), "NHWC", (1, 24, 5)),
    ((2, 3, 4, 5), "BNHW", (2, 60, 1)),
    ((2, 3, 4, 5, 6), "BNCHW", (2, 90, 4)),
    ((2, 3, 4, 5, 6), "NDHWC", (1, 120, 6)),
]


@pytest.mark.parametrize(("shape", "letters", "sizes"), FILES)
def test_batches_of_a_file(shape: tuple[int, ...], letters: str | None, sizes: tuple[int, int, int]) -> None:
    raw = {"batches": "b.npy", **({} if letters is None else {"layout": letters})}
    numbers = np.arange(float(np.prod(shape))).reshape(shape)
    found = question(raw | {"framework": "onnx"}, lambda path, option: numbers)
    statistics = found.statistics
    assert statistics is not None
    assert found.layout == {1: "N", 3: "BNC"}[len(shape)] if letters is None else letters.upper()
    assert (len(statistics.batches), len(statistics.batches[0].samples), statistics.channels) == sizes
    assert found.notes == []
    # The channels are those of the file, in its own words.
    upper = letters.upper() if letters else "BNC"[-len(shape) :] if len(shape) > 1 else "N"
    others = tuple(axis for axis, letter in enumerate(upper) if letter != "C")
    np.testing.assert_allclose(np.atleast_1d(numbers.mean(axis=others)), statistics.pooled.mean)


@pytest.mark.parametrize(
    ("shape", "framework", "hint"),
    [
        ((2, 3), "paper", "layout='BN' or layout='NC'"),
        ((2, 3, 4, 5), "pytorch", "layout='NCHW' or layout='NHWC'"),
        ((2, 3, 4, 5), "tensorflow", "layout='NHWC' or layout='NCHW'"),
        ((2, 3, 4, 5, 6), "onnx", "layout='BNCHW' or layout='NCDHW'"),
        ((2, 3, 4, 5, 6), "tensorflow", "layout='BNHWC' or layout='NDHWC'"),
    ],
)
def test_a_file_that_can_be_read_in_two_ways(shape: tuple[int, ...], framework: str, hint: str) -> None:
    with pytest.raises(DlcalcError, match="not said which is which") as raised:
        question({"batches": "b.npy", "framework": framework}, lambda path, option: np.ones(shape))
    assert (raised.value.code, raised.value.option, raised.value.hint) == ("usage", "layout", hint)


@pytest.mark.parametrize(
    ("batches", "raw", "warned"),
    [
        ("1,2/3,4", {"framework": "pytorch"}, True),
        ([[1, 2], [3, 4]], {"framework": "tensorflow"}, True),
        ("1,2/3,4", {"framework": "onnx", "layout": "BN"}, False),
        ("1,2/3,4", {"framework": "onnx", "layout": "NC"}, False),
        ("1,2/3,4", {}, False),
        ("1,2,3", {"framework": "pytorch"}, False),  # one sample of each channel is nobody's mini-batch
        ([[[1], [2]], [[3], [4]]], {"framework": "pytorch"}, False),
    ],
)
def test_typed_rows_that_a_framework_reads_in_another_way(
    batches: object, raw: dict[str, object], warned: bool
) -> None:
    notes = question({"batches": batches, **raw}, no_file).notes
    assert [note.code for note in notes] == (["layout-assumed"] if warned else [])
    assert all("--layout NC" in note.message for note in notes)


def test_values_to_start_from() -> None:
    raw: dict[str, object] = {"batches": "2,15/2,17/-4,-2", "layout": "NC", "mean": "1,2", "var": "3,4"}
    statistics = question({**raw, "framework": "onnx", "momentum": 0.5}, no_file).statistics
    assert statistics is not None
    assert statistics.mean.tolist() == [0.5, 6]
    assert statistics.variance.tolist() == [1.5 + 4, 2 + 0.5 * (25 + 49 + 144) / 3]
    for other in ({}, {"framework": "pytorch", "momentum": "none"}):
        assert cause(question, {**raw, **other}, no_file) == ("usage", "mean")
    assert cause(question, {**raw, "framework": "onnx", "mean": "1"}, no_file) == ("shape-mismatch", "mean")
    assert cause(question, {**raw, "framework": "onnx", "var": "1,inf"}, no_file) == ("invalid-statistics", "var")


# Keras's weight and its layout by default, or as it is said -> outputs x inputs/groups x taps, and the groups.
WEIGHTS: list[tuple[dict[str, object], tuple[int, ...], tuple[int, ...], int, str]] = [
    ({}, (4, 3), (4, 3), 1, "oi"),
    ({"framework": "tensorflow"}, (4, 3), (3, 4), 1, "io"),
    ({"weight_layout": "io"}, (4, 3), (3, 4), 1, "io"),
    ({"framework": "tensorflow"}, (5, 7, 2, 4), (4, 2, 5, 7), 1, "kio"),
    ({"framework": "tensorflow", "weight_layout": "OIHW"}, (5, 7, 2, 4), (5, 7, 2, 4), 1, "oik"),
    ({"weight_layout": "iok"}, (5, 7, 2, 4), (7, 5, 2, 4), 1, "iok"),
    ({"weight_layout": "okI"}, (5, 2, 7), (5, 7, 2), 1, "oki"),
    ({"framework": "tensorflow", "kind": "transposed"}, (3, 3, 6, 2), (2, 6, 3, 3), 1, "koi"),
    ({"kind": "transposed"}, (2, 6, 3), (2, 6, 3), 1, "iok"),
    ({"framework": "tensorflow", "kind": "depthwise"}, (3, 3, 4, 2), (8, 1, 3, 3), 4, "kio"),
    ({"framework": "tensorflow", "kind": "depthwise", "groups": 4}, (3, 3, 4, 2), (8, 1, 3, 3), 4, "kio"),
    ({"kind": "depthwise"}, (8, 1, 3, 3), (8, 1, 3, 3), 8, "oik"),
    ({"kind": "depthwise", "groups": 4}, (8, 1, 3, 3), (8, 1, 3, 3), 4, "oik"),
    ({"framework": "tensorflow", "groups": 2}, (3, 2, 4), (4, 2, 3), 2, "kio"),
]


@pytest.mark.parametrize(("raw", "shape", "computed", "groups", "letters"), WEIGHTS)
def test_the_layout_of_a_weight(
    raw: dict[str, object], shape: tuple[int, ...], computed: tuple[int, ...], groups: int, letters: str
) -> None:
    numbers = np.arange(float(np.prod(shape))).reshape(shape)
    layer = question({**GIVEN, **raw, "weight": "w.npy"}, lambda path, option: numbers).layer
    assert layer is not None
    assert layer.layout is not None
    assert (layer.weight.shape, layer.groups, layer.layout.letters) == (computed, groups, letters)
    np.testing.assert_array_equal(layer.as_given, numbers)
    index = tuple(size - 1 for size in computed)
    assert numbers[layer.layout.index(index)] == layer.weight[index]
    first = (1, *(0 for _ in computed[1:]))
    assert numbers[layer.layout.index(first)] == layer.weight[first]


WEIGHTS_REFUSED = [
    ({"weight_layout": "oo"}, (2, 2), ("usage", "weight_layout")),
    ({"weight_layout": "xyz"}, (2, 2), ("usage", "weight_layout")),
    ({"weight_layout": 1}, (2, 2), ("usage", "weight_layout")),
    ({"weight_layout": "oik"}, (2, 2), ("shape-mismatch", "weight")),
    ({"weight_layout": "oi"}, (2, 2, 2), ("shape-mismatch", "weight")),
    ({"weight_layout": "oihw"}, (2, 2, 2), ("shape-mismatch", "weight")),
    ({"kind": "depthwise"}, (4, 2, 3), ("shape-mismatch", "weight")),
    ({"kind": "depthwise", "framework": "tensorflow", "groups": 3}, (3, 4, 2), ("shape-mismatch", "groups")),
]


@pytest.mark.parametrize(("raw", "shape", "refusal"), WEIGHTS_REFUSED)
def test_layouts_that_do_not_fit(raw: dict[str, object], shape: tuple[int, ...], refusal: tuple[str, str]) -> None:
    assert cause(question, {**GIVEN, **raw, "weight": "w.npy"}, lambda path, option: np.ones(shape)) == refusal


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
OF_A_LAYER = ("weight_layout", "bias", "kind", "groups", "stride", "padding", "dilation", "bn_first")
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
        {"batches": "1,2", "momentum": "0.5"}, {"batches": "1,2", "layout": "BB"}, {"batches": "1,2", "layout": "BC"},
        {"batches": "1,2", "layout": 3}, {"mean": 1, "var": 1, "layout": "NC"}, {"batches": "1/2", "layout": "BNX"},
 {"batches": "1,2", "framework": "onnx", "momentum": "none"},
        {"batches": "1,2", "framework": "onnx", "momentum": "x"},
    ],
    "invalid-value": [{"batches": "1,2", "framework": "onnx", "momentum": 2}],
})  # fmt: skip


BATCHES_REFUSED += [
    ({"batches": [[[[1, 2]]]]}, "usage", "layout"),
    ({"batches": [[1, 2], [3]], "layout": "N"}, "shape-mismatch", "batches"),
    ({"batches": [[1, 2], [3]], "layout": "NC"}, "shape-mismatch", "batches"),
]
MISSING = [({}, "usage", "mean"), ({"mean": 1}, "usage", "var"), ({"var": 1}, "usage", "mean")]


@pytest.mark.parametrize(("raw", "code", "option"), [*BATCHES_REFUSED, *MISSING])
def test_statistics_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, raw, no_file) == (code, option)
