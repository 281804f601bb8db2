"""Arrays as typed, as lists of JSON, as files: what is read, what is refused, and anything at all."""

from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.notation import arrays
from tests.support.raw_values import MISSING, json_values, no_file, number_texts
from tests.support.refusals import cause, refused, rows

READ: list[tuple[object, Any]] = [
    ("1,2,3", [1, 2, 3]),
    ("1", [1]),
    (" 1 , 2 ", [1, 2]),
    ("1 2\t3", [1, 2, 3]),
    ("-1,+2,.5,5.,1e3,-1.5E-3", [-1, 2, 0.5, 5, 1000, -0.0015]),
    ("1,2/3,4", [[1, 2], [3, 4]]),
    ("1,2;3,4", [[1, 2], [3, 4]]),
    ("1,2 / 3,4", [[1, 2], [3, 4]]),
    ("1,2\n3,4\n", [[1, 2], [3, 4]]),
    ("1/2/3", [[1], [2], [3]]),
    ("inf,-inf,Infinity,-Infinity,NaN", [inf, -inf, inf, -inf, nan]),
    (3, [3]),
    (0.5, [0.5]),
    ([1, 2.5, "3"], [1, 2.5, 3]),
    ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    ([["NaN", "Infinity", "-Infinity"]], [[nan, inf, -inf]]),
    ([[[1], [2]], [[3], [4]]], [[[1], [2]], [[3], [4]]]),
    ("0" * 5000 + "7", [7]),
    (np.array([1, 2]), [1, 2]),
]


@pytest.mark.parametrize(("value", "numbers"), READ)
def test_read(value: object, numbers: Any) -> None:
    found = arrays.array(value, "logits", no_file)
    np.testing.assert_array_equal(found, np.array(numbers, np.float64))
    assert found.dtype == (np.float64 if not isinstance(value, np.ndarray) else np.int64)


REFUSED: dict[str, list[object]] = {
    "usage": [
        "", " ", ",", "/", "1,,2", ",1", "1,", "1,2/", "1,2//3,4", "/1,2", "1,2\n\n3,4", ["one"], [""], [" 1"],
        ["1_0"], ["1,2"], ["\u0661"], [True], [None], [{"a": 1}], True, None, {"a": 1},
    ],
    "file-not-found": [
        "one", "1,2,three", "1_0", "0x10", "1e", "1.2.3", "1,5e", "--1", "\u0661,\u0662", "\u00b2", "1+2j",
    ],
    "shape-mismatch": [
        "1/2,3", "1,2/3", [], [[]], [[], []], [[1, 2], [3]], [[1, 2], 3], [1, [2, 3]], [[1, [2]], [3, 4]],
        [[[[[[[[[1]]]]]]]]],
    ],
    "invalid-value": ["1e999", "-1e999", "9" * 400, [10**400], [inf], -inf, ["1e999"]],
}  # fmt: skip


@pytest.mark.parametrize(("value", "code"), rows(REFUSED))
def test_refused(value: object, code: str) -> None:
    error = refused(arrays.array, value, "class_weights", no_file)
    assert error.code == code
    if error is not MISSING:
        assert error.option == "class_weights"
        assert "class weights" in error.message
    assert len(error.message) < 200


def test_an_uneven_row_is_named() -> None:
    with pytest.raises(DlcalcError, match="row 2 has 1 number, and row 0 has 2"):
        arrays.array("1,2/3,4/5", "logits", no_file)


@pytest.mark.parametrize("text", ["1" * 100_000 + "x", "1," * 50_000 + "x", " " * 100_000, "1 " * 50_000 + "x"])
def test_long_text_is_refused_at_once(text: str) -> None:
    error = refused(arrays.array, text, "logits", no_file)
    assert error.code in ("usage", "file-not-found")
    assert len(error.message) < 200


def test_other_text_is_a_path() -> None:
    seen = []

    def load(path: str, option: str) -> list[Any]:
        seen.append((path, option))
        return [["1", "2"]]

    for path in ("z.npy", "./7", "-", "a,b.csv", "1,2.csv", "z.npz:key", "1=2"):
        assert np.asarray(arrays.array(path, "bias", load)).tolist() == [[1, 2]]
    assert [path for path, _ in seen] == ["z.npy", "./7", "-", "a,b.csv", "1,2.csv", "z.npz:key", "1=2"]
    assert {option for _, option in seen} == {"bias"}


