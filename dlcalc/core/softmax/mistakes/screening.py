"""Explaining a large wrong claim: mistakes are tried on some rows of it, and those that fit are confirmed on all.

Source of the rule: a sample that was not chosen by the claim, and rows that are known to be wrong; then everything.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Floats, Rows, in_order, parts
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.evidence.array_claim import ArrayClaim, ArrayVerdict, written
from dlcalc.core.evidence.claim import Diagnosis
from dlcalc.core.evidence.diagnosis import explained
from dlcalc.core.softmax.mistakes.blockwise import Allowed, RowsComparison, allowed_in
from dlcalc.core.softmax.mistakes.table import MISTAKES
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking, moved, working
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import blocks_of, summed

MAX_SCREENED = 4096  # rows, if they have no more ...
_ENTRIES = 400_000  # ... entries than this
_SEED = 4096
_TRANSPOSED, _PERMUTED = (next(row for row in MISTAKES if row.name == name) for name in ("transposed", "rows-permuted"))


class _Leader(NamedTuple):
    """A leader is a mistake that gives the screened rows.

    Attributes:
        diagnosis: that names it.
        edited: the working that results from it, without the exchange of rows and columns.
        turned: whether rows and columns are exchanged besides.
        allowed: how far from the rows of that working the claim may be.
    """

    diagnosis: Diagnosis
    edited: SoftmaxWorking
    turned: bool
    allowed: Allowed


def diagnosed(comparison: RowsComparison, failing: Sequence[int], verdict: ArrayVerdict) -> ArrayVerdict:
    """Complete a verdict by the mistakes that give the whole of the claim, and by what was not tried.

    ``failing`` are some rows that are wrong.
    """
    claim = comparison.claim
    with np.errstate(over="ignore", invalid="ignore"):
        leaders = _leaders(comparison, failing)
        if leaders:
            return replace(verdict, diagnosis=_confirmed(comparison, leaders))
        permuted = None if claim.transposed else is_permuted(comparison)
    if permuted is None:
        return replace(verdict, not_tried=("rows-permuted",))
    if not permuted:
        return verdict
    return replace(verdict, diagnosis=(Diagnosis("rows-permuted", f"{_PERMUTED.sentence} would give what is claimed"),))


def _leaders(comparison: RowsComparison, failing: Sequence[int]) -> list[_Leader]:
    """Find the mistakes that give the screened rows, as they are or with rows and columns exchanged."""
    rows = _screened(comparison, failing)
    shape = comparison.claim.values.shape
    square = len(shape) == 2 and shape[0] == shape[1]
    found = [] if comparison.claim.transposed else _fitting(comparison, rows, turned=False)
    if not found and (comparison.claim.transposed or square):
        found = _fitting(comparison, rows, turned=True)
    return found


def _screened(comparison: RowsComparison, failing: Sequence[int]) -> Rows:
    """Choose rows to try mistakes on: seeded ones, and some that are wrong."""
    rows, classes = comparison.question.rows, comparison.question.classes
    most = max(1, _ENTRIES // (classes**2 if comparison.claim.key == "jacobian" else classes))
    count = min(rows, MAX_SCREENED, most)
    chosen = np.random.default_rng(_SEED).choice(rows, count, replace=False)
    return np.union1d(chosen, np.array(failing[:most], np.intp))


def _fitting(comparison: RowsComparison, rows: Rows, *, turned: bool) -> list[_Leader]:
    """Find the mistakes that give some rows of a claim, with rows and columns exchanged if it is ``turned``."""
    claim, right = comparison.claim.rows(rows, turned=turned), comparison.right(rows)
    allowed = comparison.allowed.growing_from(right)
    start = working(comparison.question, claim.key, claim.numbers, rows)
    start = replace(start, slack=partial(allowed, name=claim.format or "float64"))
    if claim.typed:
        start = replace(start, bounds=(claim.low, claim.high))
    if turned and claim.accepts(right, allowed).all():
        text = f"{_TRANSPOSED.sentence} would give what is claimed"
        return [_Leader(Diagnosis("transposed", text), start, True, comparison.allowed)]
    table = [mistake for mistake in MISTAKES if mistake not in (_TRANSPOSED, _PERMUTED)]

    def fits(values: Floats) -> bool:
        return claim.is_explained_by(values, right, allowed)

    found = []
    for diagnosis, edited in explained(table, start, SoftmaxWorking.answer, fits, written, pairs=not turned):
        values = edited.answer()
        assert values is not None
        if turned:
            text = f"{diagnosis.text.partition(' would give')[0]} and {_TRANSPOSED.sentence} would together give it"
            diagnosis = Diagnosis(diagnosis.mistake, text, "transposed")
        found.append(_Leader(diagnosis, edited, turned, allowed.grown_to(values)))
    return found


def _confirmed(comparison: RowsComparison, leaders: Sequence[_Leader]) -> tuple[Diagnosis, ...]:
    """Name the leaders that give all rows; the rows that were tried have shown that they change the answer."""
    standing = [True] * len(leaders)
    give = partial(_give, comparison.question, comparison.claim, leaders, standing)
    for gives in in_order(give, blocks_of(comparison.question)):
        standing[:] = (stood and stands for stood, stands in zip(standing, gives, strict=True))
        if not any(standing):
            break
    return tuple(leader.diagnosis for leader, stands in zip(leaders, standing, strict=True) if stands)


def _give(
    question: SoftmaxQuestion, claim: ArrayClaim, leaders: Sequence[_Leader], standing: Sequence[bool], rows: slice
) -> list[bool]:
    """Tell which leaders give some rows of the claim; those that have fallen before are not asked."""

    def gives(leader: _Leader) -> bool:
        values = moved(leader.edited, question, rows).answer()
        claimed = claim.rows(rows, turned=leader.turned)
        return values is not None and bool(claimed.accepts(values, leader.allowed).all())

    with np.errstate(over="ignore", invalid="ignore"):
        return [stands and gives(leader) for leader, stands in zip(leaders, standing, strict=True)]


def diagnosed_loss(question: SoftmaxQuestion, verdict: ArrayVerdict, right: Floats) -> ArrayVerdict:
    """Complete a verdict on a single loss by the mistakes that give it: the sums of all in one pass, without pairs."""
    claim = verdict.claim
    allowed = allowed_in(question, "loss").growing_from(right)
    start = working(question, "loss", claim.numbers, np.empty(0, np.intp))
    if claim.typed:
        start = replace(start, bounds=(claim.low, claim.high))
    different = {edited.loss_key: edited for mistake in MISTAKES for edited in mistake.edits(start)}
    blocks = in_order(partial(_sums_of_losses, question, tuple(different.values())), blocks_of(question))
    sums = dict(zip(different, map(summed, zip(*blocks, strict=True)), strict=True))

    def of(edited: SoftmaxWorking) -> Floats:
        return np.asarray(sums[edited.loss_key] / edited.denominator * edited.scale)

    def fits(values: Floats) -> bool:
        return claim.is_explained_by(values, right, allowed)

    explanations = explained(MISTAKES, start, of, fits, written, pairs=False)
    diagnosis = tuple(explanation.diagnosis for explanation in explanations)
    return replace(verdict, diagnosis=diagnosis, not_tried=() if diagnosis else ("pairs",))


def _sums_of_losses(question: SoftmaxQuestion, edited: Sequence[SoftmaxWorking], rows: slice) -> list[float]:
    """Sum up the losses of some rows under each of several workings."""
    with np.errstate(all="ignore"):
        return [summed(moved(working, question, rows).losses()) for working in edited]


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
