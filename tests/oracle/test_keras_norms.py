"""Running statistics against Keras 3; skipped without it."""

import numpy as np
import pytest

from dlcalc.core.batch_norm.question import batch_of
from dlcalc.core.batch_norm.statistics import ESTIMATORS, statistics_of

pytestmark = pytest.mark.oracle

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install keras tensorflow")


@pytest.mark.parametrize("momentum", [0.99, 0.5, 0.0, 1.0])
def test_running_statistics(momentum: float) -> None:
    chance = np.random.default_rng(191)
    for _ in range(30):
        batches = [chance.standard_normal((4, 3, 2, 2)) * 2 + 1 for _ in range(int(chance.integers(1, 5)))]
        layer = keras.layers.BatchNormalization(axis=1, momentum=momentum, dtype="float64")
        layer.build((None, 3, 2, 2))
        for batch in batches:
            layer(batch, training=True)
        found = statistics_of(tuple(map(batch_of, batches)), "tensorflow", momentum)
        mean, var = (keras.ops.convert_to_numpy(value) for value in (layer.moving_mean, layer.moving_variance))
        np.testing.assert_allclose(found.mean, mean, rtol=1e-6, atol=1e-7)  # a backend may compute in single precision
        np.testing.assert_allclose(found.variance, var, rtol=1e-6)
        assert layer.epsilon == ESTIMATORS["tensorflow"].eps
