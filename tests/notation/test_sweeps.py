from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.notation.sweeps import MAX_QUESTIONS, questions, swept
from tests.support.refusals import refused, rows

KEYS = frozenset(("w", "kernel"))


def values(text: str) -> list[object]:
    raw = {"w": text}
    return [one["w"] for one in questions(raw, swept(raw, KEYS))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7,14,28", ["7", "14", "28"]),
        ("7..10", [7, 8, 9, 10]),
        ("7..14..3", [7, 10, 13]),
        ("7..7", [7]),
        ("7..9,20", [7, 8, 9, "20"]),
        ("7x7,9x9", ["7x7", "9x9"]),
    ],
)
def test_read(text: str, found: list[object]) -> None:
    assert values(text) == found


REFUSED = {
    "usage": ["7..", "..7", "..", "1..2..3..4", "a..b", "1..2.5"],
    "invalid-value": ["9..7", "7..9..0", "7..9..-1", "1.." + "9" * 19, "1.." + "9" * 5000],
    "too-many-questions": [f"1..{MAX_QUESTIONS + 1}", "1.." + "9" * 18],
}


@pytest.mark.parametrize(("text", "code"), rows(REFUSED))
def test_refused(text: str, code: str) -> None:
    assert refused(swept, {"w": text}, KEYS).code == code


def test_ten_million_is_the_last_that_is_allowed() -> None:
    assert swept({"w": f"1..{MAX_QUESTIONS}"}, KEYS)
    assert refused(swept, {"w": "1..5000", "kernel": "1..2001"}, KEYS).code == "too-many-questions"


def test_the_last_typed_turns_fastest() -> None:
    raw: dict[str, object] = {"kernel": "1,3", "w": "7..8", "stride": "1"}
    found = [(one["kernel"], one["w"], one["stride"]) for one in questions(raw, swept(raw, KEYS))]
    assert found == [("1", 7, "1"), ("1", 8, "1"), ("3", 7, "1"), ("3", 8, "1")]


@given(st.lists(st.integers(0, 99), min_size=2, max_size=5), st.integers(0, 9), st.integers(0, 9), st.integers(1, 4))
def test_every_combination_comes_once(listed: list[int], first: int, more: int, step: int) -> None:
    raw: dict[str, object] = {"w": ",".join(map(str, listed)), "kernel": f"{first}..{first + more}..{step}"}
    found = [(int(str(one["w"])), one["kernel"]) for one in questions(raw, swept(raw, KEYS))]
    assert found == list(product(listed, range(first, first + more + 1, step)))


@given(st.text("0123456789.,x-", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        swept({"w": text}, KEYS)
    except DlcalcError as error:
        assert error.code in ("usage", "invalid-value", "too-many-questions")
