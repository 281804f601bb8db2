"""Verdicts about claimed arrays: how far a claim is from what is right, where it is wrong, and how good it is."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import FORMATS, spacing
from dlcalc.core.arrays.row_source import Floats, Readable
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.claim import Diagnosis
from dlcalc.core.evidence.tolerance import Allowance, Tolerance


class Span(NamedTuple):
    """The first and the last index of a stretch along an axis."""

    first: int
    last: int

    def joined(self, other: "Span") -> "Span":
        """Give the stretch that covers both."""
        return Span(min(self.first, other.first), max(self.last, other.last))


class Distance(NamedTuple):
    """The distance of a claim from the right array.

    Attributes:
        max_abs_error: the largest absolute error of an entry.
        max_rel_error: the largest relative error; infinite where the right entry is 0 and the claimed one is not.
        failed: how many entries are wrong; all of them where the claim is transposed.
        worst: the index of the wrong entry with the largest absolute error; of any entry, if none is wrong.
        expected, actual: what is claimed there, and what is right.
        rows, columns: where the wrong entries of an array of two axes or more lie, if there are some.
    """

    max_abs_error: float
    max_rel_error: float
    failed: int
    worst: tuple[int, ...]
    expected: float
    actual: float
    rows: Span | None = None
    columns: Span | None = None

    def joined(self, other: "Distance") -> "Distance":
        """Join the distance of the rows that follow."""
        here, there = ((part.failed > 0, _nan_last(abs(part.expected - part.actual))) for part in (self, other))
        worst = other if there > here else self
        return worst._replace(
            max_abs_error=max(self.max_abs_error, other.max_abs_error),
            max_rel_error=max(self.max_rel_error, other.max_rel_error),
            failed=self.failed + other.failed,
            rows=_covering(self.rows, other.rows),
            columns=_covering(self.columns, other.columns),
        )

    @property
    def only_row(self) -> int | None:
        """The row in which all lies that is wrong, if it is one."""
        return self.rows.first if self.rows is not None and self.rows.first == self.rows.last else None

    @property
    def only_column(self) -> int | None:
        """The column in which all lies that is wrong, if it is one, and not one entry alone."""
        one = self.columns is not None and self.columns.first == self.columns.last and self.only_row is None
        return self.columns.first if one and self.columns is not None else None


def _covering(span: Span | None, other: Span | None) -> Span | None:
    return span.joined(other) if span is not None and other is not None else span or other


def _nan_last(error: float) -> float:
    return error if error == error else np.inf


def distance(claimed: Floats, right: Floats, wrong: NDArray[np.bool_], first: int = 0) -> Distance:
    """Measure how far some rows of a claim, from row ``first`` on, are from the right ones.

    All have the same shape; ``wrong`` tells which entries are not accepted.
    """
    apart = errors(claimed, right)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = apart / np.abs(right)
    relative = np.where(apart == 0, 0.0, np.where(np.isnan(relative), np.inf, relative))
    looked_at = np.where(wrong, apart, -1.0) if wrong.any() else apart
    at = tuple(int(index) for index in np.unravel_index(int(np.argmax(looked_at)), apart.shape))
    place = (first + at[0], *at[1:]) if at else at
    rows, columns = _spans(wrong, first)
    numbers = float(claimed[at]), float(right[at])
    return Distance(float(apart.max()), float(relative.max()), int(wrong.sum()), place, *numbers, rows, columns)


def _spans(wrong: NDArray[np.bool_], first: int) -> tuple[Span | None, Span | None]:
    """Find the first and last row, and column, of wrong entries, where there are rows of columns."""
    if wrong.ndim < 2 or not wrong.any():
        return None, None
    matrix = np.asarray(wrong.reshape(*wrong.shape[:2], -1).any(axis=2))
    rows, columns = np.flatnonzero(matrix.any(1)), np.flatnonzero(matrix.any(0))
    return Span(first + int(rows[0]), first + int(rows[-1])), Span(int(columns[0]), int(columns[-1]))


def errors(claimed: Floats, right: Floats) -> Floats:
    """Measure the absolute error of each entry: 0 where both are NaN, infinite where one is."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart: Floats = np.abs(claimed - right)
    if np.isfinite(apart).all():
        return apart
    same = (claimed == right) | (np.isnan(claimed) & np.isnan(right))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


