"""Two tables: questions with their sizes, and questions with their refusals. Sources: the three frameworks, run."""

import re
from typing import Any

import pytest

from dlcalc.core.conv.functions import conv_output_size, conv_transpose_output_size, pool_output_size
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from tests.support.random_layers import questions

TOO_LARGE = "output-padding-too-large"
KERAS, ONNX = {"framework": "tensorflow"}, {"framework": "onnx"}

ACCEPTED: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = [
    (conv_output_size, (7, 3), {}, 5),
    (conv_output_size, (224, 7, 2, 3), {}, 112),
    (conv_output_size, ((160, 224), 7, 2, 3), {}, (80, 112)),
    (conv_output_size, ((16, 112, 112), (3, 7, 7), (1, 2, 2), (1, 3, 3)), {}, (16, 56, 56)),
    (conv_output_size, (32, 3, 1, 2, 2), {}, 32),
    (conv_output_size, (10, 4, 1, "same"), {}, 10),
    (conv_output_size, (10, 4, 2, "valid"), {}, 4),
    (conv_output_size, (10, 3, 1, "causal"), {}, 10),
    (conv_output_size, (10, 3, 1, "full"), {}, 12),
    (conv_output_size, (10, 3, 1, ((0, 1),)), {}, 9),
    (conv_output_size, (224, 3, 2, "same"), KERAS, 112),
    (conv_output_size, (224, 3, 2, "same-lower"), ONNX, 112),
    (conv_output_size, (10, 1, 5, "same"), ONNX, 2),
    (pool_output_size, (9, 3), {}, 3),
    (pool_output_size, (32, 1, 2), {"ceil_mode": True}, 16),
    (pool_output_size, (9, 4, 4, 2), {"ceil_mode": True}, 3),
    (pool_output_size, (2, 3, 3, 1), {"ceil_mode": True}, 1),
    (pool_output_size, (1, 4, 8, 1), {"ceil_mode": True}, 1),
    (pool_output_size, (8, 3, 2, "valid"), {**ONNX, "ceil_mode": True}, 4),
    (pool_output_size, (9, 3, 1, "same", 2), ONNX, 7),
    (pool_output_size, (10, 1, 5, "same"), {**ONNX, "kind": "avg-pool"}, 2),
    (conv_transpose_output_size, (4, 3, 2, 1), {"output_padding": 1}, 8),
    (conv_transpose_output_size, (5, 3, 1, 0, 2), {"output_padding": 1}, 10),
    (conv_transpose_output_size, (5, 1, 5), KERAS, 25),
    (conv_transpose_output_size, (5, 1, 5), {**KERAS, "output_padding": 0}, 21),
    (conv_transpose_output_size, (4, 3, 2, "same"), KERAS, 8),
    (conv_transpose_output_size, (4, 3, 2, "same"), {**KERAS, "output_padding": 0}, 7),
    (conv_transpose_output_size, (3, 4, 2, "same"), ONNX, 6),
    (conv_transpose_output_size, (3, 2, 5, "same"), {**ONNX, "output_padding": 1}, 13),
]

