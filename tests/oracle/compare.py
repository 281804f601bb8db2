"""Compare an answer with what a framework says: one that runs, or one that was recorded. Loads no framework."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcalc.core.batch_norm.answer import bn_fold
from dlcalc.core.batch_norm.question import BnFoldQuestion
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.params.count import ConvParams
from dlcalc.core.softmax.answer import SoftmaxGrad
from tests.support.random_layers import layer_of

Size = tuple[int, ...]

# The documented decision: errors of ours where a framework answers. The pools of ONNX Runtime divide before they test,
# so they answer questions that have no window, with an output of 0 or of 1.
DECISIONS = {("onnx", "pool"): "kernel-exceeds-input"}


def compare_size(question: ShapeQuestion, theirs: Size | None) -> bool:
    """Assert that the size is theirs, or that both refuse (theirs is None). Returns whether there is a size."""
    try:
        ours = conv_shape(question).output
    except DlcalcError as error:
        decided = DECISIONS.get((question.framework, layer_of(question).family))
        assert theirs is None or error.code == decided, (question, error, theirs)
        return False
    assert theirs is not None, (question, ours)
    assert ours == tuple(theirs), question
    return True


def padded(answer: ConvShape) -> Size:
    """The input with the padding that the answer states: what a pad layer in front would give."""
    return tuple(axis.window.padded for axis in answer.layers[0].axes)


def compare_behind_padding(answer: ConvShape, theirs: tuple[Size, Size | None]) -> None:
    """Assert that the output is what a layer without padding makes of the padded input: theirs are both sizes."""
    size, output = theirs
    assert output is not None, answer.question
    assert (padded(answer), answer.output) == (tuple(size), tuple(output)), answer.question


def compare_placement(answer: ConvShape, theirs: list[float]) -> int:
    """Assert that the windows stand where a layer puts them that was asked as ``placement`` says; returns how many."""
    question, layer = answer.question, layer_of(answer.question)
    axis = answer.layers[0].axes[0]
    window = axis.window
    starts = [index * window.stride - window.before for index in range(axis.output)]
    if layer.kind == "avg-pool":  # without padding in the window, its mean is its middle
        whole = [index for index, start in enumerate(starts) if start >= 0 and start + window.extent <= window.input]
        for index in whole:
            assert abs(theirs[index] - 1 - starts[index] - (window.extent - 1) / 2) < 1e-4, question
        return len(whole)
    if layer.kind == "conv":
        right = [start + 1.0 if 0 <= start < window.input else 0.0 for start in starts]
    else:
        right = [0.0] * axis.output
        for x in range(window.input):
            if 0 <= x * window.stride - window.before < axis.output:
                right[x * window.stride - window.before] = x + 1.0
    assert theirs == right, question
    return 1


def compare_amounts(answer: ConvParams, theirs: Mapping[str, Any]) -> None:
    """Assert that every amount is theirs, by the keys of the JSON; ``inputs`` and ``outputs`` are entries."""
    (layer,) = answer.layers
    ours = layer.amounts.by_key()
    each = layer.amounts.param_bytes // layer.amounts.params
    for key, value in theirs.items():
        if key == "kernel":
            assert layer.kernel == tuple(value), answer.question
        elif key == "outputs":
            assert ours["activation_bytes"] == value * each, answer.question
        elif key == "inputs":
            assert ours["peak_activation_bytes"] == (value + theirs["outputs"]) * each, answer.question
        else:
            assert ours[key] == value, (key, answer.question)


def compare_gradients(answer: SoftmaxGrad, theirs: Mapping[str, Any], rtol: float = 1e-12, atol: float = 1e-12) -> None:
    """Assert that the loss and every gradient are theirs, by the keys of the JSON."""
    assert theirs
    for key, value in theirs.items():
        ours = answer.jacobian if key == "jacobian" else answer.array(key)
        np.testing.assert_allclose(np.asarray(ours), np.asarray(value), rtol=rtol, atol=atol, err_msg=key)


def compare_statistics(question: BnFoldQuestion, theirs: Mapping[str, Any], rtol: float, atol: float) -> None:
    """Assert that the running statistics are theirs, and the outputs of every mini-batch in training where given."""
    statistics = question.statistics
    assert statistics is not None
    np.testing.assert_allclose(statistics.mean, np.asarray(theirs["mean"]), rtol=rtol, atol=atol)
    np.testing.assert_allclose(statistics.variance, np.asarray(theirs["var"]), rtol=rtol)
    answer = bn_fold(question)
    for batch, output in zip(statistics.batches, theirs.get("outputs", ()), strict="outputs" in theirs):
        np.testing.assert_allclose(batch.restored(answer.output(batch)), np.asarray(output), rtol=1e-10, atol=1e-12)


def compare_outputs(question: BnFoldQuestion, theirs: Any) -> None:
    """Assert that the layer with its batch norm, and the folded layer, give their outputs for the inputs."""
    evaluated = bn_fold(question).evaluated
    assert evaluated is not None
    for ours in (evaluated.unfolded, evaluated.folded):
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-8, atol=1e-9)
