"""The independent method: it agrees with the closed forms, shares nothing with them, and fails when they are wrong."""

import ast
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from dlcalc.core.conv import check as enumeration
from dlcalc.core.conv import coverage, shape
from dlcalc.core.conv.check import check_layer as check
from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.layer import FrameworkName, Layer
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.conv.window import Window
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network import check as network
from tests.conftest import Run
from tests.support.random_layers import answers

CONV = ConvShapeQuestion(("w",), (30,), Layer(3, 2, 1, 2))
POOL = ConvShapeQuestion(("w",), (9,), Layer(4, 4, 2, kind="max-pool", ceil_mode=True))
TRANSPOSED = ConvShapeQuestion(("w",), (9,), Layer(3, 2, 1, 1, "transposed", 1))
SAME = ConvShapeQuestion(("w",), (30,), Layer(3, 2, "same"), "tensorflow")


def test_agrees_with_the_closed_forms_on_random_layers() -> None:
    proved = 0
    for answer in answers(10_000, seed=21):
        question = answer.question
        proof = check(answer)
        assert proof.passed, (question, proof)
        assert proof.method == "enumeration"
        assert check(answer, limit=0).passed, question
        proved += 1
    assert proved >= 5_000


def imported(tree: ast.AST) -> set[str | None]:
    """The modules that a file imports when it runs, inside functions too; not those of annotations alone."""
    found: set[str | None] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
        found |= imported(node)
    return found


@pytest.mark.parametrize(
    ("module", "modules"),
    [
        (enumeration, {"typing", "dlcalc.core.evidence.proof"}),
        (network, {"typing", "math", "dlcalc.core.evidence.proof", "dlcalc.core.conv.check"}),
    ],
)
def test_imports_nothing_from_what_it_checks(module: ModuleType, modules: set[str]) -> None:
    assert imported(ast.parse(inspect.getsource(module))) == modules


def off_by(change: int) -> Callable[[Any], Any]:
    return lambda right: lambda *arguments: right(*arguments) + change


def field(**changes: Any) -> Callable[[Any], Any]:
    def breaking(right: Callable[..., Field]) -> Callable[..., Field]:
        return lambda *arguments: right(*arguments)._replace(**changes)

    return breaking


@pytest.mark.parametrize("question", [CONV, POOL, SAME])
@pytest.mark.parametrize(
    ("name", "breaking", "key"),
    [
        ("unread", off_by(1), "unread"),
        ("unread", off_by(-1), "unread"),
        ("through_windows", field(size=99), "receptive_field"),
        ("through_windows", field(smallest=0), "receptive_field_min"),
        ("through_windows", field(jump=(7, 1)), "jump"),
        ("through_windows", field(center=(1, 3)), "center"),
    ],
)
def test_a_broken_closed_form_is_seen(
    monkeypatch: pytest.MonkeyPatch, question: ConvShapeQuestion, name: str, breaking: Any, key: str
) -> None:
    monkeypatch.setattr(shape, name, breaking(getattr(shape, name)))
    assert [failure.key for failure in check(conv_shape(question)).failures] == [key]


@pytest.mark.parametrize(
    ("name", "breaking", "key"),
    [
        ("unread_transposed", off_by(1), "unread"),
        ("through_transposed", field(size=99), "receptive_field"),
        ("through_transposed", field(smallest=0), "receptive_field_min"),
        ("through_transposed", field(jump=(2, 1)), "jump"),
        ("through_transposed", field(center=(1, 3)), "center"),
    ],
)
def test_a_broken_closed_form_is_seen_behind_a_transposed_layer(
    monkeypatch: pytest.MonkeyPatch, name: str, breaking: Any, key: str
) -> None:
    monkeypatch.setattr(shape, name, breaking(getattr(shape, name)))
    assert [failure.key for failure in check(conv_shape(TRANSPOSED)).failures] == [key]


