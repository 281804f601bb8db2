"""The best explanation wins: wrong gradients inside their tolerance are named, and no right kernel is accused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import ArrayVerdict
from dlcalc.core.evidence.tolerance import Fit
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.mistakes import judge as judges
from dlcalc.core.softmax.mistakes.judge import judge
from dlcalc.core.softmax.question import checked
from tests.support.kernels import PLANTS, Kernel, kernels
from tests.support.unread import in_file


def answer_of(kernel: Kernel) -> SoftmaxGrad:
    options: Any = (kernel.weights, -100, kernel.smoothing, kernel.temperature, kernel.reduction)
    return softmax_grad(checked(kernel.logits, kernel.labels, None, *options))


def verdict_on(kernel: Kernel, values: Floats) -> ArrayVerdict:
    return judge(answer_of(kernel), ArrayClaim("grad_logits", values, kernel.arithmetic.format))


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_a_right_kernel_is_never_accused(name: str) -> None:
    rng = np.random.default_rng(121)
    for _ in range(10):
        kernel = kernels(rng, name)
        verdict = verdict_on(kernel, kernel.gradient())
        assert verdict.passed, (kernel.arithmetic, kernel.logits.shape, verdict.diagnosis)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_planted_mistakes_come_first(name: str) -> None:
    """Where a mistake moves the gradient by more than 4 times what the same kernel is off without it."""
    rng = np.random.default_rng(122)
    first, planted, missed = 0, 0, []
    for _ in range(10):
        kernel = kernels(rng, name)
        right, own = answer_of(kernel).array("grad_logits"), kernel.gradient()
        relevant = [code for code, (applies, _) in PLANTS.items() if applies(kernel)]
        for code in rng.choice(relevant, 3, replace=False):
            wrong = PLANTS[code][1](kernel).gradient()
            if not np.isfinite(wrong).all() or ((wrong - own) ** 2).sum() <= 16 * ((own - right) ** 2).sum():
                continue
            found = [one.codes for one in verdict_on(kernel, wrong).diagnosis]
            planted, first = planted + 1, first + (found[:1] == [code])
            missed += [(code, found)] * (found[:1] != [code])
    assert planted > 15
    assert first >= 0.95 * planted, missed


def of_254_rows() -> Kernel:
    """256 rows of 100 classes, two of them ignored."""
    rng = np.random.default_rng(123)
    kernel = kernels(rng, "float16", rows=256)
    labels = rng.integers(0, 100, 256)
    labels[[7, 30]] = -100
    plain = {"smoothing": 0.0, "temperature": 1.0, "weights": None, "reduction": "mean"}
    return replace(kernel, logits=rounded(rng.normal(size=(256, 100)), "float16"), labels=labels, **plain)  # type: ignore[arg-type]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "by blocks"])
def test_two_rows_too_many_are_counted(whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By 254 and by 256: less than one part in a hundred, which the tolerance of float16 allows."""
    if not whole:
        monkeypatch.setattr(blocks, "BLOCK", 4096)
        monkeypatch.setattr(judges, "_ENTRIES", 1000)
    kernel = of_254_rows()
    answer = answer_of(kernel)
    claim = ArrayClaim("grad_logits", PLANTS["ignored-rows-counted"][1](kernel).gradient(), "float16")
    verdict = judge(answer if whole else softmax_grad(in_file(answer.question)), claim)
    assert (verdict.passed, verdict.within_tolerance, verdict.distance.failed) == (False, True, 0)
    assert [one.mistake for one in verdict.diagnosis] == ["ignored-rows-counted"]
    right = judge(answer, ArrayClaim("grad_logits", kernel.gradient(), "float16"))
    assert (right.passed, right.within_tolerance) == (True, False)
    assert right.quality is not None
    assert right.quality.max_ulp < 8


