"""The work of whole networks with a slip in a size: what it is said to give is the answer to the network with it."""

import random
import re
from collections.abc import Callable

import pytest

from dlcalc.core.conv_params import answer, judge
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Verdict
from dlcalc.core.params.count import ConvParams
from dlcalc.notation.claims import claims
from dlcalc.notation.conv_params import question

# A mistake, and what it makes of the word of a layer in which it is made.
EDITS: dict[str, Callable[[str], str]] = {
    "stride-ignored": lambda word: re.sub(r"s2", "s1", word),
    "stride-twice": lambda word: re.sub(r"s2", "s4", word) if word[0] in "35d" else word,
    "padding-ignored": lambda word: re.sub(r"p\d", "", word),
    "dilation-ignored": lambda word: re.sub(r"d2", "", word),
}
ENDS = ("gap fc10", "flatten fc10", "fc16 relu fc10", "max2s2 fc10", "", "@x 3p1c8 add@x gap fc5", "up2 3p1c8")


def counted(words: list[str], **more: object) -> ConvParams | None:
    try:
        return answer(question({"layers": words, "c_in": 3, "size": "64", **more}))
    except DlcalcError:
        return None


def judged(found: ConvParams, key: str, value: int) -> Verdict:
    (claim,) = claims(f"{key}={value}", {key: ()})
    return judge(found, claim)


def networks(count: int, seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    words = ("3p1c8", "3s2p1c8", "5s2p2c8", "3d2p2c8", "3c8", "max3s2p1", "dw3s2p1", "convt4s2p1c8", "bn", "relu")
    return [
        rng.choices(words, k=rng.randint(2, 6)) + rng.choice(ENDS).split() + ["3p1c8"] * (rng.random() < 0.3)
        for _ in range(count)
    ]


@pytest.mark.parametrize("key", ["macs", "flops", "macs_without_padding"])
def test_a_slip_gives_the_work_of_the_network_that_has_it(key: str) -> None:
    every = one = 0
    for words in networks(24, seed=71):
        right = counted(words)
        if right is None:
            continue
        total = right.amounts.by_key()[key]
        for name, edit in EDITS.items():
            places = [index for index, word in enumerate(words) if edit(word) != word]
            for where in [*([place] for place in places), places]:
                wrong = counted([edit(word) if index in where else word for index, word in enumerate(words)])
                value = total if wrong is None else wrong.amounts.by_key()[key]
                if value == total:
                    continue
                verdict = judged(right, key, value)
                named = [*verdict.diagnosis, *verdict.could_be]
                assert any(found.mistake == name for found in named), (words, key, name, where, named)
                if len(where) > 1:
                    text = next(found.text for found in named if found.mistake == name)
                    assert f"in every layer would give {value:,}" in text, (words, key, name, named)
                    every += 1
                else:
                    texts = [found.text for found in named if found.mistake == name]
                    assert any(f"layer {where[0] + 1} (" in text or "every layer" in text for text in texts), texts
                    one += 1
    assert every > 8
    assert one > 30


def test_a_linear_layer_reads_the_map_that_came_out() -> None:
    """8*8*8*10 for 16*16*8*10: with the stride of the first layer left out the map has four times the positions."""
    found = counted(["3s2p1c8", "max4", "flatten", "relu", "fc10"])
    assert found is not None
    conv, linear = 8 * 3 * 9 * 32 * 32, 8 * 8 * 8 * 10
    assert found.amounts.by_key()["macs"] == conv + linear
    verdict = judged(found, "macs", 4 * (conv + linear))
    assert verdict.diagnosis[0].text == "taking the stride as 1 in layer 1 (3s2p1c8) would give 905,216"


def test_the_right_work_is_right() -> None:
    for words in networks(30, seed=72):
        found = counted(words)
        if found is not None:
            assert judged(found, "macs", found.amounts.by_key()["macs"]).passed


def test_a_deep_network_is_judged_quickly() -> None:
    words = ["7s2p3c8", *["@x", "3p1c8", "bn", "relu", "3p1c8", "bn", "add@x", "relu"] * 60, "gap", "fc10"]
    found = counted(words, size="224")
    assert found is not None
    verdict = judged(found, "macs", found.amounts.by_key()["macs"] + 1)
    assert (verdict.passed, verdict.diagnosis, verdict.could_be) == (False, (), ())
