"""Blocks are worked on in any order, and come out in theirs."""

import threading
import time
from collections.abc import Iterator

import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.row_source import in_order, parts


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
    def work(part: slice) -> int:
        time.sleep(0.002 * (part.start % 3))
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
