"""The arithmetic of a block of rows: what stands where, and which rows have no softmax."""

from typing import Any

import numpy as np
import pytest

from dlcalc.core.softmax.kernel import exponentials, hard, jacobian, probabilities, quotient, soft

RNG = np.random.default_rng(21)
ROWS = RNG.standard_normal((50, 7)) * 4
FAR = ROWS + np.where(np.arange(50) % 2, 800, -800)[:, None]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("logits", [ROWS, FAR])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("with_labels", [False, True])
def test_the_pivot_stands_apart(dtype: Any, logits: Any, temperature: float, with_labels: bool) -> None:
    block = logits.astype(dtype)
    labels = RNG.integers(0, 7, 50) if with_labels else None
    found = exponentials(block, temperature, labels=labels)
    pivot = block.argmax(axis=1) if labels is None else labels
    scaled = block.astype(float) / temperature - found.shift[:, None]
    rows = np.arange(50)
    assert found.values.dtype == dtype
    assert np.array_equal(found.pivot, pivot)
    assert not found.values[rows, pivot].any()
    tolerance = 2000 * np.finfo(dtype).eps
    np.testing.assert_allclose(found.pivot_exp, np.exp(scaled[rows, pivot]), rtol=tolerance)
    np.testing.assert_allclose(found.rest_sum, found.values.sum(axis=1), rtol=tolerance)
    whole = found.values.copy()
    whole[rows, pivot] = found.pivot_exp
    np.testing.assert_allclose(whole, np.exp(scaled), rtol=tolerance, atol=1e-44)
    assert found.finite.all()


def test_only_rows_out_of_range_are_shifted() -> None:
    block = np.concatenate([ROWS, FAR])
    shift = exponentials(block, 1.0).shift
    assert np.array_equal(shift != 0, np.arange(100) >= 50)


NO_SOFTMAX = [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, -np.inf], [-np.inf, np.nan], [np.inf, -np.inf]]


@pytest.mark.parametrize("row", NO_SOFTMAX)
def test_a_row_without_softmax_is_told_and_leaves_the_others_alone(row: list[float]) -> None:
    block = np.array([[1.0, 2.0], row, [0.5, -np.inf]])
    assert exponentials(block, 1.0).finite.tolist() == [True, False, True]
    found = probabilities(block, 1.0)
    assert np.isnan(found[1]).all()
    assert np.array_equal(found[::2], probabilities(block[::2], 1.0))


def test_results_stand_where_they_are_wanted() -> None:
    labels, weights = RNG.integers(0, 7, 50), np.ones(50)
    for dtype in (np.float32, np.float64):
        block, out = ROWS.astype(dtype), np.empty(ROWS.shape, dtype)
        before = block.copy()
        assert hard(block, labels, weights, 2.0, 0.5, out).gradient is out
        assert np.array_equal(out, hard(block, labels, weights, 2.0, 0.5).gradient)
        target = np.eye(7)[labels]
        assert soft(block, target, 2.0, 0.5, out).gradient is out
        assert np.array_equal(block, before)


def test_one_class_and_its_distribution_are_the_same() -> None:
    labels, weights = RNG.integers(0, 7, 50), RNG.uniform(0.5, 2, 50)
    one, other = hard(ROWS, labels, weights, 0.7, 1.5), soft(ROWS, np.eye(7)[labels] * weights[:, None], 0.7, 1.5)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(one.gradient, other.gradient, rtol=1e-12, atol=1e-15)


def test_a_row_of_no_weight_is_silent() -> None:
    block, target = np.array([[np.nan, 1.0], [1.0, 2.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    one = hard(block, np.array([0, 1]), np.array([0.0, 1.0]), 1.0, 1.0)
    for found in (one, soft(block, target, 1.0, 1.0)):
        assert found.losses[0] == 0
        assert not found.gradient[0].any()
        assert found.losses[1] > 0


def test_a_quotient_and_its_rest() -> None:
    high, rest = quotient(np.array([1.0, 7.0, np.inf]), 3.0)
    assert high.tolist() == [1 / 3, 7 / 3, np.inf]
    assert rest[0] == pytest.approx(2.0**-54 / 3, rel=1e-12)  # of 1/3, which lies below its third by that
    assert rest[2] == 0


def test_the_jacobian_of_two_classes() -> None:
    assert jacobian(np.array([[0.25, 0.75]]), 2.0).tolist() == [[[3 / 32, -3 / 32], [-3 / 32, 3 / 32]]]
