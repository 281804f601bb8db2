"""Running statistics against the reference implementation of ONNX BatchNormalization in training mode."""

import numpy as np
import pytest

from dlcalc.core.batch_norm.question import batch_of
from dlcalc.core.batch_norm.statistics import statistics_of

helper = pytest.importorskip("onnx.helper", reason="onnx is not installed: pip install 'dlcalc-verify[models]'")
reference = pytest.importorskip("onnx.reference")
pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("momentum", [0.9, 0.5, 0.0, 1.0])
def test_running_statistics(momentum: float) -> None:
    names = ["x", "scale", "bias", "mean", "var"]
    node = helper.make_node(
        "BatchNormalization", names, ["y", "new_mean", "new_var"], training_mode=1, momentum=momentum, epsilon=1e-5
    )
    double = 11  # TensorProto.DOUBLE
    inputs = [helper.make_tensor_value_info(name, double, None) for name in names]
    outputs = [helper.make_tensor_value_info(name, double, None) for name in ("y", "new_mean", "new_var")]
    graph = helper.make_graph([node], "norm", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])
    run = reference.ReferenceEvaluator(model).run
    rng = np.random.default_rng(171)
    for _ in range(30):
        batches = [rng.standard_normal((4, 3, 2, 2)) * 2 + 1 for _ in range(int(rng.integers(1, 5)))]
        mean, var = np.zeros(3), np.ones(3)
        for batch in batches:
            feed = dict(zip(names, (batch, np.ones(3), np.zeros(3), mean, var), strict=True))
            _, mean, var = run(None, feed)
        found = statistics_of(tuple(map(batch_of, batches)), "onnx", momentum)
        np.testing.assert_allclose(found.mean, mean, rtol=1e-6, atol=1e-7)  # its momentum is single precision
        np.testing.assert_allclose(found.variance, var, rtol=1e-6)
