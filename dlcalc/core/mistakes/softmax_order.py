"""Whether a large claim is the right one with its rows in another order.

Each row is known by two sums of its entries with random weights. Sorted by such a sum, the rows of the claim meet those
of the answer; every two that meet are compared entry by entry, and what does not agree is sorted by the other sum.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays import Floats, rounded
from dlcalc.core.blocks import in_order, parts
from dlcalc.core.mistakes.softmax_comparison import RowsComparison
from dlcalc.core.softmax.by_rows import blocks_of

MAX_ROWS = 1 << 20  # that are out of place: of each, 40 bytes are kept
_FEW = 256  # rows that are compared with each other, all with all; and whose failure ends it
_SEED = 20091

Numbers = NDArray[np.intp]


class _Astray(NamedTuple):
    """Rows of the claim that are not those of the answer: which, and what both are known by."""

    rows: Numbers
    ours: Floats
    theirs: Floats


def is_permuted(comparison: RowsComparison) -> bool | None:
    """Whether the rows that are wrong are right in another order; None if there are too many to try."""
    if comparison.claim.values.ndim > 2 or comparison.question.rows < 2:
        return False
    astray = _astray(comparison)
    if astray is None:
        return None
    ours = theirs = np.arange(len(astray.rows))
    for column in (0, 1):
        ours = ours[np.argsort(astray.ours[ours, column], kind="stable")]
        theirs = theirs[np.argsort(astray.theirs[theirs, column], kind="stable")]
        if column == 0:
            sample = np.linspace(0, len(ours) - 1, min(_FEW, len(ours)), dtype=np.intp)
            if 2 * _agree(comparison, astray.rows[ours[sample]], astray.rows[theirs[sample]]).sum() < len(sample):
                return False
        agree = _agree(comparison, astray.rows[ours], astray.rows[theirs])
        ours, theirs = ours[~agree], theirs[~agree]
        if not ours.size:
            return True
    return ours.size <= _FEW and _meet(comparison, astray.rows[ours], astray.rows[theirs])


def _astray(comparison: RowsComparison) -> _Astray | None:
    claim, question = comparison.claim, comparison.question
    entries = 1 if claim.values.ndim == 1 else claim.values.shape[1]
    weights = np.random.default_rng(_SEED).standard_normal((entries, 2))

    def look(part: slice) -> _Astray:
        with np.errstate(over="ignore", invalid="ignore"):
            right, claimed = comparison.right(part), claim.rows(part)
            wrong = np.flatnonzero(~claimed.accepts(right, comparison.allowed).reshape(len(right), -1).all(axis=1))
            ours = rounded(right[wrong], claim.format or "float64").reshape(len(wrong), entries)
            theirs = claimed.values[wrong].reshape(len(wrong), entries)
            return _Astray(part.start + wrong, np.nan_to_num(ours) @ weights, np.nan_to_num(theirs) @ weights)

    found, count = [], 0
    for one in in_order(look, blocks_of(question)):
        found.append(one)
        count += len(one.rows)
        if count > MAX_ROWS:
            return None
    return _Astray(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _agree(comparison: RowsComparison, ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
    """Which rows of the answer are claimed in those other places."""
    claim = comparison.claim

    def look(part: slice) -> NDArray[np.bool_]:
        with np.errstate(over="ignore", invalid="ignore"):
            accepted = claim.rows(theirs[part]).accepts(comparison.right(ours[part]), comparison.allowed)
            return np.asarray(accepted.reshape(len(accepted), -1).all(axis=1))

    row_bytes = 8 * max(1, claim.values.size // len(claim.values))
    return np.concatenate(list(in_order(look, parts(len(ours), row_bytes))))


def _meet(comparison: RowsComparison, ours: Numbers, theirs: Numbers) -> bool:
    """Whether each of a few rows of the answer is claimed somewhere, and nowhere where another is."""
    remaining = list(theirs)
    for row in ours:
        agree = _agree(comparison, np.full(len(remaining), row), np.array(remaining))
        if not agree.any():
            return False
        remaining.pop(int(agree.argmax()))
    return True
