"""Means and variances that are exact until they are rounded once: sums of samples as whole numbers on a grid.

Every float64 is a whole number times a power of two, so the sum of samples and that of their squares are too.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats

_BITS = 16  # of a digit: products of two, over the samples of a block, are far from the end of int64
_BLOCK = 1 << 18  # samples that are taken apart at once ...
_WIDE = 1 << 12  # ... of at most so many channels
_PLACES = 256  # of a running value, before it is computed with all that it has


class Grid(NamedTuple):
    """Numbers as whole ones: values * 2**exponent / divisor, one for each channel."""

    values: list[int]
    exponent: int
    divisor: int

    def rounded(self) -> Floats:
        """(C,) the numbers, correctly rounded; infinite beyond the range of float64."""
        up, down = max(self.exponent, 0), max(-self.exponent, 0)
        return np.array([_quotient(value << up, self.divisor << down) for value in self.values], np.float64)


class Sums(NamedTuple):
    """What is known exactly of the samples of a mini-batch, channel by channel.

    Attributes:
        number: m, how many samples there are.
        first: their sum, in units of 2**exponent.
        second: the sum of their squares, in units of 4**exponent.
        exponent: of the unit.
    """

    number: int
    first: list[int]
    second: list[int]
    exponent: int

    @property
    def mean(self) -> Grid:
        """The mean of each channel."""
        return Grid(self.first, self.exponent, self.number)

    def variance(self, ddof: Fraction) -> Grid:
        """The variance of each channel, over m - ddof: m sum x^2 - (sum x)^2, over m (m - ddof)."""
        squares = zip(self.first, self.second, strict=True)
        spread = [self.number * second - first * first for first, second in squares]
        over = self.number - ddof
        return Grid([value * over.denominator for value in spread], 2 * self.exponent, self.number * over.numerator)


def sums_of(samples: Floats) -> Sums:
    """Add up samples (m, C), finite, and their squares, without any rounding.

    >>> sums_of(np.array([[1e17], [1.0], [-1e17]])).mean.rounded().tolist()
    [0.3333333333333333]
    """
    count, channels = samples.shape
    sizes = np.abs(samples)
    lowest = int(np.frexp(sizes.min(initial=np.inf, where=sizes > 0))[1]) - 53 if samples.any() else 0
    digits = range(max(0, int(np.frexp(sizes.max())[1]) - lowest + _BITS - 1) // _BITS)
    first, second = [0] * channels, [0] * channels
    wide = min(channels, _WIDE)
    rows = _BLOCK // wide
    for start, left in product(range(0, count, rows), range(0, channels, wide)):
        block = samples[start : start + rows, left : left + wide]
        live = [(place, digit) for place in digits if (digit := _digit(block, place, lowest)).any()]
        for number, (place, digit) in enumerate(live):
            _add(first, left, digit.sum(axis=0), _BITS * place)
            for other, beside in live[number:]:
                twice = 1 if other == place else 2
                _add(second, left, twice * np.einsum("mc,mc->c", digit, beside), _BITS * (place + other))
    return Sums(count, first, second, lowest)


def _digit(block: Floats, place: int, lowest: int) -> NDArray[np.int64]:
    """Take one digit, with the sign of its number, out of |x| 2**-lowest written with digits of so many bits."""
    mantissa, power = np.frexp(block)
    whole = np.ldexp(np.abs(mantissa), 53).astype(np.int64)
    shift = _BITS * place - (power - 53 - lowest)
    digit = (whole >> np.clip(shift, 0, 63) << np.clip(-shift, 0, _BITS)) & ((1 << _BITS) - 1)
    signed: NDArray[np.int64] = np.where(np.signbit(block), -digit, digit)
    return signed


def _add(totals: list[int], left: int, parts: NDArray[np.int64], shift: int) -> None:
    for channel, part in enumerate(parts.tolist(), left):
        totals[channel] += part << shift


def averaged(grids: Sequence[Grid]) -> Grid:
    """Average numbers over the mini-batches, all of the same weight.

    >>> averaged([Grid([1], 0, 1), Grid([1], -1, 3)]).rounded().tolist()
    [0.5833333333333334]
    """
    columns, exponent, divisor = _aligned(grids)
    return Grid([sum(column) for column in columns], exponent, divisor * len(grids))


def running(grids: Sequence[Grid], start: Iterable[float], momentum: float, of_the_new: bool) -> Floats:
    """Run over the mini-batches, r = kept r + new x, and round what is left at the end once.

    Args:
        grids: the numbers of the mini-batches, in their order.
        start: (C,) the values to start from.
        momentum: 0 to 1; taken as the float64 that it is, and 1 - momentum exactly.
        of_the_new: whether it is the weight of the new number, and not of the old one.

    >>> running([Grid([3], 0, 1)], [1.0], 0.25, of_the_new=True).tolist()
    [1.5]
    """
    one, unit = momentum.as_integer_ratio()
    new, kept = (one, unit - one) if of_the_new else (unit - one, one)
    starts = [Grid([part], 1 - whole.bit_length(), 1) for part, whole in map(float.as_integer_ratio, start)]
    lowest = min(one.exponent for one in starts)
    begin = Grid([one.values[0] << (one.exponent - lowest) for one in starts], lowest, 1)
    columns, exponent, divisor = _aligned([begin, *grids])
    return np.array([_run(column, kept, new, unit.bit_length() - 1, exponent, divisor) for column in columns])


def _run(column: list[int], kept: int, new: int, bits: int, exponent: int, divisor: int) -> float:
    """Run from the first number over the others, with weights of so many bits.

    Every step cuts off less than a unit of the last place, and no weight is over 1, so that the exact value is less
    than so many units above as there are steps. Where both ends round to one number it is the right one; else every bit
    that there can be is kept.
    """
    steps = len(column) - 1
    all_places = bits * steps
    for places in (min(_PLACES, all_places), all_places):
        value = column[0] << places
        for number in column[1:]:
            value = (kept * value + (new * number << places)) >> bits
        unsure = steps if places < all_places else 0
        ends = Grid([value, value + unsure], exponent - places, divisor).rounded()
        if ends[0] == ends[1]:
            break
    return float(ends[0])


def _aligned(grids: Sequence[Grid]) -> tuple[list[list[int]], int, int]:
    """Put the numbers of mini-batches on one grid: for each channel those of all mini-batches, exponent and divisor."""
    exponent, divisor = min(grid.exponent for grid in grids), lcm(*(grid.divisor for grid in grids))
    factors = [divisor // grid.divisor << (grid.exponent - exponent) for grid in grids]
    pairs = list(zip(grids, factors, strict=True))
    columns = [[grid.values[channel] * factor for grid, factor in pairs] for channel in range(len(grids[0].values))]
    return columns, exponent, divisor


def _quotient(numerator: int, denominator: int) -> float:
    """Divide whole numbers, correctly rounded; infinite beyond the range of float64."""
    try:
        return numerator / denominator
    except OverflowError:
        return float("-inf") if numerator < 0 else float("inf")
