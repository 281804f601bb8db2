"""Judging a claimed array: entry by entry, by what a number as typed says, or by the precision of a file's format."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays import Floats
from dlcalc.core.number_formats import FORMATS
from dlcalc.core.verdict import Diagnosis

# From what is right and the name of a format: how far an array stored in that format may be from it, entry by entry.
Tolerance = Callable[[Floats, str], Floats]

_LONG = 15  # digits: nobody types so many; they were printed by a program that computed in float64
_NOISE = 2.0**-48  # relative: what the right numbers themselves are good for


@dataclass(frozen=True)
class ArrayClaim:
    """What somebody says that a key of the answer is.

    Attributes:
        key: of the answer.
        values: what is claimed; in the shape of the answer, or transposed.
        format: the number format of the file it came from; None if it was typed.
        low, high: of what was typed, the numbers that each entry may stand for.
        digits: of what was typed, how many significant digits each entry has.
        transposed: the shape is that of the answer's transpose.
    """

    key: str
    values: Floats
    format: str | None = None
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    digits: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    transposed: bool = False

    @property
    def carries_a_pair(self) -> bool:
        """Whether it says enough that two mistakes at once are evidence and not a coincidence."""
        return self.values.size >= 4 or not self.typed or bool(self.digits.max() >= 5)

    @property
    def typed(self) -> bool:
        """Whether it is judged by the digits that were typed."""
        return self.low.size > 0

    @property
    def by_tolerance(self) -> "ArrayClaim":
        """The same claim, judged by a tolerance and not by its digits."""
        return replace(self, low=np.empty(0), high=np.empty(0), digits=np.empty(0, np.int64))

    def accepts(self, right: Floats, tolerance: Tolerance) -> NDArray[np.bool_]:
        """Which entries are claimed rightly, if these are the right ones; none if the shapes differ."""
        if right.shape != self.values.shape:
            return np.zeros(self.values.shape, bool)
        with np.errstate(invalid="ignore", over="ignore"):
            if not self.typed:
                name = self.format or "float64"
                near = np.abs(self.values - right) <= tolerance(right, name)
                beyond = np.abs(right) > FORMATS[name].largest  # which that format has no number for
                near |= beyond & np.isinf(self.values) & (np.sign(self.values) == np.sign(right))
            else:
                slack = _NOISE * np.abs(right)
                near = (self.low - slack <= right) & (right <= self.high + slack)
                near |= (self.digits >= _LONG) & (np.abs(self.values - right) <= tolerance(right, "float64"))
        near &= np.isfinite(right)  # a tolerance in parts of infinity would allow anything
        accepted: NDArray[np.bool_] = near | (self.values == right) | (np.isnan(self.values) & np.isnan(right))
        return accepted

    def is_explained_by(self, other: Floats, right: Floats, tolerance: Tolerance) -> bool:
        """Whether another array is what is claimed, all of it, and is told from the right one by more than rounding."""
        if other.shape != self.values.shape or not self.accepts(other, tolerance).all():
            return False
        if other.shape != right.shape:
            return True
        with np.errstate(invalid="ignore", over="ignore"):
            apart = ~(np.abs(other - right) <= tolerance(right, self.format or "float64"))
        return bool((apart & (other != right) & ~(np.isnan(other) & np.isnan(right))).any())


@dataclass(frozen=True)
class ArrayVerdict:
    """A claim about an array, judged.

    Attributes:
        claim: what was claimed.
        right: what is right.
        wrong: which entries are claimed wrongly; all of them where the claim is transposed.
        passed: whether the claim is right.
        decidable: whether the format of the file can tell right from wrong at all.
        diagnosis: the mistakes that would give the claim, likeliest first.
    """

    claim: ArrayClaim
    right: Floats
    wrong: NDArray[np.bool_]
    passed: bool
    decidable: bool = True
    diagnosis: tuple[Diagnosis, ...] = ()

    @property
    def errors(self) -> Floats:
        """The distance of each entry from the right one."""
        claimed = self.claim.values.T if self.claim.transposed else self.claim.values
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.abs(claimed - self.right)
        same = (claimed == self.right) | (np.isnan(claimed) & np.isnan(self.right))
        return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))

    @property
    def relative_errors(self) -> Floats:
        """The same in parts of the right entry; infinite where that is 0 and the claim is not."""
        errors = self.errors
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            relative = errors / np.abs(self.right)
        return np.where(errors == 0, 0.0, np.where(np.isnan(relative), np.inf, relative))

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the wrong entry that is farthest off."""
        errors = self.errors
        if errors.shape == self.wrong.shape and self.wrong.any():
            errors = np.where(self.wrong, errors, -1.0)
        return tuple(int(index) for index in np.unravel_index(int(np.argmax(errors)), errors.shape))


def compare(claim: ArrayClaim, right: Floats, tolerance: Tolerance) -> ArrayVerdict:
    """Compare a claim with the right array.

    A claim stored in a format so coarse that zeros would pass for the right numbers, for no other reason than that
    these are next to its smallest number, is not decidable, and does not pass.
    """
    wrong = ~claim.accepts(right, tolerance)
    verdict = ArrayVerdict(claim, right, wrong, not wrong.any())
    if claim.format is None or not right.any() or not np.isfinite(right).all():
        return verdict
    allowed, size = tolerance(right, claim.format), np.abs(right)
    half_tiny = FORMATS[claim.format].half_tiny
    if verdict.passed and bool(np.all(size <= allowed)) and not bool(np.all(size <= allowed - half_tiny)):
        return replace(verdict, passed=False, decidable=False)
    return verdict


def written(values: Floats) -> str:
    """An array in a sentence: its numbers where they are few.

    >>> written(np.array([0.25, 1.0]))
    '0.25, 1'
    """
    flat = values.reshape(-1)
    return ", ".join(f"{number:.6g}" for number in flat) if flat.size <= 6 else "what is claimed"
