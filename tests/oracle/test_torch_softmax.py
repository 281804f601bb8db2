"""Losses and gradients against PyTorch in float64, every option crossed with every other."""

from dataclasses import replace

import numpy as np
import pytest

from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.check import check
from dlcalc.core.softmax.question import Linear, checked
from tests.oracle import ask_torch
from tests.oracle.compare import compare_gradients
from tests.support.random_softmax import cases

pytestmark = pytest.mark.oracle


def test_losses_and_gradients() -> None:
    compared = 0
    for case in cases(2_000, seed=101):
        answer = softmax_grad(case.question)
        compare_gradients(answer, ask_torch.cross_entropy(case))
        assert check(answer).passed
        compared += 1
    assert compared == 2_000


def test_softmax_and_jacobian() -> None:
    for case in cases(300, seed=102):
        theirs = ask_torch.softmax(case.logits, case.options["temperature"])
        compare_gradients(softmax_grad(case.question), theirs, atol=1e-15)


def test_the_linear_layer() -> None:
    rng = np.random.default_rng(103)
    for _ in range(200):
        rows, classes, inputs = rng.integers(1, 5), rng.integers(2, 6), rng.integers(1, 5)
        x, weight = rng.standard_normal((rows, inputs)), rng.standard_normal((classes, inputs))
        bias, labels = rng.standard_normal(classes), rng.integers(0, classes, rows)
        linear = Linear(x, weight, bias)
        answer = softmax_grad(replace(checked(linear.logits, labels, None), linear=linear))
        compare_gradients(answer, ask_torch.linear_layer(x, weight, bias, labels), rtol=1e-11)
