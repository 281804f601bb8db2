"""Mistakes in float16 and bfloat16, of which the tolerance is so wide that much lies in it: the nearest comes first."""

import numpy as np
import pytest
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.mistakes.judge import judge
from dlcalc.core.softmax.question import checked


def softmax(z: Floats) -> Floats:
    grown = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def named(z: Floats, labels: NDArray[np.int64], values: Floats, name: str, smoothing: float = 0.0) -> list[str]:
    """Name the mistakes behind the sum of gradients that is claimed in a format."""
    answer = softmax_grad(checked(z, labels, None, None, -100, smoothing, 1.0, "sum"))
    verdict = judge(answer, ArrayClaim("grad_logits", rounded(values, name), name))
    assert not verdict.passed
    return [one.mistake for one in verdict.diagnosis]


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_what_is_far_nearer_comes_before_the_order_of_the_table(name: str) -> None:
    """With probabilities of the size of a rounding, -t(1 - a) is nearly -t."""
    rng = np.random.default_rng(31)
    z = rng.standard_normal((40, 200)) / 4
    labels = rng.integers(0, 200, 40)
    hot = np.eye(200)[labels]
    assert named(z, labels, -hot, name)[0] == "identity-backward"


def test_a_row_that_is_masked_has_terms_where_it_is_not() -> None:
    """Its gradient is small where the softmax is near the target, and no more exact than the terms."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((200, 4)) * 8
    labels = np.where(np.arange(200) % 5 == 0, -100, rng.integers(0, 4, 200))
    a, hot = rounded(softmax(z), "bfloat16"), np.eye(4)[np.where(labels < 0, 0, labels)]
    assert named(z, labels, a - hot, "bfloat16")[0] == "ignored-rows-not-masked"


def test_rows_that_happen_to_lie_where_others_of_their_kind_do() -> None:
    """Some rows of another order are within the tolerance of those in their places."""
    rng = np.random.default_rng(5)
    z, labels = rng.standard_normal((100, 3)), rng.integers(0, 3, 100)
    right = softmax(z) - np.eye(3)[labels]
    assert named(z, labels, right[rng.permutation(100)], "bfloat16") == ["rows-permuted"]


def test_the_order_of_rows_explains_only_what_nothing_else_does() -> None:
    """Of two classes, each label off by one gives rows that stand elsewhere in the right gradient, nearly."""
    rng = np.random.default_rng(34)
    z = rng.standard_normal((300, 2)) * 2
    labels = rng.integers(0, 2, 300)
    wrong = rounded(softmax(z), "bfloat16") - np.eye(2)[1 - labels]
    assert named(z, labels, wrong, "bfloat16") == ["label-off-by-one"]


def test_few_rows_that_are_wrong_anyway_are_explained_by_what_is_nearest() -> None:
    """Megatron's smoothing is rounded beyond the tolerance here, in which its own gradient lies before that."""
    rng = np.random.default_rng(121)
    z, labels = rng.standard_normal((5, 4)) * 2, rng.integers(0, 4, 5)
    wrong = softmax(z) - (1 - 0.08) * np.eye(4)[labels] - 0.02
    assert named(z, labels, wrong, "float16", 0.06)[0] == "smoothing-megatron"
