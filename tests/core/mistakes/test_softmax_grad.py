"""Planted mistakes are found and come first, right claims are never accused, noise is never explained.

The wrong answers are written out here on their own, from the plain formulas, and not taken from the table under test.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dlcalc.core.array_claims import ArrayClaim
from dlcalc.core.arrays import rounded
from dlcalc.core.mistakes.softmax_judge import claimable, judge, scale_of
from dlcalc.core.mistakes.softmax_working import working
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.notation.array_claims import array_claims
from tests.random_softmax import Case, cases

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


WRONG: dict[str, tuple[Callable[[Plain], bool], Callable[[Plain], Floats]]] = {
    "smoothing-ignored": (lambda p: p.alpha > 0, changed(alpha=0.0)),
    "smoothing-megatron": (lambda p: p.alpha > 0, changed(alpha=lambda p: p.alpha * p.C / (p.C - 1))),
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
    "sum-instead-of-mean": (lambda p: p.reduction == "mean" and p.divisor != 1, changed(reduction="sum")),
    "mean-instead-of-sum": (lambda p: p.reduction != "mean" and len(p.z) > 1, changed(reduction="mean")),
    "target-not-subtracted": (
        lambda p: True,
        lambda p: p.a * p.t.sum(axis=1, keepdims=True) / p.divisor * p.factor,
    ),
    "sign-flipped": (lambda p: True, lambda p: -p.gradient()),
    "label-off-by-one": (lambda p: p.labels is not None and p.ignore < 0, shifted),
    "softmax-twice": (lambda p: True, twice),
    "gradient-of-probabilities": (lambda p: True, lambda p: -p.t / p.a / p.divisor),
    "diagonal-only": (lambda p: True, lambda p: -p.t * (1 - p.a) / p.divisor),
    "log2-loss": (lambda p: True, lambda p: p.gradient() / np.log(2)),
    "transposed": (lambda p: len(p.z) > 1, lambda p: p.gradient().T),
    "rows-permuted": (lambda p: len(p.z) > 1, lambda p: np.roll(p.gradient(), 1, axis=0)),
    "scaled": (lambda p: True, lambda p: 0.731 * p.gradient()),
}


def claim_of(answer: SoftmaxGrad, values: Floats, form: str) -> ArrayClaim:
    """As it would be typed, with seven digits, or as a file of a format."""
    if form == "typed":
        text = "/".join(",".join(f"{number:.6e}" for number in row) for row in values)
        return array_claims(text, claimable(answer), load=lambda path, option: [])[0]
    transposed = values.shape != answer.gradient.shape
    return ArrayClaim("grad_logits", rounded(values, form), form, transposed=transposed)


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16"])
def test_a_planted_mistake_comes_first(form: str) -> None:
    planted = first = 0
    for case in cases(150, seed=71, entries=12):
        answer = softmax_grad(case.question)
        for name, (relevant, wrong) in WRONG.items():
            if not relevant(Plain(case)):
                continue
            values = wrong(Plain(case))
            right = answer.gradient
            if values.shape == right.shape and np.abs(values - right).max() < 0.05 * np.abs(right).max():
                continue  # too near for a coarse format to tell
            verdict = judge(answer, claim_of(answer, values, form))
            names = [one.mistake for one in verdict.diagnosis]
            assert not verdict.passed
            planted += 1
            first += names[:1] == [name]
    assert planted > 1_000
    assert first / planted >= 0.95


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
def test_a_right_claim_is_never_accused(form: str) -> None:
    for case in cases(300, seed=72):
        verdict = judge(
            softmax_grad(case.question), claim_of(softmax_grad(case.question), Plain(case).gradient(), form)
        )
        assert verdict.passed, case
        assert verdict.diagnosis == ()


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
def test_noise_is_not_explained(form: str) -> None:
    chance = np.random.default_rng(73)
    named = 0
    for case in cases(300, seed=73, entries=12):
        answer = softmax_grad(case.question)
        largest = float(np.abs(answer.gradient).max())
        if largest < 0.1 * scale_of(answer, "grad_logits"):
            continue  # a coarse format takes such a gradient for zero
        size = largest * chance.choice([0.01, 1, 100])
        noise = chance.standard_normal(answer.gradient.shape) * size
        if chance.random() < 0.5:  # the right array with one wrong entry is no better
            noise = answer.gradient.copy()
            noise[tuple(chance.integers(0, noise.shape))] += max(size, largest)
        verdict = judge(answer, claim_of(answer, noise, form))
        named += bool(verdict.diagnosis)
        assert not verdict.passed
    assert named <= 1


def test_the_working_gives_the_right_answer() -> None:
    for case in cases(500, seed=74):
        answer = softmax_grad(case.question)
        for key in ("loss", "softmax", "grad_softmax", "grad_logits"):
            found = working(answer, key, answer.gradient).answer()
            assert found is not None
            np.testing.assert_allclose(found, answer.array(key), rtol=1e-12, atol=1e-14)
