"""Rows of an answer on their own are those of the whole answer, bit for bit; its totals are those of its blocks."""

from dataclasses import replace

import numpy as np
import pytest

from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.row_values import Computed, blocks_of, combined, rows_of, summed, totals_of
from tests.support.random_softmax import cases

KEYS = ("loss", "softmax", "target", "grad_softmax", "grad_logits", "jacobian")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_those_of_the_answer(dtype: type) -> None:
    compared = 0
    for case in cases(60, seed=22, entries=12):
        question = replace(case._replace(logits=case.logits.astype(dtype)).question, jacobian=True)
        answer = softmax_grad(question)
        for key in KEYS:
            whole = np.asarray(answer.row_losses if key == "loss" else answer.array(key))
            some = np.array([question.rows - 1, 0])
            computed = Computed(question, key)
            assert (computed.shape, np.shape(computed[0])) == (whole.shape, whole.shape[1:])
            for rows in (slice(None), slice(0, 1), some):
                assert np.array_equal(rows_of(question, key, rows), whole[rows])
                assert np.array_equal(computed[rows], whole[rows])
                assert computed[rows].dtype == whole.dtype
                compared += 1
    assert compared > 1_000


def test_every_row_is_in_one_block() -> None:
    for case in cases(20, seed=24):
        rows = [row for part in blocks_of(case.question) for row in range(part.start, part.stop)]
        assert rows == list(range(case.question.rows))


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
