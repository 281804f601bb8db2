"""Mistakes planted in networks, in every layer or in one, are found and placed; right claims are never accused.

The wrong answers are worked out layer by layer from the plain formulas, in fractions, and not from what is tested.
"""

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import floor
from typing import NamedTuple

import pytest

from dlcalc.core.conv.layer import Kind, Layer
from dlcalc.core.conv_shape import claimable, judge
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Claim, Diagnosis
from dlcalc.core.network.judge import KEYS, facts
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import OpKind, ShapeQuestion, chain
from dlcalc.core.network.shape import network_shape
from dlcalc.core.numeric.ratio import as_number
from dlcalc.notation.claims import claims
from tests.conftest import Run
from tests.core.conv.test_mistakes import CEIL, CONV, TRANSPOSED, Axis, ceiled, typed, windows
from tests.support import random_networks
from tests.support.chains import op
from tests.support.random_networks import in_words


class Plain(NamedTuple):
    """One layer in plain numbers."""

    kind: Kind
    k: int
    s: int
    p: int
    d: int
    extra: int
    ceil: bool

    def on(self, size: Fraction) -> Axis:
        return Axis(size, self.k, self.s, self.d, self.p, self.p, self.extra)  # type: ignore[arg-type]

    @property
    def table(self) -> dict[str, Callable[[Axis], Fraction | int]]:
        return TRANSPOSED if self.kind == "transposed" else CONV | CEIL if self.ceil else CONV

    def right(self, axis: Axis) -> Fraction:
        if self.kind == "transposed":
            return Fraction((axis.i - 1) * axis.s - axis.p - axis.q + axis.ke + axis.extra)
        return Fraction(ceiled(axis) if self.ceil else floor(windows(axis, axis.ke)) + 1)

    def neutral(self, mistake: str, axis: Axis) -> bool:
        """Whether nobody makes the mistake in this layer."""
        turned = self.kind == "transposed"
        return {
            "plus-one-inside": turned or self.s == 1,
            "output-padding-forgotten": not turned or bool(self.extra),
            "padding-once": self.p == 0,
            "padding-ignored": self.p == 0,
            "dilation-ignored": self.d == 1,
            "dilation-times-kernel": self.d == 1,
            "stride-ignored": self.s == 1,
            "output-padding-ignored": not self.extra,
            "division-not-floored": turned or windows(axis, axis.ke).denominator == 1,
            "ceil-instead-of-floor": turned or self.ceil or windows(axis, axis.ke).denominator == 1,
            "floor-instead-of-ceil": not self.ceil,
            "last-window-starts-in-padding": not self.ceil,
            "padding-forgotten": self.p > 0
            or self.k <= (2 if "pool" in self.kind else 1)
            or (self.kind == "conv" and self.s == self.d == self.k % 2 == 1),
            "output-padding-before": not self.extra,
            "transposed-instead-of-conv": self.kind != "conv",
            "conv-instead-of-transposed": not turned,
        }.get(mistake, False)


# What the formulas of one layer do not say of ceil mode.
UNSAID = {"missing-plus-one", "padding-once", "dilation-ignored", "dilation-times-kernel"}
NAMES = list(dict.fromkeys([*CONV, *CEIL, *TRANSPOSED]))


def outcome(layers: list[Plain], size: int, mistake: str, where: set[int]) -> Fraction | None:
    """What comes out with a mistake in some layers; None where that is nothing, or where the formulas do not say."""
    value, made = Fraction(size), False
    for number, layer in enumerate(layers):
        axis = layer.on(value)
        if number not in where or layer.neutral(mistake, axis):
            value = layer.right(axis)
        elif mistake in layer.table and mistake not in (UNSAID if layer.ceil else ()):
            value, made = Fraction(layer.table[mistake](axis)), True
        else:
            return None
        if value < 1:
            return None
    return value if made else None


MET: tuple[tuple[Kind, ...], ...] = (("conv", "conv", "conv", "max-pool"), ("conv", "conv", "transposed"), ("conv",))


