"""Planted mistakes are found, right claims are never accused, and the rules of evidence hold.

The wrong answers here are written out on their own, from the plain formulas, and not taken from the table under test.
"""

import random
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, Literal, NamedTuple

import pytest

from dlcalc.core.conv.layer import ALL_AXES, Kind, Layer
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_params import claimable, judge
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Claim, TypedNumber
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.mistakes import MISTAKES
from dlcalc.core.params.question import ParamsQuestion, layer_question
from dlcalc.core.params.working import evaluate, layer_working
from dlcalc.notation.claims import claims
from tests.conftest import Run
from tests.support.random_params import answers


class Plain(NamedTuple):
    """A question in plain numbers."""

    kind: str
    k: tuple[int, ...]
    ci: int
    co: int
    g: int
    biased: bool
    n: int
    each: int
    i: tuple[int, ...]
    o: tuple[int, ...]
    real: tuple[int, ...]
    windows: tuple[tuple[int, ...], ...]

    @property
    def bias(self) -> int:
        return self.co if self.biased else 0

    @property
    def weights(self) -> int:
        return prod(self.k) * (self.ci // self.g) * self.co

    @property
    def starts(self) -> tuple[int, ...]:
        return self.i if self.kind == "transposed" else self.o

    @property
    def macs(self) -> int:
        return self.n * self.weights * prod(self.starts)

    @property
    def real_macs(self) -> int:
        return self.n * self.ci // self.g * self.co * prod(self.real)

    @property
    def outputs(self) -> int:
        return self.n * self.co * prod(self.o)

    @property
    def inputs(self) -> int:
        return self.n * self.ci * prod(self.i)


def plain(answer: ConvParams, number: int = 0) -> Plain:
    layer, each = answer.layers[number], {"float32": 4, "float16": 2, "float64": 8, "int8": 1}
    windows = [axis.window for axis in layer.shape.axes] if layer.shape.plan else []
    real = []
    for w, o in zip(windows, layer.shape.output if windows else (), strict=True):
        starts, kept = (w.input, o) if layer.kind == "transposed" else (o, w.input)
        places = (x * w.stride + b * w.dilation - w.before for x in range(starts) for b in range(w.kernel))
        real.append(sum(0 <= place < kept for place in places))
    return Plain(
        layer.kind,
        layer.kernel,
        layer.c_in,
        layer.c_out,
        layer.groups,
        layer.bias,
        answer.question.n,
        each[answer.question.dtype],
        layer.shape.input if windows else (),
        layer.shape.output,
        tuple(real),
        tuple(windows),
    )


def separable(p: Plain) -> int:
    return prod(p.k) * p.ci + p.ci * p.co


def separable_macs(p: Plain) -> int:
    return p.n * p.ci * prod(p.k) * prod(p.starts) + p.n * p.ci * p.co * prod(p.o)


def resized(p: Plain, *, stride: int = 1, padded: bool = True, dilated: bool = True) -> int:
    """Give the work with another power of the stride, no padding or no dilation; the right one if no window fits."""
    outs = []
    for i, k, s, d, before, after, _ in p.windows:
        extent = (d if dilated else 1) * (k - 1) + 1
        outs.append((i + (before + after) * padded - extent) // s**stride + 1)
    fits = p.kind == "conv" and min(outs, default=0) > 0
    return p.n * p.weights * prod(outs) if fits else p.macs


Wrong = Callable[[Plain], int]
# key -> mistake -> the number that it gives; a mistake may be planted only where its condition holds.
PLANTED: dict[str, dict[str, Wrong]] = {
    "params": {
        "bias-included": lambda p: p.weights + p.co,
        "bias-forgotten": lambda p: p.weights,
        "groups-ignored": lambda p: p.weights * p.g + p.bias,
        "kernel-not-squared": lambda p: p.k[0] * (p.ci // p.g) * p.co + p.bias,
        "channels-swapped": lambda p: p.weights + p.ci,
        "output-channels-squared": lambda p: prod(p.k) * p.co * p.co + p.bias,
        "depthwise-separable": lambda p: separable(p) + (p.ci + p.co if p.biased else 0),
        "bytes-not-count": lambda p: (p.weights + p.bias) * p.each,
        "batch-norm-included": lambda p: p.weights + p.bias + 2 * p.co,
        "batch-norm-with-statistics": lambda p: p.weights + p.bias + 4 * p.co,
        "input-channels-forgotten": lambda p: prod(p.k) * p.co + p.bias,
        "output-channels-forgotten": lambda p: prod(p.k) * (p.ci // p.g) + p.bias,
        "kernel-forgotten": lambda p: (p.ci // p.g) * p.co + p.bias,
        "one-bias": lambda p: p.weights + 1,
    },
    "weights": {
        "bias-included": lambda p: p.weights + p.co,
        "groups-ignored": lambda p: p.weights * p.g,
        "kernel-not-squared": lambda p: p.k[-1] * (p.ci // p.g) * p.co,
        "depthwise-separable": separable,
        "bytes-not-count": lambda p: p.weights * p.each,
        "input-channels-forgotten": lambda p: prod(p.k) * p.co,
        "output-channels-forgotten": lambda p: prod(p.k) * (p.ci // p.g),
        "kernel-forgotten": lambda p: (p.ci // p.g) * p.co,
    },
    "bias": {
        "bias-included": lambda p: p.co,
        "bias-forgotten": lambda p: 0,
        "channels-swapped": lambda p: p.ci,
        "bytes-not-count": lambda p: p.bias * p.each,
        "one-bias": lambda p: 1,
    },
    "buffers": {"batch-norm-with-statistics": lambda p: 2 * p.co},
    "param_bytes": {
        "bias-included": lambda p: (p.weights + p.co) * p.each,
        "bias-forgotten": lambda p: p.weights * p.each,
        "groups-ignored": lambda p: (p.weights * p.g + p.bias) * p.each,
        "kernel-not-squared": lambda p: (p.k[0] * (p.ci // p.g) * p.co + p.bias) * p.each,
        "channels-swapped": lambda p: (p.weights + p.ci) * p.each,
        "batch-norm-included": lambda p: (p.weights + p.bias + 2 * p.co) * p.each,
        "batch-norm-with-statistics": lambda p: (p.weights + p.bias + 4 * p.co) * p.each,
        "mib-not-mb": lambda p: round((p.weights + p.bias) * p.each / 1.048576),
        "one-bias": lambda p: (p.weights + 1) * p.each,
        "kernel-forgotten": lambda p: ((p.ci // p.g) * p.co + p.bias) * p.each,
        "count-not-bytes": lambda p: p.weights + p.bias,
    },
    "macs": {
        "bias-included": lambda p: p.macs + p.outputs,
        "groups-ignored": lambda p: p.macs * p.g,
        "batch-ignored": lambda p: p.macs // p.n,
        "stride-ignored": lambda p: resized(p, stride=0),
        "stride-twice": lambda p: resized(p, stride=2),
        "padding-ignored": lambda p: resized(p, padded=False),
        "dilation-ignored": lambda p: resized(p, dilated=False),
        "output-positions": lambda p: p.n * p.weights * prod(p.o if p.kind == "transposed" else p.starts),
        "input-positions": lambda p: p.n * p.weights * prod(p.i if p.kind == "conv" else p.starts),
        "kernel-not-squared": lambda p: p.macs // prod(p.k[1:]),
        "depthwise-separable": separable_macs,
        "flops-not-macs": lambda p: 2 * p.macs,
        "forward-plus-backward": lambda p: 3 * p.macs,
        "input-channels-forgotten": lambda p: p.macs // (p.ci // p.g),
        "output-channels-forgotten": lambda p: p.macs // p.co,
        "kernel-forgotten": lambda p: p.macs // prod(p.k),
        "positions-forgotten": lambda p: p.n * p.weights,
    },
    "macs_without_padding": {
        "groups-ignored": lambda p: p.real_macs * p.g,
        "flops-not-macs": lambda p: 2 * p.real_macs,
        "forward-plus-backward": lambda p: 3 * p.real_macs,
    },
    "flops": {
        "bias-included": lambda p: 2 * p.macs + p.outputs,
        "groups-ignored": lambda p: 2 * p.macs * p.g,
        "kernel-not-squared": lambda p: 2 * p.macs // prod(p.k[1:]),
        "depthwise-separable": lambda p: 2 * separable_macs(p),
        "batch-ignored": lambda p: 2 * p.macs // p.n,
        "stride-twice": lambda p: 2 * resized(p, stride=2),
        "macs-not-flops": lambda p: p.macs,
        "additions-exact": lambda p: 2 * p.macs - p.outputs,
        "forward-plus-backward": lambda p: 6 * p.macs,
        "positions-forgotten": lambda p: 2 * p.n * p.weights,
    },
    "activation_bytes": {
        "batch-ignored": lambda p: p.outputs * p.each // p.n,
        "channels-swapped": lambda p: p.n * p.ci * prod(p.o) * p.each,
        "activations-with-input": lambda p: (p.outputs + p.inputs) * p.each,
        "activations-twice": lambda p: 2 * p.outputs * p.each,
        "mib-not-mb": lambda p: p.outputs * p.each * 2**20 // 10**6,
        "count-not-bytes": lambda p: p.outputs,
    },
    "peak_activation_bytes": {
        "channels-swapped": lambda p: p.n * (p.co * prod(p.i) + p.ci * prod(p.o)) * p.each,
        "mib-not-mb": lambda p: (p.outputs + p.inputs) * p.each * 10**6 // 2**20,
    },
}
CONDITIONS: dict[str, Callable[[Plain], bool]] = {
    "bias-included": lambda p: not p.biased,
    "bias-forgotten": lambda p: p.biased,
    "channels-swapped": lambda p: p.biased,
    "output-channels-squared": lambda p: p.g == 1,
    "one-bias": lambda p: p.biased,
    "kernel-not-squared": lambda p: len(p.k) > 1,
    "depthwise-separable": lambda p: p.kind != "linear",
}


def realistic(count: int, seed: int) -> Iterator[ConvParams]:
    """Layers as they are met: channels in powers of two and a few others, small kernels, images."""
    rng = random.Random(seed)
    while count:
        kind = rng.choice(KINDS)
        c_in, c_out = (rng.choice([1, 3, 8, 16, 24, 32, 64, 96, 128, 256, 512]) for _ in "io")
        bias, dtype = rng.random() < 0.5, rng.choice(["float32", "float32", "float16", "int8"])
        asked = layer_question(c_in, c_out, bias=bias, dtype=dtype)
        if kind != "linear":
            axes = ALL_AXES[-rng.choice([1, 2, 2, 2, 3]) :]
            kernel = rng.choice([1, 2, 3, 3, 3, 4, 5, 7])
            kernels = tuple(rng.choice([kernel, kernel, 1, 5]) for _ in axes) if rng.random() < 0.2 else kernel
            layer = Layer(kernels, rng.choice([1, 1, 2]), rng.randint(0, 3), rng.choice([1, 1, 2]), kind)
            size = tuple(rng.choice([7, 14, 16, 28, 32, 56, 224]) for _ in axes) if len(axes) < 3 else (8, 14, 14)
            groups = rng.choice([1, 1, 2, 4, 8, 32])
            n = rng.choice([1, 1, 8, 32])
            asked = layer_question(c_in, c_out, groups, bias, layer, axes, size, dtype=dtype, n=n)
        try:
            yield conv_params(asked)
        except DlcalcError:
            continue
        count -= 1


def planted(answer: ConvParams) -> Iterator[tuple[str, Claim]]:
    p, right = plain(answer), answer.amounts.by_key()
    for key in right:
        for name, wrong in PLANTED[key].items():
            possible = name not in CONDITIONS or CONDITIONS[name](p)
            possible = possible or (name == "channels-swapped" and "activation" in key)
            if possible and wrong(p) != right[key]:
                yield name, Claim(key, (TypedNumber(wrong(p), 0, True),))


def test_a_planted_mistake_is_always_listed_and_first_in_four_of_five() -> None:
    listed, first = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    for answer in realistic(300, seed=91):
        for name, claim in planted(answer):
            names = [one.mistake for one in judge(answer, claim).diagnosis]
            assert name in names, (answer.question, name, claim, names)
            listed[name] += 1
            first[name] += names[0] == name
    assert sum(listed.values()) > 5_000
    assert sum(first.values()) / sum(listed.values()) >= 0.95
    options = {"flops-not-macs"}  # of which many are a factor of 2: an option that was typed stands before a unit
    assert all(first[name] / listed[name] >= (0.75 if name in options else 0.8) for name in NAMES), (first, listed)


NAMES = [mistake.name for mistake in MISTAKES]
KINDS: tuple[Kind | Literal["linear"], ...] = (*("conv",) * 6, *("transposed",) * 2, "linear")


def test_without_a_mistake_the_working_gives_the_right_answer() -> None:
    for answer in answers(800, seed=92):
        for key, number in answer.amounts.by_key().items():
            working = layer_working(answer.layers[0], answer.question, key)
            assert evaluate(working, key) == ((number, 1),), (answer.question, key)


def test_a_right_claim_never_fails_and_no_diagnosis_repeats_the_right_answer() -> None:
    for answer in answers(300, seed=93):
        for key, number in answer.amounts.by_key().items():
            for claimed in (number, number + 1):
                verdict = judge(answer, Claim(key, (TypedNumber(claimed, 0, True),)))
                assert verdict.passed == (claimed == number)
                assert not (verdict.passed and verdict.diagnosis)


def test_random_wrong_numbers_are_seldom_named() -> None:
    """Six digits and more that no mistake gives: what is named is a coincidence."""
    rng = random.Random(94)
    judged = named = 0
    for answer in realistic(300, seed=95):
        for key, number in answer.amounts.by_key().items():
            if number >= 100_000:
                claimed = round(number * rng.uniform(0.2, 5)) + rng.randint(1, 999)
                named += bool(judge(answer, Claim(key, (TypedNumber(claimed, 0, True),))).diagnosis)
                judged += 1
    assert judged > 1_000
    assert named / judged < 0.001


def conv(c_in: int = 64, c_out: int = 128, kernel: int = 3, size: Any = (56, 56), **more: Any) -> ParamsQuestion:
    return layer_question(c_in, c_out, layer=Layer(kernel, 1, kernel // 2), axes=("h", "w"), size=size, **more)


CONV, BIASED, GROUPED = conv(), conv(bias=True), conv(groups=8)
NAMED = [
    (CONV, "73856", ["bias-included"]),
    (BIASED, "73728", ["bias-forgotten"]),
    (BIASED, "73792", ["channels-swapped"]),
    (GROUPED, "73728", ["groups-ignored"]),
    (CONV, "24576", ["kernel-not-squared"]),
    (CONV, "8768", ["depthwise-separable"]),
    (BIASED, "8960", ["depthwise-separable"]),
    (CONV, "294912", ["bytes-not-count"]),
    (CONV, "73984", ["batch-norm-included"]),
    (CONV, "74240", ["batch-norm-with-statistics"]),
    (CONV, "buffers=256", ["batch-norm-with-statistics"]),
    (CONV, "macs=462422016", ["flops-not-macs"]),
    (CONV, "flops=231211008", ["macs-not-flops"]),
    (CONV, "macs=693633024", ["forward-plus-backward"]),
    (CONV, "macs=231612416", ["bias-included"]),
    (CONV, "param_bytes=281250", ["mib-not-mb"]),
    (CONV, "param_bytes=309238", ["mib-not-mb"]),
    (CONV, "param_bytes=0.28125", ["mib-not-mb"]),
    (CONV, "activation_bytes=802816", ["channels-swapped"]),
    (CONV, "1152", ["input-channels-forgotten"]),
    (CONV, "576", ["output-channels-forgotten"]),
    (CONV, "8192", ["kernel-forgotten"]),
    (BIASED, "73729", ["one-bias"]),
    (CONV, "param_bytes=73728", ["count-not-bytes"]),
    (CONV, "macs=73728", ["positions-forgotten"]),
    (CONV, "flops=147456", ["positions-forgotten"]),
    (CONV, "output=54", ["padding-ignored"]),
    (CONV, "output=55", ["missing-plus-one", "padding-once"]),
]


@pytest.mark.parametrize(("question", "text", "names"), NAMED)
def test_named(question: ParamsQuestion, text: str, names: list[str]) -> None:
    answer = conv_params(question)
    verdict = judge(answer, claims(text, claimable(answer))[0])
    assert not verdict.passed
    assert [diagnosis.mistake for diagnosis in verdict.diagnosis] == names


SMALL: dict[str, Any] = {"c_in": 4, "c_out": 8, "size": None}


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        (conv(**SMALL), {"bias-forgotten", "groups-ignored", "channels-swapped"}),
        (conv(**SMALL, bias=True), {"bias-included", "groups-ignored"}),
        (conv(**SMALL, kernel=1), {"kernel-not-squared", "kernel-forgotten"}),
        (conv(**SMALL, dtype="int8"), {"bytes-not-count", "count-not-bytes"}),
        (conv(**SMALL), {"one-bias", "positions-forgotten"}),
        (conv(4, 4, groups=4, size=None), {"input-channels-forgotten", "one-bias"}),
        (layer_question(4, 8), {"kernel-not-squared", "depthwise-separable", "groups-ignored"}),
        (conv(**SMALL), {"mib-not-mb", "flops-not-macs", "macs-not-flops", "forward-plus-backward"}),
    ],
)
def test_a_mistake_about_a_neutral_option_or_another_unit_is_never_named(
    question: ParamsQuestion, absent: set[str]
) -> None:
    answer = conv_params(question)
    named = set()
    for claim in range(1_500):
        named |= {one.mistake for one in judge(answer, Claim("params", (TypedNumber(claim, 0, True),))).diagnosis}
    assert named
    assert not named & absent


def test_an_option_that_was_typed_ranks_before_a_factor() -> None:
    answer = conv_params(conv(groups=2))
    assert answer.amounts.work is not None
    verdict = judge(answer, Claim("macs", (TypedNumber(2 * answer.amounts.work.macs, 0, True),)))
    assert [one.mistake for one in verdict.diagnosis] == ["groups-ignored", "flops-not-macs"]


def test_two_at_once_where_the_claim_says_enough() -> None:
    answer = conv_params(CONV)
    assert answer.amounts.work is not None
    (found, *_) = judge(answer, Claim("macs", (TypedNumber(6 * answer.amounts.work.macs, 0, True),))).diagnosis
    assert (found.mistake, found.second) == ("flops-not-macs", "forward-plus-backward")


def test_what_the_command_line_says(conv_params: Run) -> None:
    found = conv_params("--k 3 --c-in 64 --c-out 128 --expect param_bytes=281250 --expect 73731 --json")
    assert found.code == 1
    named, unnamed = found.json["expect"]["claims"]
    diagnosis = [{"mistake": "mib-not-mb", "text": "taking MiB for MB would give 281,250"}]
    wrong = {"key": "param_bytes", "expected": 281250, "actual": 294912, "passed": False}
    assert named == {**wrong, "diagnosis": diagnosis}
    assert (unnamed["diagnosis"], unnamed["distance"]) == ([], 3)
