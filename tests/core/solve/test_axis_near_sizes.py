"""Which sizes are named where the target cannot be had."""

from collections.abc import Callable

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.axis import nearest_targets, sizes_at_edges, sizes_close_by
from dlcalc.core.solve.question import Run


@pytest.mark.parametrize(
    ("target", "index", "sizes", "hint"),
    [
        ((8,), 0, {5, 19}, "target=5"),
        ((8,), 0, {7, 9, 10}, "target=7 or target=9"),
        ((6, 7), 0, {5}, "target=(5, 7)"),
        ((6, 7), 1, {6}, "target=6"),
        ((6, 6), 1, {5, 7}, "target=(6, 5) or target=(6, 7)"),
    ],
)
def test_the_nearest_are_named(target: tuple[int, ...], index: int, sizes: set[int], hint: str) -> None:
    error = nearest_targets("no input gives it", target, index, sizes)
    assert error is not None
    assert (error.code, error.message, error.option) == ("no-solution", "no input gives it", "target")
    assert error.hint == f"{hint}, the nearest that can be had"


def test_nothing_is_named_without_a_size() -> None:
    assert nearest_targets("no input gives it", (8,), 0, set()) is None


def refusing(size_of: Callable[[int], int], refused: range) -> Callable[[int], int]:
    def output_of(value: int) -> int:
        if value in refused or size_of(value) < 1:
            raise DlcalcError("empty-output", "refused")
        return size_of(value)

    return output_of


EDGES = [
    (3, -6, range(0), 7, {6, 9, 3}),
    (3, -6, range(4, 5), 7, {9, 3}),  # 6 is refused
    (3, -6, range(0), 6, {3}),  # and not the target itself
    (3, -6, range(0), 1, {3}),  # the smallest
    (3, -6, range(0), 500, {294, 3}),  # the largest, and the smallest
    (-3, 20, range(0), 7, {5, 8, 2}),
    (-3, 20, range(0), 30, {20, 2}),  # none is as large
]


@pytest.mark.parametrize(("slope", "offset", "refused", "target", "sizes"), EDGES)
def test_the_sizes_on_both_sides(slope: int, offset: int, refused: range, target: int, sizes: set[int]) -> None:
    def size_of(value: int) -> int:
        return slope * value + offset

    assert sizes_at_edges(size_of, refusing(size_of, refused), target, 0, 100) == sizes


def test_the_sizes_close_by_are_those_at_the_smallest_distance() -> None:
    def solutions(size: int) -> tuple[Run, ...]:
        return (Run(1, 1),) if size in (4, 12, 13) else ()

    assert sizes_close_by(solutions, 8, 20) == {4, 12}
    assert sizes_close_by(solutions, 9, 20) == {12}
    assert sizes_close_by(solutions, 8, 4) == set()
    assert sizes_close_by(lambda size: (Run(1, 1),) if size < 1 else (), 3, 20) == set()
