"""Explaining a large wrong claim: mistakes are tried on some rows of it, and those that fit are confirmed on all.

Source of the rule: a sample that was not chosen by the claim, and rows that are known to be wrong; then everything.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dlcalc.core.arrays.blocks import in_order
from dlcalc.core.arrays.row_source import Rows
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.evidence.array_claim import ArrayVerdict, written
from dlcalc.core.evidence.claim import Diagnosis
from dlcalc.core.evidence.diagnosis import diagnose, explained
from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.softmax.mistakes.blockwise import RowsComparison
from dlcalc.core.softmax.mistakes.permutation import is_permuted
from dlcalc.core.softmax.mistakes.table import MISTAKES
from dlcalc.core.softmax.mistakes.tolerance import Allowed, allowed_in
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking, moved, working
from dlcalc.core.softmax.row_values import blocks_of
from dlcalc.core.softmax.summary import summed

MAX_SCREENED = 4096  # rows, if they have no more ...
_ENTRIES = 400_000  # ... entries than this
_SEED = 4096
_TRANSPOSED, _PERMUTED = (next(one for one in MISTAKES if one.name == name) for name in ("transposed", "rows-permuted"))


class _Leader(NamedTuple):
    """A mistake that gives the screened rows.

    Attributes:
        diagnosis: what it is.
        edited: the choices that give it, without the exchange of rows and columns.
        turned: whether rows and columns are exchanged besides.
        allowed: how far from its rows the claim may be.
    """

    diagnosis: Diagnosis
    edited: SoftmaxWorking
    turned: bool
    allowed: Allowed


def diagnosed(answer: SoftmaxGrad, comparison: RowsComparison, verdict: ArrayVerdict) -> ArrayVerdict:
    """The verdict with the mistakes that give the whole of the claim, and with what was not tried."""
    claim = comparison.claim
    with np.errstate(over="ignore", invalid="ignore"):
        leaders = _leaders(answer, comparison)
        if leaders:
            return replace(verdict, diagnosis=_confirmed(answer, comparison, leaders))
        permuted = None if claim.transposed else is_permuted(comparison)
    if permuted is None:
        return replace(verdict, not_tried=("rows-permuted",))
    if not permuted:
        return verdict
    return replace(verdict, diagnosis=(Diagnosis("rows-permuted", f"{_PERMUTED.sentence} would give what is claimed"),))


def _leaders(answer: SoftmaxGrad, comparison: RowsComparison) -> list[_Leader]:
    """The mistakes that give the screened rows, as they are or with rows and columns exchanged."""
    rows = _screened(answer, comparison)
    shape = comparison.claim.values.shape
    square = len(shape) == 2 and shape[0] == shape[1]
    found = [] if comparison.claim.transposed else _fitting(answer, comparison, rows, turned=False)
    if not found and (comparison.claim.transposed or square):
        found = _fitting(answer, comparison, rows, turned=True)
    return found


def _screened(answer: SoftmaxGrad, comparison: RowsComparison) -> Rows:
    """Seeded rows and some of those that fail."""
    most = max(1, _ENTRIES // (answer.classes**2 if comparison.claim.key == "jacobian" else answer.classes))
    count = min(answer.rows, MAX_SCREENED, most)
    chosen = np.random.default_rng(_SEED).choice(answer.rows, count, replace=False)
    return np.union1d(chosen, np.array(comparison.failing[:most], np.intp))


def _fitting(answer: SoftmaxGrad, comparison: RowsComparison, rows: Rows, *, turned: bool) -> list[_Leader]:
    claim, right = comparison.claim.rows(rows, turned=turned), comparison.right(rows)
    allowed = comparison.allowed.growing_from(right)
    start = working(answer, claim.key, claim.values, rows)
    start = replace(start, slack=lambda values: allowed(values, claim.format or "float64"))
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


def _confirmed(answer: SoftmaxGrad, comparison: RowsComparison, leaders: Sequence[_Leader]) -> tuple[Diagnosis, ...]:
    """Those that give all rows, in one more pass; the rows that were tried have shown that they change the answer."""
    standing = [True] * len(leaders)

    def look(part: slice) -> list[bool]:
        with np.errstate(over="ignore", invalid="ignore"):
            pairs = zip(leaders, standing, strict=True)
            return [stands and _gives(answer, comparison, one, part) for one, stands in pairs]

    for seen in in_order(look, blocks_of(answer.question)):
        standing = [stands and gives for stands, gives in zip(standing, seen, strict=True)]
        if not any(standing):
            break
    return tuple(one.diagnosis for one, stands in zip(leaders, standing, strict=True) if stands)


def _gives(answer: SoftmaxGrad, comparison: RowsComparison, leader: _Leader, part: slice) -> bool:
    """Whether a mistake gives some rows of the claim."""
    values = moved(leader.edited, answer, part).answer()
    claim = comparison.claim.rows(part, turned=leader.turned)
    return values is not None and bool(claim.accepts(values, leader.allowed).all())


def diagnosed_loss(answer: SoftmaxGrad, verdict: ArrayVerdict) -> ArrayVerdict:
    """The verdict on a single loss with the mistakes that give it: the sums of all in one pass, without pairs."""
    claim, right = verdict.claim, verdict.right
    allowed = allowed_in(answer.question, "loss").growing_from(right)
    start = working(answer, "loss", claim.values, np.empty(0, np.intp))
    if claim.typed:
        start = replace(start, bounds=(claim.low, claim.high))
    roads: dict[object, SoftmaxWorking] = {}

    def note(edited: SoftmaxWorking) -> Floats | None:
        roads.setdefault(edited.road, edited)
        return None

    explained(MISTAKES, start, note, lambda values: False, written, pairs=False)

    def look(part: slice) -> list[float]:
        with np.errstate(all="ignore"):
            return [summed(moved(edited, answer, part).losses()) for edited in roads.values()]

    columns = zip(*in_order(look, blocks_of(answer.question)), strict=True)
    sums = dict(zip(roads, map(summed, columns), strict=True))

    def of(edited: SoftmaxWorking) -> Floats:
        return np.asarray(sums[edited.road] / edited.denominator * edited.scale)

    def fits(values: Floats) -> bool:
        return claim.is_explained_by(values, right, allowed)

    found = diagnose(MISTAKES, start, of, fits, written, pairs=False)
    return replace(verdict, diagnosis=found, not_tried=() if found else ("pairs",))
