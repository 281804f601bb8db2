from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.evidence.claim import agrees, equals
from dlcalc.notation.claims import number

RIGHT = [
    ("5", (5, 1)),
    ("-5", (-5, 1)),
    ("3.3", (10, 3)),
    ("3.33", (10, 3)),
    ("6.66", (20, 3)),  # truncated
    ("6.67", (20, 3)),  # rounded
    ("-6.66", (-20, 3)),
    ("0.5", (1, 2)),
    ("0.3", (1, 4)),  # half a unit is rounding, whichever way
    ("0.2", (1, 4)),
    ("1e3", (1499, 1)),
    ("5.", (5, 1)),
    (".5", (1, 2)),
    ("0.00", (1, 1000)),
]
WRONG = [
    ("5", (11, 2)),  # a whole number claims to be exact
    ("3.34", (10, 3)),
    ("6.65", (20, 3)),
    ("-6.66", (20, 3)),
    ("0.1", (1, 4)),
    ("1e3", (2000, 1)),
    ("5.1", (5, 1)),
]


@pytest.mark.parametrize(("text", "right"), RIGHT)
def test_right(text: str, right: tuple[int, int]) -> None:
    assert agrees(number(text), right)


@pytest.mark.parametrize(("text", "right"), WRONG)
def test_wrong(text: str, right: tuple[int, int]) -> None:
    assert not agrees(number(text), right)


def test_a_unit_short_of_a_millionth_is_not_truncation() -> None:
    assert agrees(number("0.1"), (1_999_998, 10_000_000))
    assert not agrees(number("0.1"), (1_999_999_9, 100_000_000))


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=3),
    st.integers(-2000, 2000),
    st.integers(1, 50),
)
def test_the_rule_as_the_design_words_it(claimed: Decimal, numerator: int, denominator: int) -> None:
    text = f"{claimed:f}"
    c, r, u = Fraction(text), Fraction(numerator, denominator), Fraction(1, 1000)
    rounded = abs(c - r) <= u / 2
    truncated = c * r >= 0 and 0 <= abs(r) - abs(c) < u * (1 - Fraction(1, 10**6))
    ratio = r.numerator, r.denominator
    assert agrees(number(text), ratio) == (rounded or truncated)
    assert equals(number(text), ratio) == (c == r)


def test_there_may_be_no_right_number() -> None:
    assert not agrees(number("0"), None)
