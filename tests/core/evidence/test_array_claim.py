"""Array claims: typed ones against the exact rule, files by their format's tolerance, and what is said of them."""

from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import ArrayVerdict, Distance, Span, compare, distance, errors, written
from dlcalc.core.evidence.claim import agrees
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.mistakes.judge import judge
from dlcalc.core.softmax.question import checked
from dlcalc.notation.array_claims import array_claims
from dlcalc.notation.claims import number
from tests.support.refusals import rows


def exactly(right: Floats, name: str) -> Floats:
    """A tolerance that allows nothing."""
    return np.zeros(right.shape)


def typed(text: str, shape: tuple[int, ...] = ()) -> ArrayClaim:
    return array_claims(text, {"key": shape}, load=None)[0]  # type: ignore[arg-type]


def filed(values: Any, name: str = "float64") -> ArrayClaim:
    return ArrayClaim("key", np.asarray(values, np.float64), name)


decimals = st.tuples(st.integers(-(10**6), 10**6), st.integers(-6, 2), st.booleans()).map(
    lambda parts: f"{parts[0]}" if parts[2] and not parts[1] else f"{parts[0]}e{parts[1]}"
)


@given(decimals, st.integers(-40, 40))
def test_the_rule_for_what_is_typed_is_the_exact_one(text: str, twentieths: int) -> None:
    """A right number within two units of the last digit, not so near a border that float64 cannot tell."""
    claim = number(text)
    unit = Fraction(10) ** claim.exponent
    right = float(claim.digits * unit + unit * Fraction(twentieths, 20) + unit / 1000 * (twentieths % 20 != 0))
    exact = Fraction(right)
    borders = [
        claim.digits * unit + sign * part for sign in (-1, 1) for part in (unit / 2, unit * (1 - Fraction(1, 10**6)))
    ]
    assume(all(abs(exact - border) > Fraction(2.0**-40) * (abs(border) + unit) for border in borders))
    assume(claim.exponent != 0 or not claim.whole or twentieths == 0 or abs(exact - claim.digits) > unit / 100)
    found = typed(text).accepts(np.array(right), exactly)
    near_whole = claim.whole and abs(exact - claim.digits) < unit / 10**6
    assert bool(found) == (agrees(claim, (exact.numerator, exact.denominator)) or near_whole)


