"""Arrays and claims about them, as JSON, bare and in words."""

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import ArrayVerdict, compare
from dlcalc.notation.arrays import rows
from dlcalc.report import arrays
from dlcalc.report.arrays import in_words


def nothing(right: Any, name: str) -> Any:
    return np.zeros(right.shape)


def verdict(claimed: Any, right: Any, name: str | None = "float64", *, transposed: bool = False) -> ArrayVerdict:
    return compare(ArrayClaim("key", np.array(claimed, float), name, transposed=transposed), np.array(right), nothing)


def test_large_arrays_are_named_and_not_shown() -> None:
    found, omitted = arrays.as_lists({"a": np.zeros(1000), "b": np.zeros((1001, 1)), "c": None, "d": np.array(2.0)})
    assert (list(found), omitted) == (["a", "d"], ["b"])
    assert found["d"] == 2.0


def test_every_rank_and_no_bare_nan() -> None:
    found, _ = arrays.as_lists({"a": np.array([[nan, inf], [-inf, -0.0]]), "b": np.array(nan)})
    assert str(found["a"]) == "[['NaN', 'Infinity'], ['-Infinity', 0.0]]"
    assert found["b"] == "NaN"


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array(0.5), "0.5"),
        (np.array([1.0, -0.0]), "1.0,0.0"),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), "1.0,2.0\n3.0,4.0"),
        (np.zeros((2, 1, 2)), "0.0,0.0\n0.0,0.0"),
        (np.array([nan, -inf]), "nan,-inf"),
        (np.array([0.1], np.float32), "0.10000000149011612"),
    ],
)
def test_bare(array: Any, text: str) -> None:
    assert arrays.bare(array) == text
    typed = np.array([[float(entry) for entry in row] for row in rows(text, "logits")])
    np.testing.assert_array_equal(typed.reshape(array.shape), array.astype(float))


@pytest.mark.parametrize(
    ("number", "text"),
    [(1 / 3, "0.333333"), (-0.0, "0"), (1e-300, "1e-300"), (inf, "inf"), (nan, "nan"), (1e6, "1e+06")],
)
def test_short(number: float, text: str) -> None:
    assert arrays.short(number) == text


def test_a_right_claim() -> None:
    found = arrays.judged(None, verdict([1, 2], [1.0, 2.0]))
    assert found == {
        "expected": [1.0, 2.0],
        "actual": [1.0, 2.0],
        "max_abs_error": 0.0,
        "max_rel_error": 0.0,
        "failed": 0,
        "format": "float64",
        "worst": {"index": [0], "expected": 1.0, "actual": 1.0},
    }


def test_a_wrong_claim() -> None:
    found = arrays.judged(None, verdict([[1, 2], [3, inf]], [[1.0, 2.5], [0.0, 4.0]]))
    assert (found["failed"], found["max_abs_error"], found["max_rel_error"]) == (3, "Infinity", "Infinity")
    assert found["worst"] == {"index": [1, 1], "expected": "Infinity", "actual": 4.0}


def test_a_large_claim_is_not_repeated() -> None:
    found = arrays.judged(None, verdict(np.zeros((2, 600)), np.ones((2, 600))))
    assert found["omitted"] == ["expected", "actual"]
    assert found["worst"] == {"index": [0, 0], "expected": 0.0, "actual": 1.0}


def test_a_transposed_claim_has_no_worst_entry() -> None:
    found = arrays.judged(None, verdict(np.zeros((3, 2)), np.zeros((2, 3)), transposed=True))
    assert (found["failed"], "worst" in found) == (6, False)


def test_what_cannot_be_decided() -> None:
    undecided = compare(
        ArrayClaim("key", np.zeros(2), "float16"), np.full(2, 2.0**-26), lambda *_: np.full(2, 2.0**-25)
    )
    assert arrays.judged(None, undecided)["decidable"] is False
    assert "not decidable in float16" in in_words(undecided)[1]


@pytest.mark.parametrize(
    ("claimed", "right", "words"),
    [
        (0.5, 0.25, ("0.5", "it is 0.25", "up to 0.25")),
        ([1, 2], [1.0, 2.5], ("1, 2", "it is 1, 2.5", "up to 0.5")),
        ([[1], [2]], [[1.0], [3.0]], ("1 / 2", "it is 1 / 3", "up to 1")),
    ],
)
def test_few_numbers_in_words(claimed: Any, right: Any, words: tuple[str, str, str]) -> None:
    assert in_words(verdict(claimed, right))[:3] == words


def test_many_numbers_in_words() -> None:
    right = np.arange(12.0).reshape(3, 4)
    claimed = right.copy()
    claimed[1, 2] = 0
    assert in_words(verdict(claimed, right))[:3] == (
        "(3 x 4)",
        "in 1 of 12 entries, all in row 1; the worst, at [1, 2], is claimed as 0 and is 6",
        "up to 6",
    )
    transposed = in_words(verdict(right.T, right, transposed=True))
    assert transposed[0] == "(4 x 3)"
    assert "worst" not in transposed[1]
