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
    statistics = statistics_of(batches, framework, None if framework == "paper" else 0.3)
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


# Whose running statistics weigh the new batch by which momentum, and what is taken off m: None for the plain average.
RULES: dict[str, tuple[float | None, float]] = {
    "paper": (None, 1),
    "pytorch": (0.1, 1),
    "tensorflow": (1 - 0.99, 0),
    "onnx": (1 - 0.9, 0),
}


def estimate(
    plain: Plain, new: float | None, ddof: float, start: tuple[Any, Any] = (0.0, 1.0), first: int = 0
) -> dict[str, Floats]:
    """Run over the mini-batches from ``first`` on by the textbook, and fold what results."""
    batches = [batch.samples for batch in plain.statistics.batches]
    means = [samples.mean(axis=0) for samples in batches]
    spreads = [samples.var(axis=0) * len(samples) / (len(samples) - ddof) for samples in batches]
    if first:
        start = (means[0], spreads[0])
    mean, var = (np.full_like(plain.mean, value) for value in start)
    for one, spread in zip(means[first:], spreads[first:], strict=True):
        if new is not None:
            mean, var = mean + new * (one - mean), var + new * (spread - var)
    if new is None:
        mean, var = sum(means) / len(means), sum(spreads) / len(spreads)
    plain.mean, plain.var = mean, var
    return {"mean": mean, "var": var, **plain.fold()}


def own(plain: Plain) -> tuple[float | None, float]:
    """The weight of the new batch in the question, and what is taken off m."""
    name = plain.statistics.estimator
    weight = {"paper": None, "pytorch": 0.3, "tensorflow": 0.7, "onnx": 0.7}[name]
    return weight, RULES[name][1]


def reversed_momentum(plain: Plain) -> dict[str, Floats]:
    weight, ddof = own(plain)
    assert weight is not None
    return estimate(plain, 1 - weight, ddof)


def of_divisor(ddof: Callable[[Plain], float]) -> Callable[[Plain], dict[str, Floats]]:
    def wrong(plain: Plain) -> dict[str, Floats]:
        found = estimate(plain, own(plain)[0], ddof(plain))
        return {key: value for key, value in found.items() if key != "mean"}

    return wrong


def of_framework(name: str) -> Callable[[Plain], dict[str, Floats]]:
    return lambda plain: estimate(plain, *RULES[name])


def not_of(name: str) -> Callable[[Plain], bool]:
    return lambda plain: plain.statistics.estimator != name


def without_start(start: tuple[float, float], first: int) -> Callable[[Plain], dict[str, Floats]]:
    return lambda plain: estimate(plain, *own(plain), start, first)


def pooled(plain: Plain) -> dict[str, Floats]:
    samples = np.concatenate([batch.samples for batch in plain.statistics.batches])
    plain.mean, plain.var = samples.mean(axis=0), samples.var(axis=0)
    return {"var": plain.var, **plain.fold()}


def deviation(plain: Plain) -> dict[str, Floats]:
    plain.var = np.sqrt(plain.var)
    return {"var": plain.var, **plain.fold()}