class Quality(NamedTuple):
    """The quality of a right claim: how far it is from being rounded once.

    Attributes:
        max_ulp: the largest distance of an entry, in units in the last place of the claim's format.
        not_nearest: how many entries are not the nearest number of that format.
        entries: how many were compared.
    """

    max_ulp: float
    not_nearest: int
    entries: int

    def joined(self, other: "Quality") -> "Quality":
        """Join the quality of other entries."""
        counts = self.not_nearest + other.not_nearest, self.entries + other.entries
        return Quality(max(self.max_ulp, other.max_ulp), *counts)

    @property
    def share(self) -> float:
        """The share of the entries that are not the nearest."""
        return self.not_nearest / self.entries if self.entries else 0.0


def quality(claimed: Floats, right: Floats, name: str) -> Quality:
    """Measure how far numbers of a format are from those that are right, which are known more finely."""
    missed = np.flatnonzero(claimed != rounded(right, name))
    others, exact = claimed.reshape(-1)[missed], right.reshape(-1)[missed]
    apart = errors(others, exact)  # 0 where both are NaN
    ulps = np.divide(apart, spacing(exact, name), out=np.zeros_like(apart), where=apart > 0)
    return Quality(float(ulps.max(initial=0.0)), int(np.count_nonzero(apart)), claimed.size)


@dataclass(frozen=True)
class ArrayVerdict:
    """A verdict says whether a claim about an array is right, and if not, what explains it.

    Attributes:
        claim: that is judged.
        right: the right array, float64.
        distance: how far they are apart.
        passed: whether the claim is right.
        decidable: whether the format of the file can tell right from wrong at all.
        diagnosis: the mistakes that would give the claim, likeliest first.
        not_tried: the mistakes that were not tried, because the claim is too large.
        tolerance: by which it was judged, if not by the digits that were typed.
        within_tolerance: whether a claim that is wrong lies within it.
        quality: how good a right claim is, where the right numbers are known more finely.
        printed: the format of the program that computed the numbers, where they are right as such a one's.
        could_be: of networks alone.
    """

    claim: ArrayClaim
    right: Readable
    distance: Distance
    passed: bool
    decidable: bool = True
    diagnosis: tuple[Diagnosis, ...] = ()
    not_tried: tuple[str, ...] = ()
    tolerance: Allowance | None = None
    within_tolerance: bool = False
    quality: Quality | None = None
    printed: str | None = None
    could_be: tuple[Diagnosis, ...] = ()


def compare(claim: ArrayClaim, right: Floats, tolerance: Tolerance) -> ArrayVerdict:
    """Compare a claim with the right array.

    A claim stored in a format so coarse that zeros would pass for the right numbers, for no other reason than that
    these are next to its smallest number, is not decidable, and does not pass.
    """
    wrong = ~claim.accepts(right, tolerance)
    claimed = claim.numbers.T if claim.transposed else claim.numbers
    apart = distance(claimed, right, wrong.T if claim.transposed else wrong)
    verdict = ArrayVerdict(claim, right, apart, not wrong.any())
    if claim.format is None or not verdict.passed:
        return verdict
    like_zeros = LikeZeros.of(right, tolerance(right, claim.format), claim.format)
    return verdict if not like_zeros.would_pass else replace(verdict, passed=False, decidable=False)


class LikeZeros(NamedTuple):
    """Whether zeros would pass for the right numbers, for no other reason than that a format has none so small.

    Attributes:
        zero: whether all of the right numbers are 0.
        infinite: whether one of them is not finite.
        within: whether zeros are within the tolerance.
        barely: whether some would not be, were it not for half the smallest number of the format.
    """

    zero: bool
    infinite: bool
    within: bool
    barely: bool

    @classmethod
    def of(cls, right: Floats, allowed: Floats, name: str) -> "LikeZeros":
        """Ask it of some right numbers, given how far from each a claim in a format may be."""
        size, half_tiny = np.abs(right), FORMATS[name].half_tiny
        finite, within = bool(np.isfinite(right).all()), bool(np.all(size <= allowed))
        return cls(not right.any(), not finite, within, not bool(np.all(size <= allowed - half_tiny)))

    def joined(self, other: "LikeZeros") -> "LikeZeros":
        """Join what is known of other right numbers."""
        return LikeZeros(
            self.zero and other.zero,
            self.infinite or other.infinite,
            self.within and other.within,
            self.barely or other.barely,
        )

    @property
    def would_pass(self) -> bool:
        """Whether zeros would pass for all of the right numbers."""
        return not self.zero and not self.infinite and self.within and self.barely


def written(values: Floats) -> str:
    """Write an array in a sentence: its numbers where they are few.

    >>> written(np.array([0.25, -0.0]))
    '0.25, 0'
    """
    flat = values.reshape(-1)
    return ", ".join(f"{number + 0.0:.6g}" for number in flat) if flat.size <= 6 else "what is claimed"
