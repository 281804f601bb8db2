"""A block of work can be done in another process: all that it carries is copied, and gives the same numbers."""

import copy
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import ArrayVerdict
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad, visited
from dlcalc.core.softmax.mistakes import screening  # whose work is sent too
from dlcalc.core.softmax.mistakes.judge import comparison, judge, verdict
from dlcalc.core.softmax.question import SoftmaxQuestion
from tests.support.random_softmax import case
from tests.support.unread import Unread, in_file


def pickled(work: Any) -> Any:
    return pickle.loads(pickle.dumps(work))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 400)


@contextmanager
def sent(how: Callable[[Any], Any]) -> Iterator[list[object]]:
    """Every block of work, wherever in the package it is made, is sent away and its result sent back."""
    works: list[object] = []

    def in_order(work: Callable[[slice], Any], parts: Sequence[slice]) -> Iterator[Any]:
        works.append(work)
        for part in parts:
            yield how(how(work)(part))

    assert screening
    with pytest.MonkeyPatch.context() as patched:
        for name, module in list(sys.modules.items()):
            if name.startswith("dlcalc.") and hasattr(module, "in_order"):
                patched.setattr(module, "in_order", in_order)
        yield works


CLAIMS: dict[str, Callable[[Any], Any]] = {
    "right": lambda right: right,
    "turned": lambda right: -right,
    "reversed": lambda right: right[::-1].copy(),
    "noise": lambda right: np.random.default_rng(1).standard_normal(right.shape),
    "transposed": lambda right: right.T.copy(),
}


def judged(question: SoftmaxQuestion, claim: ArrayClaim) -> tuple[SoftmaxGrad, ArrayVerdict]:
    by_blocks = comparison(question, claim)
    assert by_blocks is not None
    answer, (seen,) = visited(question, [by_blocks])
    return answer, verdict(answer, by_blocks, seen)


@pytest.mark.parametrize("how", [pickled, copy.deepcopy])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", CLAIMS)
def test_a_question_that_is_sent_away_in_blocks(how: Callable[[Any], Any], seed: int, name: str) -> None:
    given = case(np.random.default_rng(seed), 40, 6)
    given.options["reduction"] = "mean"
    here = softmax_grad(given.question)
    right = here.array("grad_logits")
    values = rounded(CLAIMS[name](right), "float32")
    claim = ArrayClaim("grad_logits", values, "float32", transposed=values.shape != right.shape)
    with sent(how) as works:
        answer, found = judged(in_file(given.question), replace(claim, values=Unread(claim.numbers)))
    assert len(works) > (0 if name == "right" else 1)
    assert np.array_equal(answer.gradient[:], right)
    assert np.array_equal(answer.softmax[:], here.softmax[:])
    assert (answer.array("loss"), answer.warnings) == (here.array("loss"), here.warnings)
    whole = judge(here, claim)
    assert (found.passed, found.distance, found.diagnosis) == (whole.passed, whole.distance, whole.diagnosis)
    assert np.array_equal(found.right[:], np.asarray(whole.right))


@pytest.mark.parametrize("how", [pickled, copy.deepcopy])
def test_a_single_loss(how: Callable[[Any], Any]) -> None:
    given = case(np.random.default_rng(3), 40, 6)
    given.options["reduction"] = "mean"
    loss = softmax_grad(given.question).array("loss")
    for factor, mistakes in ((1, []), (-1, ["sign-flipped"])):
        with sent(how):
            _, found = judged(in_file(given.question), ArrayClaim("loss", np.asarray(factor * loss), "float64"))
        assert [diagnosis.mistake for diagnosis in found.diagnosis] == mistakes
