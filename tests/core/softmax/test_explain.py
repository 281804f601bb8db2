"""The explanation is true: the numbers that stand in a formula give the value that stands behind it."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.evidence.step import Step
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.explain import explain as steps
from dlcalc.core.softmax.question import Linear, checked
from tests.support.random_softmax import cases

NAMES = {"exp": math.exp, "ln": math.log, "log1p": math.log1p}


def computed(step: Step) -> float:
    return float(eval(step.substituted, {"__builtins__": {}}, NAMES))


def close(step: Step) -> bool:
    """Up to the six digits that are shown of each number; a difference of two of them has an absolute error."""
    assert isinstance(step.value, float | int)
    return math.isclose(computed(step), step.value, rel_tol=1e-4, abs_tol=3e-6)


def explained(answer: SoftmaxGrad) -> dict[str, Step]:
    return {step.symbol: step for step in steps(answer)}


def test_every_formula_gives_its_value() -> None:
    compared: set[str] = set()
    for case in cases(400, seed=91):
        for step in steps(softmax_grad(case.question)):
            if "..." not in step.substituted:
                assert close(step), (case, step)
                compared.add(step.symbol.rstrip("0123456789"))
            assert step.source
            assert step.why
    assert compared >= {"S", "a_", "t_", "D", "L", "dL/da_", "dC/dz_"}


def test_the_linear_layer_is_explained() -> None:
    x, weight = np.array([[1.5, -2.0], [0.3, 0.7]]), np.array([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]])
    linear = Linear(x, weight, np.array([0.1, 0.0, -0.1]))
    question = replace(checked(linear.logits, np.array([1, 2]), None), linear=linear)
    found = explained(softmax_grad(question))
    assert {"z_1", "dC/dW_10", "dC/db_1", "dC/dx_0"} <= set(found)
    assert all(map(close, found.values()))


def test_both_cases_of_the_derivation_stand_there() -> None:
    found = explained(softmax_grad(checked(np.array([[1.0, 2.0, 3.0]]), np.array([2]), None)))
    assert found["da_2/dz_2"].formula == "(exp(z_i - m)*S - exp(z_i - m)^2)/S^2 = a_i*(1 - a_i)"
    assert found["da_0/dz_2"].formula == "-exp(z_j - m)*exp(z_i - m)/S^2 = -a_j*a_i"
    assert "square of the sum, not the sum of the squares" in found["da_2/dz_2"].why
    assert found["dC/dz_2"].substituted == "(0.665241*1 - 1)/1"


def test_confident_rows_are_explained_with_all_their_digits() -> None:
    found = explained(softmax_grad(checked(np.array([[40.0, 0.0]]), np.array([0]), None)))
    for symbol in ("L", "da_0/dz_0", "dC/dz_0"):
        assert computed(found[symbol]) == pytest.approx(found[symbol].value, rel=1e-5, abs=0)


def test_an_index_under_weights_is_told_from_a_distribution() -> None:
    weights: Any = np.array([1.0, 2.0, 3.0])
    found = explained(softmax_grad(checked(np.ones((2, 3)), np.array([2, 0]), None, class_weights=weights)))
    assert "for a distribution D is N" in found["D"].why
    assert found["D"].value == 4


def test_of_many_classes_some_stand_for_all() -> None:
    rng = np.random.default_rng(92)
    found = steps(softmax_grad(checked(rng.standard_normal((3, 1000)), np.array([-100, 7, 8]), None)))
    assert len(found) < 20
    assert all(step.where == {"row": 1} for step in found)


def test_every_term_of_a_smoothed_target_is_followed() -> None:
    options: dict[str, Any] = {"label_smoothing": 0.1, "class_weights": np.array([1.0, 2.0, 3.0])}
    found = explained(softmax_grad(checked(np.array([[1.0, 2.0, 3.0]]), np.array([2]), None, **options)))
    for number in range(3):
        assert {f"t_{number}", f"dL/da_{number}", f"da_{number}/dz_2", f"dC/dz_{number}"} <= set(found)
    step = found["dL/dz_2"]
    assert (step.substituted.count("*"), close(step)) == (3, True)
    terms = [float(found[f"dL/da_{j}"].value) * float(found[f"da_{j}/dz_2"].value) for j in range(3)]  # type: ignore[arg-type]
    assert sum(terms) == pytest.approx(step.value, rel=1e-12)


def test_what_is_not_written_out_is_said() -> None:
    logits = np.random.default_rng(93).standard_normal((1, 1000))
    found = steps(softmax_grad(checked(logits, np.array([7]), None, label_smoothing=0.1)))
    assert sum("likewise for the other 997 classes" in step.why for step in found) >= 3


def test_the_sums_of_the_others_are_as_exact_as_the_numbers() -> None:
    """1 - a of a sure row, and of a row of 200,000 classes in a time that grows with their number."""
    logits = np.zeros((1, 200_000))
    logits[0, 5] = 50.0
    found = explained(softmax_grad(checked(logits, np.array([5]), None)))
    assert found["da_5/dz_5"].value == pytest.approx(199_999 * math.exp(-50), rel=1e-12)
    assert len(found["S"].substituted) < 200


def test_nothing_is_explained_where_no_row_counts() -> None:
    found = explained(softmax_grad(checked(np.full((2, 3), np.nan), np.array([-100, -100]), None)))
    assert list(found) == ["t_i", "D", "C", "dC/dz_i"]
