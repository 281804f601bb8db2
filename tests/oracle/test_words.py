"""Networks in layer words against PyTorch's own modules and its counter: every node, and the word that is refused."""

from collections import Counter

import pytest

from tests.oracle import words_in_torch
from tests.oracle.compare_words import compare_sizes, compare_words
from tests.oracle.random_words import networks
from tests.oracle.read_words import kinds

pytestmark = pytest.mark.oracle

JOINS = ("add@", "mul@", "cat@", "from@", "rep")
KINDS = [
    *("conv", "convt", "dw", "sep", "max", "avg", "gap", "aavg", "amax", "up", "shuffle", "unshuffle", "pad", "crop"),
    *("bn", "ln", "gn", "fc", "flatten", "relu", "softmax"),
]


def test_networks_and_refusals_equal_torch() -> None:
    """4,200 networks: no difference."""
    found: Counter[str] = Counter()
    for raw in networks(4_200, seed=41):
        theirs = words_in_torch.facts(raw)
        if not compare_words(raw, theirs):
            found["refused"] += 1
            continue
        compare_sizes(raw, theirs)
        found["compared"] += 1
        found.update(kinds(raw["layers"]))
        found[f"{raw['dims']} axes"] += 1
    assert found["compared"] >= 2_000
    assert found["refused"] >= 1_000
    assert all(found[one] >= 50 for one in KINDS), found
    assert all(found[one] >= 300 for one in (*JOINS, "1 axes", "2 axes", "3 axes")), found