# 0.244 is truncated and 0.245 rounded; of a number in full the noise of float64 is forgiven.
TYPED = {
    True: [
        ("0.09", 0.0900306), ("0.0900", 0.0900306), ("0.24", 0.2447285), ("0.244", 0.2447285), ("0.245", 0.2447285),
        ("-0.33", -0.3347590), ("-0.334", -0.3347590), ("-0.335", -0.3347590), ("0.0", 0.04), ("3", 3.0), ("3.", 3.2),
        ("3e0", 3.9), ("4e-18", 4.248354255291589e-18), ("4.248354255291589e-18", 4.248354255291589e-18),
        ("0e999", 0.4), ("inf", inf), ("-inf", -inf), ("nan", nan),
    ],
    False: [
        ("0.0901", 0.0900306), ("0.246", 0.2447285), ("-0.336", -0.3347590), ("0.33", -0.3347590), ("0.0", 0.06),
        ("0.0", -0.06), ("3", 3.2), ("3.9999999", 4.0), ("0", 4e-18), ("inf", -inf), ("inf", 1e308), ("nan", 1.0),
        ("5", inf), ("5.5", inf), ("5.123456789012345678", inf), ("5", nan), ("0.", -inf),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("pair", "accepted"), rows(TYPED))
def test_typed_claims(pair: tuple[str, float], accepted: bool) -> None:
    text, right = pair
    assert bool(typed(text).accepts(np.array(right), exactly)) is accepted


def test_printed_in_full_is_right_to_the_noise_of_float64() -> None:
    def within(right: Floats, name: str) -> Floats:
        assert name == "float64"
        return np.full(right.shape, 1e-15)

    assert typed("0.24472847105479767").accepts(np.array(0.2447284710547977), within)
    assert typed("0.244728471054799").accepts(np.array(0.2447284710547977), exactly)
    assert not typed("0.24472847105489").accepts(np.array(0.2447284710547977), within)


# Beyond its largest number a format has infinity alone.
FILED = {
    True: [(inf, inf, "float32"), (inf, 1e5, "float16"), (nan, nan, "float16")],
    False: [
        (-inf, inf, "float32"), (5.0, inf, "float32"), (5.0, inf, "float64"), (inf, 5.0, "float64"),
        (-inf, 1e5, "float16"), (inf, 1e5, "bfloat16"), (65504.0, 1e5, "float16"), (nan, 1.0, "float16"),
        (1.0, nan, "float16"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("numbers", "accepted"), rows(FILED))
def test_what_is_not_finite_in_files(numbers: tuple[float, float, str], accepted: bool) -> None:
    def relative(entries: Floats, of: str) -> Floats:
        return 0.01 * np.abs(entries)

    claimed, right, name = numbers
    assert bool(filed(claimed, name).accepts(np.array(right), relative)) is accepted


def test_another_shape_is_accepted_nowhere() -> None:
    assert not filed(np.ones((2, 3))).accepts(np.ones((3, 2)), exactly).any()


def answer(rows: int = 3, classes: int = 4, **options: Any) -> SoftmaxGrad:
    rng = np.random.default_rng(rows)
    return softmax_grad(checked(rng.normal(size=(rows, classes)), rng.integers(0, classes, rows), None, **options))


# K, R and h by the table of the rules, written out once more: |g - ref| <= K eps M + R |ref| + h.
TABLE = {
    "float64": (64, 2.0**-52, 1e-12, 0.0),
    "float32": (64, 2.0**-23, 1e-5, 2.0**-150),
    "float16": (8, 2.0**-10, 1e-2, 2.0**-25),
    "bfloat16": (4, 2.0**-7, 1e-1, 2.0**-134),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_file_may_be_off_by_the_tolerance_of_its_format_and_no_more(name: str, reduction: str) -> None:
    factor, eps, relative, half_tiny = TABLE[name]
    found = answer(2, 3, reduction=reduction, temperature=0.5)
    scale = 1 / found.question.targets.denominator / 0.5
    right = found.array("grad_logits")
    allowed = factor * eps * scale + relative * np.abs(right) + half_tiny
    for part, passed in ((0.99, True), (1.01, False)):
        for at in np.ndindex(right.shape):
            for sign in (-1, 1):
                claimed = right.copy()
                claimed[at] += sign * part * allowed[at]
                assert judge(found, ArrayClaim("grad_logits", claimed, name)).passed is passed


@pytest.mark.parametrize(
    ("name", "weight", "decidable"),
    [("float16", 2.0**-15, True), ("float16", 2.0**-27, False), ("bfloat16", 2.0**-27, True),
     ("float32", 2.0**-27, True), ("float32", 2.0**-152, False), ("float64", 2.0**-152, True)],
)  # fmt: skip
def test_where_zero_is_the_rounded_answer_nothing_is_decided(name: str, weight: float, decidable: bool) -> None:
    """A sum with tiny class weights has the M of a mean over as many rows."""
    found = answer(3, 4, reduction="sum", class_weights=np.full(4, weight))
    verdict = judge(found, ArrayClaim("grad_logits", rounded(found.array("grad_logits"), name), name))
    assert bool(verdict.passed) is decidable
    assert verdict.decidable is decidable
    assert verdict.diagnosis == ()


def test_right_zeros_are_decidable_and_none_pass_for_infinity() -> None:
    assert compare(filed([0.0, 0.0], "float16"), np.zeros(2), exactly).passed
    tiny = np.array([2.0**-25, inf])
    assert compare(filed([2.0**-24, inf], "float16"), tiny, lambda *_: np.full(2, 2.0**-25)).passed


def test_what_is_said_of_the_entries() -> None:
    right = np.array([[1.0, -2.0, 0.0], [inf, nan, 4.0]])
    verdict = compare(filed([[1.5, -2.0, 0.25], [inf, nan, inf]]), right, exactly)
    assert errors(verdict.claim.numbers, right).tolist() == [[0.5, 0, 0.25], [0, 0, inf]]
    assert verdict.distance == Distance(inf, inf, 3, (1, 2), inf, 4.0, Span(0, 1), Span(0, 2))


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_of_parts_is_said_what_is_said_of_the_whole(cut: int) -> None:
    right = np.array([[1.0, -2.0], [inf, 4.0], [nan, 2.0], [8.0, 1.0]])
    claimed = np.array([[1.0, -2.5], [0.0, 4.0], [nan, nan], [8.5, -1.0]])
    wrong = np.array([[False, True], [True, False], [False, True], [False, False]])
    whole = distance(claimed, right, wrong)
    parts = [distance(claimed[rows], right[rows], wrong[rows], rows.start) for rows in (slice(0, cut), slice(cut, 4))]
    assert parts[0].joined(parts[1]) == whole
    assert whole.worst == (1, 0)


def test_the_worst_entry_is_one_of_the_wrong() -> None:
    """The largest distance may be allowed, where the right number is large."""

    def relative(right: Floats, name: str) -> Floats:
        return 0.1 * np.abs(right)

    verdict = compare(filed([105.0, 1.5]), np.array([100.0, 1.0]), relative)
    assert verdict.distance.max_abs_error == 5
    assert verdict.distance.worst == (1,)


def test_of_a_single_number() -> None:
    verdict = compare(typed("0.5"), np.array(0.4), exactly)
    assert (verdict.passed, verdict.distance.worst) == (False, ())
    assert verdict.distance.max_abs_error == pytest.approx(0.1)


def test_a_transposed_claim() -> None:
    right = np.arange(6.0).reshape(2, 3)
    claim = ArrayClaim("key", right.T.copy(), "float64", transposed=True)
    verdict = compare(claim, right, exactly)
    assert not verdict.passed
    assert (verdict.distance.failed, verdict.distance.max_abs_error) == (6, 0)
    assert verdict.distance.worst == (0, 0)


@pytest.mark.parametrize(
    ("claim", "carries"),
    [
        (typed("0.5"), False),
        (typed("0.1234"), False),
        (typed("0.12345"), True),
        (typed("1,2,3", (3,)), False),
        (typed("1,2,3,4", (4,)), True),
        (filed(0.5), True),
    ],
)
def test_what_carries_a_pair(claim: ArrayClaim, carries: bool) -> None:
    assert claim.carries_a_pair is carries


def test_in_a_sentence() -> None:
    assert written(np.array([[0.25, inf]])) == "0.25, inf"
    assert written(np.zeros(7)) == "what is claimed"


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=5),
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=5, max_size=5),
    st.sampled_from([*FORMATS]),
)
def test_passed_if_and_only_if_nothing_is_wrong(claimed: list[float], right: list[float], name: str) -> None:
    def relative(entries: Floats, of: str) -> Floats:
        with np.errstate(over="ignore"):
            return FORMATS[of].relative * np.abs(entries)

    truth = np.array(right[: len(claimed)])
    verdict: ArrayVerdict = compare(filed(claimed, name), truth, relative)
    wrong = ~verdict.claim.accepts(truth, relative)
    assert verdict.distance.failed == wrong.sum()
    assert verdict.passed == (verdict.decidable and not wrong.any())
    assert not np.isnan(errors(verdict.claim.numbers, truth)).any()
    assert not np.isnan(verdict.distance.max_rel_error)
    assert all(np.isfinite(truth) | wrong | (np.array(claimed) == truth) | np.isnan(truth))
