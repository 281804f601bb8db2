"""Sizes and refusals against Keras 3; skipped without it.

The layers are built and asked for their output shape, and not run: TensorFlow aborts the process on some of them.
"""

from typing import Any

import pytest

from dlcalc.core.conv.layer import per_axis
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from tests.support.random_layers import answers, question_of, questions

pytestmark = pytest.mark.oracle

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install keras tensorflow")

LAYERS = {
    "conv": "Conv{}D",
    "transposed": "Conv{}DTranspose",
    "max-pool": "MaxPooling{}D",
    "avg-pool": "AveragePooling{}D",
}


def layer(question: ConvShapeQuestion, padding: str) -> Any:
    asked, count = question.layer, len(question.axes)
    axes = per_axis(asked, count)
    options: dict[str, Any] = {"strides": tuple(axis.stride for axis in axes), "padding": padding}
    kernel = tuple(axis.kernel for axis in axes)
    make = getattr(keras.layers, LAYERS[asked.kind].format(count))
    if asked.family == "pool":
        if asked.ceil_mode or any(axis.dilation > 1 for axis in axes):
            raise ValueError("Keras pools have neither")
        return make(kernel, **options)
    options["dilation_rate"] = tuple(axis.dilation for axis in axes)
    if asked.output_padding is not None:
        options["output_padding"] = tuple(axis.output_padding for axis in axes)
    return make(1, kernel, use_bias=False, kernel_initializer="ones", **options)


def run(question: ConvShapeQuestion, padding: str, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The output size that the layer states; None if it refuses or states nothing."""
    try:
        output = tuple(layer(question, padding).compute_output_shape((1, *size, 1)))[1:-1]
    except (ValueError, TypeError):
        return None
    return output if all(extent is not None and extent > 0 for extent in output) else None


def test_sizes_and_refusals_equal_keras() -> None:
    compared = refused = 0
    for question in questions(20_000, seed=7, frameworks=("tensorflow",), words=("same", "valid", "causal")):
        padding = question.layer.padding
        if padding == 0:
            padding = "valid"
        if not isinstance(padding, str):
            continue
        theirs = run(question, padding, question.size)
        try:
            ours = conv_shape(question).output
        except DlcalcError as error:
            assert theirs is None, (question, error, theirs)
            refused += 1
            continue
        assert ours == theirs, question
        compared += 1
    assert compared >= 500
    assert refused >= 100


def test_explicit_padding_is_a_pad_layer_in_front() -> None:
    compared = 0
    for answer in answers(4_000, seed=8, frameworks=("tensorflow",), words=("full",)):
        question = question_of(answer)
        if question.layer.family == "transposed":
            continue
        padded = tuple(axis.window.padded for axis in answer.layers[0].axes)
        assert answer.output == run(question, "valid", padded), question
        compared += 1
    assert compared >= 500
