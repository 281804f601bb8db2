"""Means and variances are the correctly rounded ones: each against rational arithmetic, over thousands of batches."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm import moments
from dlcalc.core.batch_norm.moments import Grid, averaged, running, sums_of
from dlcalc.core.batch_norm.question import batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of

Floats = Any


def nearest(number: Fraction) -> float:
    return number.numerator / number.denominator


def batches(seed: int, count: int) -> list[Floats]:
    """(m, C) each: ordinary numbers, decimals with ties, numbers that cancel, and the ends of the range of float64."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        shape = int(rng.integers(2, 9)), int(rng.integers(1, 4))
        samples = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)
        match number % 8:
            case 0:
                samples = np.round(samples, 2)
            case 1:
                samples = rng.integers(-9, 9, shape).astype(float)
            case 2:
                samples = samples * 10.0 ** rng.integers(-150, 145)
            case 3:
                samples = samples * 10.0 ** rng.integers(-150, 145, shape)
            case 4:
                samples = samples * 2.0**-1060  # subnormal
            case 5:
                samples = samples + 1e16 * rng.choice([-1, 1], shape)
        found.append(samples)
    return found


def test_the_mean_and_variance_of_a_batch() -> None:
    for samples in batches(151, 3_000):
        batch = batch_of(samples)
        for channel in range(samples.shape[1]):
            column = [Fraction(value) for value in samples[:, channel].tolist()]
            mean = sum(column, Fraction()) / len(column)
            squares = sum(((value - mean) ** 2 for value in column), Fraction())
            assert batch.mean[channel] == nearest(mean)
            assert batch.variance[channel] == nearest(squares / len(column))
            over = batch.sums.variance(Fraction(1)).rounded()
            assert over[channel] == nearest(squares / (len(column) - 1))


def test_blocks_of_rows_and_of_channels_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(152).standard_normal((57, 11)) * 1e3
    whole = sums_of(samples)
    monkeypatch.setattr(moments, "_BLOCK", 20)
    monkeypatch.setattr(moments, "_WIDE", 4)
    assert sums_of(samples) == whole
    assert sums_of(np.zeros((3, 2))).mean.rounded().tolist() == [0, 0]
    assert sums_of(np.full((3, 1), 5e-324)).mean.rounded().tolist() == [5e-324]


def test_the_examples() -> None:
    found = statistics_of((batch_of(np.array([1e17, 1, -1e17])),), "paper", None)
    assert (found.mean.tolist(), found.variance.tolist()) == ([1 / 3], [1e34])
    found = statistics_of((batch_of(np.array([-5.32, -6.6, 5.84, 8.07])),), "paper", None)
    assert found.mean.tolist() == [0.49750000000000005]


@pytest.mark.parametrize("framework", ESTIMATORS)
def test_the_estimates_of_every_framework(framework: str) -> None:
    rule, rng = ESTIMATORS[framework], np.random.default_rng(153)
    columns = [samples[:, 0] for samples in batches(154, 1_500)]
    for at in range(0, len(columns) - 5, 3):
        chosen = columns[at : at + int(rng.integers(1, 6))]
        momentum = None if rule.momentum is None else float(rng.choice([rule.momentum, rng.random(), 0, 1, 0.5]))
        start = None if momentum is None or rng.random() < 0.5 else (rng.standard_normal(1), rng.random(1))
        found = statistics_of(tuple(map(batch_of, chosen)), framework, momentum, start=start)
        means: list[Any] = []
        spreads: list[Any] = []
        for samples in chosen:
            column = [Fraction(value) for value in samples.tolist()]
            means.append(sum(column) / len(column))
            squares = sum(((value - means[-1]) ** 2 for value in column), Fraction())
            spreads.append(squares / (len(column) - (framework in ("paper", "pytorch"))))
        mean, var = sum(means, Fraction()) / len(means), sum(spreads, Fraction()) / len(spreads)
        if momentum is not None:
            new = Fraction(momentum) if framework == "pytorch" else 1 - Fraction(momentum)
            mean, var = (Fraction(float(values[0])) for values in start or ([0.0], [1.0]))
            for one, spread in zip(means, spreads, strict=True):
                mean, var = (1 - new) * mean + new * one, (1 - new) * var + new * spread
        assert found.mean[0] == nearest(mean)
        assert found.variance[0] == nearest(var)


def test_many_steps_are_cut_off_and_rounded_as_if_they_were_not() -> None:
    rng = np.random.default_rng(155)
    grids = [Grid([int(value)], -52, 7) for value in rng.integers(-(2**52), 2**52, 300)]
    kept = 1 - Fraction(0.3)
    exact = Fraction(1)
    for grid in grids:
        exact = kept * exact + Fraction(0.3) * Fraction(grid.values[0], 7 << 52)
    assert running(grids, [1.0], 0.3, of_the_new=True).tolist() == [nearest(exact)]


@pytest.mark.parametrize("more", [0, 1])
def test_a_tie_is_decided_with_all_places(more: int) -> None:
    """A number half way between two, or a little more, which is cut off when it has been halved 300 times."""
    tie = ((1 << 53) + 1 << 100) + more
    found = running([Grid([tie], 0, 1), *[Grid([0], 0, 1)] * 299], [0.0], 0.5, of_the_new=True)
    assert found.tolist() == [nearest(Fraction(tie, 1 << 300))]
    assert (found[0] == 2.0**-147) == (more == 0)


def test_averages_of_ragged_batches() -> None:
    assert averaged([Grid([1, 2], 0, 3), Grid([5, 7], -2, 2)]).rounded().tolist() == [23 / 48, 37 / 48]


def test_pooled_statistics_are_exact() -> None:
    parts = [[1e17, 1.0], [-1e17]]
    found = statistics_of(tuple(batch_of(np.array(part)) for part in parts), "onnx", None)
    assert (found.pooled.mean.tolist(), found.pooled_variance.tolist()) == ([1 / 3], [1e34])
