"""How far a claim about an array may be from what is right, and whether another array explains it better."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.formats import FORMATS, spacing
from dlcalc.core.arrays.row_source import Floats

# From the right array and the name of a format: how far each entry of a claim in that format may be from it.
Tolerance = Callable[[Floats, str], Floats]


class Allowance(NamedTuple):
    """What a tolerance allows, as it is told: relative * size + absolute.

    Attributes:
        format: of the claim.
        relative: in parts of the size.
        absolute: besides.
        of: the size, where it is not that of the right entry.
        ulp: in units in the last place of the right entry, where that is what is allowed.
    """

    format: str
    relative: float = 0.0
    absolute: float = 0.0
    of: str = ""
    ulp: float | None = None


@dataclass(frozen=True)
class Asked:
    """The tolerance that was asked for, in place of that of the format: relative |r| + absolute."""

    relative: float
    absolute: float

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute what is allowed for each entry."""
        return self.absolute + self.relative * np.abs(right)


@dataclass(frozen=True)
class HalfUlp:
    """The nearest number of the claim's format and no other.

    Attributes:
        noise: how far the right numbers may be from the exact ones, entry by entry.
    """

    noise: Floats | float = 0.0

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute what is allowed for each entry."""
        return spacing(right, name) / 2 + self.noise


@dataclass(frozen=True)
class Computed:
    """Eight roundings of the terms that an entry is made of: what a right program may be off in its own arithmetic."""

    terms: Floats | float

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute what is allowed for each entry."""
        return roundings(name) * np.broadcast_to(self.terms, right.shape) + FORMATS[name].half_tiny


def roundings(name: str) -> float:
    """Eight roundings of a format, in parts of a number."""
    return 4 * FORMATS[name].eps


CLEAR = 4  # times nearer: what another array must be to explain a claim better than the right one does
ROWS = 16  # of which an array within its tolerance must have that many to be told from a rounding


class Fit(NamedTuple):
    """How well the right array and another one explain a claim: sums of squared distances.

    Attributes:
        right: of the claim from the right array, each in roundings of its entry.
        other: of the claim from the other one, likewise.
        right_absolute: as they are, so that the large entries count.
        other_absolute: likewise.
        entries: how many were compared.
    """

    right: float
    other: float
    right_absolute: float
    other_absolute: float
    entries: int

    def joined(self, more: "Fit") -> "Fit":
        """Join the fit of other entries."""
        sums = [mine + others for mine, others in zip(self[:-1], more[:-1], strict=True)]
        return Fit(sums[0], sums[1], sums[2], sums[3], self.entries + more.entries)

    @property
    def of_other(self) -> float:
        """The root mean square distance of the claim from the other array, in roundings."""
        return sqrt(self.other / self.entries) if self.entries else 0.0

    @property
    def is_a_rounding(self) -> bool:
        """Whether nothing needs an explanation: the claim is one rounding from what is right."""
        return self.right <= self.entries

    @property
    def other_wins(self) -> bool:
        """Whether the other array explains the claim far better by one measure, and no worse by the other."""
        far = CLEAR**2 * self.other <= self.right or CLEAR**2 * self.other_absolute <= self.right_absolute
        no_worse = self.other <= self.right and self.other_absolute <= self.right_absolute
        return not self.is_a_rounding and far and no_worse


def fit(claimed: Floats, right: Floats, other: Floats, terms: Floats, name: str) -> Fit:
    """Compare how well two arrays explain a claim, in roundings of a format.

    Args:
        claimed: the claim.
        right: the right array, of its shape.
        other: the other one, likewise.
        terms: the size of the terms that each entry is made of; where it is 0 the entry must be as in the other array.
        name: of the format.
    """
    form = FORMATS[name]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        unit = np.maximum(form.eps / 2 * terms, form.half_tiny)
        off_right, off_other = claimed - right, claimed - other
        used = (terms > 0) & np.isfinite(off_right) & np.isfinite(off_other)
        # What is 0 under every computation, because it is masked, speaks against an array in which it is not.
        unmasked = bool(((terms == 0) & (np.abs(off_other) > roundings(name) * np.abs(other) + form.half_tiny)).any())
        off_right, off_other, unit = off_right[used], off_other[used], unit[used]
        sums = [_squares(off) for off in (off_right / unit, off_other / unit, off_right, off_other)]
    if unmasked:
        sums[1] = sums[3] = inf
    return Fit(sums[0], sums[1], sums[2], sums[3], off_right.size)


def _squares(values: Floats) -> float:
    return float(np.einsum("i,i->", values, values))  # without BLAS, whose threads wait for each other under load


def is_a_constant(right: Floats, other: Floats, name: str) -> bool:
    """Whether another array is the right one times a constant that no rounding in a format could have brought about."""
    used = np.isfinite(right) & np.isfinite(other)
    first, second = right[used], other[used]
    size = _squares(first)
    return bool(size) and abs(float(np.einsum("i,i->", first, second)) / size - 1) > 2 * FORMATS[name].eps


def largest(values: Floats) -> float:
    """Find the largest finite absolute value; 0 if there is none."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def best(distances: list[float]) -> list[bool]:
    """Tell which of several explanations stand, by their distances in roundings: those that none beats by far.

    >>> best([1.0, 20.0, 3.0])
    [True, False, True]
    """
    least = min(distances, default=0.0)
    return [distance <= max(1.0, CLEAR * least) for distance in distances]
