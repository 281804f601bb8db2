"""The independent method: it agrees with the closed forms, and fails when they are wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from dlcalc.core.conv import shape
from dlcalc.core.conv.check import MAX_POSITIONS
from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.layer import FrameworkName, Layer
from dlcalc.core.conv.window import Window
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.conv_shape import check
from dlcalc.core.network import shape as network_shape
from dlcalc.core.network.check import check_shape
from dlcalc.core.network.network import ShapeQuestion, layer_question
from tests.support.random_layers import answers

CONV = layer_question(("w",), (30,), Layer(3, 2, 1, 2))
POOL = layer_question(("w",), (9,), Layer(4, 4, 2, kind="max-pool", ceil_mode=True))
TRANSPOSED = layer_question(("w",), (9,), Layer(3, 2, 1, 1, "transposed", 1))
SAME = layer_question(("w",), (30,), Layer(3, 2, "same"), "tensorflow")


def test_agrees_with_the_closed_forms_on_random_layers() -> None:
    proved = 0
    for answer in answers(10_000, seed=21):
        proof = check(answer)
        assert proof.passed, (answer.question, proof)
        assert proof.method == "enumeration"
        assert check_shape(answer, limit=0).passed, answer.question
        proved += 1
    assert proved >= 5_000


def failures(question: ShapeQuestion, limit: int = MAX_POSITIONS) -> list[str]:
    return [failure.key for failure in check_shape(conv_shape(question), limit).failures]


def off_by(change: int) -> Callable[[Any], Any]:
    return lambda right: lambda *arguments: right(*arguments) + change


def field(**changes: Any) -> Callable[[Any], Any]:
    def breaking(right: Callable[..., Field]) -> Callable[..., Field]:
        return lambda *arguments: right(*arguments)._replace(**changes)

    return breaking


@pytest.mark.parametrize("question", [CONV, POOL, SAME, TRANSPOSED])
@pytest.mark.parametrize(
    ("names", "breaking", "key"),
    [
        (("unread", "unread_transposed"), off_by(1), "unread"),
        (("unread", "unread_transposed"), off_by(-1), "unread"),
        (("through_windows", "through_transposed"), field(size=99), "receptive_field"),
        (("through_windows", "through_transposed"), field(smallest=0), "receptive_field_min"),
        (("through_windows", "through_transposed"), field(jump=(7, 1)), "jump"),
        (("through_windows", "through_transposed"), field(center=(1, 3)), "center"),
    ],
)
def test_a_broken_closed_form_is_seen(
    monkeypatch: pytest.MonkeyPatch, question: ShapeQuestion, names: tuple[str, str], breaking: Any, key: str
) -> None:
    name = names[question is TRANSPOSED]
    monkeypatch.setattr(shape, name, breaking(getattr(shape, name)))
    assert failures(question) == [key]


WRONG_SIZES: list[Callable[[int, Window], int]] = [
    lambda size, window: size + 1,
    lambda size, window: size - 1,
    lambda size, window: size * 2,
    lambda size, window: size + window.before,
]


@pytest.mark.parametrize("limit", [MAX_POSITIONS, 0])
@pytest.mark.parametrize("wrong", WRONG_SIZES)
@pytest.mark.parametrize("question", [CONV, POOL, TRANSPOSED])
def test_a_wrong_size_is_seen_by_both_methods(
    monkeypatch: pytest.MonkeyPatch, question: ShapeQuestion, wrong: Any, limit: int
) -> None:
    """Off by one, a wrong factor, padding added twice: in the rule that the question uses."""
    plan = conv_shape(question).layers[0].plan
    assert plan is not None
    rule = plan.size._replace(value=lambda window: wrong(plan.size.value(window), window))
    monkeypatch.setattr(network_shape, "plan_layer", lambda *arguments: plan._replace(size=rule))
    assert "output" in failures(question, limit)


def test_beyond_the_limit_the_bounds_decide() -> None:
    proof = check(conv_shape(layer_question(("h", "w"), (10**17, 224), Layer(7, 2, 3))))
    assert (proof.passed, proof.method) == (True, "bounds")


def asked(size: int, layer: Layer, framework: FrameworkName) -> ShapeQuestion:
    return layer_question(("w",), (size,), layer, framework)


PADDED = [
    CONV,
    TRANSPOSED,
    asked(30, Layer(4, 2, "same"), "tensorflow"),
    asked(9, Layer(1, 4, "same"), "tensorflow"),
    asked(30, Layer(4, 1, "same"), "pytorch"),
    asked(30, Layer(4, 2, "same-lower"), "onnx"),
    asked(30, Layer(3, 1, "same", 2, "max-pool"), "onnx"),
    asked(30, Layer(4, 1, "same-lower", 2, "avg-pool"), "onnx"),
    asked(10, Layer(1, 5, "same"), "onnx"),
    asked(10, Layer(1, 5, "same-lower"), "onnx"),
    asked(10, Layer(1, 5, "same", 1, "avg-pool"), "onnx"),
    asked(10, Layer(1, 5, "same-lower", 1, "avg-pool"), "onnx"),
    asked(10, Layer(1, 5, "same", 2, "max-pool"), "onnx"),
    asked(9, Layer(4, 2, "same", 1, "transposed"), "tensorflow"),
    asked(9, Layer(5, 2, "same", 1, "transposed", 1), "tensorflow"),
    asked(9, Layer(4, 2, "same", 1, "transposed"), "onnx"),
    asked(9, Layer(3, 2, "same-lower", 1, "transposed"), "onnx"),
    asked(9, Layer(3, 1, "causal", 2), "tensorflow"),
    asked(9, Layer(3, 1, "full", 2), "onnx"),
    asked(9, Layer(3, 1, "valid"), "pytorch"),
]


@pytest.mark.parametrize("shift", [(1, -1), (-1, 1), (1, 0), (0, 1)], ids=["later", "earlier", "begin", "end"])
@pytest.mark.parametrize("question", PADDED, ids=str)
def test_a_padding_that_is_off_by_one_is_seen(
    monkeypatch: pytest.MonkeyPatch, question: ShapeQuestion, shift: tuple[int, int]
) -> None:
    """Every rule of padding, and padding in numbers, with one position moved to the other side or added."""
    assert check(conv_shape(question)).passed
    right = shape.resolve

    def broken(*arguments: Any) -> Any:
        window, rule = right(*arguments)
        return window._replace(before=window.before + shift[0], after=window.after + shift[1]), rule

    monkeypatch.setattr(shape, "resolve", broken)
    assert "padding" in failures(question)
