"""Planted mistakes are found and come first, right claims are never accused, noise is never explained.

The wrong answers are written out here on their own, from the plain formulas, and not taken from the table under test.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.answer import BnFold, bn_fold
from dlcalc.core.batch_norm.judge import exact_arrays, judge
from dlcalc.core.batch_norm.mistakes import MISTAKES
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import statistics_of
from dlcalc.core.batch_norm.weighted_layer import Kind, WeightedLayer
from dlcalc.core.batch_norm.working import working
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.notation.array_claims import array_claims
from tests.conftest import Run
from tests.support.random_norms import questions

Floats = Any  # arrays of float64


def question(rng: np.random.Generator) -> BnFoldQuestion:
    """A batch norm of 12 channels or more, with statistics from mini-batches and a layer with as many inputs."""
    channels = int(rng.integers(6, 9)) * 2
    sizes = rng.integers(3, 7, int(rng.integers(1, 4)))
    batches = tuple(batch_of(rng.standard_normal((size, channels)) * 2 + 1) for size in sizes)
    framework = str(rng.choice(["paper", "pytorch", "tensorflow", "onnx"]))
    statistics = statistics_of(batches, framework, None if framework == "paper" else 0.5)
    eps = float(rng.choice([1e-5, 1e-3, 2e-2]))
    gamma, beta = rng.standard_normal(channels) + 2, rng.standard_normal(channels)
    parameters = checked_affine(gamma, beta, statistics.mean, statistics.variance, eps)
    kinds: list[Kind] = ["conv", "linear", "transposed"]
    kind = kinds[int(rng.integers(len(kinds)))]
    groups = 1 if kind == "linear" else int(rng.choice([1, 2]))
    space = () if kind == "linear" else (3,)
    weight = rng.standard_normal((channels, channels // groups, *space))
    bias, ones = rng.standard_normal(channels), (1,) * len(space)
    layer = WeightedLayer(kind, weight, bias, groups, ones, (0,) * len(space), ones)
    return BnFoldQuestion(framework, parameters, "option", statistics, layer)


class Plain:
    """The textbook's fold, each choice an attribute that a mistake can change."""

    def __init__(self, asked: BnFoldQuestion) -> None:
        affine = asked.affine
        assert asked.layer is not None
        assert asked.statistics is not None
        self.gamma, self.beta, self.mean = affine.gamma, affine.beta, affine.mean
        self.var, self.eps = affine.var, affine.eps
        self.layer, self.statistics = asked.layer, asked.statistics
        self.W, self.b, self.g = asked.layer.weight, asked.layer.bias, asked.layer.groups
        self.divide: Callable[[], Floats] = lambda: np.sqrt(self.var + self.eps)

    def scale(self) -> Floats:
        return self.gamma / self.divide()

    def along(self, values: Floats, *, outputs: bool = True) -> Floats:
        """The weight times values by channel, counted by hand."""
        found = self.W.copy()
        for at in np.ndindex(*self.W.shape[:2]):
            group = at[0] // (self.W.shape[0] // self.g)
            first_axis = outputs == (self.layer.kind != "transposed")
            channel = at[0] if first_axis else group * self.W.shape[1] + at[1]
            found[at] = found[at] * values[channel % len(values)]
        return found

    def fold(self) -> dict[str, Floats]:
        scale = self.scale()
        return {
            "scale": scale,
            "shift": self.beta - self.mean * scale,
            "weight": self.along(scale),
            "bias": (self.b - self.mean) * scale + self.beta,
        }


def changed(**changes: Any) -> Callable[[Plain], dict[str, Floats]]:
    def wrong(plain: Plain) -> dict[str, Floats]:
        for name, value in changes.items():
            setattr(plain, name, value(plain) if callable(value) else value)
        return plain.fold()

    return wrong


def other_variance(plain: Plain) -> Floats:
    statistics = replace(plain.statistics, ddof=1 - plain.statistics.ddof)
    return statistics.variance


def with_bias(change: Callable[[Plain], Floats]) -> Callable[[Plain], dict[str, Floats]]:
    return lambda plain: {"bias": change(plain)}


def opposite_mean(plain: Plain) -> dict[str, Floats]:
    plain.mean = -plain.mean
    return plain.fold()


