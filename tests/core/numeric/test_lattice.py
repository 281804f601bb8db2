from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.numeric.lattice import (
    count_pairs_below,
    count_residues_below,
    count_sums_below,
    floor_sum,
    least_residue,
)

small = st.integers(0, 12)
steps = st.integers(1, 9)
any_sign = st.integers(-30, 30)


@given(small, steps, any_sign, any_sign)
def test_floor_sum_adds_every_term(n: int, m: int, a: int, b: int) -> None:
    assert floor_sum(n, m, a, b) == sum((a * x + b) // m for x in range(n))


@given(st.integers(-5, 90), st.integers(-1, 9), steps, st.integers(-1, 9), steps)
def test_pairs_and_sums_are_counted(limit: int, rows: int, row_step: int, columns: int, column_step: int) -> None:
    sums = [a * row_step + b * column_step for a in range(rows) for b in range(columns)]
    below = [value for value in sums if value < limit]
    assert count_pairs_below(limit, rows, row_step, columns, column_step) == len(below)
    assert count_sums_below(limit, rows, row_step, columns, column_step) == len(set(below))


@given(steps, steps, any_sign, any_sign, st.data())
def test_residues(n: int, m: int, a: int, b: int, data: st.DataObject) -> None:
    bound = data.draw(st.integers(0, m))
    residues = [(a * x + b) % m for x in range(n)]
    assert count_residues_below(bound, n, m, a, b) == sum(residue < bound for residue in residues)
    assert least_residue(n, m, a, b) == min(residues)


def test_sizes_beyond_any_loop() -> None:
    """The sum of x over x < n, and all of a rectangle, at 18 digits."""
    n = 10**18 - 1
    assert floor_sum(n, 1, 1, 0) == n * (n - 1) // 2
    assert count_sums_below(10**19, n, 1, 5, 1) == n + 4
