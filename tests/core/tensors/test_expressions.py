"""Extents that a file writes as expressions: evaluated as Python does, and nothing else is run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.tensors.expressions import evaluate, symbol

ACCEPTED = [
    ("Add(FloorDiv(Add(Symbol('s0', positive=True, integer=True), Integer(-1)), Integer(2)), Integer(1))", 8),
    ("Mul(Integer(3), Symbol('s0'))", 48),
    ("(s0 - 1)//2 + 1", 8),
    ("Mod(s0, 5)", 1),
    ("Max(1, -1 + 2*s0)", 31),
    ("Pow(Symbol('s0'), Integer(2))", 256),
    ("IntTrueDiv(s0, 4)", 4),
    ("17", 17),
]
REJECTED = [
    "__import__('os').system('true')",
    "open('x')",
    "s1",
    "Symbol('s1')",
    "(lambda: 1)()",
    "[1 for _ in (1,)]",
    "Pow(Integer(2), Integer(99))",
    "FloorDiv(Integer(1), Integer(0))",
    "IntTrueDiv(s0, 3)",
    "1.5",
    "True",
    "s0.bit_length()",
    "",
    "9" * 20,
    "(" * 5_000 + ")" * 5_000,
    "Add(" + ",".join(["1"] * 9_000) + ")",
    "Mul(" + ",".join(["9" * 17] * 100) + ")",
]


@pytest.mark.parametrize(("expression", "value"), ACCEPTED)
def test_an_expression_is_evaluated(expression: str, value: int) -> None:
    assert evaluate(expression, {"s0": 16}) == value


@pytest.mark.parametrize("expression", REJECTED)
def test_anything_else_has_no_value(expression: str) -> None:
    assert evaluate(expression, {"s0": 16}) is None


@given(st.text(max_size=30))
def test_any_text_is_survived(text: str) -> None:
    assert evaluate(text, {"s0": 16}) is None or isinstance(evaluate(text, {"s0": 16}), int)
    assert symbol(text) is None or isinstance(symbol(text), str)