def twice(plain: Plain) -> dict[str, Floats]:
    once = plain.fold()
    plain.W, plain.b = once["weight"], once["bias"]
    again = plain.fold()
    return {"weight": again["weight"], "bias": again["bias"]}


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
    "momentum-reversed": (lambda p: own(p)[0] is not None, reversed_momentum),
    "eps-ignored": (lambda p: True, changed(eps=0.0)),
    "eps-default": (lambda p: p.eps != 1e-3, changed(eps=1e-3)),
    "eps-outside-sqrt": (lambda p: True, changed(divide=lambda p: lambda: np.sqrt(p.var) + p.eps)),
    "sqrt-forgotten": (lambda p: True, changed(divide=lambda p: lambda: p.var + p.eps)),
    "eps-twice": (lambda p: True, changed(divide=lambda p: lambda: np.sqrt(p.var + p.eps + p.eps))),
    "biased-variance": (lambda p: own(p)[1] == 1, of_divisor(lambda p: 0)),
    "unbiased-variance": (lambda p: own(p)[1] == 0, of_divisor(lambda p: 1)),
    **{f"estimator-of-{name}": (not_of(name), of_framework(name)) for name in RULES},
    "start-values-forgotten": (
        lambda p: own(p)[0] is not None and len(p.statistics.batches) > 1,
        without_start((0.0, 1.0), 1),
    ),
    "variance-of-keras-2": (lambda p: p.statistics.estimator == "tensorflow", of_divisor(lambda p: 1 + p.eps)),
    "layer-bias-ignored": (lambda p: True, with_bias(lambda p: -p.mean * p.scale() + p.beta)),
    "layer-bias-not-scaled": (lambda p: True, with_bias(lambda p: p.b - p.mean * p.scale() + p.beta)),
    "shift-dropped": (lambda p: True, lambda p: {"shift": 0 * p.beta, "bias": p.b * p.scale()}),
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
    "folded-twice": (lambda p: True, twice),
    "not-folded": (lambda p: True, lambda p: {"weight": p.W, "bias": p.b}),
    "pooled-variance": (lambda p: len(p.statistics.batches) > 1, pooled),
    "deviation-not-variance": (lambda p: True, deviation),
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
    for _ in range(3):
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
    assert planted > 90
    assert first / planted >= 0.95


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
def test_a_right_claim_is_never_accused(form: str) -> None:
    rng = np.random.default_rng(142)
    for _ in range(8):
        asked = question(rng)
        answer = bn_fold(asked)
        for key, values in (Plain(asked).fold() | estimate(Plain(asked), *own(Plain(asked)))).items():
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
    for _ in range(6):
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
    ("--batches 1,2,3,4/2,4,6,8 --expect var=4.6875", ["pooled-variance"]),
    ("--batches 1,2,3,4/2,4,6,8 --expect var=5.35714", ["pooled-variance"]),
    ("--batches 1,2,3,4/2,4,6,8 --expect scale=0.43205", ["pooled-variance"]),
    ("--batches 1,2,3,4/2,4,6,8 --expect var=2.04124", ["deviation-not-variance"]),
    ("--framework onnx --batches 1,2,3,4 --expect var=1.01242", ["deviation-not-variance"]),
    ("--mean 0.5 --var 4 --expect 0.123456", []),
    ("--mean 0 --var 0.01 --eps 1e-3 --expect 9.12870929", ["eps-twice"]),
    ("--framework pytorch --momentum 0.1 --batches 1,2,3,4/2,4,6,8 --expect mean=4.725", ["momentum-reversed"]),
    ("--framework onnx --batches 1,2,3,4/2,4,6,8 --expect mean=4.725", ["momentum-reversed"]),
    # What another framework does is one slip where it is one: the divisor, or the weights.
    ("--framework pytorch --batches 1,2,3,4/2,4,6,8 --expect var=1.4225", ["biased-variance"]),
    ("--framework pytorch --batches 1,2,3,4/2,4,6,8 --expect mean=3.75", ["estimator-of-paper"]),
    ("--framework paper --batches 1,2,3,4/2,4,6,8 --expect mean=0.074750", ["estimator-of-tensorflow"]),
    ("--batches 1,2,3,4/2,4,6,8 --expect var=1.42250", ["estimator-of-onnx"]),
    ("--framework tensorflow --momentum 0 --batches 1,2,3,4 --expect var=1.6672224", ["variance-of-keras-2"]),
    ("--framework onnx --momentum 0.75 --batches 1,2,3,4/3,4,6,8 --expect mean=3.1875", ["start-values-forgotten"]),
    ("--framework onnx --batches 1,2,3,4 --expect var=0.125", ["start-values-forgotten"]),
    ("--framework onnx --mean 5 --var 2 --batches 1,2,3,4 --expect mean=0.25", ["start-values-forgotten"]),
    ("--mean 0.5 --var 4 --eps 0 --weight 3 --bias 2 --expect weight=0.75", ["sqrt-forgotten", "folded-twice"]),
    (
        "--mean 0.5 --var 4 --eps 0 --weight 3 --bias 2 --expect bias=1",
        ["shift-dropped", "mean-ignored", "gamma-beta-swapped"],
    ),
    ("--gamma 3 --beta 2 --mean 0.5 --var 4 --eps 0 --weight 3 --bias 7 --expect bias=10.5", ["shift-dropped"]),
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
