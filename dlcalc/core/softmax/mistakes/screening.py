"""Explaining a large wrong claim: mistakes are tried on some rows of it, and those that fit are confirmed on all.

Source of the rule: a sample that was not chosen by the claim, and rows that are known to be wrong; then everything.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.row_source import Floats, Rows, in_order
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_judge import Candidates
from dlcalc.core.evidence.array_verdict import ArrayVerdict, written
from dlcalc.core.evidence.claim import Diagnosis
from dlcalc.core.evidence.diagnosis import explained
from dlcalc.core.evidence.tolerance import ROWS, Fit, fit
from dlcalc.core.softmax.mistakes.blockwise import RowsComparison
from dlcalc.core.softmax.mistakes.permutation import is_permuted
from dlcalc.core.softmax.mistakes.table import MISTAKES
from dlcalc.core.softmax.mistakes.tolerances import Allowed, allowed_in, terms_of
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

    One mistake is tried before two. ``failing`` are some rows that are wrong.
    """
    claim = comparison.claim
    with np.errstate(over="ignore", invalid="ignore"):
        rows = _screened(comparison, failing, _ENTRIES)
        leaders = _leaders(comparison, rows)
        permuted = leaders == [] and (None if claim.transposed else is_permuted(comparison))
        if permuted:
            text = f"{_PERMUTED.sentence} would give what is claimed"
            return replace(verdict, diagnosis=(Diagnosis("rows-permuted", text),))
        if not leaders and not claim.transposed:
            leaders = _fitting(comparison, _screened(comparison, failing, _SAMPLED), pairs=True)
        if leaders:
            return replace(verdict, diagnosis=_confirmed(comparison, leaders))
    return verdict if permuted is False else replace(verdict, not_tried=("rows-permuted",))


def _leaders(comparison: RowsComparison, rows: Rows) -> list[_Leader]:
    """Find the mistakes that give the screened rows, as they are or with rows and columns exchanged."""
    shape = comparison.claim.values.shape
    square = len(shape) == 2 and shape[0] == shape[1]
    found = [] if comparison.claim.transposed else _fitting(comparison, rows)
    if not found and (comparison.claim.transposed or square):
        found = _fitting(comparison, rows, turned=True)
    return found


def _screened(comparison: RowsComparison, failing: Sequence[int], entries: int) -> Rows:
    """Choose rows of about so many entries to try mistakes on: seeded ones, and some that are wrong."""
    rows, classes = comparison.question.rows, comparison.question.classes
    most = max(1, entries // (classes**2 if comparison.claim.key == "jacobian" else classes))
    count = min(rows, MAX_SCREENED, most)
    chosen = np.random.default_rng(_SEED).choice(rows, count, replace=False)
    return np.union1d(chosen, np.array(failing[:most], np.intp))


def _fitting(comparison: RowsComparison, rows: Rows, *, turned: bool = False, pairs: bool = False) -> list[_Leader]:
    """Find the mistakes that give some rows of a claim.

    Args:
        comparison: of the claim.
        rows: which.
        turned: whether rows and columns are exchanged.
        pairs: whether two mistakes at once are tried, where one does not do.
    """
    claim, candidates = _candidates(comparison, rows, turned=turned)
    if turned and claim.accepts(candidates.right, candidates.tolerance).all():
        text = f"{_TRANSPOSED.sentence} would give what is claimed"
        return [_Leader(Diagnosis("transposed", text), candidates.working, True, comparison.allowed)]
    found = []
    for diagnosis, edited in candidates.that_give(claim, pairs=pairs):
        values = edited.answer()
        assert values is not None
        if turned:
            text = f"{diagnosis.text.partition(' would give')[0]} and {_TRANSPOSED.sentence} would together give it"
            diagnosis = Diagnosis(diagnosis.mistake, text, "transposed")
        grown = comparison.allowed.growing_from(candidates.right).grown_to(values)
        found.append(_Leader(diagnosis, edited, turned, grown))
    return found


def _candidates(
    comparison: RowsComparison, rows: Rows, *, turned: bool = False
) -> tuple[ArrayClaim, Candidates[SoftmaxWorking]]:
    """Prepare the mistakes that may be behind some rows of a claim, beside what is claimed of them."""
    claim, right = comparison.claim.rows(rows, turned=turned), comparison.right(rows)
    allowed = comparison.allowed.growing_from(right)
    start = working(comparison.question, claim.key, claim.numbers, rows)
    start = replace(start, slack=partial(allowed, name=claim.format or "float64"))
    if claim.typed:
        start = replace(start, bounds=(claim.low, claim.high))
    table = [mistake for mistake in MISTAKES if mistake not in (_TRANSPOSED, _PERMUTED)]
    terms = partial(terms_of, start, right)
    return claim, Candidates(table, start, SoftmaxWorking.answer, right, allowed, terms)


_SAMPLED = 65_536  # entries of a claim within its tolerance: enough to tell what is no rounding


def overruled(comparison: RowsComparison) -> tuple[Diagnosis, ...]:
    """Find the mistakes that explain a claim within its tolerance far better than the right array: all of it."""
    question = comparison.question
    count = min(question.rows, max(ROWS, _SAMPLED // (comparison.claim.values.size // question.rows)))
    rows = np.sort(np.random.default_rng(_SEED).choice(question.rows, count, replace=False))
    with np.errstate(over="ignore", invalid="ignore"):
        leaders = _candidates(comparison, rows)[1].better_than_right(comparison.claim.rows(rows))
        if not leaders:
            return ()
        edited = [leader.edited for leader in leaders]
        blocks = in_order(partial(_fits, comparison, edited), blocks_of(question))
        sums = [reduce(Fit.joined, fits) for fits in zip(*blocks, strict=True)]
    return tuple(leader.diagnosis for leader, total in zip(leaders, sums, strict=True) if total.other_wins)


def _fits(comparison: RowsComparison, edited: Sequence[SoftmaxWorking], rows: slice) -> list[Fit]:
    """Compare how well the right rows and those of several workings explain a block of a claim."""
    claim, candidates = _candidates(comparison, rows)
    found = []
    for choices in edited:
        values = moved(choices, comparison.question, rows).answer()
        assert values is not None
        assert claim.format is not None
        found.append(fit(claim.numbers, candidates.right, values, candidates.sizes, claim.format))
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
    allowed = allowed_in(replace(question, exact=False), claim).growing_from(right)
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
