"""Running statistics and folds against PyTorch's own modules, in float64."""

from dataclasses import replace

import numpy as np
import pytest

from dlcalc.core.batch_norm.fold import fold
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import statistics_of
from dlcalc.core.batch_norm.weighted_layer import KINDS
from tests.oracle import ask_torch
from tests.oracle.compare import compare_outputs, compare_statistics
from tests.support.random_norms import affine, layer

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, None])
def test_running_statistics(momentum: float | None) -> None:
    rng = np.random.default_rng(161)
    for _ in range(100):
        shape = (int(rng.integers(2, 5)), 3, 2, int(rng.integers(1, 4)))
        data = [rng.standard_normal(shape) * 2 + 1 for _ in range(int(rng.integers(1, 6)))]
        statistics = statistics_of(tuple(map(batch_of, data)), "pytorch", momentum, plain_average=momentum is None)
        parameters = replace(affine(rng, 3), gamma=np.ones(3), beta=np.zeros(3), eps=1e-5)
        question = BnFoldQuestion("pytorch", parameters, "framework", statistics)
        compare_statistics(question, ask_torch.running_statistics(data, momentum), rtol=1e-12, atol=1e-13)


def test_folds() -> None:
    rng = np.random.default_rng(162)
    for _ in range(400):
        one = layer(rng, KINDS[int(rng.integers(len(KINDS)))], "float64")
        one = replace(one, weight=np.clip(one.weight, -3, 3))
        parameters = affine(rng, one.outputs)
        x = rng.standard_normal((2, one.inputs, *(k + 2 for k in one.kernel)))
        question = BnFoldQuestion("paper", parameters, "option", None, one, False, x)
        theirs = ask_torch.layer_and_norm(question)
        compare_outputs(question, theirs)
        folded = ask_torch.weighted(fold(one, parameters))(ask_torch.torch.tensor(x))
        np.testing.assert_allclose(folded.detach().numpy(), theirs, rtol=1e-8, atol=1e-9)
