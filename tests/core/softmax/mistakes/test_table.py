"""Planted mistakes are found and come first, right claims are never accused, noise is never explained.

The wrong answers are written out here on their own, from the plain formulas, and not taken from the table under test.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.mistakes.judge import claimable, judge
from dlcalc.core.softmax.mistakes.table import MISTAKES
from dlcalc.core.softmax.mistakes.tolerances import scale_of
from dlcalc.core.softmax.mistakes.working import working
from dlcalc.core.softmax.question import checked
from dlcalc.notation.array_claims import array_claims
from tests.conftest import Run
from tests.support.random_softmax import Case, cases

Floats = Any  # arrays of float64


def softmax(z: Floats) -> Floats:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Plain:
    """The textbook road to a gradient, each choice an attribute that a mistake can change."""

    def __init__(self, case: Case) -> None:
        self.z, self.labels, self.y = case.logits, case.labels, case.distribution
        options = case.options
        self.C = self.z.shape[1]
        self.w = np.ones(self.C) if options["class_weights"] is None else options["class_weights"]
        self.alpha, self.T = options["label_smoothing"], options["temperature"]
        self.reduction, self.ignore = options["reduction"], options["ignore_index"]
        self.factor = 1 / self.T
        self.D: float | None = None

    @property
    def kept(self) -> NDArray[np.bool_]:
        return np.ones(len(self.z), bool) if self.labels is None else self.labels != self.ignore

    @property
    def t(self) -> Floats:
        y = np.eye(self.C)[np.where(self.kept, self.labels, 0)] if self.labels is not None else self.y
        return ((1 - self.alpha) * y + self.alpha / self.C) * self.w * self.kept[:, None]

    @property
    def divisor(self) -> float:
        if self.D is not None:
            return self.D
        if self.reduction != "mean":
            return 1.0
        return len(self.z) if self.labels is None else float(self.w[self.labels[self.kept]].sum())

    @property
    def a(self) -> Floats:
        return softmax(self.z / self.T)

    def gradient(self) -> Floats:
        return (self.a * self.t.sum(axis=1, keepdims=True) - self.t) / self.divisor * self.factor


def changed(**changes: Any) -> Callable[[Plain], Floats]:
    def wrong(plain: Plain) -> Floats:
        for name, value in changes.items():
            setattr(plain, name, value(plain) if callable(value) else value)
        return plain.gradient()

    return wrong


def not_masked(plain: Plain) -> Floats:
    assert plain.labels is not None
    divisor = plain.divisor
    if 0 <= plain.ignore < plain.C:
        plain.D, plain.ignore = divisor, -1
        return plain.gradient()
    return plain.gradient() + plain.a * ~plain.kept[:, None] / divisor * plain.factor


def whole_target(plain: Plain) -> Floats:
    y = np.eye(plain.C)[np.where(plain.kept, plain.labels, 0)] if plain.labels is not None else plain.y
    t = (y + plain.alpha / plain.C) * plain.w * plain.kept[:, None]
    return (plain.a * t.sum(axis=1, keepdims=True) - t) / plain.divisor * plain.factor


def over_rows(plain: Plain) -> Floats:
    a = softmax(plain.z.T / plain.T).T
    return (a * plain.t.sum(axis=1, keepdims=True) - plain.t) / plain.divisor * plain.factor


def twice(plain: Plain) -> Floats:
    return (softmax(plain.a) * plain.t.sum(axis=1, keepdims=True) - plain.t) / plain.divisor


def shifted(plain: Plain) -> Floats:
    assert plain.labels is not None
    plain.D = plain.divisor if np.ptp(plain.w) == 0 else None
    plain.labels = np.where(plain.kept, (plain.labels + 1) % plain.C, plain.ignore)
    plain.ignore = plain.ignore if plain.ignore < 0 else -1  # a shifted label may be the ignore index
    return plain.gradient()


def ignores(plain: Plain) -> bool:
    return plain.labels is not None and not plain.kept.all()


def weighs(plain: Plain) -> bool:
    return bool(np.ptp(plain.w) > 0)


def elsewhere(plain: Plain) -> bool:
    """Shows only in other cases than the random ones, or only in a loss: test_conventions.py has it."""
    return False


WRONG: dict[str, tuple[Callable[[Plain], bool], Callable[[Plain], Floats]]] = {
    "nll-of-probabilities": (elsewhere, lambda p: p.z),
    "smoothing-ignored": (lambda p: p.alpha > 0, changed(alpha=0.0)),
    "smoothing-megatron": (lambda p: p.alpha > 0, changed(alpha=lambda p: p.alpha * p.C / (p.C - 1))),
    "smoothing-other": (lambda p: p.alpha > 0, whole_target),
    "temperature-ignored": (lambda p: p.T != 1, changed(T=1.0, factor=1.0)),
    "temperature-factor-missing": (lambda p: p.T != 1, changed(factor=1.0)),
    "class-weights-ignored": (weighs, changed(w=lambda p: np.ones(p.C))),
    "weighted-mean-over-n": (
        lambda p: weighs(p) and p.labels is not None and p.reduction == "mean",
        changed(D=lambda p: float(p.kept.sum())),
    ),
    "ignored-rows-counted": (
        lambda p: ignores(p) and p.reduction == "mean",
        changed(D=lambda p: p.divisor + float((~p.kept).sum())),
    ),
    "ignored-rows-not-masked": (ignores, not_masked),
    "temperature-squared": (lambda p: p.T != 1, lambda p: p.gradient() * p.T**2),
    "kl-divergence": (elsewhere, lambda p: p.z),
    "unit-target-sum": (weighs, lambda p: (p.a * p.kept[:, None] - p.t) / p.divisor * p.factor),
    "clipped-probabilities": (elsewhere, lambda p: p.z),
    "sum-instead-of-mean": (lambda p: p.reduction == "mean" and p.divisor != 1, changed(reduction="sum")),
    "mean-instead-of-sum": (lambda p: p.reduction != "mean" and len(p.z) > 1, changed(reduction="mean")),
    "target-not-subtracted": (lambda p: True, lambda p: p.a * p.t.sum(axis=1, keepdims=True) / p.divisor * p.factor),
    "sign-flipped": (lambda p: True, lambda p: -p.gradient()),
    "label-off-by-one": (lambda p: p.labels is not None and p.ignore < 0, shifted),
    "wrong-axis": (lambda p: True, over_rows),
    "softmax-twice": (lambda p: True, twice),
    "gradient-of-probabilities": (lambda p: True, lambda p: -p.t / p.a / p.divisor),
    "diagonal-only": (lambda p: True, lambda p: -p.t * (1 - p.a) / p.divisor),
    "identity-backward": (lambda p: True, lambda p: -p.t / p.divisor * p.factor),
    "log2-loss": (lambda p: True, lambda p: p.gradient() / np.log(2)),
    "log10-loss": (lambda p: True, lambda p: p.gradient() / np.log(10)),
    "transposed": (lambda p: len(p.z) > 1, lambda p: p.gradient().T),
    "rows-permuted": (lambda p: len(p.z) > 1, lambda p: np.roll(p.gradient(), 1, axis=0)),
    "scaled": (lambda p: True, lambda p: 0.731 * p.gradient()),
}


def claim_of(answer: SoftmaxGrad, values: Floats, form: str) -> ArrayClaim:
    """As it would be typed, with seven digits, or as a file of a format."""
    if form == "typed":
        text = "/".join(",".join(f"{number:.6e}" for number in row) for row in values)
        return array_claims(text, claimable(answer), load=lambda path, option: [])[0]
    transposed = values.shape != answer.array("grad_logits").shape
    return ArrayClaim("grad_logits", rounded(values, form), form, transposed=transposed)


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16"])
def test_a_planted_mistake_comes_first(form: str) -> None:
    planted = first = 0
    for case in cases(16, seed=71, entries=12):
        answer = softmax_grad(case.question)
        for name, (relevant, wrong) in WRONG.items():
            if not relevant(Plain(case)):
                continue
            values = wrong(Plain(case))
            right = answer.array("grad_logits")
            if values.shape == right.shape and np.abs(values - right).max() < 0.05 * np.abs(right).max():
                continue  # too near for a coarse format to tell
            verdict = judge(answer, claim_of(answer, values, form))
            names = [one.mistake for one in verdict.diagnosis]
            assert not verdict.passed
            planted += 1
            first += names[:1] == [name]
    assert planted > 120
    assert first / planted >= 0.95


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
def test_a_right_claim_is_never_accused(form: str) -> None:
    for case in cases(150, seed=72):
        verdict = judge(
            softmax_grad(case.question), claim_of(softmax_grad(case.question), Plain(case).gradient(), form)
        )
        assert verdict.passed, case
        assert verdict.diagnosis == ()


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
def test_noise_is_not_explained(form: str) -> None:
    rng = np.random.default_rng(73)
    named = 0
    for case in cases(20, seed=73, entries=12):
        answer = softmax_grad(case.question)
        largest = float(np.abs(answer.array("grad_logits")).max())
        if largest < 0.1 * scale_of(answer.question, "grad_logits"):
            continue  # a coarse format takes such a gradient for zero
        size = largest * rng.choice([0.01, 1, 100])
        noise = rng.standard_normal(answer.array("grad_logits").shape) * size
        if rng.random() < 0.5:  # the right array with one wrong entry is no better
            noise = answer.array("grad_logits").copy()
            noise[tuple(rng.integers(0, noise.shape))] += max(size, largest)
        verdict = judge(answer, claim_of(answer, noise, form))
        named += bool(verdict.diagnosis)
        assert not verdict.passed
    assert named == 0


def test_the_working_gives_the_right_answer() -> None:
    for case in cases(300, seed=74):
        answer = softmax_grad(case.question)
        for key in ("loss", "softmax", "grad_softmax", "grad_logits"):
            found = working(case.question, key, answer.array("grad_logits")).answer()
            assert found is not None
            np.testing.assert_allclose(found, answer.array(key), rtol=1e-12, atol=1e-14)


def names_of(run: Run, text: str) -> list[str]:
    claims = run("softmax-grad", *text.split(), "--json").json["expect"]["claims"]
    return [one["mistake"] for one in claims[0]["diagnosis"]]


NAMED = [
    ("--logits 1,2,3 --label 2 --expect loss=0.588051", ["log2-loss"]),
    ("--logits 1,2,3 --label 2 --expect loss=-0.407606", ["sign-flipped"]),
    ("--logits 1,2,3 --label 2 --expect loss=1.407606", ["label-off-by-one"]),
    ("--logits 1,2,3 --label 2 --expect loss=0.815212", ["scaled"]),
    ("--logits 1,2,3 --label 2 --temperature 2 --expect softmax=0.090031,0.244728,0.665241", ["temperature-ignored"]),
    ("--logits 1,2,3 --label 2 --expect softmax=0.253498,0.295909,0.450593", ["softmax-twice"]),
    ("--logits 1,2,3 --label 2 --temperature 2 --expect 0.186324,0.307196,-0.493520", ["temperature-factor-missing"]),
    ("--logits 1,2,3 --label 2 --expect 0.0,0.0,-1.50321472", ["gradient-of-probabilities"]),
    ("--logits 1,2,3 --label 2 --expect 0.0,0.0,-0.334759", ["diagonal-only"]),
    ("--logits 1,2,3 --label 2 --expect 0.18006115,0.48945694,-0.66951809", ["scaled"]),
    ("--logits 1,2,3 --label 2 --expect 0.0720,0.1958,-0.2678", []),  # 0.8 times: two numbers fit any constant
    ("--logits 1,2,3,4 --label 2 --expect 0.02564688,0.06971545,-0.61049375,0.51513141", ["scaled"]),
    ("--logits 1,2,3 --label 2 --expect 0.5,0.5,0.5", []),
    ("--logits 1,2,3 --label 2 --expect 0.0,0.0,0.0", []),
]


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_named(run: Run, text: str, names: list[str]) -> None:
    assert names_of(run, text) == names


def diagnosis_of(run: Run, *words: str) -> Any:
    found = run("softmax-grad", *words, "--json")
    assert found.code == 1
    return found.json["expect"]["claims"][0]["diagnosis"]


def test_the_text_says_which_constant_and_which_direction(run: Run) -> None:
    rows = ["--logits", "1,2,3/0.5,-1,0.25", "--label", "2,0"]
    right = np.array(run("softmax-grad", *rows, "--json").json["grad_logits"])

    def typed(values: Floats) -> str:
        return "/".join(",".join(f"{number:.9f}" for number in row) for row in values)

    assert "by C = 3" in diagnosis_of(run, *rows, "--expect", typed(3 * right))[0]["text"]
    assert "by -2" in diagnosis_of(run, *rows, "--reduction", "sum", "--expect", typed(-4 * right))[0]["text"]
    assert "by 0.8" in diagnosis_of(run, *rows, "--expect", typed(0.8 * right))[0]["text"]
    up = run("softmax-grad", *rows[:3], "0,1", "--json").json["grad_logits"]
    found = diagnosis_of(run, *rows, "--expect", typed(np.array(up)))
    assert (found[0]["mistake"], "y + 1" in found[0]["text"]) == ("label-off-by-one", True)


def test_a_pair_of_mistakes(run: Run) -> None:
    rows = ["--logits", "1,2,3/0.5,-1,0.25", "--label", "2,0", "--label-smoothing", "0.1"]
    plain = run("softmax-grad", *rows[:4], "--reduction", "sum", "-q").out.strip().replace("\n", "/")
    found = diagnosis_of(run, *rows, "--expect", plain)
    assert [(one["mistake"], one["and"]) for one in found] == [("smoothing-ignored", "sum-instead-of-mean")]


def test_the_gradients_of_a_linear_layer_have_the_same_mistakes(run: Run) -> None:
    layer = ["--x", "1.5,-2/0.3,0.7", "--weight", "0.1,0.2/0.3,-0.4/-0.5,0.6", "--label", "1,2"]
    total = run("softmax-grad", *layer, "--reduction", "sum", "--json").json
    for key in ("grad_weight", "grad_bias", "grad_x"):
        rows = total[key] if isinstance(total[key][0], list) else [total[key]]
        text = "/".join(",".join(f"{number:.9f}" for number in row) for row in rows)
        assert diagnosis_of(run, *layer, "--expect", f"{key}={text}")[0]["mistake"] == "sum-instead-of-mean"


def test_a_large_claim_is_screened_and_confirmed() -> None:
    """A mistake in some rows explains nothing; one in all of them is found, though few are tried at first."""
    rng = np.random.default_rng(75)
    logits, labels = rng.standard_normal((20_000, 30)), rng.integers(0, 30, 20_000)
    answer = softmax_grad(checked(logits, labels, None, label_smoothing=0.1))
    plain = softmax_grad(checked(logits, labels, None)).array("grad_logits")

    def names(values: Floats) -> list[str]:
        transposed = values.shape != answer.array("grad_logits").shape
        claim = ArrayClaim("grad_logits", rounded(values, "float32"), "float32", transposed=transposed)
        return [one.mistake for one in judge(answer, claim).diagnosis]

    assert names(plain) == ["smoothing-ignored"]
    assert names(answer.array("grad_logits") * 20_000) == ["sum-instead-of-mean"]
    assert names(answer.array("grad_logits")[rng.permutation(20_000)]) == ["rows-permuted"]
    assert names(answer.array("grad_logits").T.copy()) == ["transposed"]
    assert names(answer.array("grad_logits")) == []
    wrong = plain.copy()
    wrong[12_345, 6] += 1
    assert names(wrong) == []


def test_the_table_lists_every_mistake_commonest_first() -> None:
    assert [mistake.name for mistake in MISTAKES] == list(WRONG)


def test_zeros_fail_however_many_rows_there_are() -> None:
    """A correct single-precision gradient of 100,000 rows passes; zeros, and one that is 0.1 % off, do not."""
    rng = np.random.default_rng(77)
    logits, labels = rng.standard_normal((100_000, 10)), rng.integers(0, 10, 100_000)
    answer = softmax_grad(checked(logits, labels, None))
    right = rounded(answer.array("grad_logits"), "float32")
    assert judge(answer, ArrayClaim("grad_logits", right, "float32")).passed
    for wrong in (np.zeros_like(right), right * 1.001, np.where(np.arange(100_000)[:, None] == 777, 0, right)):
        verdict = judge(answer, ArrayClaim("grad_logits", wrong, "float32"))
        assert not verdict.passed
    assert verdict.distance.worst[0] == 777
    assert int(verdict.distance.failed) == 10
