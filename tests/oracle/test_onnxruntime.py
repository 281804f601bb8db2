"""Sizes, refusals and the place of the first window against ONNX Runtime, run for real on models of one node."""

from typing import Any

import numpy as np
import pytest

from dlcalc.core.conv.layer import PaddingWord, per_axis
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from tests.support.random_layers import answers, question_of, questions

pytestmark = pytest.mark.oracle

onnxruntime = pytest.importorskip(
    "onnxruntime", reason="ONNX Runtime is not installed: pip install 'dlcalc-verify[oracle]'"
)
onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'dlcalc-verify[models]'")

OPERATORS = {"conv": "Conv", "transposed": "ConvTranspose", "max-pool": "MaxPool", "avg-pool": "AveragePool"}
AUTO_PADS: dict[PaddingWord, str] = {
    "same": "SAME_UPPER",
    "same-upper": "SAME_UPPER",
    "same-lower": "SAME_LOWER",
    "valid": "VALID",
}


def attributes(question: ConvShapeQuestion) -> dict[str, Any]:
    layer = question.layer
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


def run(question: ConvShapeQuestion, values: Any, weight: Any = None) -> Any:
    """The output of a model of one node; None if the runtime refuses."""
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    operator = OPERATORS[question.layer.kind]
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


# ONNX Runtime divides before it tests, so it answers some questions that have no window (rule 1): ours is a refusal.
TOO_SMALL = ("kernel-exceeds-input", "empty-output")


def test_sizes_and_refusals_equal_onnxruntime() -> None:
    compared = refused = 0
    for question in questions(6_000, seed=3, frameworks=("onnx",), words=tuple(AUTO_PADS)):
        values = np.zeros((1, 1, *question.size), np.float32)
        theirs = run(question, values)
        try:
            ours = conv_shape(question).output
        except DlcalcError as error:
            assert theirs is None or error.code in TOO_SMALL, (question, error, theirs.shape)
            refused += 1
            continue
        assert theirs is not None, question
        assert ours == theirs.shape, question
        compared += 1
    assert compared >= 3_000
    assert refused >= 500


def test_windows_stand_where_onnxruntime_has_them() -> None:
    """A kernel that is one tap wide in its first place reads the pixels where the windows start."""
    compared = 0
    for answer in answers(12_000, seed=4, frameworks=("onnx",), words=("same", "same-lower")):
        question = question_of(answer)
        if question.layer.kind != "conv" or len(question.axes) != 1:
            continue
        axis = answer.layers[0].axes[0]
        window = axis.window
        weight = np.zeros(window.kernel, np.float32)
        weight[0] = 1
        pixels = np.arange(1, window.input + 1, dtype=np.float32)
        starts = np.arange(axis.output) * window.stride - window.before
        right = [pixels[start] if 0 <= start < window.input else 0 for start in starts]
        assert run(question, pixels[None, None], weight).tolist() == right, question
        compared += 1
    assert compared >= 500


def test_average_pools_stand_where_onnxruntime_has_them() -> None:
    """Without padding in the window, its mean is its middle."""
    compared = 0
    for answer in answers(20_000, seed=5, frameworks=("onnx",), words=("same", "same-lower")):
        question = question_of(answer)
        if question.layer.kind != "avg-pool" or len(question.axes) != 1 or question.layer.ceil_mode:
            continue
        axis = answer.layers[0].axes[0]
        window = axis.window
        theirs = run(question, np.arange(window.input, dtype=np.float32)[None, None])
        for index, value in enumerate(theirs):
            start = index * window.stride - window.before
            if start >= 0 and start + window.extent <= window.input:
                assert value == pytest.approx(start + (window.extent - 1) / 2), question
                compared += 1
    assert compared >= 500


def test_transposed_outputs_stand_where_onnxruntime_has_them() -> None:
    compared = 0
    for answer in answers(12_000, seed=6, frameworks=("onnx",), words=("same", "same-lower")):
        question = question_of(answer)
        if question.layer.kind != "transposed" or len(question.axes) != 1:
            continue
        axis = answer.layers[0].axes[0]
        window = axis.window
        weight = np.zeros(window.kernel, np.float32)
        weight[0] = 1
        pixels = np.arange(1, window.input + 1, dtype=np.float32)
        right = [0.0] * axis.output
        for x in range(window.input):
            if 0 <= x * window.stride - window.before < axis.output:
                right[x * window.stride - window.before] = x + 1.0
        assert run(question, pixels[None, None], weight).tolist() == right, question
        compared += 1
    assert compared >= 500