def low_precision(plain: Plain) -> dict[str, Floats]:
    def low(values: Floats) -> Floats:
        return rounded(values, "float32")

    scale = low(low(plain.gamma) / low(np.sqrt(low(low(plain.var) + low(np.array(plain.eps))))))
    plain.W = low(plain.W)
    return {"weight": low(plain.along(scale)), "scale": scale}


WRONG: dict[str, tuple[Callable[[Plain], bool], Callable[[Plain], dict[str, Floats]]]] = {
    "eps-ignored": (lambda p: True, changed(eps=0.0)),
    "eps-default": (lambda p: p.eps != 1e-3, changed(eps=1e-3)),
    "eps-outside-sqrt": (lambda p: True, changed(divide=lambda p: lambda: np.sqrt(p.var) + p.eps)),
    "sqrt-forgotten": (lambda p: True, changed(divide=lambda p: lambda: p.var + p.eps)),
    "biased-variance": (lambda p: p.statistics.unbiased, changed(var=other_variance)),
    "unbiased-variance": (lambda p: not p.statistics.unbiased, changed(var=other_variance)),
    "layer-bias-ignored": (lambda p: True, with_bias(lambda p: -p.mean * p.scale() + p.beta)),
    "layer-bias-not-scaled": (lambda p: True, with_bias(lambda p: p.b - p.mean * p.scale() + p.beta)),
    "mean-ignored": (lambda p: True, changed(mean=lambda p: 0 * p.mean)),
    "beta-ignored": (lambda p: True, changed(beta=lambda p: 0 * p.beta)),
    "gamma-ignored": (lambda p: True, changed(gamma=lambda p: np.ones_like(p.gamma))),
    "mean-sign": (lambda p: True, opposite_mean),
    "gamma-beta-swapped": (lambda p: True, lambda p: changed(gamma=p.beta, beta=p.gamma)(p)),
    "wrong-axis": (lambda p: True, lambda p: {"weight": p.along(p.scale(), outputs=False)}),
    "groups-ignored": (
        lambda p: p.g > 1 and p.layer.kind == "transposed",
        lambda p: {"weight": p.along(p.scale()[: p.W.shape[1]])},
    ),
    "not-folded": (lambda p: True, lambda p: {"weight": p.W, "bias": p.b}),
    "low-precision-fold": (lambda p: True, low_precision),
}


def claim_of(key: str, values: Floats, form: str, answer: BnFold) -> ArrayClaim:
    """As it would be typed, with eight digits, or as a file of a format."""
    if form == "typed":
        flat = values.reshape(len(values), -1)
        text = "/".join(",".join(f"{number:.7e}" for number in row) for row in flat)
        text = text.replace("/", ",") if values.ndim == 1 else text
        shapes = {key: value.shape for key, value in answer.arrays().items()}
        return array_claims(f"{key}={text}", shapes, load=lambda path, option: [])[0]
    return ArrayClaim(key, rounded(values, form), form)


@pytest.mark.parametrize("form", ["typed", "float64", "float32"])
def test_a_planted_mistake_comes_first(form: str) -> None:
    rng = np.random.default_rng(141)
    planted = first = 0
    for _ in range(8):
        asked = question(rng)
        answer = bn_fold(asked)
        right = exact_arrays(answer)
        for name, (relevant, wrong) in WRONG.items():
            if not relevant(Plain(asked)) or (name == "low-precision-fold" and form == "typed"):
                continue
            for key, values in wrong(Plain(asked)).items():
                verdict = judge(answer, claim_of(key, values, form, answer))
                if np.allclose(values, right[key], rtol=1e-6, atol=0) and name != "low-precision-fold":
                    continue
                if verdict.passed and name == "low-precision-fold":
                    continue  # every step was lucky
                names = [one.mistake for one in verdict.diagnosis]
                assert not verdict.passed, (name, key)
                assert name in names, (name, key, names)
                planted += 1
                first += names[0] == name
    assert planted > 150
    assert first / planted >= 0.95


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
def test_a_right_claim_is_never_accused(form: str) -> None:
    rng = np.random.default_rng(142)
    for _ in range(8):
        asked = question(rng)
        answer = bn_fold(asked)
        for key, values in Plain(asked).fold().items():
            verdict = judge(answer, claim_of(key, values, form, answer))
            assert verdict.passed, (asked, key)
    stored = "float64" if form == "typed" else form
    for asked in questions(80, seed=142, forms=("float16", "bfloat16")):
        answer = bn_fold(asked)
        for key, values in exact_arrays(answer).items():
            verdict = judge(answer, ArrayClaim(key, rounded(values, stored), stored))
            assert verdict.passed or not verdict.decidable


