"""Classes along any axis: the rows are those that numpy.moveaxis gives, however and from wherever they are read."""

from itertools import product

import numpy as np
import pytest

from dlcalc.core.softmax import class_axis as moved
from dlcalc.core.softmax.class_axis import ClassAxis, class_axis
from tests.support.refusals import cause
from tests.support.unread import Unread

SHAPES = [(4, 3), (2, 3, 4), (1, 5, 3), (5, 2, 1), (3, 2, 2, 3)]
PLACES = [ClassAxis(shape, axis) for shape in SHAPES for axis in range(len(shape))]


def numbers(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float64).reshape(shape)


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("apart", [0, 1 << 13])
def test_rows_are_read_as_numpy_moves_them(monkeypatch: pytest.MonkeyPatch, place: ClassAxis, apart: int) -> None:
    """In memory; and from a source that gives stretches only, in blocks as wholes or a run for each class."""
    monkeypatch.setattr(moved, "_APART", apart)
    given = numbers(place.shape)
    wanted = np.moveaxis(given, place.axis, -1).reshape(-1, place.classes)
    in_memory, unread = place.as_rows(given), place.as_rows(Unread(given))
    assert in_memory.shape == unread.shape == wanted.shape
    np.testing.assert_array_equal(np.asarray(in_memory), wanted)
    for start, stop in product(range(place.rows + 1), repeat=2):
        np.testing.assert_array_equal(unread[start:stop], wanted[start:stop])
    chosen = np.random.default_rng(3).permutation(place.rows)
    np.testing.assert_array_equal(unread[chosen], wanted[chosen])
    assert unread[chosen[:0]].shape == (0, place.classes)
    np.testing.assert_array_equal(unread.astype(np.float32)[:], wanted.astype(np.float32))
    np.testing.assert_array_equal(unread.T[:], wanted.T)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_rows_go_back_to_where_they_came_from(place: ClassAxis) -> None:
    given = numbers(place.shape)
    rows = np.asarray(place.as_rows(given))
    np.testing.assert_array_equal(place.restored(rows), given)
    for row, number in product(range(place.rows), range(place.classes)):
        assert given[place.index(row, number)] == rows[row, number]
    for start, stop in product(range(place.rows + 1), repeat=2):
        flat, written = np.full(given.size, np.nan), 0
        for where, run in place.runs(start, rows[start:stop]):
            flat[where : where + run.size] = run.reshape(-1)
            written += run.size
        known = np.asarray(place.as_rows(flat.reshape(place.shape)))
        np.testing.assert_array_equal(known[start:stop], rows[start:stop])
        assert written == np.isfinite(flat).sum() == rows[start:stop].size


TAKEN: list[tuple[tuple[int, ...], int | None, tuple[int, ...] | None, int | None]] = [
    ((3,), None, (1,), None),
    ((3,), 0, (), None),
    ((3,), -1, (), None),
    ((2, 3), None, (2,), None),
    ((2, 3), None, None, None),
    ((2, 3), None, (7,), None),  # refused with all labels that are not one per row
    ((3, 3), None, (3,), None),  # rows x classes, as ever
    ((2, 3), 1, (2,), None),
    ((2, 3), -2, (3,), 0),
    ((2, 3, 4), None, (2, 3), 2),
    ((2, 3, 4), 1, (2, 4), 1),
    ((2, 3, 4), -3, None, 0),
    ((1, 3, 4), None, (3,), 2),  # as labels of one picture are typed
    ((), 0, (1,), None),
    ((1, 3), None, (3,), None),  # and not along axis 0, where there would be one class
]


@pytest.mark.parametrize(("shape", "asked", "labels", "axis"), TAKEN)
def test_the_axis_that_is_taken(
    shape: tuple[int, ...], asked: int | None, labels: tuple[int, ...] | None, axis: int | None
) -> None:
    assert class_axis(shape, asked, labels) == (None if axis is None else ClassAxis(shape, axis))


REFUSED = [
    ((2, 3), 2, None, "invalid-value", "class_axis"),
    ((2, 3), -3, None, "invalid-value", "class_axis"),
    ((3,), 1, None, "invalid-value", "class_axis"),
    ((3, 2), None, (2,), "shape-mismatch", "label"),
    ((2, 3, 4), None, (2, 4), "shape-mismatch", "label"),
    ((2, 3, 4), None, (8,), "shape-mismatch", "label"),
    ((1, 3, 4), None, (4,), "shape-mismatch", "label"),
    ((2, 3, 3), None, (2, 3), "usage", "class_axis"),
    ((2, 3, 4), None, None, "usage", "class_axis"),
]


@pytest.mark.parametrize(("shape", "asked", "labels", "code", "option"), REFUSED)
def test_what_is_not_guessed(
    shape: tuple[int, ...], asked: int | None, labels: tuple[int, ...] | None, code: str, option: str
) -> None:
    assert cause(lambda: class_axis(shape, asked, labels)) == (code, option)
