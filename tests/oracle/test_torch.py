"""Sizes and refusals against PyTorch's own modules, run for real."""

import warnings
from typing import Any

import pytest

from dlcalc.core.conv.layer import per_axis
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from tests.support.random_layers import answers, question_of, questions

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")

MODULES = {"conv": "Conv", "transposed": "ConvTranspose", "max-pool": "MaxPool", "avg-pool": "AvgPool"}


def expressible(question: ConvShapeQuestion) -> bool:
    """Whether the module takes the padding itself: anything else needs a pad layer, and is tested as one."""
    padding = question.layer.padding
    return isinstance(padding, str) or all(b == e for b, e in (axis.padding for axis in numbers(question)))


def numbers(question: ConvShapeQuestion) -> Any:
    return per_axis(question.layer, len(question.axes))


def module(question: ConvShapeQuestion, padding: Any) -> Any:
    layer, count = question.layer, len(question.axes)
    axes = numbers(question)
    options: dict[str, Any] = {"stride": tuple(axis.stride for axis in axes), "padding": padding}
    if layer.kind != "avg-pool":
        options["dilation"] = tuple(axis.dilation for axis in axes)
    elif any(axis.dilation > 1 for axis in axes):
        raise TypeError("AvgPool has no dilation")
    if layer.family == "pool":
        options["ceil_mode"] = layer.ceil_mode
    if layer.output_padding is not None:
        options["output_padding"] = tuple(axis.output_padding for axis in axes)
    kernel = tuple(axis.kernel for axis in axes)
    make = getattr(torch.nn, f"{MODULES[layer.kind]}{count}d")
    if layer.family == "pool":  # AvgPool1d wants plain numbers or tuples of one
        return make(kernel, **options)
    return make(1, 1, kernel, bias=False, **options)


def run(question: ConvShapeQuestion, padding: Any, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The module's output size; None if it refuses."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            output: tuple[int, ...] = tuple(module(question, padding)(torch.zeros(1, 1, *size)).shape[2:])
        except (RuntimeError, ValueError, TypeError):
            return None
    return output if min(output) > 0 else None


def ours(question: ConvShapeQuestion) -> tuple[int, ...] | None:
    try:
        return conv_shape(question).output
    except DlcalcError:
        return None


def test_sizes_and_refusals_equal_torch() -> None:
    """10,000 layers that a module can express: no difference."""
    compared = refused = 0
    for question in questions(20_000, seed=1, frameworks=("pytorch",), words=("same", "valid")):
        if not expressible(question):
            continue
        padding = question.layer.padding
        asked = padding if isinstance(padding, str) else tuple(axis.padding[0] for axis in numbers(question))
        theirs = run(question, asked, question.size)
        assert ours(question) == theirs, question
        compared += 1
        refused += theirs is None
    assert compared >= 10_000
    assert refused >= 1_000


def test_asymmetric_padding_is_a_pad_layer_in_front() -> None:
    """What the warning says to do gives the size that is printed."""
    compared = 0
    for answer in answers(20_000, seed=2, frameworks=("pytorch",), words=("causal", "full")):
        question = question_of(answer)
        if expressible(question) and not isinstance(question.layer.padding, str):
            continue
        if question.layer.family == "transposed":
            continue
        windows = [axis.window for axis in answer.layers[0].axes]
        padded = tuple(window.padded for window in windows)
        assert answer.output == run(question, (0,) * len(padded), padded), question
        compared += 1
    assert compared >= 2_000
