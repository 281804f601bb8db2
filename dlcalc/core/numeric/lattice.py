"""Counting the integer points under a line, exactly and in logarithmic time.

The positions that a dilated, strided kernel reads are the sums a * stride + b * dilation. How many different ones lie
below a bound is a question about lattice points, so it has an answer at any size without touching the windows.
"""

from math import gcd


def floor_sum(n: int, m: int, a: int, b: int) -> int:
    """Compute the sum of floor((a * x + b) / m) over x = 0 .. n - 1, by Euclid's algorithm.

    Args:
        n: how many terms, at least 0.
        m: the divisor, at least 1.
        a: the slope, of any sign.
        b: the offset, of any sign.

    >>> floor_sum(5, 3, 2, 1) == sum((2 * x + 1) // 3 for x in range(5))
    True
    """
    total = 0
    while n > 0:
        total += (n - 1) * n // 2 * (a // m) + n * (b // m)
        a, b = a % m, b % m
        top = a * n + b
        if top < m:
            break
        n, m, a, b = top // m, a, m, top % m
    return total


def count_pairs_below(limit: int, rows: int, row_step: int, columns: int, column_step: int) -> int:
    """Count the pairs (a, b), 0 <= a < rows and 0 <= b < columns, with a * row_step + b * column_step < limit.

    >>> count_pairs_below(5, 3, 2, 2, 3)  # 0, 3, 2, 4 of 0, 3, 2, 5, 4, 7
    4
    """
    if limit <= 0 or rows <= 0 or columns <= 0:
        return 0
    some = min(rows, -(-limit // row_step))  # rows with at least one pair
    full = min(some, max(0, -(-(limit - (columns - 1) * column_step) // row_step)))  # rows with all of theirs
    offset = limit - full * row_step + column_step - 1
    return full * columns + floor_sum(some - full, column_step, -row_step, offset)


def count_sums_below(limit: int, rows: int, row_step: int, columns: int, column_step: int) -> int:
    """Count the different values below ``limit`` of a * row_step + b * column_step, a < rows and b < columns.

    Two pairs have the same sum where they differ by a multiple of (column_step, -row_step) / gcd, so each value has one
    pair that the step leads out of the rectangle: all pairs, less those that it leads from inside to inside.

    >>> count_sums_below(100, 3, 2, 3, 1)  # 0 .. 6
    7
    """
    divisor = gcd(row_step, column_step)
    row_jump, column_jump = column_step // divisor, row_step // divisor
    pairs = count_pairs_below(limit, rows, row_step, columns, column_step)
    repeated_limit = limit - row_jump * row_step
    return pairs - count_pairs_below(repeated_limit, rows - row_jump, row_step, columns - column_jump, column_step)


def count_residues_below(bound: int, n: int, m: int, a: int, b: int) -> int:
    """Count the x in 0 .. n - 1 with (a * x + b) mod m < bound, for 0 <= bound <= m.

    >>> count_residues_below(2, 5, 3, 1, 0)  # x = 0, 1, 3, 4
    4
    """
    return floor_sum(n, m, a, b) - floor_sum(n, m, a, b - bound)


def least_residue(n: int, m: int, a: int, b: int) -> int:
    """Find the smallest (a * x + b) mod m over x = 0 .. n - 1, n at least 1, by bisection on how many lie below.

    >>> least_residue(3, 10, 4, 5)  # of 5, 9, 3
    3
    """
    low, high = 0, m - 1
    while low < high:
        middle = (low + high) // 2
        if count_residues_below(middle + 1, n, m, a, b):
            high = middle
        else:
            low = middle + 1
    return low
