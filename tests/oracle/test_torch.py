"""Sizes, refusals, parameters, work, gradients and statistics against PyTorch's own modules and its counter."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm.fold import fold
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import statistics_of
from dlcalc.core.batch_norm.weighted_layer import KINDS
from dlcalc.core.params.count import ConvParams
from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.check import check
from dlcalc.core.softmax.question import Linear, checked
from tests.oracle import ask_torch, compare
from tests.support import random_params
from tests.support.random_layers import answers, layer_of, questions
from tests.support.random_norms import affine, layer
from tests.support.random_softmax import cases

pytestmark = pytest.mark.oracle


def test_sizes_and_refusals_equal_torch() -> None:
    """10,000 layers that a module can express: no difference."""
    compared = refused = 0
    for question in questions(20_000, seed=1, frameworks=("pytorch",), words=("same", "valid")):
        if ask_torch.expressible(question):
            refused += not compare.compare_size(question, ask_torch.size(question))
            compared += 1
    assert compared >= 10_000
    assert refused >= 1_000


def test_asymmetric_padding_is_a_pad_layer_in_front() -> None:
    """What the warning says to do gives the size that is printed."""
    compared = 0
    for answer in answers(20_000, seed=2, frameworks=("pytorch",), words=("causal", "full")):
        question, size, layer = answer.question, compare.padded(answer), layer_of(answer.question)
        if ask_torch.expressible(question) and not isinstance(layer.padding, str):
            continue
        if layer.family == "transposed":
            continue
        compare.compare_behind_padding(answer, (size, ask_torch.size_behind_padding(question, size)))
        compared += 1
    assert compared >= 2_000


def compared(count: int, seed: int, ask: Callable[[ConvParams], dict[str, Any] | None]) -> Counter[str]:
    """How many layers of each kind were compared."""
    found: Counter[str] = Counter()
    for answer in random_params.answers(count, seed, frameworks=("pytorch",), words=("same", "valid")):
        theirs = ask(answer)
        if theirs is not None:
            compare.compare_amounts(answer, theirs)
            found[answer.layers[0].kind] += 1
    return found


def test_parameters_equal_torch() -> None:
    found = compared(8_000, 1, ask_torch.parameters)
    assert all(found[kind] > 400 for kind in ("conv", "transposed", "linear")), found
    assert found.total() > 4_000


def test_work_equals_the_counter_of_torch() -> None:
    found = compared(8_000, 2, ask_torch.work)
    assert all(found[kind] > 300 for kind in ("conv", "transposed", "linear")), found
    assert found.total() > 2_000


def test_the_work_on_real_data_is_what_a_layer_of_ones_adds_up_to() -> None:
    found = compared(6_000, 3, ask_torch.work_on_data)
    assert all(found[kind] > 500 for kind in ("conv", "transposed")), found


def test_losses_and_gradients() -> None:
    compared = 0
    for case in cases(2_000, seed=101):
        answer = softmax_grad(case.question)
        compare.compare_gradients(answer, ask_torch.cross_entropy(case))
        assert check(answer).passed
        compared += 1
    assert compared == 2_000


def test_softmax_and_jacobian() -> None:
    for case in cases(300, seed=102):
        theirs = ask_torch.softmax(case.logits, case.options["temperature"])
        compare.compare_gradients(softmax_grad(case.question), theirs, atol=1e-15)


def test_the_linear_layer() -> None:
    rng = np.random.default_rng(103)
    for _ in range(200):
        rows, classes, inputs = rng.integers(1, 5), rng.integers(2, 6), rng.integers(1, 5)
        x, weight = rng.standard_normal((rows, inputs)), rng.standard_normal((classes, inputs))
        bias, labels = rng.standard_normal(classes), rng.integers(0, classes, rows)
        linear = Linear(x, weight, bias)
        answer = softmax_grad(replace(checked(linear.logits, labels, None), linear=linear))
        compare.compare_gradients(answer, ask_torch.linear_layer(x, weight, bias, labels), rtol=1e-11)


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, None])
def test_running_statistics(momentum: float | None) -> None:
    rng = np.random.default_rng(161)
    for _ in range(100):
        shape = (int(rng.integers(2, 5)), 3, 2, int(rng.integers(1, 4)))
        data = [rng.standard_normal(shape) * 2 + 1 for _ in range(int(rng.integers(1, 6)))]
        statistics = statistics_of(tuple(map(batch_of, data)), "pytorch", momentum, plain_average=momentum is None)
        parameters = replace(affine(rng, 3), gamma=np.ones(3), beta=np.zeros(3), eps=1e-5)
        question = BnFoldQuestion("pytorch", parameters, "framework", statistics)
        compare.compare_statistics(question, ask_torch.running_statistics(data, momentum), rtol=1e-12, atol=1e-13)


def test_folds() -> None:
    rng = np.random.default_rng(162)
    for _ in range(400):
        one = layer(rng, KINDS[int(rng.integers(len(KINDS)))], "float64")
        one = replace(one, weight=np.clip(one.weight, -3, 3))
        parameters = affine(rng, one.outputs)
        x = rng.standard_normal((2, one.inputs, *(k + 2 for k in one.kernel)))
        question = BnFoldQuestion("paper", parameters, "option", None, one, False, x)
        theirs = ask_torch.layer_and_norm(question)
        compare.compare_outputs(question, theirs)
        folded = ask_torch.weighted(fold(one, parameters))(ask_torch.torch.tensor(x))
        np.testing.assert_allclose(folded.detach().numpy(), theirs, rtol=1e-8, atol=1e-9)
