"""Claims judged block by block: the verdict, the distance and the diagnosis are those of the whole."""

from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.row_source import in_memory
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.mistakes import permutation
from dlcalc.core.softmax.mistakes.judge import judge
from dlcalc.core.softmax.mistakes.tolerances import scale_of
from dlcalc.core.softmax.question import checked
from tests.core.softmax.mistakes.test_table import WRONG, Plain, claim_of
from tests.support.random_softmax import cases
from tests.support.unread import in_file


@pytest.mark.parametrize("form", ["float64", "float32", "float16", "typed"])
def test_planted_mistakes_are_found_as_in_the_whole(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 200)
    compared = 0
    for case in cases(6, seed=171, entries=12):
        answer, in_parts = softmax_grad(case.question), softmax_grad(in_file(case.question))
        for relevant, wrong in WRONG.values():
            if not relevant(Plain(case)) or case.question.flat:
                continue
            claim = claim_of(answer, wrong(Plain(case)), form)
            whole = judge(answer, claim)
            parts = judge(in_parts, claim)
            assert not in_memory(parts.right)
            assert (parts.passed, parts.decidable, parts.diagnosis) == (whole.passed, whole.decidable, whole.diagnosis)
            assert parts.distance == whole.distance
            compared += 1
    assert compared > 40


def large(rows: int, classes: int = 30, **options: Any) -> SoftmaxGrad:
    rng = np.random.default_rng(rows)
    logits = rng.standard_normal((rows, classes), dtype=np.float32)
    return softmax_grad(in_file(checked(logits, rng.integers(0, classes, rows), None, **options)))


def names(answer: SoftmaxGrad, values: Any) -> list[str]:
    return [one.mistake for one in judge(answer, ArrayClaim("grad_logits", values, "float32")).diagnosis]


def test_what_fits_the_sample_must_fit_all() -> None:
    """A sign that is wrong in all rows but one, which was not drawn and is not among the first that fail."""
    answer = large(20_000, 3)
    right = answer.array("grad_logits").astype(np.float64)
    assert names(answer, -right) == ["sign-flipped"]
    for row in range(15_000, 15_003):  # of which most are among those that were not drawn
        for factor in (-1, 1.5):
            spoilt = -right
            spoilt[row] *= factor
            assert names(answer, spoilt) == []


def test_rows_that_are_near_each_other_are_told_apart_by_a_second_sum() -> None:
    answer = large(8_000, 6, temperature=50.0)
    right = answer.array("grad_logits").astype(np.float64)
    order = np.random.default_rng(3).permutation(8_000)
    noisy = right[order] * (1 + 1e-6 * np.random.default_rng(4).standard_normal(right.shape))
    assert names(answer, noisy) == ["rows-permuted"]
    noisy[77] = noisy[78]
    assert names(answer, noisy) == []


def test_a_row_of_the_claim_stands_for_one_row_of_the_answer() -> None:
    """Two rows are alike; one of them is claimed in another place, and the other nowhere."""
    rng = np.random.default_rng(5)
    logits, labels = rng.standard_normal((2_000, 30)), rng.integers(0, 30, 2_000)
    logits[1], labels[1] = logits[0], labels[0]
    answer = softmax_grad(in_file(checked(logits, labels, None)))
    claimed = answer.array("grad_logits").astype(np.float64)
    claimed[[0, 2]] = claimed[[2, 0]]
    assert names(answer, claimed) == ["rows-permuted"]
    claimed[1] = rng.standard_normal(30)
    assert names(answer, claimed) == []


def test_a_class_that_no_row_has_makes_no_claim_more_right() -> None:
    weights = np.array([1.0, 1.0, 1e9])
    answer = softmax_grad(checked(np.eye(3)[:2], np.array([0, 1]), None, class_weights=weights))
    assert scale_of(answer.question, "grad_logits") == 0.5
    assert not judge(answer, ArrayClaim("grad_logits", np.zeros((2, 3)), "float32")).passed


def test_too_many_rows_are_not_tried_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation, "MAX_ROWS", 1000)
    answer = large(2_000)
    verdict = judge(answer, ArrayClaim("grad_logits", answer.array("grad_logits")[::-1].astype(np.float64), "float32"))
    assert (verdict.passed, verdict.diagnosis, verdict.not_tried) == (False, (), ("rows-permuted",))


def test_zeros_are_not_decidable_in_a_format_without_such_small_numbers() -> None:
    answer = large(20_000, 3, temperature=1e6)
    verdict = judge(answer, ArrayClaim("grad_logits", np.zeros(answer.gradient.shape), "float16"))
    assert (verdict.passed, verdict.decidable) == (False, False)


def test_a_square_claim_may_be_transposed() -> None:
    answer = large(150, 150)
    right = answer.array("grad_logits").astype(np.float64)
    assert names(answer, right.T) == ["transposed"]
    (only,) = judge(answer, ArrayClaim("grad_logits", -right.T, "float32")).diagnosis
    assert (only.mistake, only.second) == ("sign-flipped", "transposed")
