from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.evidence.claim import agrees
from dlcalc.notation.claims import claims, number
from tests.support.refusals import rows

# A whole number claims to be exact; 6.66 is truncated and 6.67 rounded; half a unit is rounding, whichever way.
AGREES: dict[bool, list[object]] = {
    True: [
        ("5", (5, 1)), ("-5", (-5, 1)), ("3.3", (10, 3)), ("3.33", (10, 3)), ("6.66", (20, 3)), ("6.67", (20, 3)),
        ("-6.66", (-20, 3)), ("0.5", (1, 2)), ("0.3", (1, 4)), ("0.2", (1, 4)), ("1e3", (1499, 1)), ("5.", (5, 1)),
        (".5", (1, 2)), ("0.00", (1, 1000)), ("0.1", (1_999_998, 10_000_000)),
    ],
    False: [
        ("5", (11, 2)), ("3.34", (10, 3)), ("6.65", (20, 3)), ("-6.66", (20, 3)), ("0.1", (1, 4)), ("1e3", (2000, 1)),
        ("5.1", (5, 1)), ("0.1", (1_999_999_9, 100_000_000)), ("0", None),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("claim", "agree"), rows(AGREES))
def test_agrees(claim: tuple[str, tuple[int, int] | None], agree: bool) -> None:
    text, right = claim
    assert agrees(number(text), right) is agree


@given(st.integers(0, 10**6), st.integers(0, 3), st.sampled_from("KMGT"), st.integers(-(10**13), 10**13))
def test_a_count_with_a_suffix(digits: int, places: int, suffix: str, near: int) -> None:
    text = f"{Decimal(digits).scaleb(-places):f}"
    ((claimed,),) = [claim.numbers for claim in claims(f"params={text}{suffix}", {"params": ()})]
    unit = Fraction(1000 ** ("KMGT".index(suffix) + 1), 10**places)
    for right in (near, int(digits * unit) + near % (2 * int(unit) + 1) - int(unit)):
        apart = digits * unit - right
        truncated = 0 <= -apart < unit * (1 - Fraction(1, 10**6)) and digits > 0
        assert agrees(claimed, (right, 1)) == (abs(apart) <= unit / 2 or truncated)


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
