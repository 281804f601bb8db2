"""Sizes, refusals and parameters against Keras 3."""

import pytest

from tests.oracle import ask_keras
from tests.oracle.compare import compare_amounts, compare_behind_padding, compare_size, padded
from tests.support import random_params
from tests.support.random_layers import answers, question_of, questions

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
        question, size = question_of(answer), padded(answer)
        if question.layer.family == "transposed":
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
