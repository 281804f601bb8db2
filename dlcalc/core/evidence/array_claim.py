"""Judging a claimed array: entry by entry, by what a number as typed says, or by the precision of a file's format."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.row_source import Floats, Readable, Rows, RowSource
from dlcalc.core.evidence.claim import Diagnosis

# From the right array and the name of a format: how far each entry of a claim in that format may be from it.
Tolerance = Callable[[Floats, str], Floats]

_LONG = 15  # digits: nobody types so many; they were printed by a program that computed in float64
_NOISE = 2.0**-48  # relative: what the right numbers themselves are good for


@dataclass(frozen=True)
class ArrayClaim:
    """A claim says what an array of the answer is.

    Attributes:
        key: of that array in the answer.
        values: the claimed numbers, float64; in the shape of the answer, or transposed.
        format: the number format of the file that they came from; None if they were typed.
        low, high: of typed numbers, in the shape of ``values``: between what each may lie; else empty.
        digits: of typed numbers, how many significant digits each has; else empty.
        transposed: whether the shape is that of the answer's transpose.
    """

    key: str
    values: RowSource
    format: str | None = None
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    digits: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    transposed: bool = False

    @property
    def numbers(self) -> Floats:
        """The claimed numbers in memory."""
        return np.asarray(self.values)

    @property
    def carries_a_pair(self) -> bool:
        """Whether the claim says enough that two mistakes at once are evidence and not a coincidence."""
        return self.values.size >= 4 or not self.typed or bool(self.digits.max() >= 5)

    @property
    def typed(self) -> bool:
        """Whether the claim is judged by the digits that were typed."""
        return self.low.size > 0

    @property
    def by_tolerance(self) -> "ArrayClaim":
        """The claim as it is judged by a tolerance, and not by its digits."""
        return replace(self, low=np.empty(0), high=np.empty(0), digits=np.empty(0, np.int64))

    def rows(self, rows: Rows, *, turned: bool | None = None) -> "ArrayClaim":
        """Read what is claimed of some rows of the answer; the columns instead, where the claim is ``turned``."""
        turned = self.transposed if turned is None else turned
        parts: tuple[RowSource, ...] = (self.values, self.low, self.high, self.digits)
        values, low, high, digits = ((part.T if turned else part)[rows] if part.size else part[:] for part in parts)
        return ArrayClaim(self.key, values, self.format, low, high, digits)

    def accepts(self, right: Floats, tolerance: Tolerance) -> NDArray[np.bool_]:
        """Tell which entries are claimed rightly, if ``right`` is; none if the shapes differ."""
        claimed = self.numbers
        if right.shape != claimed.shape:
            return np.zeros(claimed.shape, bool)
        with np.errstate(invalid="ignore", over="ignore"):
            if not self.typed:
                name = self.format or "float64"
                near = np.abs(claimed - right) <= tolerance(right, name)
                beyond = np.abs(right) > FORMATS[name].largest  # which that format has no number for
                near |= beyond & np.isinf(claimed) & (np.sign(claimed) == np.sign(right))
            else:
                slack = _NOISE * np.abs(right)
                near = (self.low - slack <= right) & (right <= self.high + slack)
                near |= (self.digits >= _LONG) & (np.abs(claimed - right) <= tolerance(right, "float64"))
        near &= np.isfinite(right)  # a tolerance in parts of infinity would allow anything
        accepted: NDArray[np.bool_] = near | (claimed == right) | (np.isnan(claimed) & np.isnan(right))
        return accepted

    def is_explained_by(self, other: Floats, right: Floats, tolerance: Tolerance) -> bool:
        """Whether another array is the claimed one, and is told from the right one by more than rounding."""
        if other.shape != self.values.shape or not self.accepts(other, tolerance).all():
            return False
        if other.shape != right.shape:
            return True
        with np.errstate(invalid="ignore", over="ignore"):
            apart = ~(np.abs(other - right) <= tolerance(right, self.format or "float64"))
        return bool((apart & (other != right) & ~(np.isnan(other) & np.isnan(right))).any())


class Distance(NamedTuple):
    """The distance of a claim from the right array.

    Attributes:
        max_abs_error: the largest absolute error of an entry.
        max_rel_error: the largest relative error; infinite where the right entry is 0 and the claimed one is not.
        failed: how many entries are wrong; all of them where the claim is transposed.
        worst: the index of the wrong entry with the largest absolute error; of any entry, if none is wrong.
        expected, actual: what is claimed there, and what is right.
    """

    max_abs_error: float
    max_rel_error: float
    failed: int
    worst: tuple[int, ...]
    expected: float
    actual: float

    def joined(self, other: "Distance") -> "Distance":
        """Join the distance of the rows that follow."""
        here, there = ((part.failed > 0, _nan_last(abs(part.expected - part.actual))) for part in (self, other))
        worst = other if there > here else self
        return worst._replace(
            max_abs_error=max(self.max_abs_error, other.max_abs_error),
            max_rel_error=max(self.max_rel_error, other.max_rel_error),
            failed=self.failed + other.failed,
        )


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
    return Distance(
        float(apart.max()), float(relative.max()), int(wrong.sum()), place, float(claimed[at]), float(right[at])
    )


def errors(claimed: Floats, right: Floats) -> Floats:
    """Measure the absolute error of each entry: 0 where both are NaN, infinite where one is."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(claimed - right)
    same = (claimed == right) | (np.isnan(claimed) & np.isnan(right))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


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
    """

    claim: ArrayClaim
    right: Readable
    distance: Distance
    passed: bool
    decidable: bool = True
    diagnosis: tuple[Diagnosis, ...] = ()
    not_tried: tuple[str, ...] = ()


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

    >>> written(np.array([0.25, 1.0]))
    '0.25, 1'
    """
    flat = values.reshape(-1)
    return ", ".join(f"{number:.6g}" for number in flat) if flat.size <= 6 else "what is claimed"
