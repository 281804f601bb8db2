"""CSV and JSON: what is read, as the text that it is, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.arrays.formats import is_number
from dlcalc.core.errors import DlcalcError
from dlcalc.files import text
from tests.support.refusals import refused

CSV: list[tuple[bytes, list[list[str]]]] = [
    (b"", []),
    (b"\n\n", []),
    (b"# only words\n", []),
    (b"1,2,3", [["1", "2", "3"]]),
    (b"1,2\r\n3,4\r\n", [["1", "2"], ["3", "4"]]),
    (b"\xef\xbb\xbf1,2\n", [["1", "2"]]),
    (b" 1 , 2 \n", [["1", "2"]]),
    (b"1;2\n", [["1", "2"]]),
    (b"1\t2\n", [["1", "2"]]),
    (b"1 2\n", [["1", "2"]]),
    (b"1\n2\n", [["1"], ["2"]]),
    (b"1,2\n3\n", [["1", "2"], ["3"]]),  # that rows are even is for the notation to say
    (b"0.50,-1e-5,NaN,-inf\n", [["0.50", "-1e-5", "NaN", "-inf"]]),
]

BAD_CSV = [
    (b"a,b\n1,2\n", "'a' in line 1, column 1"),
    (b"1,2\n3,x\n", "'x' in line 2, column 2"),
    (b"1,,2\n", "'' in line 1, column 2"),
    (b"1,2,\n", "'' in line 1, column 3"),
    (b'"1","2"\n', "line 1, column 1"),
    (b"1_0\n", "'1_0'"),
    (b"0x10\n", "'0x10'"),
    (b"1+2j\n", "'1+2j'"),
    (b"1,5;2,5\n", "both , and ; stand in line 1"),
    (b"1,2 # no\n", "'#'"),
    ("\u0661,2\n".encode(), "line 1, column 1"),
    ("1,2\n".encode("utf-16"), "UTF-8"),
    (b"\xff", "UTF-8"),
    (b"1" * 100_000 + b"x", "column 1"),
    (b"\0", "line 1"),
]

JSON: list[tuple[bytes, Any]] = [
    (b"[1, 2]", ["1", "2"]),
    (b"[[1, 2], [3, 4]]", [["1", "2"], ["3", "4"]]),
    (b"2", ["2"]),
    (b"[]", []),
    (b"[[1], 2]", [["1"], "2"]),
    (b"[0.50, 1E5, -3e-5]", ["0.50", "1E5", "-3e-5"]),
    (b"[NaN, Infinity, -Infinity]", ["NaN", "Infinity", "-Infinity"]),
    (b'["NaN", "Infinity", "-Infinity"]', ["NaN", "Infinity", "-Infinity"]),
    (b"[1e999]", ["1e999"]),
    (b"[" + b"9" * 5000 + b"]", ["9" * 5000]),
    (b"\xef\xbb\xbf[1]\n", ["1"]),
]

BAD_JSON = [
    b"", b" ", b"[1, 2", b"[1,]", b"1,2", b"[1] [2]", b"{}", b'{"logits": [1]}', b"null", b"true", b'"one"', b'["one"]',
    b"[true]", b"[1, null]", b"[{}]", b'[""]', b'["1_0"]', b"[0x10]", b"[01]", b"\xff", b"[" * 100_000, b"nonsense",
    '["\u0661"]'.encode(), b'["\\ud800"]',
]  # fmt: skip


@pytest.mark.parametrize(("data", "rows"), CSV)
def test_csv(data: bytes, rows: list[list[str]]) -> None:
    assert text.csv_rows(data, "z.csv") == rows


@pytest.mark.parametrize(("data", "where"), BAD_CSV)
def test_bad_csv(data: bytes, where: str) -> None:
    error = refused(text.csv_rows, data, "z.csv")
    assert error.code == "malformed-file"
    assert error.message.startswith("z.csv: ")
    assert where in error.message
    assert len(error.message) < 150


@pytest.mark.parametrize(("data", "lists"), JSON)
def test_json(data: bytes, lists: Any) -> None:
    assert text.json_lists(data, "z.json") == lists


@pytest.mark.parametrize("data", BAD_JSON)
def test_bad_json(data: bytes) -> None:
    error = refused(text.json_lists, data, "z.json")
    assert error.code == "malformed-file"
    assert error.message.startswith("z.json: ")
    assert len(error.message) < 150


@given(st.binary(max_size=40) | st.text("0123456789.eE+-,;[]{}\"' \n\ttruefalsn", max_size=30).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    for read in (text.csv_rows, text.json_lists):
        try:
            found: list[Any] = read(data, "z")
        except DlcalcError as error:
            assert error.code == "malformed-file"
            continue
        while found and isinstance(found[0], list):
            found = [leaf for entry in found for leaf in (entry if isinstance(entry, list) else [entry])]
        assert all(isinstance(leaf, list) or is_number(leaf) for leaf in found)


@given(st.floats() | st.integers())
def test_every_number_of_python_is_one(number: float) -> None:
    assert is_number(repr(number))


@given(st.text("0123456789.eE+-infaty_ ", max_size=8))
def test_what_is_a_number_is_one_to_python(word: str) -> None:
    if is_number(word):
        float(word)
