"""Losses and gradients against PyTorch in float64, every option crossed with every other."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.check import check
from dlcalc.core.softmax.question import Linear, checked
from tests.support.random_softmax import cases

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")
pytestmark = pytest.mark.oracle


def test_losses_and_gradients() -> None:
    compared = 0
    for case in cases(2_000, seed=101):
        options = dict(case.options)
        weights, temperature = options.pop("class_weights"), options.pop("temperature")
        logits = torch.tensor(case.logits, requires_grad=True)
        target = torch.tensor(case.labels if case.labels is not None else case.distribution)
        weight = None if weights is None else torch.tensor(weights)
        loss = torch.nn.functional.cross_entropy(logits / temperature, target, weight=weight, **options)
        loss.sum().backward()
        answer = softmax_grad(case.question)
        np.testing.assert_allclose(answer.array("loss"), loss.detach().numpy(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(answer.array("grad_logits"), logits.grad.numpy(), rtol=1e-12, atol=1e-12)
        assert check(answer).passed
        compared += 1
    assert compared == 2_000


def test_softmax_and_jacobian() -> None:
    for case in cases(300, seed=102):
        logits = torch.tensor(case.logits[0])
        temperature = case.options["temperature"]
        answer = softmax_grad(case.question)

        def softmax(z: Any, temperature: float = temperature) -> Any:
            return torch.softmax(z / temperature, dim=0)

        np.testing.assert_allclose(answer.softmax[0], softmax(logits), rtol=1e-12)
        jacobian = torch.autograd.functional.jacobian(softmax, logits)
        np.testing.assert_allclose(answer.jacobian[0], jacobian, rtol=1e-12, atol=1e-15)


def test_the_linear_layer() -> None:
    chance = np.random.default_rng(103)
    for _ in range(200):
        rows, classes, inputs = chance.integers(1, 5), chance.integers(2, 6), chance.integers(1, 5)
        x, weight = chance.standard_normal((rows, inputs)), chance.standard_normal((classes, inputs))
        bias, labels = chance.standard_normal(classes), chance.integers(0, classes, rows)
        linear = Linear(x, weight, bias)
        answer = softmax_grad(replace(checked(linear.logits, labels, None), linear=linear))
        tensors = [torch.tensor(values, requires_grad=True) for values in (x, weight, bias)]
        loss = torch.nn.functional.cross_entropy(tensors[0] @ tensors[1].T + tensors[2], torch.tensor(labels))
        loss.backward()
        for found, tensor in zip((answer.grad_x, answer.grad_weight, answer.grad_bias), tensors, strict=True):
            np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-11, atol=1e-12)