WRONG_SIZES: list[Callable[[int, Window], int]] = [
    lambda size, window: size + 1,
    lambda size, window: size - 1,
    lambda size, window: size * 2,
    lambda size, window: size + window.before,
]


@pytest.mark.parametrize("limit", [enumeration.MAX_POSITIONS, 0])
@pytest.mark.parametrize("wrong", WRONG_SIZES)
@pytest.mark.parametrize("question", [CONV, POOL, TRANSPOSED])
def test_a_wrong_size_is_seen_by_both_methods(
    monkeypatch: pytest.MonkeyPatch, question: ConvShapeQuestion, wrong: Any, limit: int
) -> None:
    """Off by one, a wrong factor, padding added twice: in the rule that the question uses."""
    answer = conv_shape(question)
    right = answer.layers[0].plan.size

    def broken(*arguments: Any) -> Any:
        plan = answer.layers[0].plan
        rule = right._replace(value=lambda window: wrong(right.value(window), window))
        return plan._replace(size=rule)

    monkeypatch.setattr(shape, "plan_layer", broken)
    proof = check(conv_shape(question), limit)
    assert "output" in [failure.key for failure in proof.failures]
    assert proof.method == ("bounds" if limit == 0 else "enumeration")


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        (CONV, (1, 2)),
        (CONV, (2, 1)),
        (SAME, (1, 0)),
        (SAME, (1, 1)),
        (SAME._replace(layer=Layer(3, 1, "causal")), (1, 1)),
        (SAME._replace(layer=Layer(3, 1, "full")), (2, 1)),
        (SAME._replace(layer=Layer(3, 1, "valid")), (0, 1)),
        (SAME._replace(layer=Layer(3, 2, "same-lower"), framework="onnx"), (0, 1)),
        (TRANSPOSED._replace(layer=Layer(4, 2, "same", 1, "transposed"), framework="onnx"), (2, 0)),
    ],
)
def test_a_wrong_padding_is_seen(
    monkeypatch: pytest.MonkeyPatch, question: ConvShapeQuestion, sides: tuple[int, int]
) -> None:
    right = shape.resolve

    def broken(*arguments: Any) -> Any:
        window, rule = right(*arguments)
        return window._replace(before=sides[0], after=sides[1]), rule

    monkeypatch.setattr(shape, "resolve", broken)
    assert "padding" in [failure.key for failure in check(conv_shape(question)).failures]


def test_beyond_the_limit_the_bounds_decide() -> None:
    answer = conv_shape(ConvShapeQuestion(("h", "w"), (10**17, 224), Layer(7, 2, 3)))
    proof = check(answer)
    assert proof.passed
    assert proof.method == "bounds"


def test_a_failed_proof_exits_1(conv_shape: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "unread", off_by(1)(coverage.unread))
    found = conv_shape("--w 30 --k 3 --check --json")
    assert found.code == 1
    check = found.json["check"]
    assert check["passed"] is False
    assert check["failures"] == [{"layer": "conv1", "axis": "w", "key": "unread", "answer": 1, "found": 0}]
    table = conv_shape("--w 30 --k 3 --check")
    assert table.code == 1
    assert "NOT confirmed" in table.out


def asked(size: int, layer: Layer, framework: FrameworkName) -> ConvShapeQuestion:
    return ConvShapeQuestion(("w",), (size,), layer, framework)


PADDED = [
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
def test_a_padding_rule_that_is_off_by_one_is_seen(
    monkeypatch: pytest.MonkeyPatch, question: ConvShapeQuestion, shift: tuple[int, int]
) -> None:
    """Every rule of padding, with one position moved to the other side or added."""
    assert check(conv_shape(question)).passed
    right = shape.resolve

    def broken(*arguments: Any) -> Any:
        window, rule = right(*arguments)
        return window._replace(before=window.before + shift[0], after=window.after + shift[1]), rule

    monkeypatch.setattr(shape, "resolve", broken)
    assert "padding" in [failure.key for failure in check(conv_shape(question)).failures]
