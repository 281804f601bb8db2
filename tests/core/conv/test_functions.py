"""Two tables: questions with their sizes, and questions with their refusals. Sources: the three frameworks, run."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from dlcalc.core.conv.functions import conv_output_size, conv_transpose_output_size, pool_output_size
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from tests.support.random_layers import layer_of, questions

Call = Callable[[], object]
ACCEPTED: list[tuple[Call, object]] = [
    (lambda: conv_output_size(7, 3), 5),
    (lambda: conv_output_size((160, 224), 7, 2, 3), (80, 112)),
    (lambda: conv_output_size((16, 112, 112), (3, 7, 7), (1, 2, 2), (1, 3, 3)), (16, 56, 56)),
    (lambda: conv_output_size(32, 3, 1, 2, 2), 32),
    (lambda: conv_output_size(10, 3, 1, ((0, 1),)), 9),
    (lambda: conv_output_size(224, 3, 2, "same", framework="tensorflow"), 112),
    (lambda: pool_output_size(9, 3), 3),
    (lambda: pool_output_size(32, 1, 2, ceil_mode=True), 16),
    (lambda: pool_output_size(9, 4, 4, 2, ceil_mode=True), 3),
    (lambda: pool_output_size(2, 3, 3, 1, ceil_mode=True), 1),
    (lambda: pool_output_size(1, 4, 8, 1, ceil_mode=True), 1),
    (lambda: pool_output_size(4, 5, ceil_mode=True), 1),  # a kernel beyond the input may still have a window
    (lambda: pool_output_size(8, 3, 2, "valid", ceil_mode=True, framework="onnx"), 4),
    (lambda: pool_output_size(10, 1, 5, "same", kind="avg-pool", framework="onnx"), 2),
    (lambda: conv_transpose_output_size(4, 3, 2, 1, output_padding=1), 8),
    (lambda: conv_transpose_output_size(5, 3, 1, 0, 2, 1), 10),
    (lambda: conv_transpose_output_size(3, 4, 2, "same", framework="onnx"), 6),
    (lambda: conv_transpose_output_size(3, 2, 5, "same", output_padding=1, framework="onnx"), 13),
]

WORD, TOO_LARGE, FEWER = "unsupported-by-framework", "padding-too-large", "output-padding-too-large"
KERAS, ONNX = {"framework": "tensorflow"}, {"framework": "onnx"}
JAX: Any = "jax"
REJECTED: list[tuple[Any, tuple[Any, ...], dict[str, Any], str, str]] = [
    (conv_output_size, (3, 4, 2), {}, "kernel-exceeds-input", "kernel"),
    (conv_output_size, (7, 3, 1, 0, 5), {}, "kernel-exceeds-input", "kernel"),
    (conv_output_size, (0, 1), {}, "invalid-value", "size"),
    (conv_output_size, (7, 0), {}, "invalid-value", "kernel"),
    (conv_output_size, (7, 3, 0), {}, "invalid-value", "stride"),
    (conv_output_size, (7, 3, 1, -1), {}, "invalid-value", "padding"),
    (conv_output_size, (7, 3, 1, ((0, -1),)), {}, "invalid-value", "padding"),
    (conv_output_size, (7, 3, 1, 0, 0), {}, "invalid-value", "dilation"),
    (conv_output_size, (10**300, 3), {}, "invalid-value", "size"),
    (conv_output_size, (-(10**5000), 3), {}, "invalid-value", "size"),
    (conv_output_size, ((7, 7), (3, 3, 3)), {}, "shape-mismatch", "kernel"),
    (conv_output_size, ((7, 7, 7, 7), 3), {}, "shape-mismatch", "size"),
    (conv_output_size, ((), 3), {}, "shape-mismatch", "size"),
    (conv_output_size, ((7, 7), 3, 1, (1, 1, 1)), {}, "shape-mismatch", "padding"),
    (conv_output_size, (7, 3, 1, "sama"), {}, "usage", "padding"),
    (conv_output_size, (9, 3), {"framework": ""}, "usage", "framework"),
    (conv_output_size, (224, 3, 2, "same"), {}, WORD, "padding"),
    (conv_output_size, (10, 3, 1, "same-lower"), KERAS, WORD, "padding"),
    (conv_output_size, ((10, 10), 3, (2, 1), 0, (1, 2)), KERAS, WORD, "dilation"),
    (conv_output_size, ((10, 10), 3, 1, "causal"), KERAS, WORD, "padding"),
    (conv_output_size, (10, 3, 1, "same", 2), ONNX, WORD, "dilation"),
    (pool_output_size, (9, 3, 1, 2), {}, TOO_LARGE, "padding"),
    (pool_output_size, (9, 3, 1, 2, 2), {}, TOO_LARGE, "padding"),
    (pool_output_size, (4, 5, 1), {"ceil_mode": True}, "kernel-exceeds-input", "kernel"),
    (pool_output_size, ((2, 9, 9), 3, 1, 1), {"kind": "avg-pool"}, "kernel-exceeds-input", "kernel"),
    (pool_output_size, (9, 3, 1, 0, 2), {"kind": "avg-pool"}, WORD, "dilation"),
    (pool_output_size, (9, 3, 1, 0, 2), KERAS, WORD, "dilation"),
    (pool_output_size, (9, 3), {**KERAS, "ceil_mode": True}, WORD, "ceil_mode"),
    (pool_output_size, (9, 3, 1, ((0, 3),)), ONNX, TOO_LARGE, "padding"),
    (pool_output_size, (10, 1, 5, "same"), ONNX, WORD, "padding"),
    (pool_output_size, (9, 3), {"kind": "min-pool"}, "usage", "kind"),
    (conv_transpose_output_size, (4, 3, 2, 1), {"output_padding": 2}, FEWER, "output_padding"),
    (conv_transpose_output_size, (1, 1, 1, 5), {}, "empty-output", "padding"),
    (conv_transpose_output_size, (4, 3, 2, "valid"), {}, WORD, "padding"),
]


@pytest.mark.parametrize(("call", "size"), ACCEPTED)
def test_accepted(call: Call, size: object) -> None:
    assert call() == size


@pytest.mark.parametrize(("function", "arguments", "options", "code", "option"), REJECTED)
def test_rejected(function: Any, arguments: Any, options: dict[str, Any], code: str, option: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        function(*arguments, **options)
    assert (caught.value.code, caught.value.option) == (code, option)
    assert caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda: conv_output_size(3, 4), "kernel 4 is larger than the width 3", "kernel=3 at most"),
        (lambda: conv_output_size(7, 3, stride=0), "stride 0 is less than 1", "stride=1"),
        (lambda: pool_output_size(9, 3, padding=2), "padding 2 is more than half the kernel 3", "padding=1"),
        (lambda: conv_transpose_output_size(4, 3, 2, output_padding=2), "output padding 2", "output_padding=1"),
        (lambda: conv_output_size(224, 3, 2, "same"), "stride 1, not 2", "padding=1"),
        (lambda: conv_output_size(7, 3, framework=JAX), "unknown framework 'jax'", "one of pytorch, tensorflow, onnx"),
        (lambda: conv_transpose_output_size(1, 1, padding=5), "an output width of -9", "padding=0 at most"),
    ],
)
def test_a_refusal_names_the_value_and_the_nearest_legal_one(call: Call, message: str, hint: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        call()
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_lists_are_taken_for_tuples() -> None:
    lists: Any = {"size": [9, 9], "kernel": [3, 5], "padding": [[0, 1], 1]}
    assert conv_output_size(**lists) == (8, 7)


HINTED = re.compile(r"^([a-z_]+)=(\d+)( at most(, or.*)?)?$")


def test_a_hint_that_names_a_value_works() -> None:
    """Followed, it is never refused for the same reason again."""
    followed: dict[str, int] = {}
    for question in questions(12_000, seed=61):
        try:
            conv_shape(question)
        except DlcalcError as error:
            hint = HINTED.match(error.hint or "")
            if hint is None:
                continue
            changes: Any = {hint[1]: int(hint[2])}
            try:
                conv_shape(question.with_layer(layer_of(question)._replace(**changes)))
            except DlcalcError as again:
                assert (again.code, again.option) != (error.code, error.option), (question, error.hint)
            followed[error.code] = followed.get(error.code, 0) + 1
    assert set(followed) >= {"kernel-exceeds-input", "padding-too-large", "output-padding-too-large"}
