"""The second road confirms what is right and sees whatever is broken, and shares nothing with the first."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.softmax import answer as answering
from dlcalc.core.softmax import row_values
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.check import check
from dlcalc.core.softmax.question import Linear, checked
from dlcalc.core.softmax.targets import Targets
from tests.conftest import Run
from tests.support.random_softmax import cases


def test_it_confirms_what_is_right() -> None:
    for number, case in enumerate(cases(300, seed=81)):
        question = replace(case.question, jacobian=number % 4 == 0)
        proof = check(softmax_grad(question))
        assert proof.passed, (case, proof)
        assert not proof.details["sampled"]


def test_it_confirms_single_precision() -> None:
    for case in cases(150, seed=82):
        assert check(softmax_grad(case._replace(logits=case.logits.astype(np.float32)).question)).passed


def test_it_confirms_rows_at_the_edge() -> None:
    logits = np.array([[40.0, 0, 0], [0, -720, 3], [0, -np.inf, 1], [1000, 1001, 1002], [-1000, -1001, -999]])
    for labels in ([0, 1, 1, 2, 1], [1, 0, 2, 0, 0]):
        for smoothing in (0.0, 0.1):
            question = checked(logits, np.array(labels), None, label_smoothing=smoothing)
            assert check(softmax_grad(replace(question, jacobian=True))).passed


def test_it_confirms_losses_that_are_infinite_in_either_direction() -> None:
    logits = np.array([[-np.inf, 0.0, 1.0], [1.0, -np.inf, 0.5]])
    for target in ([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]], [[0.5, 0.5, 0.0], [0.2, -1.0, 0.0]], [[-1.0, 0.0, 2.0]] * 2):
        answer = softmax_grad(checked(logits, None, np.array(target)))
        assert not np.isfinite(answer.array("loss"))
        assert check(answer).passed


def broken(answer: SoftmaxGrad, **changes: Any) -> set[str]:
    """The keys that are not confirmed once something in the answer is changed."""
    return {failure.key for failure in check(replace(answer, **changes)).failures}


def test_every_entry_is_looked_at() -> None:
    answer = softmax_grad(checked(np.array([[1.0, 2, 3], [0.5, -1, 0.25]]), np.array([2, 0]), None))
    for index in np.ndindex(2, 3):
        gradient = answer.array("grad_logits").copy()
        gradient[index] += 1e-11
        assert broken(answer, gradient=gradient) == {"grad_logits"}
    losses = np.array(answer.row_losses)
    losses[1] += 1e-11
    assert broken(answer, row_losses=losses) == {"loss"}


@pytest.mark.parametrize("factor", [-1, 0, 2, 1.0000001])
def test_a_wrong_factor_exits_1(run: Run, monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    right = row_values.gradient_of_rows

    def wrong(question: Any, part: slice, logits: Any, scale: float, out: Any) -> Any:
        result = right(question, part, logits, scale, out)
        out *= factor
        return result

    monkeypatch.setattr(answering, "gradient_of_rows", wrong)
    found = run("softmax-grad", "--logits", "1,2,3", "--label", "2", "--check", "--json")
    assert found.code == 1
    assert found.json["check"]["passed"] is False
    assert "NOT confirmed" in run("softmax-grad", "--logits", "1,2,3", "--label", "2", "--check").out


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("denominator", lambda targets: 3.0),
        ("weights", lambda targets: np.ones(targets.classes)),
        ("label_smoothing", lambda targets: 0.0),
        ("kept", lambda targets: lambda rows: np.ones(len(targets.labels[rows]), bool)),
    ],
)
def test_a_wrong_t_or_d_is_seen(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Any) -> None:
    logits = np.array([[1.0, 2, 3], [0.5, -1, 0.25], [1, 1, 1]])
    options: dict[str, Any] = {"class_weights": np.array([1.0, 2, 0.5]), "label_smoothing": 0.1, "ignore_index": 1}
    question = checked(logits, np.array([2, 0, 1]), None, **options)
    assert check(softmax_grad(question)).passed
    answer = softmax_grad(question)
    with monkeypatch.context() as patched:
        patched.setattr(Targets, name, property(wrong))
        answer = softmax_grad(replace(question, targets=_unset(question.targets, name)))
    assert not check(replace(answer, question=question)).passed


def _unset(targets: Targets, name: str) -> Targets:
    """A copy that looks its values up anew."""
    found = object.__new__(Targets)
    values = {key: value for key, value in vars(targets).items() if key not in ("tally", "denominator", name)}
    found.__dict__.update(values)
    return found


def test_the_jacobian_and_the_linear_layer_are_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = np.array([[1.5, -2.0], [0.3, 0.7]]), np.array([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]])
    linear = Linear(x, weight, np.array([0.1, 0.0, -0.1]))
    question = replace(checked(linear.logits, np.array([1, 2]), None), linear=linear, jacobian=True)
    proof = check(softmax_grad(question))
    assert proof.passed
    for key in ("grad_weight", "grad_bias", "grad_x", "jacobian"):
        wrong = getattr(softmax_grad(question), key) * 1.000001
        with monkeypatch.context() as patched:
            patched.setattr(SoftmaxGrad, key, wrong)
            assert {failure.key for failure in check(softmax_grad(question)).failures} == {key}


def test_of_many_rows_some_are_chosen_and_that_is_said(run: Run) -> None:
    rng = np.random.default_rng(83)
    question = checked(rng.standard_normal((500, 200)), rng.integers(0, 200, 500), None)
    proof = check(softmax_grad(question), limit=200_000)
    assert proof.passed
    assert (proof.details["rows"], proof.details["sampled"]) == (64, True)
    assert "chosen at random" in proof.manner
    assert check(softmax_grad(question), limit=10).passed


def test_of_a_wide_row_some_classes_are_chosen() -> None:
    rng = np.random.default_rng(84)
    proof = check(softmax_grad(checked(rng.standard_normal((3, 300_000)), np.array([5, 7, 299_999]), None)))
    assert proof.passed
    assert (proof.details["rows"], proof.details["sampled"]) == (3, True)