def test_typed_numbers_are_float64_and_a_file_keeps_its_format() -> None:
    assert arrays.floats("1,2", "logits", no_file).format == "float64"
    assert arrays.floats("z.npy", "logits", lambda *_: np.ones(2, np.float16)).format == "float16"


WHOLE: list[tuple[Any, list[float]]] = [
    (np.array([2.0, -100.0]), [2, -100]),
    (np.array([1, 2], np.uint8), [1, 2]),
    (np.array([1, 2], np.uint16), [1, 2]),  # labels, and no bfloat16
    (np.array([1, 2], ">i8"), [1, 2]),
    (np.array([1, 2], np.float16), [1, 2]),
    (np.array([inf, -1e300, 2.0**63]), [inf, -1e300, 2.0**63]),  # which are no classes; but that is not said here
    (np.array([2**63, 2**63 - 1, 7], np.uint64), [2**63, 2**63 - 1, 7]),
    ("2,-100", [2, -100]),
    ("2.0,1e2,+7,007", [2, 100, 7, 7]),
    (str(2**53 + 1), [2**53 + 1]),  # every digit counts
    (["9" * 20, 3], [10**20 - 1, 3]),
    ("1e30", [1e30]),
]


@pytest.mark.parametrize(("values", "numbers"), WHOLE)
def test_whole_numbers(values: Any, numbers: list[float]) -> None:
    assert np.asarray(arrays.whole_numbers(values, "label", no_file)).tolist() == numbers


NOT_WHOLE: list[tuple[Any, str]] = [
    (np.array([1, 2.5]), "usage"),
    (np.array([nan]), "usage"),
    (np.array([True]), "unsupported-dtype"),
    (np.array(["1"]), "unsupported-dtype"),
    (np.array([1j]), "unsupported-dtype"),
    (np.array([1], "M8[s]"), "unsupported-dtype"),
    ("1.5", "usage"),
    ("nan", "usage"),
    ("inf", "usage"),
    ([True], "usage"),
    ("9" * 5000, "invalid-value"),
    ([], "shape-mismatch"),
]


@pytest.mark.parametrize(("values", "code"), NOT_WHOLE)
def test_not_whole(values: Any, code: str) -> None:
    assert cause(arrays.whole_numbers, values, "label", no_file) == (code, "label")


@pytest.mark.parametrize(("value", "found"), [("0.1", 0.1), (" 1e-5 ", 1e-5), (1, 1.0), (0.5, 0.5), ("-3", -3.0)])
def test_one_real_number(value: object, found: float) -> None:
    assert arrays.real(value, "temperature") == found


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "usage"), ("one", "usage"), ("1,2", "usage"), ("1_0", "usage"), ("\u0661", "usage"), (True, "usage"),
        (None, "usage"), ([1], "usage"), ("nan", "invalid-value"), ("inf", "invalid-value"), (inf, "invalid-value"),
        ("1e999", "invalid-value"), (nan, "invalid-value"), (10**400, "invalid-value"),
    ],
)  # fmt: skip
def test_what_is_no_real_number(value: object, code: str) -> None:
    error = refused(arrays.real, value, "temperature")
    assert (error.code, error.option) == (code, "temperature")
    assert "--temperature" in str(error.hint) or code == "invalid-value"


@given(json_values(number_texts, number_texts))
def test_anything_is_read_or_refused(value: object) -> None:
    try:
        found = arrays.array(value, "logits", no_file)
    except DlcalcError as error:
        assert error.code in ("usage", "shape-mismatch", "invalid-value", "file-not-found")
        assert error.hint
        return
    assert found.dtype == np.float64
    assert found.size


@given(st.lists(st.lists(st.floats(), min_size=2, max_size=2), min_size=1, max_size=4))
def test_what_is_written_is_read_back(numbers: list[list[float]]) -> None:
    text = "/".join(",".join(map(repr, row)) for row in numbers)
    np.testing.assert_array_equal(np.atleast_2d(np.asarray(arrays.array(text, "logits", no_file))), np.array(numbers))
