"""Ask ONNX Runtime, run for real on models of one node. Every answer is plain numbers, or None where it refuses."""

from typing import Any

import numpy as np
import pytest

from dlcalc.core.conv.layer import PaddingWord, per_axis
from dlcalc.core.network.network import ShapeQuestion
from tests.support.random_layers import layer_of

REASON = "ONNX Runtime is not installed: pip install 'dlcalc-verify[oracle]'"
onnxruntime = pytest.importorskip("onnxruntime", reason=REASON)
onnx = pytest.importorskip("onnx", reason=REASON)

OPERATORS = {"conv": "Conv", "transposed": "ConvTranspose", "max-pool": "MaxPool", "avg-pool": "AveragePool"}
AUTO_PADS: dict[PaddingWord, str] = {
    "same": "SAME_UPPER",
    "same-upper": "SAME_UPPER",
    "same-lower": "SAME_LOWER",
    "valid": "VALID",
}


def attributes(question: ShapeQuestion) -> dict[str, Any]:
    layer = layer_of(question)
    axes = per_axis(layer, len(question.axes))
    found: dict[str, Any] = {
        "kernel_shape": [axis.kernel for axis in axes],
        "strides": [axis.stride for axis in axes],
        "dilations": [axis.dilation for axis in axes],
    }
    if isinstance(layer.padding, str):
        found["auto_pad"] = AUTO_PADS[layer.padding]
    else:
        found["pads"] = [axis.padding[side] for side in (0, 1) for axis in axes]
    if layer.family == "pool":
        found["ceil_mode"] = int(layer.ceil_mode)
    if layer.output_padding is not None:
        found["output_padding"] = [axis.output_padding for axis in axes]
    return found


def run(question: ShapeQuestion, values: Any, weight: Any = None) -> Any:
    """The output of a model of one node; None if the runtime refuses."""
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    operator = OPERATORS[layer_of(question).kind]
    found = attributes(question)
    inputs, initializers = ["x"], []
    if operator.startswith("Conv"):
        shape = found["kernel_shape"]
        weight = np.ones(shape, np.float32) if weight is None else weight
        inputs.append("w")
        initializers.append(helper.make_tensor("w", float32, [1, 1, *shape], weight.ravel()))
    node = helper.make_node(operator, inputs, ["y"], **found)
    x = helper.make_tensor_value_info("x", float32, [1, 1, *question.size])
    y = helper.make_tensor_value_info("y", float32, None)
    graph = helper.make_graph([node], "one", [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        return session.run(None, {"x": values})[0][0, 0]
    except Exception:
        return None


def size(question: ShapeQuestion) -> tuple[int, ...] | None:
    """The output size."""
    output = run(question, np.zeros((1, 1, *question.size), np.float32))
    return None if output is None else output.shape


def placement(question: ShapeQuestion) -> list[float]:
    """The output for the pixels 1, 2, 3, ... along one axis, of a kernel that is 1 in its first place and 0 behind it.

    So a convolution tells where its windows start, and a transposed one where each input goes; a pooling has no kernel.
    """
    (count,) = question.size
    (axis,) = per_axis(layer_of(question), 1)
    weight = np.zeros(axis.kernel, np.float32)
    weight[0] = 1
    found: list[float] = run(question, np.arange(1, count + 1, dtype=np.float32)[None, None], weight).tolist()
    return found
