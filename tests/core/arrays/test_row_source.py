"""Rows that are not in memory read as those of an array, by any key; blocks of rows come out in their order."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.row_source import Array, Key, RowSource, converted, in_memory, in_order, parts
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


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("row_bytes", [0, 1, 3, 50, 1000])
def test_every_row_is_in_one_part(rows: int, row_bytes: int) -> None:
    found = parts(rows, row_bytes, 100)
    assert [row for part in found for row in range(part.start, part.stop)] == list(range(rows))
    assert all((part.stop - part.start) * row_bytes <= 100 or part.stop - part.start == 1 for part in found)


@pytest.fixture(params=[1, 2, 5])
def processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(blocks, "processors", lambda: request.param)
    return int(request.param)


def test_results_come_in_order(processors: int) -> None:
    done = [threading.Event() for _ in range(20)]

    def work(part: slice) -> int:
        if processors > 1 and part.start % 2 == 0:  # an even block is done after the one behind it
            assert done[part.start + 1].wait(timeout=60)
        done[part.start].set()
        return int(part.start)

    assert list(in_order(work, parts(20, 1, 1))) == list(range(20))


def test_the_first_failure_is_raised_and_the_rest_left_undone(processors: int) -> None:
    begun = set()

    def work(part: slice) -> int:
        begun.add(part.start)
        if part.start >= 4:
            raise ValueError(part.start)
        return int(part.start)

    results = in_order(work, parts(1000, 1, 1))
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"^4$"):
        next(results)
    assert len(begun) < 100


def test_no_more_is_begun_than_is_asked_for(processors: int) -> None:
    begun: list[int] = []
    results: Iterator[None] = in_order(lambda part: begun.append(part.start), parts(1000, 1, 1))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 3 * processors + 1
    assert threading.active_count() == 1
