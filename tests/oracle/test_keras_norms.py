"""Running statistics against Keras 3; skipped without it."""

import numpy as np
import pytest

from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of
from tests.oracle import ask_keras
from tests.oracle.compare import compare_statistics
from tests.support.random_norms import affine

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # of Keras on torch
]


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
