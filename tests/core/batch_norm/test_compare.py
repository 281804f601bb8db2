"""The four estimators side by side: each is what it is alone, with its own momentum and eps or with what was typed."""

from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm.compare import compare
from dlcalc.core.batch_norm.statistics import ESTIMATORS
from dlcalc.notation.bn_fold import question
from tests.conftest import Run
from tests.support.raw_values import no_file
from tests.support.refusals import cause

BATCHES = [[1, 2, 3, 4], [2, 4, 6, 9]]


@pytest.mark.parametrize("raw", [{}, {"eps": 0.5}, {"gamma": 2, "beta": 1}])
def test_each_is_what_it_is_alone(raw: dict[str, object]) -> None:
    found = compare(question({"batches": BATCHES, **raw}, no_file))
    assert [estimate.name for estimate in found.estimates] == list(ESTIMATORS)
    for estimate in found.estimates:
        alone = question({"batches": BATCHES, "framework": estimate.name, **raw}, no_file)
        assert estimate.affine is not None
        assert estimate.affine.eps == alone.affine.eps
        for key in ("mean", "var", "scale", "shift"):
            np.testing.assert_array_equal(estimate.columns[key], getattr(alone.affine, key))


@pytest.mark.parametrize(
    ("framework", "momentum", "momenta"),
    [
        ("pytorch", 0.25, [None, 0.25, 0.75, 0.75]),
        ("onnx", 0.75, [None, 0.25, 0.75, 0.75]),
        ("pytorch", "none", [None, None, 0.99, 0.9]),
        ("pytorch", 0.1, [None, 0.1, 0.99, 0.9]),
    ],
)
def test_a_momentum_that_was_typed_is_everyones(framework: str, momentum: object, momenta: list[float | None]) -> None:
    found = compare(question({"batches": BATCHES, "framework": framework, "momentum": momentum}, no_file))
    statistics = [estimate.statistics for estimate in found.estimates]
    assert [one.momentum if one else "" for one in statistics] == momenta
    assert {notice.code for notice in found.warnings} == {"layout-assumed"}


def test_values_to_start_from() -> None:
    raw: dict[str, object] = {"batches": BATCHES, "framework": "onnx", "mean": 5, "var": 6}
    starts = [one.statistics.start if one.statistics else None for one in compare(question(raw, no_file)).estimates]
    assert starts[0] is None
    assert all(start is not None and [values.tolist() for values in start] == [[5], [6]] for start in starts[1:])


def test_one_that_refuses_stands_with_its_reason(run: Run) -> None:
    words = ["bn-fold", "--batches", "1/2", "--framework", "onnx", "--compare"]
    found: Any = run(*words, "--json").json["estimators"]
    assert found["paper"]["error"]["code"] == found["pytorch"]["error"]["code"] == "not-enough-samples"
    assert found["tensorflow"]["var"] == pytest.approx([0.9801])
    assert "PyTorch refuses: batch 0 has one sample a channel" in run(*words).out
    rows = run(*words, "--format", "csv").out.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == list(ESTIMATORS)
    assert rows[1].endswith("not-enough-samples")
    assert run(*words, "-q").out.splitlines()[:2] == ["paper not-enough-samples", "pytorch not-enough-samples"]


def test_a_table_for_each_channel(run: Run) -> None:
    words = ["bn-fold", "--batches", "1,2,3,4,5,6/2,4,6,8,9,1/3,3,3,1,2,7", "--layout", "NC", "--compare"]
    found = run(*words).out
    assert all(f"channel {channel}\n" in found for channel in range(4))
    assert "channel 4" not in found
    assert "and 2 more channels" in found
    assert max(map(len, found.splitlines())) <= 80
    assert len(run(*words, "--json").json["estimators"]["onnx"]["scale"]) == 6


def test_without_mini_batches() -> None:
    assert cause(compare, question({"mean": 1, "var": 2}, no_file)) == ("usage", "compare")
