"""Statistics that are one unit of the last place off are seen; of many samples, whatever is beyond the bound stated."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm import check_statistics as module
from dlcalc.core.batch_norm.check_statistics import check_statistics
from dlcalc.core.batch_norm.question import batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Batch, Statistics, statistics_of
from tests.conftest import Run

RNG = np.random.default_rng(161)
RAGGED = tuple(batch_of(RNG.standard_normal((size, 2)) * 3 + 5) for size in (4, 5, 2))


@pytest.mark.parametrize("framework", ESTIMATORS)
def test_it_confirms_what_is_right(framework: str) -> None:
    proof = check_statistics(statistics_of(RAGGED, framework, None))
    assert (proof.failures, proof.bound, proof.channels, proof.manner) == ([], None, None, "")


def always(value: Any) -> property:
    """Hide the number that an object has computed."""
    return property(lambda self: value)


NUMBERS: list[tuple[type, str, dict[str, object]]] = [
    (Statistics, "mean", {"channel": 0}),
    (Statistics, "variance", {"channel": 0}),
    (Statistics, "pooled_variance", {"channel": 0}),
    (Batch, "mean", {"batch": 0, "channel": 0}),
    (Batch, "variance", {"batch": 0, "channel": 0}),
]


@pytest.mark.parametrize(("owner", "name", "where"), NUMBERS)
def test_the_next_number_is_not_confirmed(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, where: dict[str, object]
) -> None:
    statistics = statistics_of(RAGGED, "pytorch", None)
    part: Any = statistics if owner is Statistics else statistics.batches[0]
    right = getattr(part, name)
    for end in (-np.inf, np.inf):
        wrong = np.array([np.nextafter(right[0], end), right[1]])
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, always(wrong))
            failures = check_statistics(statistics).failures
        assert failures[0].where == where


@pytest.mark.parametrize("framework", ESTIMATORS)
@pytest.mark.parametrize("moved", [0.0, 1e6])
def test_of_many_samples_the_bound_holds_and_is_tight(
    monkeypatch: pytest.MonkeyPatch, framework: str, moved: float
) -> None:
    monkeypatch.setattr(module, "MAX_RATIONAL", 0)
    batches = tuple(batch_of(np.random.default_rng(162).standard_normal(500) + moved) for _ in range(3))
    statistics = statistics_of(batches, framework, None)
    proof = check_statistics(statistics)
    assert proof.failures == []
    assert proof.bound is not None
    assert proof.bound < 1e-13
    for name in ("mean", "variance"):
        wrong = getattr(statistics, name) * (1 + 3 * proof.bound)
        with monkeypatch.context() as patched:
            patched.setattr(Statistics, name, always(wrong))
            assert check_statistics(statistics).failures


def test_the_bound_is_said(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", np.random.default_rng(163).standard_normal((2, 20_000, 1)))
    words = ["bn-fold", "--batches", str(tmp_path / "b.npy"), "--check"]
    assert 2e-16 < run(*words, "--json").json["check"]["bound_of_statistics"] < 1e-13
    said = " ".join(run(*words).out.split())
    assert "the statistics of so many samples in float64, each within" in said


def test_of_too_many_samples_some_channels_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SAMPLES", 30)
    statistics = statistics_of((batch_of(np.random.default_rng(164).standard_normal((10, 8))),), "paper", None)
    proof = check_statistics(statistics)
    assert (proof.failures, proof.channels) == ([], 3)
    assert "of 3 channels, drawn at random" in proof.manner


@pytest.mark.parametrize("limit", [0, 30_000])
def test_extreme_samples(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(module, "MAX_RATIONAL", limit)
    for samples in ([1e150, 2e150, -1e150], [5e-324, 0, 1e-320], [3.0] * 4, [1e17, 1, -1e17], [0.0, 0.0]):
        for framework in ESTIMATORS:
            proof = check_statistics(statistics_of((batch_of(np.array(samples)),), framework, None))
            assert proof.failures == [], (samples, framework)
