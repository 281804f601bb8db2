"""Each line of a text wraps by itself, and what comes of one stands below it."""

import pytest

from dlcalc.report.paragraph import wrapped

CARET = "error: word 2 cannot be read:\n  crop4@b\n       ^ expected a name that was given before, like @a [usage]"


@pytest.mark.parametrize("width", [24, 40, 60])
def test_lines_are_no_longer_than_they_may_be_and_lose_no_word(width: int) -> None:
    lines = wrapped(CARET, width).split("\n")
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == CARET.split()


def test_the_text_behind_a_caret_goes_on_below_it() -> None:
    assert wrapped(CARET, 40).split("\n")[2:] == [
        "       ^ expected a name that was given",
        "         before, like @a [usage]",
    ]


def test_without_an_end_of_the_line_nothing_is_wrapped() -> None:
    assert wrapped(CARET, None) == CARET
