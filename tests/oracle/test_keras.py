"""Sizes, refusals, parameters and running statistics against Keras 3."""

import numpy as np
import pytest

from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of
from tests.oracle import ask_keras
from tests.oracle.compare import compare_amounts, compare_behind_padding, compare_size, compare_statistics, padded
from tests.support import random_params
from tests.support.random_layers import answers, layer_of, questions
from tests.support.random_norms import affine

pytestmark = pytest.mark.oracle


def test_sizes_and_refusals_equal_keras() -> None:
    sizes = refused = 0
    for question in questions(20_000, seed=7, frameworks=("tensorflow",), words=("same", "valid", "causal")):
        if ask_keras.expressible(question):
            answered = compare_size(question, ask_keras.size(question))
            sizes += answered
            refused += not answered
    assert sizes >= 500
    assert refused >= 100


def test_explicit_padding_is_a_pad_layer_in_front() -> None:
    compared = 0
    for answer in answers(4_000, seed=8, frameworks=("tensorflow",), words=("full",)):
        question, size = answer.question, padded(answer)
        if layer_of(question).family == "transposed":
            continue
        compare_behind_padding(answer, (size, ask_keras.size_behind_padding(question, size)))
        compared += 1
    assert compared >= 500


def test_parameters_equal_keras() -> None:
    compared = 0
    for answer in random_params.answers(1_000, seed=9, frameworks=("tensorflow",)):
        theirs = ask_keras.parameters(answer)
        if theirs is not None:
            compare_amounts(answer, theirs)
            compared += 1
    assert compared >= 300


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras on torch
@pytest.mark.parametrize("momentum", [0.99, 0.5, 0.0, 1.0])
def test_running_statistics(momentum: float) -> None:
    rng = np.random.default_rng(191)
    for _ in range(30):
        batches = [rng.standard_normal((4, 3, 2, 2)) * 2 + 1 for _ in range(int(rng.integers(1, 5)))]
        theirs = ask_keras.running_statistics(batches, momentum)
        statistics = statistics_of(tuple(map(batch_of, batches)), "tensorflow", momentum)
        question = BnFoldQuestion("tensorflow", affine(rng, 3), "framework", statistics)
        compare_statistics(question, theirs, rtol=1e-6, atol=1e-7)  # a backend may compute in single precision
        assert theirs["eps"] == ESTIMATORS["tensorflow"].eps
