"""``[KEY=]VALUE`` and its JSON forms: which key, which numbers, in which shape."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.errors import DlcalcError
from dlcalc.notation.array_claims import array_claims
from dlcalc.notation.claims import NumberText
from tests.support.raw_values import json_values, number_texts
from tests.support.refusals import refused, rows

SHAPES: dict[str, tuple[int, ...]] = {"grad_logits": (2, 3), "loss": (), "softmax": (2, 3), "jacobian": (2, 3, 3)}
VALUES = json_values(number_texts, number_texts)
MATRIX = [[0, 1, 2], [3, 4, 5]]
FILES: dict[str, Any] = {
    "g.npy": np.arange(6, dtype=np.float32).reshape(2, 3),
    "t.npy": np.arange(6.0).reshape(2, 3).T,
    "loss.npy": np.array(0.5),
    "j.npy": np.zeros((2, 9)),
    "a=b.npy": np.arange(6.0).reshape(2, 3),
    "g.csv": [["0", "1", "2"], ["3", "4", "5.0"]],
    "-": [["0", "1", "2"], ["3", "4", "5"]],
    "half.npy": np.arange(6, dtype=np.uint16).reshape(2, 3),
    "bool.npy": np.ones((2, 3), bool),
    "empty.npy": np.ones((0, 3)),
    "long.npy": np.zeros((2, 3, 1)),
    "nan.npy": np.array([[0x7FA00000] * 3] * 2, np.uint32).view(np.float32),
}


def load(path: str, option: str) -> Any:
    if path not in FILES:
        raise DlcalcError("file-not-found", f"{path!r} is neither numbers nor a file", hint="a file", option=option)
    return FILES[path]


READ: list[tuple[object, list[tuple[str, Any, str | None]]]] = [
    ("0,1,2/3,4,5", [("grad_logits", MATRIX, None)]),
    ("grad_logits=0,1,2/3,4,5", [("grad_logits", MATRIX, None)]),
    (" grad_logits = 0,1,2/3,4,5 ", [("grad_logits", MATRIX, None)]),
    ("loss=0.5", [("loss", 0.5, None)]),
    (("loss=0.5", "softmax=0,1,2/3,4,5"), [("loss", 0.5, None), ("softmax", MATRIX, None)]),
    (["loss=0.5", "g.npy"], [("loss", 0.5, None), ("grad_logits", MATRIX, "float32")]),
    ("g.npy", [("grad_logits", MATRIX, "float32")]),
    ("softmax=g.npy", [("softmax", MATRIX, "float32")]),
    ("a=b.npy", [("grad_logits", MATRIX, "float64")]),
    ("softmax=a=b.npy", [("softmax", MATRIX, "float64")]),
    ("g.csv", [("grad_logits", MATRIX, "float64")]),
    ("-", [("grad_logits", MATRIX, "float64")]),
    ("loss=loss.npy", [("loss", 0.5, "float64")]),
    ([[0, 1, 2], [3, 4, 5]], [("grad_logits", MATRIX, None)]),
    ({"loss": 0.5, "softmax": MATRIX}, [("loss", 0.5, None), ("softmax", MATRIX, None)]),
    ({"loss": [0.5], "softmax": "g.npy"}, [("loss", 0.5, None), ("softmax", MATRIX, "float32")]),
    ({"loss": "0.5"}, [("loss", 0.5, None)]),
    ({"loss": NumberText("0.5")}, [("loss", 0.5, None)]),
    ({"loss": "Infinity"}, [("loss", np.inf, None)]),
    ("jacobian=j.npy", [("jacobian", np.zeros((2, 3, 3)).tolist(), "float64")]),
    ("long.npy", [("grad_logits", np.zeros((2, 3)).tolist(), "float64")]),
    ("nan.npy", [("grad_logits", np.full((2, 3), np.nan).tolist(), "float32")]),
]


@pytest.mark.parametrize(("raw", "found"), READ)
def test_read(raw: object, found: list[tuple[str, Any, str | None]]) -> None:
    claims = array_claims(raw, SHAPES, load)
    assert [(claim.key, claim.format) for claim in claims] == [(key, name) for key, _, name in found]
    for claim, (_, values, _) in zip(claims, found, strict=True):
        np.testing.assert_array_equal(claim.values, np.array(values, np.float64))
        assert claim.values.shape == SHAPES[claim.key]
        assert not claim.transposed


REFUSED: list[tuple[object, str, str]] = [
    ("", "usage", ""),
    ("loss=", "usage", ""),
    ("=0.5", "file-not-found", ""),
    ("accuracy=0.5", "usage", "softmax"),
    ("target=0,0,1/0,0,1", "usage", "softmax"),
    ("accuracy=g.npy", "file-not-found", "softmax"),
    ("grad_logit=gone.npy", "file-not-found", "grad_logits"),
    ("gone.npy", "file-not-found", ""),
    ("softmax=gone.npy", "file-not-found", ""),
    ("LOSS=0.5", "file-not-found", ""),
    ({"accuracy": 0.5}, "usage", "softmax"),
    ({}, "usage", ""),
    ([], "shape-mismatch", ""),
    ([[]], "shape-mismatch", ""),
    (None, "usage", ""),
    (True, "usage", ""),
    ({"loss": None}, "usage", ""),
    ({"loss": {"loss": 1}}, "usage", ""),
    ({"loss": "one"}, "file-not-found", ""),
    ("0,1,2", "shape-mismatch", "2 rows of 3 numbers, like 0.1,0.2,0.3/0.4,0.5,0.6"),
    ("0,1,2/3,4", "shape-mismatch", ""),
    ("0,1/2,3", "shape-mismatch", "2 rows of 3 numbers"),
    ("0,1,2,3,4,5", "shape-mismatch", "2 rows of 3 numbers"),
    ("0.4", "shape-mismatch", "--expect loss=0.4"),
    ("loss=1,2", "shape-mismatch", "a single number, like 0.1"),
    ("jacobian=0,1,2/3,4,5", "shape-mismatch", "2 x 3 x 3 numbers"),
    ("empty.npy", "shape-mismatch", ""),
    ("bool.npy", "unsupported-dtype", ""),
    ("loss=1e999", "invalid-value", ""),
    ("loss=1e-1001", "invalid-value", ""),
    ({"loss": NumberText("1e999")}, "invalid-value", ""),
]


@pytest.mark.parametrize(("raw", "code", "hint"), REFUSED)
def test_refused(raw: object, code: str, hint: str) -> None:
    error = refused(array_claims, raw, SHAPES, load)
    assert (error.code, error.option) == (code, "expect")
    assert hint in str(error.hint)


# The shape of the answer and that of the claim, by whether the claim is transposed.
FITTING: dict[bool, list[Any]] = {
    True: [((2, 3), (3, 2)), ((1, 3), (3, 1)), ((3, 1), (1, 3))],
    False: [
        ((3, 3), (3, 3)), ((1, 3), (3,)), ((3, 1), (3,)), ((3,), (1, 3)), ((3,), (3, 1)), ((), (1, 1)), ((1, 1), ()),
        ((3, 3), (1, 3, 3)), ((2, 3, 4), (2, 12)), ((2, 3, 4), (2, 3, 4)),
    ],
}  # fmt: skip
NOT_FITTING = [((2, 3), (6,)), ((2, 3), (3, 3)), ((2, 3), (2, 3, 2)), ((3,), (2,)), ((), (2,)), ((3, 2, 2), (2, 2, 3))]


@pytest.mark.parametrize(("pair", "transposed"), rows(FITTING))
def test_shapes_that_fit(pair: tuple[tuple[int, ...], tuple[int, ...]], transposed: bool) -> None:
    shape, given = pair
    array = np.arange(np.prod(given, dtype=int), dtype=float).reshape(given)
    (claim,) = array_claims("z.npy", {"key": shape}, lambda *_: array)
    assert claim.transposed is transposed
    assert claim.values.shape == (given if transposed else shape)
    assert claim.numbers.reshape(-1).tolist() == array.reshape(-1).tolist()


@pytest.mark.parametrize(("shape", "given"), NOT_FITTING)
def test_shapes_that_do_not(shape: tuple[int, ...], given: tuple[int, ...]) -> None:
    assert refused(array_claims, "z.npy", {"key": shape}, lambda *_: np.zeros(given)).code == "shape-mismatch"


def test_each_number_has_the_digits_that_were_typed() -> None:
    (claim,) = array_claims("0.5,0.50,1/-2,3e1,0.123456", {"key": (2, 3)}, load)
    assert claim.digits.tolist() == [[1, 2, 1], [1, 1, 6]]
    width = (claim.high - claim.low).round(9)
    assert width[0].tolist() == pytest.approx([0.15, 0.015, 0], abs=1e-6)
    assert width[1, :2].tolist() == pytest.approx([0, 15], abs=1e-4)


def test_numbers_of_a_line_keep_their_digits_and_a_file_has_a_format() -> None:
    (claim,) = array_claims({"key": [NumberText("0.50")]}, {"key": (1,)}, load)
    assert (claim.digits.tolist(), claim.typed, claim.format) == ([2], True, None)
    (claim,) = array_claims("z.json", {"key": (1,)}, lambda *_: ["0.50"])
    assert (claim.typed, claim.format) == (False, "float64")


@pytest.mark.parametrize("name", ["float64", "float32", "float16", "bfloat16"])
def test_what_a_program_printed_is_judged_as_what_it_stored(name: str) -> None:
    """Its 0.0 is zero, and no number up to 0.05."""
    values = rounded(np.array([0.0, 1 / 3, 0.123456789012345678]), name)
    printed = ",".join(map(repr, values.tolist()))
    (claim,) = array_claims(printed, {"key": (3,)}, load)
    assert (claim.format or claim.printed) == name
    assert not claim.accepts(np.array([0.01, *values[1:]]), lambda right, _: np.full(right.shape, 1e-9))[0]
    (claim,) = array_claims("0.0,0.333,0.12", {"key": (3,)}, load)
    assert (claim.typed, claim.format, claim.printed) == (True, None, None)


PRINTED = {
    "float32": [
        "0.6931471824645996", "0.40760595", "0.09003057,0.24472848,0.66524094", "0.5,0.24472848",
        "0.01066833,0.02899952,0.96033216", "1.2345679e-10,0.5", "0.24472848,0.0,1", "0.693147182",
        "9.0030573e-02,2.4472848e-01,6.6524094e-01", "9.00305733e-02,9.99988735e-01", "0.01849691,-0.02740590",
        "0.01849691,0.0021848,0.0", "9.0031e-02,2.4473e-01", "0.0000e+00,9.0031e-02", "0.0900,0.2447,-0.3348",
    ],
    "float16": ["0.693359375", "-1.099609375"],
    None: [
        "0.0900306", "0.09003057", "0.693147", "0.69314718", "0.09003057317038045", "0.09003058", "0.12345678901",
        "12345678", "0.09003057,0.2447284712", "inf,nan", "0.5", "9.0031e-02", "0.0900", "9.0031e-02,0.2447",
        "9.00305743e-02,9.99988745e-01",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "name"), [(text, name) for name, texts in PRINTED.items() for text in texts])
def test_numbers_that_a_program_printed_of_a_narrow_format(text: str, name: str | None) -> None:
    (claim,) = array_claims(text, {"key": (text.count(",") + 1,)}, load)
    assert (claim.typed, claim.printed) == (True, name)


def test_what_a_program_left_out_of_its_numbers() -> None:
    """PyTorch's 0.0000e+00 is zero; NumPy's 0.0021848 among numbers of eight decimals is one of eight."""
    (claim,) = array_claims("0.0000e+00,9.0031e-02", {"key": (2,)}, load)
    assert (claim.low[0], claim.high[0]) == (0, 0)
    assert claim.high[1] - claim.low[1] == pytest.approx(1.5e-6, rel=1e-3)
    (claim,) = array_claims("0.01849691,0.0021,0.0", {"key": (3,)}, load)
    assert (claim.high - claim.low)[1:] == pytest.approx(1e-8)


def test_a_single_bfloat16_in_a_file_is_an_array() -> None:
    (claim,) = array_claims("loss.npy", {"key": ()}, lambda *_: np.array(16256, np.uint16))
    assert (claim.values.shape, claim.format, float(claim.numbers)) == ((), "bfloat16", 1.0)


@given(number_texts | VALUES | st.dictionaries(st.sampled_from([*SHAPES, "x"]), VALUES, max_size=3))
def test_anything_is_read_or_refused(raw: object) -> None:
    try:
        found = array_claims(raw, SHAPES, load)
    except DlcalcError as error:
        assert error.code in ("usage", "shape-mismatch", "invalid-value", "file-not-found")
        assert error.option == "expect"
        return
    for claim in found:
        assert claim.values.shape in (SHAPES[claim.key], SHAPES[claim.key][::-1])