def realistic(count: int, seed: int, sizes: tuple[int, ...]) -> Iterator[tuple[list[Plain], ConvShape]]:
    """Chains as they are met: few kinds of layers, small kernels, strides of 2, and images."""
    rng = random.Random(seed)
    while count:
        kinds = rng.choice(MET)
        plain = [layer(rng, rng.choice(kinds)) for _ in range(rng.randint(2, 7))]
        layers = [Layer(each.k, each.s, each.p, each.d, each.kind, each.extra or None, each.ceil) for each in plain]
        network = in_words(chain(list(map(op, layers)), (rng.choice(sizes),)))
        try:
            answer = network_shape(ShapeQuestion(network, ("w",)))
        except DlcalcError:
            continue
        count -= 1
        yield plain, answer


def layer(rng: random.Random, kind: Kind) -> Plain:
    if kind == "max-pool":
        k = rng.choice([2, 3])
        return Plain(kind, k, 2, rng.choice([0, 0, 1]), 1, 0, rng.random() < 0.3)
    if kind == "transposed":
        return Plain(kind, rng.choice([2, 3, 4]), 2, rng.choice([0, 1]), 1, rng.choice([0, 0, 1]), False)
    k = rng.choice([1, 3, 3, 3, 5, 7])
    d = rng.choice([1, 1, 1, 2, 3])
    return Plain(kind, k, rng.choice([1, 1, 2]), rng.choice([0, k // 2, d * (k // 2)]), d, 0, False)


def judged(answer: ConvShape, value: Fraction) -> tuple[Diagnosis, ...]:
    """All that is named, what is no evidence behind what is."""
    found = judge(answer, Claim("output", (typed(value),)))
    return (*found.diagnosis, *found.could_be)


def placed(found: Diagnosis, number: int) -> bool:
    return f"layer {number + 1} (" in found.text


def true(found: Diagnosis, layers: list[Plain], size: int, value: Fraction) -> bool:
    """Whether the layers that a diagnosis names give the value, as far as the formulas say."""
    if found.mistake not in NAMES:
        return True
    every = set(range(len(layers)))
    named = [every] if "every layer" in found.text else [{number} for number in every if placed(found, number)]
    return any(outcome(layers, size, found.mistake, where) in (None, value) for where in named)


def test_a_mistake_planted_in_every_layer_or_in_one_is_listed_and_placed() -> None:
    """All are listed. Of those in every layer nine in ten come first; a size says too little of one in a single layer.

    What stands before it gives the same number, and is a commoner slip.
    """
    planted, first = dict.fromkeys(("every", "one"), 0), dict.fromkeys(("every", "one"), 0)
    for layers, answer in realistic(40, 51, (225, 320, 512, 1000, 4096)):
        size = answer.question.size[0]
        for name in NAMES:
            value = outcome(layers, size, name, set(range(len(layers))))
            apart = [outcome(layers, size, name, {number}) for number in range(len(layers))]
            if value is not None and value != answer.output[0] and sum(one is not None for one in apart) > 1:
                names = [(one.mistake, "every layer" in one.text) for one in judged(answer, value)]
                assert (name, True) in names, (layers, size, name, value, names)
                planted["every"] += 1
                first["every"] += names[0] == (name, True)
            for number, one in enumerate(apart):
                if one is not None and one != answer.output[0]:
                    found = judged(answer, one)
                    assert any(each.mistake == name and placed(each, number) for each in found), (layers, size, name)
                    assert all(true(each, layers, size, one) for each in found), (layers, size, one, found)
                    planted["one"] += 1
                    first["one"] += found[0].mistake == name
    assert min(planted.values()) > 200
    assert first["every"] >= 0.85 * planted["every"], (planted, first)
    assert first["one"] >= 0.5 * planted["one"], (planted, first)


def test_a_right_claim_is_never_accused_and_no_mistake_gives_the_right_answer() -> None:
    for answer in random_networks.answers(130, seed=52):
        if not answer.output:
            continue
        for key in KEYS:
            right = facts(answer.layers[-1], key)
            if None in right:
                continue
            numbers = tuple(typed(Fraction(*number)) for number in right if number is not None)
            verdict = judge(answer, Claim(key, numbers))
            assert verdict.passed, (answer.question, key)
            assert not verdict.diagnosis
            wrong = judge(answer, Claim(key, tuple(number._replace(digits=number.digits + 7) for number in numbers)))
            assert not wrong.passed
            for each in wrong.diagnosis:
                assert each.text.split(" would give ")[1] != " x ".join(str(as_number(one)) for one in right if one)


def test_random_wrong_numbers_are_not_named() -> None:
    rng = random.Random(53)
    judged_many = 0
    for _, answer in realistic(150, 54, (10**7, 10**8, 10**9)):
        for _ in range(4):
            claimed = round(answer.output[0] * rng.uniform(0.05, 9)) + rng.randint(100, 999)
            assert not judged(answer, Fraction(claimed)), (answer.question, claimed)
            judged_many += 1
    assert judged_many == 600


CONVS = [Plain("conv", 3, 2, 0, 1, 0, False)] * 3


def verdict(size: int, text: str, *layers: Layer | OpKind) -> list[tuple[str, str]]:
    network = chain(list(map(op, layers)), (size,))
    nodes = [node._replace(word=f"{node.op.layer.kernel}" if node.op.layer else node.op.kind) for node in network.nodes]
    answer = network_shape(ShapeQuestion(network._replace(nodes=tuple(nodes)), ("w",)))
    (claim,) = claims(text, claimable(answer))
    return [(one.mistake, one.text) for one in judge(answer, claim).diagnosis]


def test_a_quotient_that_is_rounded_nowhere_goes_on_as_a_fraction() -> None:
    """20 / 2 -> 9.5, then 4.25: nobody's layer gives that, but a calculator does."""
    assert outcome(CONVS[:2], 20, "division-not-floored", {0, 1}) == Fraction(17, 4)
    layers = Layer(3, 2), Layer(3, 2)
    text = "not rounding the quotient in every layer would give 4.25"
    assert verdict(20, "4.25", *layers) == [("division-not-floored", text)]
    assert "division-not-floored" in dict(verdict(20, "19", Layer(3, 2), Layer(2, 2, kind="transposed")))
    assert verdict(20, "3.5", Layer(3, 2), Layer(3, 2), Layer(1)) == []


@pytest.mark.parametrize(
    ("size", "text", "layers", "name", "place"),
    [
        (32, "28", [Layer(3, 1, 1), Layer(3, 1, 1)], "padding-ignored", "every layer"),
        (32, "30", [Layer(3, 1, 1), Layer(3, 1, 1)], "padding-ignored", "layer 1 (3) or layer 2 (3)"),
        (32, "receptive_field=5", [Layer(3, 1, 1), Layer(3, 1, 2, 2)], "dilation-ignored", "layer 2 (3)"),
        (32, "jump=2", [Layer(3, 2), "batch-norm", Layer(3, 2)], "stride-ignored", "layer 1 (3) or layer 3 (3)"),
        (32, "jump=1", [Layer(3, 2), "batch-norm", Layer(3, 2)], "stride-ignored", "every layer"),
        (32, "center=0", [Layer(3, 1, 1), Layer(3, 1), "batch-norm"], "same-padding", "layer 2 (3)"),
        (32, "64", [Layer(3, 1, 1), Layer(2, 2, kind="transposed"), Layer(1)], "", ""),
    ],
)
def test_named(size: int, text: str, layers: list[Layer | OpKind], name: str, place: str) -> None:
    found = verdict(size, text, *layers)
    if name:
        assert any(mistake == name and f" in {place} would give" in said for mistake, said in found), found
    else:
        assert found == []


def test_two_axes_in_a_network(conv_shape: Run) -> None:
    found = conv_shape("--size 160x224 7s2p3 max3s2p1 --expect 56x40 --json").json["expect"]["claims"][0]["diagnosis"]
    assert [one["mistake"] for one in found] == ["axes-swapped"]
