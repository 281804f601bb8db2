"""Sizes and refusals against PyTorch's own modules, run for real."""

import pytest

from tests.oracle import ask_torch
from tests.oracle.compare import compare_behind_padding, compare_size, padded
from tests.support.random_layers import answers, question_of, questions

pytestmark = pytest.mark.oracle


def test_sizes_and_refusals_equal_torch() -> None:
    """10,000 layers that a module can express: no difference."""
    compared = refused = 0
    for question in questions(20_000, seed=1, frameworks=("pytorch",), words=("same", "valid")):
        if ask_torch.expressible(question):
            refused += not compare_size(question, ask_torch.size(question))
            compared += 1
    assert compared >= 10_000
    assert refused >= 1_000


def test_asymmetric_padding_is_a_pad_layer_in_front() -> None:
    """What the warning says to do gives the size that is printed."""
    compared = 0
    for answer in answers(20_000, seed=2, frameworks=("pytorch",), words=("causal", "full")):
        question, size = question_of(answer), padded(answer)
        if ask_torch.expressible(question) and not isinstance(question.layer.padding, str):
            continue
        if question.layer.family == "transposed":
            continue
        compare_behind_padding(answer, (size, ask_torch.size_behind_padding(question, size)))
        compared += 1
    assert compared >= 2_000
