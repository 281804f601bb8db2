"""The totals of all rows are those of its blocks, combined."""

import numpy as np
import pytest

from dlcalc.core.softmax.row_values import combined, summed, totals_of

RNG = np.random.default_rng(25)


@pytest.mark.parametrize("size", [1, 3, 40, 100])
def test_of_parts_is_said_what_is_said_of_the_whole(size: int) -> None:
    losses, gradient = RNG.integers(0, 30, 100).astype(float), RNG.integers(-9, 9, (100, 4)).astype(np.float32)
    losses[[17, 60]] = np.inf
    whole = combined(
        totals_of(start, losses[start : start + size], gradient[start : start + size]) for start in range(0, 100, size)
    )
    order = sorted(range(100), key=lambda row: (-losses[row], row))[:10]
    assert whole.worst == tuple((row, losses[row]) for row in order)
    assert whole.infinite == (17, 2)
    assert whole.loss == np.inf
    assert whole.squares == (gradient.astype(float) ** 2).sum()
    assert whole.largest == 9


def test_the_largest_may_be_negative_and_there_may_be_none() -> None:
    assert totals_of(0, np.zeros(1), np.array([[-3.0, 2.0]])).largest == 3
    assert totals_of(0, np.zeros(1), np.zeros((1, 2))).largest == 0


def test_infinities_meet_without_a_word() -> None:
    assert np.isnan(summed([np.inf, -np.inf]))
