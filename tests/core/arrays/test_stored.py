"""bfloat16 against exact rationals, every dtype, and what is one row of numbers."""

from fractions import Fraction
from math import copysign, inf, isnan, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.arrays.stored import bfloat16_bits, from_bfloat16, rounded, shape_text, stored, vector
from tests.support.refusals import refused

# Every bfloat16 number that is not negative and finite, in order; its bits are its index.
GRID = [
    Fraction(bits & 0x7F | (0x80 if bits >> 7 else 0)) * Fraction(2) ** (max(bits >> 7, 1) - 134)
    for bits in range(0x7F80)
]


def nearest(number: float) -> int:
    """The bits of the nearest bfloat16 by the definition, in exact rationals: ties to even, infinity past the end."""
    sign = 0x8000 if copysign(1, number) < 0 else 0
    if number in (inf, -inf):
        return sign | 0x7F80
    size = abs(Fraction(number))
    low, high = 0, len(GRID) - 1
    while low < high:  # the last number that is not above
        middle = (low + high + 1) // 2
        low, high = (middle, high) if GRID[middle] <= size else (low, middle - 1)
    above = GRID[low + 1] if low + 1 < len(GRID) else Fraction(2) ** 128
    down, up = size - GRID[low], above - size
    return sign | (low if down < up or (down == up and low % 2 == 0) else low + 1)


def test_the_grid_is_right() -> None:
    assert GRID[0x3F80] == 1
    assert GRID[1] == Fraction(2) ** -133
    assert float(GRID[-1]) == (2 - 2.0**-7) * 2.0**127


@given(st.floats(allow_nan=False))
def test_the_nearest_bfloat16(number: float) -> None:
    assert int(bfloat16_bits(np.array([number]))[0]) == nearest(number)


@given(
    st.integers(0, 0x7F7F),
    st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1, 2**30), Fraction(-1, 2**30), Fraction(1, 4)]),
    st.sampled_from([-1, 1]),
)
def test_between_two_neighbours(bits: int, nudge: Fraction, sign: int) -> None:
    """On a number, on the tie behind it, and a hair beside the tie: where rounding twice goes wrong."""
    above = GRID[bits + 1] if bits + 1 < len(GRID) else Fraction(2) ** 128
    number = sign * float(GRID[bits] + (above - GRID[bits]) * (Fraction(1, 2) + nudge))
    assert int(bfloat16_bits(np.array([number]))[0]) == nearest(number)


def test_every_bfloat16_comes_back() -> None:
    every = np.arange(1 << 16, dtype=np.uint16)
    numbers = from_bfloat16(every)
    finite = np.isfinite(numbers)
    assert numbers[:0x7F80].astype(np.float64).tolist() == [float(number) for number in GRID]
    assert bfloat16_bits(numbers)[~np.isnan(numbers)].tolist() == every[~np.isnan(numbers)].tolist()
    assert int(finite.sum()) == 2 * len(GRID)


def test_a_nan_stays_one() -> None:
    signalling = np.array([0x7F800001, 0xFF800001, 0x7FC00000, 0x7FFFFFFF], np.uint32).view(np.float32)
    assert np.isnan(from_bfloat16(bfloat16_bits(signalling))).all()
    assert isnan(rounded(np.array([nan]), "bfloat16")[0])


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_rounding_to_a_format(name: str) -> None:
    import ml_dtypes

    numbers = np.array([0.1, 1 / 3, -1e-30, 70000.0, -1e300, inf, -0.0])
    dtype: Any = ml_dtypes.bfloat16 if name == "bfloat16" else name
    with np.errstate(over="ignore"):
        theirs = numbers.astype(np.float64).astype(dtype).astype(np.float64)
    assert rounded(numbers, name).tolist() == theirs.tolist()
    assert rounded(np.array(0.1), name).shape == ()


BITS = np.array([0x3F80, 0xC000], np.uint16)
STORED = [
    *((np.array([1, -2], f"{order}f{size}"), f"float{8 * size}") for order in "<>" for size in (2, 4, 8)),
    *((np.array([1, -2], dtype), "float64") for dtype in ("i1", "i8", ">i4")),
    *((bits, "bfloat16") for bits in (BITS, BITS.astype(">u2"), BITS.view("V2"))),
]


@pytest.mark.parametrize(("raw", "name"), STORED)
def test_every_format_that_is_read(raw: Any, name: str) -> None:
    found = stored(raw, "logits")
    assert (found.format, found.values.dtype) == (name, np.dtype("float32" if name == "bfloat16" else name))
    assert found.array.tolist() == [1, -2]


def test_the_arrays_of_ml_dtypes_are_bfloat16() -> None:
    import ml_dtypes

    for array in (np.array([[1, -2], [3, 4]], ml_dtypes.bfloat16), np.ones((2, 2), ml_dtypes.bfloat16).T):
        found = stored(array, "logits")
        assert found.format == "bfloat16"
        assert found.array.tolist() == array.astype(np.float32).tolist()


def test_an_array_that_is_no_block_of_memory() -> None:
    assert stored(np.array([[0x3F80, 0, 0xC000]], np.uint16)[:, ::2], "logits").array.tolist() == [[1, -2]]
    assert stored(np.array([[0x3F80, 0], [0xC000, 0]], np.uint16).view("V2").T[0], "x").array.tolist() == [1, -2]


REFUSED: list[Any] = [
    np.array([True]), np.array([1j]), np.array([1j], np.complex64), np.array(["1"]), np.array([b"1"]),
    np.array([1], "M8[s]"), np.array([1], "m8[s]"), np.array([None]), np.zeros(1, "V3"), np.zeros(1, "V4"),
    *([np.zeros(1, np.longdouble)] if np.dtype(np.longdouble).itemsize > 8 else []),
]  # fmt: skip


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: raw.dtype.str)
def test_every_other_format_is_refused(raw: Any) -> None:
    error = refused(stored, raw, "class_weights")
    assert (error.code, error.option) == ("unsupported-dtype", "class_weights")
    assert raw.dtype.name in error.message
    assert "float32" in str(error.hint)


@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (3, 1), (1,), (1, 1)])
def test_a_vector_in_any_clothes(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    assert vector(array, "gamma").tolist() == list(range(array.size))


@pytest.mark.parametrize(("shape", "count"), [((2, 3), None), ((1, 1, 3), None), ((3,), 2), ((1,), 2), ((), 2)])
def test_what_is_no_vector(shape: tuple[int, ...], count: int | None) -> None:
    error = refused(vector, np.ones(shape), "class_weights", count, "classes")
    assert (error.code, error.option) == ("shape-mismatch", "class_weights")
    assert "classes" in error.message
    assert shape_text(shape) in error.message or str(count) in error.message
