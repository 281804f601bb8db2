"""Exact ratios as ``(numerator, denominator)``: ``fractions`` costs more to import than all the arithmetic here."""

from math import gcd

Ratio = tuple[int, int]


def ratio(numerator: int, denominator: int) -> Ratio:
    """Reduce a ratio to lowest terms, its denominator positive.

    >>> ratio(6, -4)
    (-3, 2)
    """
    divisor = gcd(numerator, denominator)
    if denominator < 0:
        divisor = -divisor
    return numerator // divisor, denominator // divisor


def as_float(value: Ratio) -> int | float:
    """Convert to the nearest float, or beyond the range of floats to the whole number below: never infinity.

    >>> as_float((3, 2))
    1.5
    """
    numerator, denominator = value
    try:
        return numerator / denominator
    except OverflowError:
        return numerator // denominator


def as_number(value: Ratio) -> int | float:
    """Convert to the exact integer where the ratio is one, else to the nearest float.

    >>> as_number((4, 1)), as_number((1, 2))
    (4, 0.5)
    """
    return value[0] if value[1] == 1 else as_float(value)
