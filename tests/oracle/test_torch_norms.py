"""Running statistics and folds against PyTorch's own modules, in float64."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm.answer import bn_fold
from dlcalc.core.batch_norm.fold import fold
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import statistics_of
from dlcalc.core.batch_norm.weighted_layer import KINDS
from tests.support.random_norms import affine, layer

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")
pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, None])
def test_running_statistics(momentum: float | None) -> None:
    chance = np.random.default_rng(161)
    for _ in range(100):
        shape = (int(chance.integers(2, 5)), 3, 2, int(chance.integers(1, 4)))
        data = [chance.standard_normal(shape) * 2 + 1 for _ in range(int(chance.integers(1, 6)))]
        module = torch.nn.BatchNorm2d(3, momentum=momentum, dtype=torch.float64)
        outputs = [module(torch.tensor(batch)).detach().numpy() for batch in data]
        batches = tuple(map(batch_of, data))
        found = statistics_of(batches, "pytorch", momentum, plain_average=momentum is None)
        np.testing.assert_allclose(found.mean, module.running_mean, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found.variance, module.running_var, rtol=1e-12)
        parameters = affine(chance, 3)
        parameters = replace(parameters, gamma=np.ones(3), beta=np.zeros(3), eps=1e-5)
        answer = bn_fold(BnFoldQuestion("pytorch", parameters, "framework", found))
        for batch, output in zip(batches, outputs, strict=True):
            np.testing.assert_allclose(batch.restored(answer.output(batch)), output, rtol=1e-10, atol=1e-12)


def test_folds() -> None:
    chance = np.random.default_rng(162)
    convolutions = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}
    transposed = {1: torch.nn.ConvTranspose1d, 2: torch.nn.ConvTranspose2d, 3: torch.nn.ConvTranspose3d}
    norms = {0: torch.nn.BatchNorm1d, 1: torch.nn.BatchNorm1d, 2: torch.nn.BatchNorm2d, 3: torch.nn.BatchNorm3d}
    for _ in range(400):
        kind = KINDS[int(chance.integers(len(KINDS)))]
        one = layer(chance, kind, "float64")
        one = replace(one, weight=np.clip(one.weight, -3, 3))
        space = len(one.kernel)
        parameters = affine(chance, one.outputs)
        if kind == "linear":
            module: Any = torch.nn.Linear(one.inputs, one.outputs, dtype=torch.float64)
        else:
            make = (convolutions if kind == "conv" else transposed)[space]
            module = make(one.inputs, one.outputs, one.kernel, groups=one.groups, dtype=torch.float64)
        norm = norms[space](one.outputs, eps=parameters.eps, dtype=torch.float64)
        norm.running_mean.data, norm.running_var.data = torch.tensor(parameters.mean), torch.tensor(parameters.var)
        norm.weight.data, norm.bias.data = torch.tensor(parameters.gamma), torch.tensor(parameters.beta)
        module.weight.data, module.bias.data = torch.tensor(one.weight), torch.tensor(one.bias)
        x = torch.tensor(chance.standard_normal((2, one.inputs, *(k + 2 for k in one.kernel))))
        right = norm.eval()(module(x)).detach().numpy()
        found = fold(one, parameters)
        module.weight.data, module.bias.data = torch.tensor(found.weight), torch.tensor(found.bias)
        np.testing.assert_allclose(module(x).detach().numpy(), right, rtol=1e-8, atol=1e-9)
        answer = bn_fold(BnFoldQuestion("paper", parameters, "option", None, one, False, x.numpy()))
        assert answer.evaluated is not None
        np.testing.assert_allclose(answer.evaluated.unfolded, right, rtol=1e-8, atol=1e-9)
