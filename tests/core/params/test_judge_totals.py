"""Mistakes planted in the counts of networks are found and placed; right claims are never accused.

What a layer gives with a mistake is worked out from the plain formulas for one layer, and the total is their sum.
"""

import random
from collections.abc import Callable, Iterator
from math import prod

import pytest

from dlcalc.core.conv_params import judge
from dlcalc.core.evidence.claim import Claim, Diagnosis, TypedNumber
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.mistakes import OF_SIZES
from tests.conftest import Run
from tests.core.params.test_mistakes import CONDITIONS, NAMES, PLANTED, plain
from tests.support.random_param_networks import answers

UNITS: dict[str, tuple[tuple[str, ...], Callable[[int], int]]] = {
    "flops-not-macs": (("macs", "macs_without_padding"), lambda right: 2 * right),
    "macs-not-flops": (("flops",), lambda right: right // 2),
    "forward-plus-backward": (("macs", "macs_without_padding", "flops"), lambda right: 3 * right),
    "activations-twice": (("activation_bytes",), lambda right: 2 * right),
}
UNITS_OF_ALL = ("bytes-not-count", "count-not-bytes", "mib-not-mb", "batch-ignored", "activations-with-input")
SIZES = {"float32": 4, "float16": 2, "float64": 8, "int8": 1}


WITHOUT_BIAS = ("weights", "macs", "flops")  # which count none, also of a layer that has one


def claimed(answer: ConvParams, key: str, number: int) -> tuple[Diagnosis, ...]:
    return judge(answer, Claim(key, (TypedNumber(number, 0, True),))).diagnosis


def changes(answer: ConvParams, key: str, name: str) -> dict[int, int]:
    """By how much the mistake changes what each layer gives, where somebody may make it."""
    found = {}
    for number, layer in enumerate(answer.layers):
        if layer.kind not in ("conv", "transposed", "linear") or key == "peak_activation_bytes":
            continue
        p = plain(answer, number)
        possible = name not in CONDITIONS or CONDITIONS[name](p)
        possible = possible or (name == "channels-swapped" and "activation" in key)
        possible = possible or (name == "bias-included" and key in WITHOUT_BIAS)
        right = layer.amounts.by_key()[key]
        if possible and name in PLANTED[key] and PLANTED[key][name](p) != right:
            found[number] = PLANTED[key][name](p) - right
    return found


def in_layers(answer: ConvParams) -> Iterator[tuple[str, str, int | None, int]]:
    """Key, mistake, layer (None for every one) and the number that it gives."""
    norms = any(layer.kind == "batch-norm" for layer in answer.layers)
    for key, right in answer.amounts.by_key().items():
        for name in NAMES:
            if name in UNITS or name in UNITS_OF_ALL:
                continue
            if name in OF_SIZES:  # which change the maps of the layers behind, too: not followed
                continue
            if norms and name == "batch-norm-with-statistics":
                continue
            each = changes(answer, key, name)
            change = sum(each.values(), 0)
            if len(each) > 1 and change:
                yield key, name, None, right + change
            biased = [one for number, one in each.items() if answer.layers[number].bias]
            if name == "bias-included" and len(biased) > 1 and key in WITHOUT_BIAS:
                yield key, name, None, right + sum(biased, 0)
            for number, one in each.items():
                yield key, name, number, right + one


def test_a_mistake_planted_in_every_layer_or_in_one_is_listed_and_placed() -> None:
    planted, listed, first = (dict.fromkeys(("every", "one"), 0) for _ in range(3))
    for answer in answers(24, seed=71):
        for key, name, number, value in in_layers(answer):
            found = claimed(answer, key, value)
            where = "every" if number is None else "one"
            place = "every layer" if number is None else f"layer {number + 1} ("
            good = [each for each in found if each.mistake == name and (place in each.text or "others" in each.text)]
            planted[where] += 1
            listed[where] += bool(good)
            first[where] += bool(good) and found[0] == good[0]
    assert min(planted.values()) > 300
    for where, count in planted.items():
        assert listed[where] >= 0.98 * count, (planted, listed, first)
        assert first[where] >= 0.8 * count, (planted, listed, first)


def test_units_are_taken_for_the_whole_network() -> None:
    planted = first = 0
    for answer in answers(100, seed=72):
        each = SIZES[answer.question.dtype]
        for key, right in answer.amounts.by_key().items():
            wrong = {name: value(right) for name, (keys, value) in UNITS.items() if key in keys}
            if key in ("weights", "bias", "params") and each > 1:
                wrong["bytes-not-count"] = right * each
            if key.endswith("bytes"):
                wrong["mib-not-mb"] = right * 10**6 // 2**20
                wrong["count-not-bytes"] = right // each
            if key == "activation_bytes" and answer.question.size is not None:
                wrong["activations-with-input"] = right + answer.question.n * answer.question.c_in * each * prod(
                    answer.question.size or ()
                )
            if key in ("macs", "macs_without_padding", "flops", "activation_bytes", "peak_activation_bytes"):
                wrong["batch-ignored"] = right // answer.question.n
            for name, value in wrong.items():
                if value == right:
                    continue
                found = claimed(answer, key, value)
                assert name in [one.mistake for one in found], (answer.question, key, name, found)
                assert not any("layer" in one.text for one in found if one.mistake == name)
                planted += 1
                first += found[0].mistake == name
    assert planted > 330
    assert first >= 0.9 * planted


def test_a_right_claim_is_never_accused_and_random_numbers_are_not_named() -> None:
    rng = random.Random(74)
    named = judged = 0
    for answer in answers(120, seed=73):
        for key, right in answer.amounts.by_key().items():
            verdict = judge(answer, Claim(key, (TypedNumber(right, 0, True),)))
            assert verdict.passed
            assert not verdict.diagnosis
            if right >= 100_000:
                named += bool(claimed(answer, key, round(right * rng.uniform(0.2, 5)) + rng.randint(1, 999)))
                judged += 1
    assert judged > 300
    assert named == 0


@pytest.mark.parametrize(
    ("words", "claim", "mistake", "place"),
    [
        ("--c-in 3 --bias 3c8 3c8", "792", "bias-forgotten", "every layer"),
        ("--c-in 3 --bias 3c8 3c8b0", "792", "bias-forgotten", "layer 1 (3c8)"),
        ("--c-in 4 dw3 1c8", "176", "groups-ignored", "layer 1 (dw3)"),
        ("--c-in 3 --w 8 3p1c8 3p1c8", "macs=101376", "flops-not-macs", ""),
        ("--c-in 3 --bias 3c8 max2", "216", "bias-forgotten", "leaving the bias out in layer 1 (3c8) would give 216"),
        ("--c-in 3 3c8 bn 3c16 bn", "1464", "batch-norm-with-statistics", "every layer"),  # of the batch norms there
        ("--c-in 3 3c8 bn 3c16 bn", "1432", "batch-norm-with-statistics", "layer 2 (bn)"),
        ("--c-in 3 3c8 bn 3c16 bn", "1448", "batch-norm-with-statistics", "layer 4 (bn)"),
    ],
)
def test_named(conv_params: Run, words: str, claim: str, mistake: str, place: str) -> None:
    found = conv_params(f"{words} --expect {claim} --json").json["expect"]["claims"][0]
    texts = {one["mistake"]: one["text"] for one in found["diagnosis"]}
    assert mistake in texts, found
    assert place in texts[mistake]
