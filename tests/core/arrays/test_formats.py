"""Sums and products with their rests, against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.arrays.formats import odd, rounded_once, two_product, two_sum

numbers = st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda number: number == 0 or abs(number) > 1e-100)


@given(numbers, numbers)
def test_a_sum_and_its_rest_are_exact(a: float, b: float) -> None:
    total, rest = two_sum(np.array([a]), np.array([b]))
    assert total[0] == a + b
    assert Fraction(float(total[0])) + Fraction(float(rest[0])) == Fraction(a) + Fraction(b)


@given(numbers, numbers)
def test_a_product_and_its_rest_are_exact(a: float, b: float) -> None:
    product, rest = two_product(np.array([a]), np.array([b]))
    assert product[0] == a * b
    assert Fraction(float(product[0])) + Fraction(float(rest[0])) == Fraction(a) * Fraction(b)


@given(numbers, st.floats(-1, 1))
def test_rounding_to_odd_keeps_the_side(total: float, part: float) -> None:
    rest = part * float(np.spacing(total)) / 2
    exact = Fraction(total) + Fraction(rest)
    found = float(odd(np.array([total]), np.array([rest]))[0])
    if rest == 0:
        assert found == total
        return
    assert int(np.array(found).view(np.int64)) % 2 == 1
    assert abs(Fraction(found) - exact) < Fraction(float(np.spacing(abs(total))))


def nearest(exact: Fraction, name: str) -> float:
    """The nearest number of a format by trying the neighbours of a first guess, ties to even."""
    dtype = np.dtype(name)
    guess = np.array(float(exact)).astype(dtype)
    around = [np.nextafter(guess, dtype.type(-np.inf)), guess, np.nextafter(guess, dtype.type(np.inf))]
    bits = f"u{dtype.itemsize}"
    return float(min(around, key=lambda one: (abs(Fraction(float(one)) - exact), int(np.array(one).view(bits)) % 2)))


@pytest.mark.parametrize("name", ["float16", "float32"])
@given(high=st.floats(0.01, 1000), units=st.integers(-3, 3), tiny=st.integers(-2, 2))
def test_a_pair_is_rounded_once(name: str, high: float, units: int, tiny: int) -> None:
    """Next to a tie of the format: rounding to float64 first would take some for the tie itself."""
    start = np.array(high).astype(name)
    tie = float(start) + units * float(np.spacing(start)) / 2
    rest = tiny * 2.0**-70 * tie
    found = rounded_once(np.array([tie]), np.array([rest]), name)[0]
    assert found == nearest(Fraction(tie) + Fraction(rest), name)


def test_in_float64_a_pair_is_its_sum() -> None:
    assert rounded_once(np.array([1.0]), np.array([2.0**-53 * 1.5]), "float64").tolist() == [1 + 2.0**-52]
