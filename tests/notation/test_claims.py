from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import TypedNumber
from dlcalc.notation.batch import read_line
from dlcalc.notation.claims import claims, number
from tests.support.refusals import cause, rows

KEYS = {"output": ("h", "w"), "unread": ("h", "w"), "params": ()}

NUMBERS = [
    ("5", TypedNumber(5, 0, True)),
    ("-5", TypedNumber(-5, 0, True)),
    ("54.25", TypedNumber(5425, -2, False)),
    ("0.50", TypedNumber(50, -2, False)),
    (".5", TypedNumber(5, -1, False)),
    ("5.", TypedNumber(5, 0, False)),
    ("1e3", TypedNumber(1, 3, False)),
    ("1.5E-3", TypedNumber(15, -4, False)),
    (" 5 ", TypedNumber(5, 0, True)),
    (5, TypedNumber(5, 0, True)),
    (0.5, TypedNumber(5, -1, False)),
]


@pytest.mark.parametrize(("value", "found"), NUMBERS)
def test_numbers(value: object, found: TypedNumber) -> None:
    assert number(value) == found


# Of counts, and of no key with axes; a suffix makes a rounded number of it.
COUNTS = [
    ("138,357,544", TypedNumber(138357544, 0, True)),
    ("1,000", TypedNumber(1000, 0, True)),
    (" -1,000 ", TypedNumber(-1000, 0, True)),
    ("15.47G", TypedNumber(1547, 7, False)),
    ("16G", TypedNumber(16, 9, False)),
    (".5K", TypedNumber(5, 2, False)),
    ("5.M", TypedNumber(5, 6, False)),
    ("1T", TypedNumber(1, 12, False)),
    ("15.47e9", TypedNumber(1547, 7, False)),
]


@pytest.mark.parametrize(("value", "found"), COUNTS)
def test_counts(value: str, found: TypedNumber) -> None:
    (claim,) = claims(f"params={value}", KEYS)
    assert claim.numbers == (found,)
    if value[-1:] in "KMGT" or "," in value:
        assert cause(claims, f"output={value}", KEYS) == ("usage", "expect")


REFUSED: dict[str, list[object]] = {
    "usage": [
        "", "five", "nan", "inf", "1e", "e5", ".", "1.2.3", "1_0", "\u0665", "1e\u0661", True, None, "weight=3", "=3",
        {"weight": 3}, {}, {"h": 3}, "params=",
        "params=1,23", "params=,123", "params=1234,567", "params=1,234.5", "params=1,234K", "params=1,,234",
        "params=1,", "params=15g", "params=G", "params=.K", "params=15e3K", "params=1.5KK", "params=1.5 K",
        "params=\u0661K",
    ],
    "invalid-value": ["1e9999", "1e99999999999", "1e-1001", "9" * 301, "0." + "0" * 5000 + "1"],
    "shape-mismatch": ["5x5x5", [5], "params=3x5", {"params": [3]}, {"params": {"h": 3, "w": 3}}],
}  # fmt: skip


@pytest.mark.parametrize(("value", "code"), rows(REFUSED))
def test_refused(value: object, code: str) -> None:
    assert cause(claims, value, KEYS) == (code, "expect")


@pytest.mark.parametrize(
    ("raw", "keys", "digits"),
    [
        ("5", ["output"], [(5, 5)]),
        ("80x112", ["output"], [(80, 112)]),
        ("output=5", ["output"], [(5, 5)]),
        ("unread=1", ["unread"], [(1, 1)]),
        (("5", "unread=1"), ["output", "unread"], [(5, 5), (1, 1)]),
        (["5", "unread=1"], ["output", "unread"], [(5, 5), (1, 1)]),
        ([80, 112], ["output"], [(80, 112)]),
        ({"h": 80, "w": 112}, ["output"], [(80, 112)]),
        ({"output": [80, 112], "unread": 0}, ["output", "unread"], [(80, 112), (0, 0)]),
        ("params=73728", ["params"], [(73728,)]),
        ({"params": 73728, "output": 7}, ["params", "output"], [(73728,), (7, 7)]),
    ],
)
def test_the_forms_of_a_claim(raw: object, keys: list[str], digits: list[Any]) -> None:
    found = claims(raw, KEYS)
    assert [claim.key for claim in found] == keys
    assert [tuple(one.digits for one in claim.numbers) for claim in found] == digits


def test_leading_zeros_do_not_count() -> None:
    assert number("0" * 5000 + "7") == TypedNumber(7, 0, True)


def test_a_number_in_json_keeps_the_digits_that_were_typed() -> None:
    raw = read_line(b'{"w": 7, "expect": 3.50}', {"w": "w"}).expect
    assert claims(raw, {"output": ("w",)})[0].numbers == (TypedNumber(350, -2, False),)


@given(st.text() | st.text("0123456789.eE+-x=", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = claims(text, KEYS)
    except DlcalcError as error:
        assert error.code in ("usage", "shape-mismatch", "invalid-value")
        return
    assert len(found[0].numbers) == 2


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_a_number_is_what_python_reads(value: Any) -> None:
    assert number(str(value)).value == float(value)
