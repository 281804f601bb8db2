"""Sums and products of float64 numbers without error, as a rounded part and the rest; and rounding once at the end."""

from typing import Any

import numpy as np

from dlcalc.core.arrays.stored import Floats, rounded

_SPLIT = 134217729.0  # 2**27 + 1 cuts a float64 into two halves whose products are exact


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """A + b as the nearest float64 and the rest, exactly (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """A * b as the nearest float64 and the rest, exactly (Dekker); for numbers that do not overflow when split.

    >>> two_product(1 + 2**-30, 1 + 2**-30)[1] == 2**-60
    True
    """
    product = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _halves(value: Any) -> tuple[Any, Any]:
    scaled = _SPLIT * value
    high = scaled - (scaled - value)
    return high, value - high


def rounded_once(high: Any, low: Any, name: str) -> Floats:
    """High + low rounded to a format, as float64, and not first to float64 and then again.

    On the way to a narrower format the sum is rounded to odd: where it is inexact its last bit is set, so that it lies
    on the right side of every tie.

    >>> float(rounded_once(1 + 2**-24, 2**-60, "float32")) == 1 + 2**-23  # a little over half an ulp
    True
    """
    total, rest = two_sum(np.asarray(high, np.float64), np.asarray(low, np.float64))
    if name == "float64":
        return np.asarray(total)
    return rounded(odd(total, rest), name)


def odd(total: Floats, rest: Floats) -> Floats:
    """The float64 with an odd last bit next to total + rest; total itself where the rest is 0."""
    inexact = np.isfinite(total) & (rest != 0)
    toward_zero = np.where(np.signbit(rest) != np.signbit(total), np.nextafter(total, 0.0), total)
    bits = np.asarray(toward_zero).view(np.int64) | 1
    return np.where(inexact, bits.view(np.float64), total)