@pytest.mark.parametrize("form", ["typed", "float32", "float16", "bfloat16"])
def test_noise_is_not_explained(form: str) -> None:
    rng = np.random.default_rng(143)
    named = 0
    for _ in range(12):
        answer = bn_fold(question(rng))
        for key, right in exact_arrays(answer).items():
            if key in ("mean", "var"):
                continue
            noise = right + np.abs(right).max() * rng.standard_normal(right.shape) * rng.choice([0.1, 1])
            verdict = judge(answer, claim_of(key, noise, form, answer))
            assert not verdict.passed
            named += bool(verdict.diagnosis)
    assert named == 0


def test_the_working_gives_the_right_answer() -> None:
    rng = np.random.default_rng(144)
    for _ in range(20):
        asked = question(rng)
        assert asked.layer is not None
        x = rng.standard_normal((3, asked.layer.inputs, *(5,) * len(asked.layer.kernel)))
        answer = bn_fold(replace(asked, x=x))
        for key, values in answer.arrays().items():
            found = working(answer, key, values).answer()
            assert found is not None
            np.testing.assert_allclose(found, values, rtol=1e-10, atol=1e-12)


def test_a_fitted_eps_says_least_and_comes_last() -> None:
    rng = np.random.default_rng(145)
    asked = question(rng)
    answer = bn_fold(asked)
    plain = Plain(asked)
    plain.eps = 0.0123
    for key in ("scale", "shift"):
        (only,) = judge(answer, claim_of(key, plain.fold()[key], "float64", answer)).diagnosis
        assert only.mistake == "eps-default"
        assert "eps = 0.0123 would" in only.text


NAMED = [
    ("--mean 0.5 --var 0.01 --expect 9.53462589", ["eps-default"]),
    ("--mean 0.5 --var 4 --eps 0 --expect 0.25", ["sqrt-forgotten"]),
    ("--mean 0.5 --var 4 --expect 0.500000", ["eps-ignored", "eps-default", "low-precision-fold"]),
    ("--mean 0.5 --var 4 --expect 0.4999975", ["eps-outside-sqrt"]),
    ("--gamma 2 --beta 1 --mean 0.5 --var 4 --eps 0 --weight 0.3 --bias 0.1 --expect bias=0.5", ["layer-bias-ignored"]),
    (
        "--gamma 4 --beta 1 --mean 0.5 --var 4 --eps 0 --weight 0.3 --bias 0.1 --expect bias=0.1",
        ["layer-bias-not-scaled", "not-folded"],
    ),
    ("--gamma 2 --beta 1 --mean 0.5 --var 4 --eps 0 --expect shift=1.5", ["mean-sign"]),
    ("--gamma 2 --beta 1 --mean 0.5 --var 4 --eps 0 --expect shift=-0.5", ["beta-ignored"]),
    ("--batches 1,2,3,4/2,4,6,8 --expect var=3.125", ["biased-variance"]),
    ("--batches 1,2,3,4/2,4,6,8 --framework onnx --expect var=1.62667", ["unbiased-variance"]),
    ("--mean 0.5 --var 4 --expect 0.123456", []),
]


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_named(run: Run, text: str, names: list[str]) -> None:
    found = run("bn-fold", *text.split(), "--json")
    assert found.code == 1
    assert [one["mistake"] for one in found.json["expect"]["claims"][0]["diagnosis"]] == names


def test_whose_default_it_is_stands_in_the_text(run: Run) -> None:
    found = run("bn-fold", "--mean", "0.5", "--var", "0.01", "--expect", "9.53462589", "--json")
    text = found.json["expect"]["claims"][0]["diagnosis"][0]["text"]
    assert text == "taking eps = 0.001, the default of Keras, would give 9.53463"


def test_the_table_lists_every_mistake_commonest_first() -> None:
    assert [mistake.name for mistake in MISTAKES] == [*WRONG, "eps-default"]
