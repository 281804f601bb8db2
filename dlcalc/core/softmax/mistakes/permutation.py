"""Telling whether the rows of a large claim that are wrong are right in another order."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Floats, Rows, in_order, parts
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.softmax.mistakes.blockwise import RowsComparison
from dlcalc.core.softmax.row_values import blocks_of

MAX_ROWS = 1 << 20  # that are out of place: of each, some 40 bytes are kept
_FEW = 256  # rows that are compared each with each; and of which one must agree for the others to be compared
_SEED = 20091

Numbers = NDArray[np.int32]  # of rows


def is_permuted(comparison: RowsComparison) -> bool | None:
    """Tell whether the rows that are wrong are right in another order; None if there are too many to try."""
    claim, question = comparison.claim, comparison.question
    if claim.values.ndim > 2 or question.rows < 2:
        return False
    rng, size = np.random.default_rng(_SEED), claim.values.size // question.rows
    blocks, count = [], 0
    for block in in_order(partial(_astray, comparison, rng.standard_normal(size)), blocks_of(question)):
        blocks.append(block)
        count += len(block[0])
        if count > MAX_ROWS:
            return None
    if count < 2:
        return False
    ours, *projections = (np.concatenate(column) for column in zip(*blocks, strict=True))
    theirs = ours
    while True:
        before = len(ours)
        ours, theirs = _meeting(ours, theirs, *projections)
        sample = np.linspace(0, before - 1, min(_FEW, before), dtype=np.intp)
        if before > _FEW and not _agree(comparison, ours[sample], theirs[sample]).any():
            return False
        agree = _agree(comparison, ours, theirs)
        ours, theirs = ours[~agree], theirs[~agree]
        if len(ours) <= _FEW:
            return _match(comparison, ours, theirs)
        if len(ours) > before // 2:
            return False
        project = partial(_projected_pairs, comparison, rng.standard_normal(size), ours, theirs)
        pairs = in_order(project, parts(len(ours), 8 * size))
        projections = [np.concatenate(column) for column in zip(*pairs, strict=True)]


def _astray(comparison: RowsComparison, direction: Floats, rows: slice) -> tuple[Numbers, Floats, Floats]:
    """Find the rows of a block that are wrong, and their projections in the answer and in the claim."""
    with np.errstate(over="ignore", invalid="ignore"):
        right, claimed = comparison.right(rows), comparison.claim.rows(rows)
        wrong = np.flatnonzero(~claimed.accepts(right, comparison.allowed).reshape(len(right), -1).all(axis=1))
    return (rows.start + wrong).astype(np.int32), *_projected(
        comparison, direction, right[wrong], claimed.numbers[wrong]
    )


def _projected_pairs(
    comparison: RowsComparison, direction: Floats, ours: Numbers, theirs: Numbers, part: slice
) -> tuple[Floats, Floats]:
    """Project some rows of the answer and of the claim, by their numbers."""
    right, claimed = comparison.right(ours[part]), comparison.claim.rows(theirs[part])
    return _projected(comparison, direction, right, claimed.numbers)


def _projected(comparison: RowsComparison, direction: Floats, right: Floats, claimed: Floats) -> tuple[Floats, Floats]:
    """Project rows of the answer, rounded as the claim is, and rows of the claim."""
    both = (rounded(right, comparison.claim.format or "float64"), claimed)
    with np.errstate(over="ignore", invalid="ignore"):
        ours, theirs = (np.nan_to_num(rows).reshape(len(rows), len(direction)) @ direction for rows in both)
    return ours, theirs


def _meeting(ours: Numbers, theirs: Numbers, right: Floats, claimed: Floats) -> tuple[Numbers, Numbers]:
    """Order rows so that those with equal projections meet, one by one, and the others in the order of theirs."""
    our_order, their_order = np.argsort(right, kind="stable"), np.argsort(claimed, kind="stable")
    ours, theirs, right, claimed = ours[our_order], theirs[their_order], right[our_order], claimed[their_order]
    rank = np.arange(len(claimed)) - np.searchsorted(claimed, claimed)  # of a row among those that are equal to it
    place = np.minimum(np.searchsorted(right, claimed) + rank, len(right) - 1)
    equal = right[place] == claimed
    taken = np.zeros(len(right), bool)
    taken[place[equal]] = True
    return np.concatenate([ours[place[equal]], ours[~taken]]), np.concatenate([theirs[equal], theirs[~equal]])


def _agree(comparison: RowsComparison, ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
    """Tell which rows of the answer are claimed in the places of those others."""
    row_bytes = 8 * max(1, comparison.claim.values.size // comparison.question.rows)
    blocks = in_order(partial(_agree_in, comparison, ours, theirs), parts(len(ours), row_bytes))
    return np.concatenate([np.empty(0, bool), *blocks])


def _agree_in(comparison: RowsComparison, ours: Numbers, theirs: Numbers, part: Rows) -> NDArray[np.bool_]:
    with np.errstate(over="ignore", invalid="ignore"):
        accepted = comparison.claim.rows(theirs[part]).accepts(comparison.right(ours[part]), comparison.allowed)
        return np.asarray(accepted.reshape(len(accepted), -1).all(axis=1))


def _match(comparison: RowsComparison, ours: Numbers, theirs: Numbers) -> bool:
    """Tell whether each of a few rows of the answer is claimed somewhere, and nowhere where another is."""
    remaining = theirs
    for row in ours:
        agree = _agree(comparison, np.full(len(remaining), row), remaining)
        if not agree.any():
            return False
        remaining = np.delete(remaining, int(agree.argmax()))
    return True
