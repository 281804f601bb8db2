import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.notation.batch import BadLineError, read_line
from tests.support.refusals import refused

NAMES = {"w": "w", "width": "w", "k": "kernel", "kernel": "kernel"}

REFUSED = [
    ("", "not JSON"),
    ("{", "not JSON"),
    ('{"w": 7,}', "not JSON"),
    ("{'w': 7}", "not JSON"),
    ('{"w": 7} {"w": 8}', "not JSON"),
    ("[1]", "not a JSON object"),
    ("7", "not a JSON object"),
    ("null", "not a JSON object"),
    ('"w"', "not a JSON object"),
    ('{"w": 7, "w": 8}', "stands twice"),
    ('{"k": {"w": 1, "w": 2}}', "stands twice"),
    ('{"k": 3, "kernel": 3}', "kernel is given twice"),
    ('{"kernle": 3}', "'kernle' is not a key"),
    ('{"output": "x"}', "'output' is not a key"),
    ('{"format": "json"}', "'format' is not a key"),
    ('{"check": 1}', "check 1 is not true or false"),
    ('{"expect": null}', "expect null"),
    ("[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused(text: str, message: str) -> None:
    error = refused(read_line, text.encode(), NAMES)
    assert error.code == "usage"
    assert message in error.message


def test_a_refused_line_keeps_its_name() -> None:
    with pytest.raises(BadLineError) as caught:
        read_line(b'{"id": "a", "foo": 1}', NAMES)
    assert caught.value.id == "a"


def test_5_000_digits_reach_the_reader_of_their_option() -> None:
    line = read_line(b'{"w": ' + b"9" * 5000 + b"}", NAMES)
    assert line.raw == {"w": "9" * 5000}


@given(st.text() | st.text('{}[]":,0123456789wk .e-\\', max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        line = read_line(text.encode(errors="surrogatepass"), NAMES)
    except BadLineError as error:
        assert error.code == "usage"
        return
    assert set(line.raw) <= {"w", "kernel"}


@given(st.dictionaries(st.sampled_from(["w", "k", "id"]), st.integers() | st.text() | st.lists(st.integers())))
def test_what_is_written_is_read_back(given_: dict[str, object]) -> None:
    line = read_line(json.dumps(given_).encode(), NAMES)
    expected = {NAMES[key]: value for key, value in given_.items() if key != "id"}
    assert line.raw == expected
    assert line.id == given_.get("id")
