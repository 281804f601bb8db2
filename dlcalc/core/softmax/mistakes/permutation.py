"""Whether a large claim is the right one with its rows in another order.

Each row is known by a sum of its entries with random weights. Rows of the claim and of the answer meet that are known
by the same sum, and of the others those that come next to each other in the order of their sums. Every two that meet
are compared, entry by entry; the others are known by another sum in the next round, and the last few compared with all.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.blocks import in_order, parts
from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.softmax.mistakes.blockwise import RowsComparison
from dlcalc.core.softmax.row_values import blocks_of

MAX_ROWS = 1 << 20  # that are out of place: of each, some 40 bytes are kept
_FEW = 256  # rows that are compared with each other, all with all; and whose failure ends it
_SEED = 20091

Numbers = NDArray[np.signedinteger[Any]]  # of rows, in four bytes each


class _Known(NamedTuple):
    """Rows, in the order of what they are known by."""

    rows: Numbers
    sums: Floats

    @classmethod
    def sorted(cls, rows: Numbers, sums: Floats) -> "_Known":
        """In that order."""
        order = np.argsort(sums, kind="stable")
        return cls(rows[order], sums[order])

    def without(self, gone: NDArray[np.bool_]) -> "_Known":
        """The others."""
        return _Known(self.rows[~gone], self.sums[~gone])


def is_permuted(comparison: RowsComparison) -> bool | None:
    """Whether the rows that are wrong are right in another order; None if there are too many to try."""
    if comparison.claim.values.ndim > 2 or comparison.question.rows < 2:
        return False
    weights = _weights(comparison)
    astray = _astray(comparison, next(weights))
    if astray is None:
        return None
    before, (ours, theirs) = len(astray[0].rows), _rest(comparison, *astray)
    while _FEW < len(ours.rows) <= before // 2:
        known = _known_by(comparison, ours.rows, theirs.rows, next(weights))
        before, (ours, theirs) = len(ours.rows), _rest(comparison, *known)
    return len(ours.rows) <= _FEW and _meet(comparison, ours.rows, theirs.rows)


def _weights(comparison: RowsComparison) -> Iterator[Floats]:
    """Random weights of the entries of a row, others in each round."""
    shape = comparison.claim.values.shape
    chance = np.random.default_rng(_SEED)
    while True:
        yield chance.standard_normal(shape[1] if len(shape) > 1 else 1)


def _rest(comparison: RowsComparison, ours: _Known, theirs: _Known) -> tuple[_Known, _Known]:
    """The rows without those that meet and agree."""
    place, found = _equal(ours.sums, theirs.sums)
    matched = np.zeros(len(ours.rows), bool)
    matched[found] = _agree(comparison, ours.rows[place[found]], theirs.rows[found])
    taken = np.zeros(len(ours.rows), bool)
    taken[place[matched]] = True
    ours, theirs = ours.without(taken), theirs.without(matched)
    sample = np.linspace(0, len(ours.rows) - 1, min(_FEW, len(ours.rows)), dtype=np.intp)
    if not _agree(comparison, ours.rows[sample], theirs.rows[sample]).any():
        return ours, theirs
    agree = _agree(comparison, ours.rows, theirs.rows)
    return ours.without(agree), theirs.without(agree)


def _equal(ours: Floats, theirs: Floats) -> tuple[Numbers, NDArray[np.bool_]]:
    """For each of their sums the place of ours that is equal, one for each of several; and which have one."""
    first = np.searchsorted(theirs, theirs).astype(np.int32)
    place = np.searchsorted(ours, theirs).astype(np.int32) + (np.arange(len(theirs), dtype=np.int32) - first)
    place = np.minimum(place, len(ours) - 1, dtype=np.int32)
    return place, ours[place] == theirs


def _astray(comparison: RowsComparison, weights: Floats) -> tuple[_Known, _Known] | None:
    """The rows of the answer and of the claim where they are not the same; None if there are too many."""
    claim, question = comparison.claim, comparison.question

    def look(part: slice) -> tuple[Numbers, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore"):
            right, claimed = comparison.right(part), claim.rows(part)
            wrong = np.flatnonzero(~claimed.accepts(right, comparison.allowed).reshape(len(right), -1).all(axis=1))
            sums = _sums(right[wrong], claimed.values[wrong], claim.format, weights)
            return ((part.start + wrong).astype(np.int32), *sums)

    found, count = [], 0
    for one in in_order(look, blocks_of(question)):
        found.append(one)
        count += len(one[0])
        if count > MAX_ROWS:
            return None
    rows, ours, theirs = (np.concatenate(column) for column in zip(*found, strict=True))
    return _Known.sorted(rows, ours), _Known.sorted(rows, theirs)


def _known_by(comparison: RowsComparison, ours: Numbers, theirs: Numbers, weights: Floats) -> tuple[_Known, _Known]:
    """Some rows of the answer and of the claim, by other sums."""
    claim = comparison.claim

    def look(part: slice) -> tuple[Floats, Floats]:
        return _sums(comparison.right(ours[part]), claim.rows(theirs[part]).values, claim.format, weights)

    found = in_order(look, parts(len(ours), 8 * len(weights)))
    own, claimed = (np.concatenate(column) for column in zip(*found, strict=True))
    return _Known.sorted(ours, own), _Known.sorted(theirs, claimed)


def _sums(right: Floats, claimed: Floats, name: str | None, weights: Floats) -> tuple[Floats, Floats]:
    """What rows are known by: those of the answer, rounded as the claim is, and those of the claim."""
    both = (rounded(right, name or "float64"), claimed)
    with np.errstate(over="ignore", invalid="ignore"):
        ours, theirs = (np.nan_to_num(rows).reshape(len(rows), len(weights)) @ weights for rows in both)
    return ours, theirs


def _agree(comparison: RowsComparison, ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
    """Which rows of the answer are claimed in those other places."""
    claim = comparison.claim

    def look(part: slice) -> NDArray[np.bool_]:
        with np.errstate(over="ignore", invalid="ignore"):
            accepted = claim.rows(theirs[part]).accepts(comparison.right(ours[part]), comparison.allowed)
            return np.asarray(accepted.reshape(len(accepted), -1).all(axis=1))

    row_bytes = 8 * max(1, claim.values.size // len(claim.values))
    return np.concatenate([np.empty(0, bool), *in_order(look, parts(len(ours), row_bytes))])


def _meet(comparison: RowsComparison, ours: Numbers, theirs: Numbers) -> bool:
    """Whether each of a few rows of the answer is claimed somewhere, and nowhere where another is."""
    remaining = theirs
    for row in ours:
        agree = _agree(comparison, np.full(len(remaining), row), remaining)
        if not agree.any():
            return False
        remaining = np.delete(remaining, int(agree.argmax()))
    return True
