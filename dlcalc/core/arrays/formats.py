"""The floating-point formats that arrays are stored in, and how closely an array in each can be judged."""

import re
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.arrays.stored import rounded


class NumberFormat(NamedTuple):
    """A floating-point format.

    Attributes:
        eps: the distance from 1 to the next number; half of it is the unit roundoff u.
        half_tiny: half the smallest subnormal number: what rounding may change near zero.
        factor: K of the judgement |g - ref| <= K eps M + R |ref| + half_tiny, with M the scale of the whole array.
        relative: its R.
        largest: the largest finite number.
    """

    eps: float
    half_tiny: float
    factor: int
    relative: float
    largest: float


FORMATS = {
    "float64": NumberFormat(2.0**-52, 0.0, 64, 1e-12, (2 - 2.0**-52) * 2.0**1023),
    "float32": NumberFormat(2.0**-23, 2.0**-150, 64, 1e-5, (2 - 2.0**-23) * 2.0**127),
    "float16": NumberFormat(2.0**-10, 2.0**-25, 8, 1e-2, 65504.0),
    "bfloat16": NumberFormat(2.0**-7, 2.0**-134, 4, 1e-1, (2 - 2.0**-7) * 2.0**127),
}


def spacing(values: Floats, name: str) -> Floats:
    """Measure the unit in the last place of numbers of any size, if they were in a format.

    >>> spacing(np.array([1.0, 1.99, 2.0, 0.0]), "float16").tolist() == [2**-10, 2**-10, 2**-9, 2**-24]
    True
    """
    form = FORMATS[name]
    size = np.minimum(np.abs(values), form.largest)
    if name == "float64":
        return np.spacing(size)
    units = np.ldexp(form.eps, np.frexp(size)[1] - 1)
    return np.where(size > 0, np.maximum(units, 2 * form.half_tiny), 2 * form.half_tiny)


# Not \d+\.?\d*, which takes the square of a text's length to find that it is no number.
_NUMBER = r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)"
_match = re.compile(_NUMBER, re.IGNORECASE | re.ASCII).fullmatch


def is_number(text: str) -> bool:
    """Tell whether a text is one real number that ``float`` reads: decimal, in plain digits, or ``inf`` or ``nan``.

    >>> [is_number(text) for text in ("-1.5e-3", ".5", "5.", "-Infinity", "NaN")]
    [True, True, True, True, True]
    >>> [is_number(text) for text in ("", " 5", "1_0", "0x1", "e5", "5,")]
    [False, False, False, False, False, False]
    """
    return _match(text) is not None


_SPLIT = 134217729.0  # 2**27 + 1 cuts a float64 into two halves whose products are exact


def two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Add: the nearest float64 to a + b, and the rest, exactly (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Multiply: the nearest float64 to a * b, and the rest, exactly (Dekker); nothing may overflow when it is split.

    >>> number = np.array([1 + 2.0**-30])
    >>> float(two_product(number, number)[1][0]) == 2.0**-60
    True
    """
    product = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _halves(value: Floats) -> tuple[Floats, Floats]:
    """Split numbers into two halves of at most 27 bits each."""
    scaled = _SPLIT * value
    high = scaled - (scaled - value)
    return high, value - high


def rounded_once(high: Floats, low: Floats, name: str) -> Floats:
    """Round high + low to a format, and not first to float64 and then again; the result is float64.

    On the way to a narrower format the sum is rounded to odd: where it is inexact its last bit is set, so that it lies
    on the right side of every tie.

    >>> high, low = np.array([1 + 2.0**-24]), np.array([2.0**-60])  # together a little over half an ulp
    >>> float(rounded_once(high, low, "float32")[0]) == 1 + 2.0**-23
    True
    """
    high = np.asarray(high, np.float64)
    total, rest = two_sum(high, np.where(np.isfinite(high), low, 0.0))  # what is infinite has no rest
    if name == "float64":
        return total
    return rounded(odd(total, rest), name)


def odd(total: Floats, rest: Floats) -> Floats:
    """Round total + rest to the neighbouring float64 with an odd last bit; where the rest is 0, to total itself."""
    inexact = np.isfinite(total) & (rest != 0)
    toward_zero = np.where(np.signbit(rest) != np.signbit(total), np.nextafter(total, 0.0), total)
    bits = np.asarray(toward_zero).view(np.int64) | 1
    return np.where(inexact, bits.view(np.float64), total)
