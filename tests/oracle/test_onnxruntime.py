"""Sizes, refusals and the place of the first window against ONNX Runtime, run for real on models of one node."""

import pytest

from tests.oracle import ask_onnxruntime
from tests.oracle.compare import compare_placement, compare_size
from tests.support.random_layers import answers, layer_of, questions

pytestmark = pytest.mark.oracle


def test_sizes_and_refusals_equal_onnxruntime() -> None:
    sizes = refused = 0
    for question in questions(6_000, seed=3, frameworks=("onnx",), words=tuple(ask_onnxruntime.AUTO_PADS)):
        answered = compare_size(question, ask_onnxruntime.size(question))
        sizes += answered
        refused += not answered
    assert sizes >= 3_000
    assert refused >= 500


@pytest.mark.parametrize(
    ("kind", "count", "seed"), [("conv", 12_000, 4), ("avg-pool", 20_000, 5), ("transposed", 12_000, 6)]
)
def test_windows_stand_where_onnxruntime_has_them(kind: str, count: int, seed: int) -> None:
    compared = 0
    for answer in answers(count, seed=seed, frameworks=("onnx",), words=("same", "same-lower")):
        layer = layer_of(answer.question)
        if layer.kind == kind and len(answer.question.axes) == 1 and not layer.ceil_mode:
            compared += compare_placement(answer, ask_onnxruntime.placement(answer.question))
    assert compared >= 500
