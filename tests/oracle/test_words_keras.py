"""Layers, joins and networks in layer words against the layers of Keras 3: sizes, parameters, and what is refused."""

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.oracle import words_in_keras
from tests.oracle.compare_words import compare_sizes, compare_words
from tests.oracle.random_words import Raw, layers, networks
from tests.oracle.read_words import kinds

pytestmark = pytest.mark.oracle

KINDS = ("up", "pad", "crop", "aavg", "amax", "gap", "dw", "sep", "bn", "ln", "gn", "add@", "mul@", "cat@")


def compared(questions: Iterable[Raw]) -> Counter[str]:
    """How many were compared, of each kind of layer and in all."""
    found: Counter[str] = Counter()
    for raw in questions:
        if not words_in_keras.expressible(raw):
            continue
        theirs = words_in_keras.facts(raw)
        if not compare_words(raw, theirs):
            found["refused"] += 1
            continue
        compare_sizes(raw, theirs)
        found["compared"] += 1
        found.update(kinds(raw["layers"]))
    return found


def test_layers_and_joins_equal_keras() -> None:
    found = compared(layers(1_500, seed=42, framework="tensorflow"))
    assert found["compared"] >= 700
    assert found["refused"] >= 200
    assert all(found[one] >= 15 for one in KINDS if words_in_keras.expressible({"layers": one})), found


def test_networks_equal_keras() -> None:
    found = compared(networks(800, seed=43, framework="tensorflow"))
    assert found["compared"] >= 300
    assert found["refused"] >= 200