def test_a_factor_that_the_tolerance_allows() -> None:
    kernel = of_254_rows()
    right = answer_of(kernel).array("grad_logits")
    for factor, passed in ((1.02, False), (1.013, True)):  # 1.013 is within two units in the last place
        claim = ArrayClaim("grad_logits", rounded(right * factor, "bfloat16"), "bfloat16")
        verdict = judge(answer_of(kernel), claim)
        assert verdict.passed is passed
        assert [one.mistake for one in verdict.diagnosis] == ([] if passed else ["scaled"])


@pytest.mark.parametrize(
    ("fit", "wins"),
    [
        (Fit(400, 25, 100, 100, 100), True),
        (Fit(400, 400, 100, 6, 100), True),
        (Fit(400, 26, 100, 90, 100), False),  # not 4 times nearer
        (Fit(400, 401, 100, 1, 100), False),  # worse, entry by entry
        (Fit(400, 1, 100, 101, 100), False),  # worse as a whole
        (Fit(99, 0, 100, 0, 100), False),  # within one rounding there is nothing to explain
    ],
)
def test_an_explanation_wins_by_far_in_one_measure_and_is_worse_in_none(fit: Fit, wins: bool) -> None:
    assert fit.other_wins is wins


@pytest.mark.parametrize("seed", [688, 1070])
def test_noise_is_no_nearer_to_a_mistake_than_to_what_is_right(seed: int) -> None:
    """Noise on smoothed targets, which the tolerance of bfloat16 takes for another way to smooth as well."""
    rng = np.random.default_rng(seed)
    kernel = kernels(rng, "bfloat16")
    right = answer_of(kernel).array("grad_logits")
    noise = rng.normal(size=right.shape) * np.abs(right).max() * 10 ** rng.uniform(-2, -1)
    verdict = verdict_on(kernel, rounded(kernel.gradient() + rounded(noise, "bfloat16"), "bfloat16"))
    assert (verdict.passed, verdict.diagnosis) == (False, ())


def test_a_small_loss_is_judged_by_what_cancels_in_it() -> None:
    """log(1 + e^-16) in float32, where 1 + e^-16 is 1 + 2^-23: right to a rounding of 1, and 6 % off."""
    answer = softmax_grad(checked(np.array([[16.0, 0.0]]), np.array([0]), None))
    assert judge(answer, ArrayClaim("loss", np.asarray(2.0**-23), "float32")).passed
    assert not judge(answer, ArrayClaim("loss", np.asarray(1e-4), "float32")).passed


def test_fewer_rows_are_no_evidence() -> None:
    kernel = of_254_rows()
    few = replace(kernel, logits=kernel.logits[:15], labels=kernel.labels[:15])
    right = answer_of(few).array("grad_logits")
    assert judge(answer_of(few), ArrayClaim("grad_logits", rounded(right * 1.02, "bfloat16"), "bfloat16")).passed


def test_an_ignored_row_is_exactly_zero() -> None:
    """The tolerance of a format is no excuse: whatever masks a row gives 0."""
    kernel = of_254_rows()
    values = kernel.gradient()
    values[30, 5] = 2.0**-20
    verdict = verdict_on(kernel, values)
    assert (verdict.passed, verdict.distance.failed, verdict.distance.only_row) == (False, 1, 30)


@pytest.mark.parametrize("form", ["float32", "float16", "bfloat16"])
def test_half_an_ulp_is_demanded_where_it_is_asked_for(form: str) -> None:
    kernel = of_254_rows()
    question = replace(answer_of(kernel).question, exact=True)
    right = answer_of(kernel).array("grad_logits")
    for by_blocks in (False, True):
        answer = softmax_grad(in_file(question) if by_blocks else question)
        nearest = rounded(right, form)
        verdict = judge(answer, ArrayClaim("grad_logits", nearest, form))
        assert (verdict.passed, verdict.quality and verdict.quality.not_nearest) == (True, 0)
        nearest[200, 3] *= 1 + 2.0**-6
        verdict = judge(answer, ArrayClaim("grad_logits", nearest, form))
        assert (verdict.passed, verdict.distance.failed, verdict.diagnosis) == (False, 1, ())
        assert (verdict.distance.only_row, verdict.distance.only_column) == (200, None)
