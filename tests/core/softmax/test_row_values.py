"""Rows of an answer, computed on their own, are those of the whole answer, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest

from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.row_values import Computed, blocks_of, rows_of
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
