"""Planted mistakes are found, right claims are never accused, and the rules of evidence hold.

The wrong answers here are written out on their own, from the plain formulas, and not taken from the table under test.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

import pytest

from dlcalc.core.conv.layer import ALL_AXES, SAME_WORDS, FrameworkName, Layer
from dlcalc.core.conv.mistakes import MISTAKES
from dlcalc.core.conv.working import evaluate, layer_working
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.conv_shape import judge
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Claim, TypedNumber, Verdict
from dlcalc.core.network.judge import KEYS, facts
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import ShapeQuestion, layer_question
from dlcalc.core.network.whole_mistakes import FEATURE_MISTAKES, FIELD_MISTAKES
from dlcalc.notation.claims import claims
from tests.conftest import Run
from tests.support.random_layers import answers, layer_of


class Axis(NamedTuple):
    """One axis of a question with its padding as numbers."""

    i: int
    k: int
    s: int
    d: int
    p: int
    q: int
    extra: int

    @property
    def ke(self) -> int:
        return self.d * (self.k - 1) + 1


def windows(a: Axis, ke: int) -> Fraction:
    return Fraction(a.i + a.p + a.q - ke, a.s)


def ceiled(a: Axis) -> int:
    count = ceil(windows(a, a.ke)) + 1
    return count - 1 if (count - 1) * a.s >= a.i + a.p else count


CONV: dict[str, Callable[[Axis], Fraction | int]] = {
    "missing-plus-one": lambda a: floor(windows(a, a.ke)),
    "plus-one-inside": lambda a: Fraction(a.i + a.p + a.q - a.ke + 1, a.s),
    "padding-once": lambda a: floor(Fraction(a.i + a.p - a.ke, a.s)) + 1,
    "padding-ignored": lambda a: floor(Fraction(a.i - a.ke, a.s)) + 1,
    "dilation-ignored": lambda a: floor(windows(a, a.k)) + 1,
    "dilation-times-kernel": lambda a: floor(windows(a, a.d * a.k)) + 1,
    "stride-ignored": lambda a: a.i + a.p + a.q - a.ke + 1,
    "division-not-floored": lambda a: windows(a, a.ke) + 1,
    "ceil-instead-of-floor": lambda a: ceil(windows(a, a.ke)) + 1,
    "same-padding": lambda a: ceil(Fraction(a.i, a.s)),
    "padding-forgotten": lambda a: floor(windows(a._replace(p=a.k // 2, q=a.k // 2), a.ke)) + 1,
    "transposed-instead-of-conv": lambda a: (a.i - 1) * a.s - a.p - a.q + a.ke,
}
CEIL: dict[str, Callable[[Axis], Fraction | int]] = {
    "floor-instead-of-ceil": lambda a: floor(windows(a, a.ke)) + 1,
    "last-window-starts-in-padding": lambda a: ceil(windows(a, a.ke)) + 1,
    "padding-ignored": lambda a: ceiled(a._replace(p=0, q=0)) if a.i >= a.ke else 0,
    "stride-ignored": lambda a: ceiled(a._replace(s=1)),
    "padding-forgotten": lambda a: ceiled(a._replace(p=a.k // 2, q=a.k // 2)),
}
TRANSPOSED: dict[str, Callable[[Axis], Fraction | int]] = {
    "padding-forgotten": lambda a: (a.i - 1) * a.s - 2 * (a.k // 2) + a.ke + a.extra,
    "output-padding-before": lambda a: (a.i + a.extra - 1) * a.s - a.p - a.q + a.ke,
    "output-padding-forgotten": lambda a: (a.i - 1) * a.s - a.p - a.q + a.ke + min(1, max(a.s, a.d) - 1),
    "output-padding-ignored": lambda a: (a.i - 1) * a.s - a.p - a.q + a.ke,
    "padding-once": lambda a: (a.i - 1) * a.s - a.p + a.ke + a.extra,
    "padding-ignored": lambda a: (a.i - 1) * a.s + a.ke + a.extra,
    "stride-ignored": lambda a: a.i - 1 - a.p - a.q + a.ke + a.extra,
    "dilation-ignored": lambda a: (a.i - 1) * a.s - a.p - a.q + a.k + a.extra,
    "conv-instead-of-transposed": lambda a: floor(windows(a, a.ke)) + 1,
}


def typed(value: Fraction | int) -> TypedNumber:
    """A wrong answer as somebody would type it, with nine decimals where it has any."""
    value = Fraction(value)
    if value.denominator == 1:
        return TypedNumber(value.numerator, 0, True)
    return TypedNumber(round(value * 10**9), -9, False)


def planted(
    table: dict[str, Callable[[Axis], Fraction | int]], question: ShapeQuestion, answer: ConvShape
) -> list[tuple[str, Claim]]:
    axes = [Axis(*axis.window) for axis in answer.layers[0].axes]
    found = []
    for name, wrong in table.items():
        values = [Fraction(wrong(axis)) for axis in axes]
        relevant = values != list(answer.output) and min(values) > 0
        if name == "padding-once":
            relevant = relevant and all(axis.p == axis.q for axis in axes)
        if name.startswith("dilation"):
            relevant = relevant and any(axis.d > 1 for axis in axes)
        if name == "padding-forgotten":
            relevant = relevant and all(axis.p == axis.q == 0 for axis in axes)
            family = layer_of(question).family
            relevant = relevant and not (family == "pool" and all(axis.k <= 2 for axis in axes))
            relevant = relevant and not (family == "conv" and all(axis.k % 2 == axis.s == axis.d == 1 for axis in axes))
        if name == "output-padding-before":
            relevant = relevant and all(axis.extra > 0 and axis.s > 1 for axis in axes)
        if name == "output-padding-forgotten":
            relevant = relevant and all(axis.extra == 0 for axis in axes)
        if name == "transposed-instead-of-conv":
            relevant = relevant and layer_of(question).kind == "conv"
        if relevant:
            found.append((name, Claim("output", tuple(map(typed, values)))))
    return found


def test_a_planted_mistake_is_always_listed_and_first_in_four_of_five() -> None:
    listed = first = 0
    for answer in answers(2_000, seed=41, frameworks=("pytorch",), words=()):
        question, layer = answer.question, layer_of(answer.question)
        table = TRANSPOSED if layer.family == "transposed" else CEIL if layer.ceil_mode else CONV
        if answer.warnings and layer.ceil_mode:
            continue  # a pad layer of its own moves the limit of ceil mode
        for name, claim in planted(table, question, answer):
            verdict = judge(answer, claim)
            names = [diagnosis.mistake for diagnosis in verdict.diagnosis]
            assert name in names, (question, name, claim, names)
            listed += 1
            first += names[0] == name
    assert listed > 1_500
    assert first / listed >= 0.8


def test_a_right_claim_never_fails_and_no_diagnosis_repeats_the_right_answer() -> None:
    for answer in answers(1_300, seed=42):
        question = answer.question
        for size in (answer.output, tuple(extent + 3 for extent in answer.output)):
            verdict = judge(answer, Claim("output", tuple(map(typed, size))))
            assert verdict.passed == (size == answer.output), question
            assert not (verdict.passed and verdict.diagnosis)


def verdict_of(text: str, layer: Layer, size: tuple[int, ...] = (32,), framework: FrameworkName = "pytorch") -> Verdict:
    axes = ALL_AXES[-len(size) :]
    answer = conv_shape(layer_question(axes, size, layer, framework))
    return judge(answer, claims(text, dict.fromkeys(KEYS, axes))[0])


NAMED = [
    ("29", Layer(7, 1, 3), (32,), ["padding-once"]),
    ("31", Layer(3, 1, 1), (32,), ["missing-plus-one", "padding-once"]),
    ("31", Layer(3, 1, ((1, 2),)), (32,), ["padding-once", "transposed-instead-of-conv"]),
    ("32", Layer(3, 1, ((1, 2),)), (32,), ["missing-plus-one", "padding-once", "same-padding"]),
    ("30", Layer(3, 1, 0, 3), (32,), ["dilation-ignored"]),
    ("24", Layer(3, 1, 0, 3), (32,), ["dilation-times-kernel"]),
    ("15.5", Layer(3, 2), (32,), ["division-not-floored"]),
    ("16", Layer(3, 2), (32,), ["ceil-instead-of-floor", "same-padding", "padding-forgotten"]),
    ("14", Layer(3, 2), (32,), ["missing-plus-one"]),
    ("30", Layer(3, 2), (32,), ["stride-ignored"]),
    ("65", Layer(3, 2), (32,), ["transposed-instead-of-conv"]),
    ("63", Layer(3, 2, 1, 1, "transposed", 1), (32,), ["missing-plus-one", "output-padding-ignored"]),
    ("16", Layer(3, 2, 1, 1, "transposed", 1), (32,), ["conv-instead-of-transposed"]),
    ("4", Layer(4, 4, 2, kind="max-pool", ceil_mode=True), (9,), ["last-window-starts-in-padding"]),
    (
        "3",
        Layer(3, 2, kind="max-pool", ceil_mode=True),
        (8,),
        ["missing-plus-one", "plus-one-inside", "floor-instead-of-ceil"],
    ),
    ("112x80", Layer(7, 2, 3), (160, 224), ["axes-swapped"]),
    ("111x78", Layer((3, 5), 2), (160, 224), ["axes-swapped"]),  # the inputs, under a layer that is not swapped
    ("112.5", Layer(3, 2), (227,), ["plus-one-inside"]),
    ("112", Layer(3, 2), (227,), ["missing-plus-one"]),
    ("64", Layer(3, 2, 1, 1, "transposed"), (32,), ["output-padding-forgotten", "padding-once", "same-padding"]),
    ("20x8", Layer(3, 1, (0, 1)), (20, 10), ["layer-axes-swapped"]),
    ("6x18", Layer((3, 5), 1), (10, 20), ["layer-axes-swapped"]),
    ("32x16", Layer(3, (2, 1), 1), (32, 32), ["axes-swapped", "layer-axes-swapped"]),
    ("receptive_field=4", Layer(3, 1), (32,), ["kernel-for-kernel-minus-one"]),
    ("receptive_field=7", Layer(3, 1, 0, 2), (32,), ["kernel-for-kernel-minus-one", "one-layer-more"]),
    ("receptive_field=5", Layer(3, 1), (32,), ["one-layer-more"]),
    ("receptive_field=21", Layer(7, 2), (32,), []),
    ("receptive_field=19", Layer(7, 2), (32,), ["one-layer-more"]),  # 7 + 6*2
    ("114", Layer(7, 2), (227,), ["same-padding", "padding-forgotten"]),  # (227 + 6 - 7)/2 + 1
    ("32", Layer(5), (32,), ["same-padding"]),
    ("13", Layer(4, 2), (24,), ["padding-forgotten"]),  # (24 + 4 - 4)/2 + 1, and SAME gives 12
    ("7", Layer(2, kind="max-pool"), (12,), []),
    ("6", Layer(4, 3, kind="max-pool"), (15,), ["padding-forgotten"]),  # (15 + 4 - 4)/3 + 1
    ("112", Layer(7, 2, 2), (224,), ["ceil-instead-of-floor", "same-padding"]),  # a padding was typed
    ("66", Layer(3, 2, 1, 1, "transposed", 1), (32,), ["padding-ignored"]),
    # 32*2 - 2 + 3
    ("65", Layer(3, 2, 1, 1, "transposed", 1), (32,), ["padding-once", "output-padding-before"]),
    ("100", Layer(5, 3, 2, 1, "transposed", 2), (32,), ["padding-ignored", "output-padding-before"]),  # 33*3 - 4 + 5
    ("receptive_field=3", Layer(7, 2, kind="transposed"), (32,), ["smallest-field"]),
    ("receptive_field=3", Layer(3, 1, 0, 2), (32,), ["dilation-ignored"]),
    ("receptive_field=6", Layer(3, 1, 0, 2), (32,), ["dilation-times-kernel"]),
    ("jump=1", Layer(3, 2), (32,), ["stride-ignored"]),
]


@pytest.mark.parametrize(("text", "layer", "size", "names"), NAMED)
def test_named(text: str, layer: Layer, size: tuple[int, ...], names: list[str]) -> None:
    verdict = verdict_of(text, layer, size)
    assert not verdict.passed
    assert [diagnosis.mistake for diagnosis in verdict.diagnosis] == names


@pytest.mark.parametrize(
    ("layer", "absent"),
    [
        (Layer(3, 2), {"padding-once", "padding-ignored", "dilation-ignored", "dilation-times-kernel"}),
        (Layer(3, 1, 1), {"stride-ignored", "division-not-floored", "ceil-instead-of-floor"}),
        (Layer(3, 2, 1), {"output-padding-ignored", "floor-instead-of-ceil", "last-window-starts-in-padding"}),
    ],
)
def test_a_mistake_about_a_neutral_option_is_never_named(layer: Layer, absent: set[str]) -> None:
    named = {one.mistake for claim in range(1, 80) for one in verdict_of(str(claim), layer).diagnosis}
    assert named
    assert not named & absent


def test_pairs_only_for_claims_that_carry_them() -> None:
    """Two slips at once: in a small size a coincidence, in five digits evidence. A single one always wins."""

    def names(claim: str, size: int) -> list[tuple[str, str | None]]:
        return [(one.mistake, one.second) for one in verdict_of(claim, Layer(7, 2, 3), (size,)).diagnosis]

    assert names("110594", 221_190) == [("missing-plus-one", None), ("padding-once", None)]
    assert names("110592", 221_190) == [("padding-ignored", None)]
    assert names("110593", 221_190)[0] == ("missing-plus-one", "padding-once")
    assert all(second for _, second in names("110593", 221_190))
    assert names("12", 30) == [("padding-ignored", None)]
    assert names("13", 30) == []  # the same pair, but two digits say too little


def test_what_the_command_line_says(conv_shape: Run) -> None:
    """What a mistake would give, and never that it was made; without one, the distance."""
    words = "--w 7 --k 3 --expect 4 --expect output=5.1"
    found = conv_shape(words + " --json")
    assert found.code == 1
    named, unnamed = found.json["expect"]["claims"]
    assert named["diagnosis"] == [{"mistake": "missing-plus-one", "text": "forgetting the + 1 would give 4"}]
    assert (unnamed["diagnosis"], unnamed["distance"]) == ([], {"w": 0.1})
    assert "off by 0.1" in conv_shape(words).out


def without(question: ShapeQuestion, name: str) -> ShapeQuestion | None:
    """The question whose right answer is what the mistake gives; None where the mistake is no question."""
    layer = changed = layer_of(question)
    match name, layer.kind:
        case "padding-ignored", _:
            changed = layer._replace(padding=0)
        case "dilation-ignored", _:
            changed = layer._replace(dilation=1)
        case "stride-ignored", _:
            changed = layer._replace(stride=1)
        case "output-padding-ignored", _:
            changed = layer._replace(output_padding=None)
        case "floor-instead-of-ceil", _:
            changed = layer._replace(ceil_mode=False)
        case "conv-instead-of-transposed", "transposed":
            changed = layer._replace(kind="conv", output_padding=None)
        case "transposed-instead-of-conv", "conv":
            changed = layer._replace(kind="transposed")
        case "same-padding", _ if layer.padding not in SAME_WORDS:
            changed = layer._replace(padding="same", ceil_mode=False, output_padding=None)
            question = question._replace(framework="tensorflow")
    if changed == layer:
        return None
    return layer_question(question.axes, question.size, changed, question.framework)


NAMES = [mistake.name for mistake in MISTAKES]

# The order is how common a slip is; what stands first and is no slip is the right answer to a question not typed.
ORDER = """output-padding-forgotten missing-plus-one plus-one-inside padding-once padding-ignored dilation-ignored
    dilation-times-kernel stride-ignored output-padding-ignored output-padding-before last-window-starts-in-padding
    division-not-floored ceil-instead-of-floor floor-instead-of-ceil same-padding same-undilated padding-forgotten
    transposed-instead-of-conv conv-instead-of-transposed axes-swapped layer-axes-swapped kernel-for-kernel-minus-one"""


def test_the_order_of_the_table() -> None:
    assert ORDER.split() == NAMES
    assert list(FIELD_MISTAKES) == ["smallest-field", "kernels-summed", "one-layer-more"]
    assert list(FEATURE_MISTAKES) == ["channels-not-flattened", "size-before-last-pooling", "batch-flattened"]


@pytest.mark.parametrize(
    ("size", "layer", "claim", "where"),
    [
        (9, Layer(4, 4, 2, kind="max-pool", ceil_mode=True), "4", "in the padding"),
        (4, Layer(1, 2, kind="max-pool", ceil_mode=True), "3", "behind the input"),
    ],
)
def test_where_the_last_window_starts(size: int, layer: Layer, claim: str, where: str) -> None:
    found = {one.mistake: one.text for one in verdict_of(claim, layer, (size,)).diagnosis}
    assert found["last-window-starts-in-padding"] == f"keeping a last window that starts {where} would give {claim}"


def test_equal_numbers_carry_no_pair() -> None:
    """112x112 of a square layer is one number: of three axes there are never four."""
    assert not claims("1234x1234x1234", {"output": ALL_AXES})[0].carries_a_pair
    assert not claims("1234", {"output": ALL_AXES})[0].carries_a_pair
    assert claims("12345x1x1", {"output": ALL_AXES})[0].carries_a_pair
    numbers = tuple(TypedNumber(number, 0, True) for number in (1, 2, 3, 4))
    assert Claim("output", numbers).carries_a_pair
    assert not Claim("output", numbers[:1] * 4).carries_a_pair


OF_FRAMEWORKS: list[tuple[str, Layer, FrameworkName, list[str]]] = [
    ("20", Layer(3, 1, "same", 2), "pytorch", ["same-undilated"]),
    ("20", Layer(3, 1, "same", 2), "tensorflow", ["same-undilated"]),
    ("44", Layer(4, 2, 1, 1, "transposed"), "tensorflow", []),  # which is right
    ("45", Layer(4, 2, 1, 1, "transposed"), "tensorflow", ["output-padding-forgotten"]),
    ("45", Layer(4, 2, 1, 1, "transposed", 0), "pytorch", ["output-padding-forgotten"]),
    ("46", Layer(4, 2, 1, 1, "transposed"), "pytorch", []),  # an output padding of 2 is not allowed
]


@pytest.mark.parametrize(("text", "layer", "framework", "first"), OF_FRAMEWORKS)
def test_named_by_the_rules_of_a_framework(text: str, layer: Layer, framework: FrameworkName, first: list[str]) -> None:
    verdict = verdict_of(text, layer, (22,), framework)
    names = [diagnosis.mistake for diagnosis in verdict.diagnosis]
    assert verdict.passed == (text == "44")
    assert names[:1] == first or (not first and "output-padding-forgotten" not in names)


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "onnx"])
def test_every_diagnosis_is_true_for_every_key(framework: FrameworkName) -> None:
    """What a mistake is said to give is the right answer to the question with that mistake in it, asked for real."""
    true = found = 0
    for answer in answers(600, seed=43, frameworks=(framework,)):
        question = answer.question
        if answer.warnings and framework == "onnx":
            continue  # ONNX Runtime's own ways with SAME change with the numbers of the layer
        wrong: dict[str, ConvShape] = {}
        for name in NAMES:
            asked = without(question, name)
            try:
                if asked is not None:
                    wrong[name] = conv_shape(asked)
            except DlcalcError:
                continue
        for key in KEYS:
            values = {name: facts(one.layers[0], key) for name, one in wrong.items()}
            for name, value in values.items():
                if None in value or value == facts(answer.layers[0], key):
                    continue
                claim = Claim(key, tuple(typed(Fraction(*number)) for number in value if number))
                names = [one.mistake for one in judge(answer, claim).diagnosis if one.second is None]
                for other in names:
                    if other in values and other != "same-padding":
                        assert values[other] == value, (question, key, claim, other)
                        true += 1
                plain = all(not one.layers[0].scatters for one in (answer, wrong[name]))
                if key in ("output", "jump") or plain:
                    assert name in names, (question, key, claim, name, names)
                    found += 1
    assert true > 800
    assert found > 800


def test_without_a_mistake_the_working_gives_the_right_answer() -> None:
    for answer in answers(2_500, seed=44):
        question, ((_, _, plan, axes, *_),) = answer.question, answer.layers
        assert plan is not None
        for key in KEYS:
            found = evaluate(layer_working(plan, axes), key)
            assert found is None or found == facts(answer.layers[0], key), (question, key)
            assert found is not None or layer_of(question).family == "transposed"
