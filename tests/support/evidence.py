"""How far a diagnosis is evidence: random wrong numbers that are named, and planted mistakes that come first.

``python -m tests.support.evidence 5000`` measures it on that many networks; a small seeded run is a test. A planted
number is the answer to the network in which the words of its layers say the mistake, and not worked out by what is
tested.
"""

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dlcalc.core import conv_params, conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Verdict
from dlcalc.notation.claims import claims
from dlcalc.notation.conv_params import question as params_question
from dlcalc.notation.conv_shape import question as shape_question

SHAPE_KEYS = ("output", "receptive_field")
COUNT_KEYS = ("params", "macs", "flops", "activation_bytes")
BODIES = ("3p1c64", "3s2p1c64", "1c64", "5p2c32", "3d2p2c64", "dw3p1", "max2", "max3s2p1", "3c64", "bn", "relu")
ENDS = ("", "gap fc10", "flatten fc100")

# A mistake, what it makes of the word of a layer in which it is made, and the keys that it changes.
EDITS: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "padding-ignored": (lambda word: re.sub(r"p\d", "", word), ("output", "macs", "flops")),
    "stride-ignored": (
        lambda word: re.sub(r"^max2$", "max2s1", re.sub("s[24]", "s1", word)),
        ("output", "macs", "flops"),
    ),
    "dilation-ignored": (lambda word: re.sub("d2", "", word), ("output", "receptive_field", "macs")),
    "bias-included": (lambda word: word + "b1" if word[0] in "0123456789df" else word, ("params",)),
}


class Found(NamedTuple):
    """What the verdict on a number says: whether anything is named, and in which order."""

    named: tuple[str, ...]
    could_be: tuple[str, ...]


def networks(count: int, seed: int) -> Iterator[tuple[list[str], int]]:
    """Networks as people write them, each with the size of its input."""
    rng = random.Random(seed)
    while count:
        words = [rng.choice(("7s2p3c64", "3p1c32", "11s4p2c64"))]
        words += [*rng.choices(BODIES, k=rng.randint(2, 8)), *rng.choice(ENDS).split()]
        size = rng.choice((224, 227, 256, 299, 512))
        if number(words, size, "macs") is not None:
            count -= 1
            yield words, size


def number(words: Sequence[str], size: int, key: str) -> int | None:
    """The right number of a network; None where there is none."""
    raw = {"layers": list(words), "size": str(size)}
    try:
        if key in COUNT_KEYS:
            return conv_params.answer(params_question({**raw, "c_in": 3})).amounts.by_key()[key]
        last = conv_shape.answer(shape_question(raw)).layers[-1]
    except DlcalcError:
        return None
    if not last.output:
        return None
    return last.axes[0].output if key == "output" else int(last.axes[0].field.size)


def judged(words: Sequence[str], size: int, key: str, claimed: int) -> Found:
    """Judge a claim about a network."""
    raw = {"layers": list(words), "size": str(size)}
    verdict: Verdict
    if key in COUNT_KEYS:
        counted = conv_params.answer(params_question({**raw, "c_in": 3}))
        (claim,) = claims(f"{key}={claimed}", conv_params.claimable(counted))
        verdict = conv_params.judge(counted, claim)
    else:
        shaped = conv_shape.answer(shape_question(raw))
        (claim,) = claims(f"{key}={claimed}", conv_shape.claimable(shaped))
        verdict = conv_shape.judge(shaped, claim)
    assert not verdict.passed
    return Found(*(tuple(one.mistake for one in some) for some in (verdict.diagnosis, verdict.could_be)))


def random_claims(count: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Judge random numbers about networks, of 5 and more digits: how many of each key, and how many are named."""
    rng, judged_, named = random.Random(seed), Counter[str](), Counter[str]()
    for words, size in networks(count, seed):
        for key in COUNT_KEYS:
            right = number(words, size, key)
            if right is None or right < 10_000:
                continue
            claimed = round(right * rng.uniform(0.2, 5))
            if claimed != right and claimed >= 10_000:
                judged_[key] += 1
                named[key] += bool(judged(words, size, key, claimed).named)
    return judged_, named


def planted(count: int, seed: int) -> dict[str, Counter[str]]:
    """Plant each mistake in every layer of networks, and in one: how often it is first, named, listed, or nothing."""
    rng, found = random.Random(seed), {"every": Counter[str](), "one": Counter[str]()}
    for words, size in networks(count, seed):
        for name, (edit, keys) in EDITS.items():
            places = [index for index, word in enumerate(words) if edit(word) != word]
            if len(places) < 2:
                continue
            for where, chosen in (("every", places), ("one", [rng.choice(places)])):
                wrong = [edit(word) if index in chosen else word for index, word in enumerate(words)]
                for key in keys:
                    right, claimed = number(words, size, key), number(wrong, size, key)
                    if right is None or claimed in (None, right):
                        continue
                    assert claimed is not None
                    said = judged(words, size, key, claimed)
                    place = "first" if said.named[:1] == (name,) else "named" if name in said.named else ""
                    found[where][place or ("could be" if name in said.could_be else "not at all")] += 1
    return found


if __name__ == "__main__":
    how_many = int(sys.argv[1])
    tried, hits = random_claims(how_many, 1)
    for each in tried:
        sys.stdout.write(f"random {each}: {hits[each]} of {tried[each]} named\n")
    for manner, counts in planted(how_many, 2).items():
        sys.stdout.write(f"planted in {manner}: {dict(counts)} of {counts.total()}\n")
