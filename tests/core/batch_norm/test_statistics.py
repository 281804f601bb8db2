"""Statistics against the definitions of the paper and of each framework, in exact rationals."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm.functions import batch_norm_statistics
from dlcalc.core.batch_norm.question import batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of


def by_definition(batches: list[Any], framework: str, momentum: float | None) -> tuple[Any, Any]:
    """Of one channel."""
    means: list[Any] = []
    biased: list[Any] = []
    unbiased: list[Any] = []
    for batch in batches:
        column = [Fraction(value) for value in batch]
        means.append(sum(column) / len(column))
        square = sum((value - means[-1]) ** 2 for value in column)
        biased.append(square / len(column))
        unbiased.append(square / (len(column) - 1))
    if framework == "paper" or momentum is None:
        return sum(means) / len(means), sum(unbiased) / len(unbiased)
    new = Fraction(momentum) if framework == "pytorch" else 1 - Fraction(momentum)
    mean, var = Fraction(0), Fraction(1)
    for one, spread in zip(means, unbiased if framework == "pytorch" else biased, strict=True):
        mean, var = (1 - new) * mean + new * one, (1 - new) * var + new * spread
    return mean, var


@pytest.mark.parametrize("framework", ESTIMATORS)
def test_every_estimator_is_what_its_framework_defines(framework: str) -> None:
    rng = np.random.default_rng(121)
    for _ in range(150):
        sizes = rng.integers(2, 9, int(rng.integers(1, 6)))
        batches = [rng.standard_normal(size) * 3 + 5 for size in sizes]
        momentum = ESTIMATORS[framework].momentum
        if momentum is not None and rng.random() < 0.5:
            momentum = float(rng.uniform(0, 1))
        found = batch_norm_statistics(batches, framework=framework, momentum=None if framework == "paper" else momentum)
        right = by_definition([batch.tolist() for batch in batches], framework, momentum)
        assert found.mean[0] == pytest.approx(float(right[0]), rel=1e-13)
        assert found.var[0] == pytest.approx(float(right[1]), rel=1e-12)


def test_a_large_offset_costs_nothing() -> None:
    batches = [[1e9 + 1, 1e9 + 2, 1e9 + 4], [1e9 + 2, 1e9 + 3, 1e9 + 7]]
    right = by_definition(batches, "paper", None)
    assert batch_norm_statistics(batches).var[0] == pytest.approx(float(right[1]), rel=1e-14)


def test_channels_and_space() -> None:
    rng = np.random.default_rng(122)
    batches = rng.standard_normal((2, 5, 3, 4, 6))
    found = batch_norm_statistics(list(batches))
    for channel in range(3):
        flat = batch_norm_statistics([batch[:, channel].reshape(-1) for batch in batches])
        assert found.mean[channel] == pytest.approx(flat.mean[0])
        assert found.var[channel] == pytest.approx(flat.var[0])
    one = batch_of(batches[0])
    np.testing.assert_array_equal(one.restored(one.samples), batches[0])


def test_pytorch_without_momentum_is_the_paper() -> None:
    batches = (batch_of(np.array([1.0, 2, 3])), batch_of(np.array([2.0, 4, 9])))
    cumulative = statistics_of(batches, "pytorch", None, plain_average=True)
    assert cumulative.variance == statistics_of(batches, "paper", None).variance


def test_how_much_of_the_start_is_left() -> None:
    batches = tuple(batch_of(np.array([1.0, 2, 3])) for _ in range(100))
    assert statistics_of(batches, "tensorflow", None).start_value_left == pytest.approx(0.366, abs=1e-3)
    assert statistics_of(batches, "pytorch", 0.1).start_value_left == pytest.approx(0.9**100)
    assert statistics_of(batches, "onnx", 0.9).start_value_left == pytest.approx(0.9**100)
    assert statistics_of(batches, "paper", None).start_value_left == 0


def test_one_sample_is_enough_for_a_biased_variance() -> None:
    assert batch_norm_statistics([[3.0]], framework="onnx").var[0] == pytest.approx(0.9)
