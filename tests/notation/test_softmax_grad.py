"""The question of softmax-grad: logits or the layer that makes them, labels or distributions, and every option."""

import numpy as np
import pytest

from dlcalc.notation.softmax_grad import question
from tests.support.raw_values import no_file
from tests.support.refusals import by_option, cause

TYPED: dict[str, object] = {"logits": "1,2,3", "label": "2"}
LINEAR: dict[str, object] = {"x": "1,2", "weight": "1,2/3,4", "label": 0}


@pytest.mark.parametrize(
    ("raw", "logits", "flat"),
    [
        (TYPED, [[1, 2, 3]], True),
        ({"logits": [1, 2, 3], "label": 2}, [[1, 2, 3]], True),
        ({"logits": "1,2/3,4", "label": "0,1"}, [[1, 2], [3, 4]], False),
        ({"logits": [[1, 2]], "label": [0]}, [[1, 2]], False),
        (LINEAR, [[5, 11]], True),
        ({**LINEAR, "bias": "1,-1"}, [[6, 10]], True),
        ({**LINEAR, "x": "1,2/0,1", "label": "0,1"}, [[5, 11], [2, 4]], False),
    ],
)
def test_logits(raw: dict[str, object], logits: list[list[float]], flat: bool) -> None:
    found = question(raw, no_file)
    assert (np.asarray(found.logits).tolist(), found.flat, found.linear is not None) == (logits, flat, "x" in raw)


def test_labels_and_distributions() -> None:
    for label in ("2", 2, 2.0, [2]):
        assert np.asarray(question({**TYPED, "label": label}, no_file).targets.labels).tolist() == [2]
    found = question({"logits": "1,2", "target": "0.25,0.75"}, no_file).targets
    assert (found.labels, np.asarray(found.distribution).tolist()) == (None, [[0.25, 0.75]])


def test_defaults_and_options() -> None:
    found = question(TYPED, no_file)
    assert (found.temperature, found.jacobian, found.tolerances, found.format) == (1.0, False, None, "float64")
    targets = found.targets
    assert (targets.reduction, targets.ignore_index, targets.label_smoothing) == ("mean", -100, 0.0)
    options = {"temperature": "2", "jacobian": True, "reduction": "sum", "ignore_index": "1", "label_smoothing": 0.5}
    found = question({**TYPED, **options, "class_weights": "1,0,2"}, no_file)
    assert (found.temperature, found.jacobian) == (2.0, True)
    targets = found.targets
    assert (targets.reduction, targets.ignore_index, targets.label_smoothing) == ("sum", 1, 0.5)
    assert np.asarray(targets.class_weights).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("raw", "tolerances"),
    [({"rtol": "1e-3"}, (1e-3, 0.0)), ({"atol": 1}, (0.0, 1.0)), ({"rtol": 0, "atol": 0}, (0.0, 0.0))],
)
def test_tolerances(raw: dict[str, object], tolerances: tuple[float, float]) -> None:
    assert question({**TYPED, **raw}, no_file).tolerances == tolerances


def test_exact() -> None:
    assert [question({**TYPED, **raw}, no_file).exact for raw in ({}, {"exact": False}, {"exact": True})] == [0, 0, 1]


def test_a_file_keeps_its_format_and_what_is_doubtful_is_noted() -> None:
    files = {"half.npy": np.ones((2, 3), np.float16), "bits.npy": np.full((2, 3), 0x3F80, np.uint16)}
    raw = {"logits": "half.npy", "label": "0,1"}
    found = question(raw, lambda path, option: files[path])
    assert (found.format, found.logits.dtype, found.notes) == ("float16", np.dtype(np.float32), ())
    found = question({**raw, "logits": "bits.npy"}, lambda path, option: files[path])
    assert found.format == "bfloat16"
    assert [note.code for note in found.notes] == ["uint16-read-as-bfloat16"]


REFUSED = by_option({
    "usage": [
        {"x": 1}, {"bias": 1}, {"target": "0,0,1"}, {"label": "1.5"}, {"label": True}, {"reduction": "max"},
        {"atol": "a"}, {"jacobian": 1}, {"ignore_index": 1.5}, {"exact": 1}, {"logits": ""}, {"logits": [True, 1]},
    ],
    "label-out-of-range": [{"label": "3"}],
    "shape-mismatch": [{"label": "0,1"}, {"class_weights": "1"}, {"logits": "1"}, {"logits": [[1, 2], [3]]}],
    "invalid-value": [
        {"rtol": -1}, {"atol": "-1e-9"}, {"temperature": "0"}, {"temperature": "inf"}, {"label_smoothing": "2"},
    ],
})  # fmt: skip


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, {**TYPED, **raw}, no_file) == (code, option)


@pytest.mark.parametrize(
    ("raw", "code", "option"),
    [
        ({}, "usage", "logits"),
        ({"label": 1}, "usage", "logits"),
        ({"logits": "1,2"}, "usage", "label"),
        ({"logits": "1,2", "target": "1,0", "ignore_index": 1}, "usage", "ignore_index"),
        ({"x": "1,2", "label": 0}, "usage", "weight"),
        ({"weight": "1,2/3,4", "label": 0}, "usage", "x"),
        ({"bias": "1,2", "label": 0}, "usage", "x"),
        ({**LINEAR, "x": "1,2,3"}, "shape-mismatch", "weight"),
        ({**LINEAR, "bias": "1,2,3"}, "shape-mismatch", "bias"),
    ],
)
def test_what_is_missing_or_does_not_fit(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, raw, no_file) == (code, option)