REJECTED: list[tuple[Any, tuple[Any, ...], dict[str, Any], str, str]] = [
    (conv_output_size, (3, 4, 2), {}, "kernel-exceeds-input", "kernel"),
    (conv_output_size, (7, 3, 1, 0, 5), {}, "kernel-exceeds-input", "kernel"),
    (conv_output_size, (0, 1), {}, "invalid-value", "w"),
    (conv_output_size, (7, 0), {}, "invalid-value", "kernel"),
    (conv_output_size, (7, 3, 0), {}, "invalid-value", "stride"),
    (conv_output_size, (7, 3, 1, -1), {}, "invalid-value", "padding"),
    (conv_output_size, (7, 3, 1, ((0, -1),)), {}, "invalid-value", "padding"),
    (conv_output_size, (7, 3, 1, 0, 0), {}, "invalid-value", "dilation"),
    (conv_output_size, (10**300, 3), {}, "invalid-value", "w"),
    (conv_output_size, (-(10**5000), 3), {}, "invalid-value", "w"),
    (conv_output_size, ((7, 7), (3, 3, 3)), {}, "shape-mismatch", "kernel"),
    (conv_output_size, ((7, 7, 7, 7), 3), {}, "shape-mismatch", "size"),
    (conv_output_size, ((), 3), {}, "shape-mismatch", "size"),
    (conv_output_size, ((7, 7), 3, 1, (1, 1, 1)), {}, "shape-mismatch", "padding"),
    (conv_output_size, (7, 3, 1, "sama"), {}, "usage", "padding"),
    (conv_output_size, (7, 3), {"framework": "jax"}, "usage", "framework"),
    (conv_output_size, (224, 3, 2, "same"), {}, "unsupported-by-framework", "padding"),
    (conv_output_size, (10, 3, 1, "same-lower"), {}, "unsupported-by-framework", "padding"),
    (conv_output_size, (10, 3, 1, "same-lower"), KERAS, "unsupported-by-framework", "padding"),
    (conv_output_size, (10, 3, 2, 0, 2), KERAS, "unsupported-by-framework", "dilation"),
    (conv_output_size, ((10, 10), 3, (2, 1), 0, (1, 2)), KERAS, "unsupported-by-framework", "dilation"),
    (conv_output_size, ((10, 10), 3, 1, "causal"), KERAS, "unsupported-by-framework", "padding"),
    (conv_output_size, (10, 3, 1, "same", 2), ONNX, "unsupported-by-framework", "dilation"),
    (pool_output_size, (9, 3, 1, 2), {}, "padding-too-large", "padding"),
    (pool_output_size, (9, 3, 1, 2, 2), {}, "padding-too-large", "padding"),
    (pool_output_size, (9, 3, 1, "same"), {}, "unsupported-by-framework", "padding"),
    (pool_output_size, (4, 5, 1), {"ceil_mode": True}, "kernel-exceeds-input", "kernel"),
    (pool_output_size, ((2, 9, 9), 3, 1, 1), {"kind": "avg-pool"}, "kernel-exceeds-input", "kernel"),
    (pool_output_size, (9, 3, 1, 0, 2), {"kind": "avg-pool"}, "unsupported-by-framework", "dilation"),
    (pool_output_size, (9, 3, 1, 0, 2), KERAS, "unsupported-by-framework", "dilation"),
    (pool_output_size, (9, 3), {**KERAS, "ceil_mode": True}, "unsupported-by-framework", "ceil_mode"),
    (pool_output_size, (9, 3, 1, 3), ONNX, "padding-too-large", "padding"),
    (pool_output_size, (9, 3, 1, ((0, 3),)), ONNX, "padding-too-large", "padding"),
    (pool_output_size, (10, 1, 5, "same"), ONNX, "unsupported-by-framework", "padding"),
    (pool_output_size, (9, 3), {"kind": "min-pool"}, "usage", "kind"),
    (conv_output_size, (9, 3), {"framework": ""}, "usage", "framework"),
    (conv_transpose_output_size, (4, 3, 2, 1), {"output_padding": 2}, TOO_LARGE, "output_padding"),
    (
        conv_transpose_output_size,
        (4, 3, 1, 0, 2),
        {**ONNX, "output_padding": 1},
        "output-padding-too-large",
        "output_padding",
    ),
    (
        conv_transpose_output_size,
        (4, 3, 2),
        {**KERAS, "output_padding": 2},
        "output-padding-too-large",
        "output_padding",
    ),
    (conv_transpose_output_size, (1, 1, 1, 5), {}, "empty-output", "padding"),
    (conv_transpose_output_size, (4, 3, 2, "valid"), {}, "unsupported-by-framework", "padding"),
    (conv_transpose_output_size, (4, 3, 2, "causal"), ONNX, "unsupported-by-framework", "padding"),
]


@pytest.mark.parametrize(("function", "arguments", "options", "size"), ACCEPTED)
def test_accepted(function: Any, arguments: tuple[Any, ...], options: dict[str, Any], size: Any) -> None:
    assert function(*arguments, **options) == size


@pytest.mark.parametrize(("function", "arguments", "options", "code", "option"), REJECTED)
def test_rejected(function: Any, arguments: Any, options: dict[str, Any], code: str, option: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        function(*arguments, **options)
    assert caught.value.code == code
    assert caught.value.option == option
    assert caught.value.message
    assert caught.value.hint


def test_a_kernel_beyond_the_input_may_still_have_a_window_in_ceil_mode() -> None:
    assert pool_output_size(4, 5, ceil_mode=True) == 1


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda: conv_output_size(3, 4), "kernel 4 is larger than the width 3", "kernel=3 at most"),
        (lambda: conv_output_size(7, 3, stride=0), "stride 0 is less than 1", "stride=1"),
        (lambda: pool_output_size(9, 3, padding=2), "padding 2 is more than half the kernel 3", "padding=1"),
        (lambda: conv_transpose_output_size(4, 3, 2, output_padding=2), "output padding 2", "output_padding=1"),
        (lambda: conv_output_size(224, 3, 2, "same"), "stride 1, not 2", "padding=1"),
        (lambda: conv_transpose_output_size(1, 1, padding=5), "an output width of -9", "padding=0 at most"),
    ],
)
def test_a_refusal_names_the_value_and_the_nearest_legal_one(call: Any, message: str, hint: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        call()
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_lists_are_taken_for_tuples() -> None:
    size, kernel, padding = ([9, 9], [3, 5], [[0, 1], 1])
    lists: Any = {"size": size, "kernel": kernel, "padding": padding}
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
                conv_shape(question._replace(layer=question.layer._replace(**changes)))
            except DlcalcError as again:
                assert (again.code, again.option) != (error.code, error.option), (question, error.hint)
            followed[error.code] = followed.get(error.code, 0) + 1
    assert set(followed) >= {"kernel-exceeds-input", "padding-too-large", "output-padding-too-large"}
