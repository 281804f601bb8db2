"""Judging a claim about an array as a whole: by its tolerance, and by what explains it best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Generic

import numpy as np

from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import ArrayVerdict, compare, quality, written
from dlcalc.core.evidence.claim import Diagnosis
from dlcalc.core.evidence.diagnosis import Explanation, Mistake, W, explained
from dlcalc.core.evidence.tolerance import (
    CLEAR,
    ROWS,
    Computed,
    Fit,
    Tolerance,
    best,
    fit,
    is_a_constant,
    largest,
    roundings,
)

_POOR = 4.0  # roundings: an explanation that leaves more of a claim open does not keep others from being tried
_NEARER = 2.0  # times nearer than the right array must an explanation be, in a coarse format
_OPEN = 16.0  # roundings: so near must an explanation be to a claim, and ...
_NEAR = 8.0  # ... so near a pair or a fitted constant, in a format ...
_COARSE = ("float16", "bfloat16")  # ... of which the tolerance is so wide that many would lie in it
_SAME = 0.01  # roundings of such a format: more than lies between two ways that give the same


@dataclass(frozen=True)
class Candidates(Generic[W]):
    """The mistakes that may be behind a claim about an array.

    Attributes:
        mistakes: the table, in the order of rank.
        working: how the right answer comes about.
        answer: the array that a working gives; None where it gives none.
        right: the right array.
        tolerance: how far a claim may be from an array that it is of.
        terms: gives the size of the terms that each entry of the right array is made of; 0 where it does not count.
        alone: the mistakes that are no part of a pair in a coarse format, because they follow the claim.
        clearance: by how much more than this a mistake must change the right array; than the tolerance if None.
    """

    mistakes: Sequence[Mistake[W]]
    working: W
    answer: Callable[[W], Floats | None]
    right: Floats
    tolerance: Tolerance
    terms: Callable[[], Floats]
    alone: frozenset[str] = frozenset()
    clearance: Tolerance | None = None

    @cached_property
    def sizes(self) -> Floats:
        """The size of the terms of each entry."""
        return self.terms()

    @property
    def _named(self) -> list[Mistake[W]]:
        return [mistake for mistake in self.mistakes if not mistake.fitted]

    @property
    def _fitted(self) -> list[Mistake[W]]:
        return [mistake for mistake in self.mistakes if mistake.fitted]

    def fit(self, claim: ArrayClaim, other: Floats) -> Fit | None:
        """Compare how well the right array and another one explain a claim; None where they cannot be compared."""
        if claim.format is None or not other.shape == self.right.shape == claim.values.shape:
            return None
        return fit(claim.numbers, self.right, other, self.sizes, claim.format)

    def that_give(self, claim: ArrayClaim, *, named: bool = False, pairs: bool = True) -> tuple[Explanation[W], ...]:
        """Find the mistakes that give a claim which is wrong; those that explain it far worse than others do not count.

        Args:
            claim: that is explained.
            named: whether mistakes with a fitted constant are left out.
            pairs: whether two mistakes at once are tried, where the claim says enough.
        """
        few = not bool(claim.accepts(self.right, self.tolerance).all())  # which cannot accuse what is right

        def fits(values: Floats) -> bool:
            if claim.is_explained_by(values, self.right, self.tolerance, self.clearance):
                return True
            return self._beats_right(claim, values, few=few) and bool(claim.accepts(values, self.tolerance).all())

        singles = explained(self._named, self.working, self.answer, fits, written, pairs=False)
        found = tuple(one for one in singles if self._is_near(claim, one, _OPEN))
        if named:
            return self._best(claim, found)
        nearest = min((self._off(claim, one) for one in found), default=inf)
        if nearest > _POOR:
            constants = explained(self._fitted, self.working, self.answer, fits, written, pairs=False)
            nearer = [one for one in constants if CLEAR * self._off(claim, one) <= nearest]
            found += tuple(one for one in nearer if self._is_near(claim, one, _NEAR))
        if not found and pairs and claim.carries_a_pair:
            table = [one for one in self._named if claim.format not in _COARSE or one.name not in self.alone]
            both = explained(table, self.working, self.answer, fits, written, pairs=True)
            found = tuple(one for one in both if self._is_near(claim, one, _NEAR))
        return self._best(claim, found)

    def _off(self, claim: ArrayClaim, explanation: Explanation[W]) -> float:
        """Measure how much of a claim an explanation leaves open, in roundings; 0 where that cannot be told."""
        measured = self._measured(claim, explanation)
        if measured is None or claim.format is None:
            return 0.0
        other, sizes = measured
        return fit(claim.numbers, other, other, sizes, claim.format).of_other

    def _measured(self, claim: ArrayClaim, explanation: Explanation[W]) -> tuple[Floats, Floats] | None:
        """Give what an explanation comes to, and the sizes of its terms; None where it cannot be compared.

        Where it is larger than the right array, so are its roundings.
        """
        other = self.answer(explanation.edited)
        if other is None or claim.format is None or not other.shape == self.right.shape == claim.values.shape:
            return None
        grown = max(1.0, largest(other) / (largest(self.right) or 1.0))
        sizes = np.where(self.sizes > 0, self.sizes, largest(self.sizes))  # what is masked has terms in the other array
        return other, np.maximum(grown * sizes, np.abs(other))

    def _is_near(self, claim: ArrayClaim, explanation: Explanation[W], limit: float) -> bool:
        """Whether an explanation is near enough to a claim, where its format's tolerance alone is wide.

        That is within so many roundings; and, in what it changes, much nearer than the right array, from which noise is
        as far as from it.
        """
        measured = self._measured(claim, explanation)
        if claim.format not in _COARSE or measured is None:
            return True
        other, sizes = measured
        changed = np.abs(other - self.right) > roundings(claim.format) / 8 * sizes
        pairs = [np.where(changed, values, claim.numbers) for values in (self.right, other)]
        compared = fit(claim.numbers, pairs[0], pairs[1], sizes, claim.format)
        return self._off(claim, explanation) <= limit and _NEARER**2 * compared.other <= compared.right

    def _best(self, claim: ArrayClaim, found: tuple[Explanation[W], ...]) -> tuple[Explanation[W], ...]:
        """Keep the explanations that none beats by far, in the order of rank; ahead those that are far nearer."""
        if claim.format in _COARSE:
            found = tuple(one for one in found if one.diagnosis.mistake not in self.alone) or found
        if claim.format is None or len(found) < 2:
            return found
        distances = [self._off(claim, one) for one in found]
        standing = [
            one for one, stands in zip(zip(distances, found, strict=True), best(distances), strict=True) if stands
        ]
        least = CLEAR * min(distances) + _SAME if claim.format in _COARSE else inf
        return tuple(one for _, one in sorted(standing, key=lambda one: one[0] > least))

    def _beats_right(self, claim: ArrayClaim, values: Floats, *, few: bool = False) -> bool:
        """Whether an array explains a claim of rows enough, or ``few``, far better than the right one does.

        It must beat the working as well, whose float64 rounds otherwise than the right array does.
        """
        if claim.values.ndim == 0 or (len(claim.values) < ROWS and not few):
            return False
        own = self._own
        fits = [base.fit(claim, values) for base in ([self] if own is None else [self, replace(self, right=own)])]
        return all(compared is not None and compared.other_wins for compared in fits)

    @cached_property
    def _own(self) -> Floats | None:
        """What the working itself gives, without a mistake."""
        return self.answer(self.working)

    def better_than_right(self, claim: ArrayClaim) -> tuple[Explanation[W], ...]:
        """Find the mistakes that explain a claim within its tolerance far better than the right array does."""
        name = claim.format
        start = self.fit(claim, self.right)
        if name is None or start is None or start.is_a_rounding:
            return ()

        def wins(values: Floats) -> bool:
            return self._beats_right(claim, values)

        def constant_wins(values: Floats) -> bool:
            return wins(values) and is_a_constant(self.right, values, name)

        found = explained(self._named, self.working, self.answer, wins, written, pairs=False)
        if not found:
            scaled = [mistake for mistake in self._fitted if mistake.name == "scaled"]
            found = explained(scaled, self.working, self.answer, constant_wins, written, pairs=False)
        return self._best(claim, found)


def diagnoses(found: Sequence[Explanation[W]]) -> tuple[Diagnosis, ...]:
    """List the diagnoses of explanations."""
    return tuple(explanation.diagnosis for explanation in found)


def judged(
    claim: ArrayClaim, tolerance: Tolerance, candidates: Candidates[W], size: Floats | float | None = None
) -> ArrayVerdict:
    """Judge a claim, and name the mistakes that would give it if it is wrong.

    Args:
        claim: about an array in memory.
        tolerance: by which it is judged; that of the candidates may be another.
        candidates: what may be behind it.
        size: of the terms that numbers printed by a program are judged by; that of each entry if None.
    """
    right = candidates.right
    verdict = compare(claim, right, tolerance)
    if not verdict.decidable:
        return verdict
    if verdict.passed and claim.format is None:
        return verdict
    if verdict.passed:
        if candidates.tolerance is tolerance and (found := candidates.better_than_right(claim)):
            return replace(verdict, passed=False, within_tolerance=True, diagnosis=diagnoses(found))
        return replace(verdict, quality=quality(claim.numbers, right, claim.format or "float64"))
    if claim.printed is not None:
        return _of_a_program(claim, verdict, candidates, Computed(candidates.sizes if size is None else size))
    if candidates.tolerance is not tolerance and claim.accepts(right, candidates.tolerance).all():
        return replace(verdict, diagnosis=diagnoses(candidates.better_than_right(claim)))  # within its format's
    return replace(verdict, diagnosis=diagnoses(candidates.that_give(claim)))


def _of_a_program(
    claim: ArrayClaim, verdict: ArrayVerdict, candidates: Candidates[W], tolerance: Computed
) -> ArrayVerdict:
    """Judge numbers that a program printed, and that are not right by their digits."""
    assert claim.printed is not None
    # By less than one unit in the last place a mistake is not told from a rounding, whatever digits it gives.
    told_apart = replace(candidates, clearance=Computed(tolerance.terms / 4))
    if found := told_apart.that_give(claim, named=True):
        return replace(verdict, diagnosis=diagnoses(found))
    within = np.clip(candidates.right, claim.low, claim.high)  # of what is printed alike, the nearest to what is right
    as_computed = replace(claim.by_tolerance, values=within, format=claim.printed)
    computed = compare(as_computed, candidates.right, tolerance)
    if computed.passed:
        return replace(computed, claim=claim, printed=claim.printed)
    near = replace(candidates, tolerance=tolerance)
    as_printed = replace(as_computed, values=claim.values)
    return replace(verdict, diagnosis=diagnoses(near.that_give(as_printed) or candidates.that_give(claim)))


def in_memory(claim: ArrayClaim) -> ArrayClaim:
    """Read a claim into memory."""
    return replace(claim, values=np.asarray(claim.values))
