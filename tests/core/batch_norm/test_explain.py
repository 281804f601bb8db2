"""The explanation is true: the numbers that stand in a formula give the value that stands behind it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.answer import bn_fold
from dlcalc.core.batch_norm.explain import explain as steps
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of
from dlcalc.core.evidence.step import Step
from tests.conftest import Run
from tests.support.random_norms import questions


def close(step: Step) -> bool:
    """Up to the six digits that are shown of each number."""
    assert isinstance(step.value, float)
    found = eval(step.substituted.replace("^", "**"), {"__builtins__": {}}, {"sqrt": math.sqrt})
    return math.isclose(found, step.value, rel_tol=1e-4, abs_tol=1e-4)


def test_every_formula_gives_its_value() -> None:
    compared = set()
    for question in questions(100, seed=151, forms=("float64",)):
        assert question.layer is not None
        weight = np.clip(question.layer.weight, -3, 3)
        for step in steps(bn_fold(replace(question, layer=replace(question.layer, weight=weight)))):
            assert "..." in step.substituted or close(step), step
            assert step.source
            assert step.why
            compared.add(step.symbol[:2])
    assert compared == {"s", "t", "W'", "b'"}


@pytest.mark.parametrize("framework", ESTIMATORS)
def test_terms_that_cancel_have_the_digits_for_it(framework: str) -> None:
    rng = np.random.default_rng(153)
    for _ in range(30):
        batches = tuple(batch_of(rng.standard_normal((3, 1)) + 1000) for _ in range(2))
        statistics = statistics_of(batches, framework, None)
        beta = statistics.mean / np.sqrt(statistics.variance + 1e-5) + 0.01
        parameters = checked_affine(np.ones(1), beta, statistics.mean, statistics.variance, 1e-5)
        for step in steps(bn_fold(BnFoldQuestion(framework, parameters, "option", statistics))):
            assert step.value is None or close(step), step


@pytest.mark.parametrize("framework", ESTIMATORS)
def test_every_estimator_is_explained(framework: str) -> None:
    rng = np.random.default_rng(152)
    for _ in range(30):
        batches = tuple(batch_of(rng.standard_normal((size, 2)) + 3) for size in rng.integers(2, 7, 3))
        statistics = statistics_of(batches, framework, None)
        parameters = checked_affine(np.ones(2), np.zeros(2), statistics.mean, statistics.variance, 1e-5)
        answer = bn_fold(BnFoldQuestion(framework, parameters, "framework", statistics))
        found = [step for step in steps(answer) if step.symbol != "claim"]
        moments = {f"{name}_{number}" for name in ("mu", "var") for number in range(3)}
        assert {step.symbol for step in found} == moments | {"E", "Var", "s", "t"}
        assert all(map(close, found))
        assert {step.where["channel"] for step in found} == {0, 1}


def test_benefits_are_named_as_claims_with_who_makes_them(run: Run) -> None:
    found = run("bn-fold", "--batches", "1,2,3,4/2,4,6,8", "--explain", "--json").json["explain"]
    claims = [step for step in found if step["symbol"] == "claim"]
    assert len(claims) == 5
    assert any("disputed" in step["why"] and "Santurkar" in step["why"] for step in claims)
    assert "before" in claims[0]["substituted"]


@pytest.mark.parametrize(
    "words",
    [
        "--mean 3.25 --var 1 --gamma 0 --weight 1,2 --bias 3.25",
        "--mean 2 --var 4 --weight 3 --bias 2 --eps 0",
        "--mean 0 --var 1 --weight 0,0",
        "--batches 2,2,2/2,2,2",
    ],
)
def test_terms_that_come_to_nothing_are_explained_too(run: Run, words: str) -> None:
    found = run("bn-fold", *words.split(), "--explain", "--json")
    assert found.code == 0, found.err
    assert found.json["explain"]
