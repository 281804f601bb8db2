"""Rows that are not in memory read as those of an array, by any key."""

import numpy as np
import pytest

from dlcalc.core.arrays.row_source import Array, Key, RowSource, converted, in_memory
from tests.support.unread import Unread

ARRAYS = [np.arange(12.0).reshape(4, 3), np.arange(24).reshape(4, 3, 2), np.array([5, 6, 7, 8], np.int8)]
KEYS: list[Key] = [slice(None), slice(1, 3), slice(3, 9), slice(0, 0), np.array([2, 0, 2]), 3, np.array([], np.intp)]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.shape))
def test_rows_are_those_of_the_array(array: Array) -> None:
    rows = Unread(array)
    assert (rows.shape, rows.ndim, rows.size, len(rows)) == (array.shape, array.ndim, array.size, len(array))
    keys: list[Key] = [*KEYS, (3, 1), (slice(1, 3), 2)] if array.ndim > 1 else KEYS
    for key in keys:
        found, wanted = rows[key], array[key]
        assert np.array_equal(found, wanted)
        assert np.shape(found) == np.shape(wanted)


def test_a_row_may_be_named_by_a_number_of_numpy() -> None:
    assert Unread(ARRAYS[0])[np.intp(2)].tolist() == [6, 7, 8]  # type: ignore[index]


def test_what_is_in_memory() -> None:
    assert in_memory(ARRAYS[0])
    assert not in_memory(Unread(ARRAYS[0]))


@pytest.mark.parametrize("source", [ARRAYS[0], Unread(ARRAYS[0])])
def test_numbers_are_converted_now_or_when_they_are_read(source: RowSource) -> None:
    found = converted(source, np.negative, np.float64)
    assert in_memory(found) is in_memory(source)
    assert np.array_equal(found[1:3], -ARRAYS[0][1:3])
