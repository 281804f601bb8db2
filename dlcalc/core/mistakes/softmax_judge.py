"""Judging what is claimed of softmax-grad: by the precision of the claim, and with its diagnosis if it is wrong."""

from dataclasses import replace

import numpy as np

from dlcalc.core.array_claims import ArrayClaim, ArrayVerdict, Tolerance, compare, written
from dlcalc.core.arrays import Floats
from dlcalc.core.mistakes.engine import Mistake, diagnose
from dlcalc.core.mistakes.softmax_grad import MISTAKES
from dlcalc.core.mistakes.softmax_working import Rows, SoftmaxWorking, working
from dlcalc.core.number_formats import FORMATS
from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.verdict import Diagnosis

MAX_SCREENED = 4096  # rows on which mistakes are tried first, if there are more ...
_ENTRIES = 400_000  # ... and entries
_FAILING = 64  # rows among them that are known to be wrong
_SEED = 4096
_BY_ROW = ("grad_logits", "softmax", "grad_softmax", "jacobian")


def claimable(answer: SoftmaxGrad) -> dict[str, tuple[int, ...]]:
    """The keys that can be claimed with their shapes, the headline first."""
    shapes = answer.shapes()
    return {"grad_logits": shapes.pop("grad_logits"), **{key: shapes[key] for key in shapes if key != "target"}}


def judge(answer: SoftmaxGrad, claim: ArrayClaim) -> ArrayVerdict:
    """Judge one claim about an answer, in float64 whatever the answer was computed in."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _judged(answer, claim)


def _judged(answer: SoftmaxGrad, claim: ArrayClaim) -> ArrayVerdict:
    reference = answer.reference
    right = reference.array(claim.key).astype(np.float64)
    if answer.question.tolerances is not None:
        claim = claim.by_tolerance
    allowed = tolerance(reference, claim.key, right)
    verdict = compare(claim, right, allowed)
    if verdict.passed or not verdict.decidable:
        return verdict
    return replace(verdict, diagnosis=_diagnosis(reference, verdict))


def tolerance(answer: SoftmaxGrad, key: str, reference: Floats) -> Tolerance:
    """|c - r| <= K eps M + R |r| + h, by the claim's format, with M the scale of the key; or what was asked for."""
    asked, scale, largest = answer.question.tolerances, scale_of(answer, key), _largest(reference)

    def allowed(right: Floats, name: str) -> Floats:
        if asked is not None:
            return asked[1] + asked[0] * np.abs(right)
        form = FORMATS[name]
        grown = scale * _largest(right) / largest if largest else scale  # a wrong array has a scale of its own
        return form.factor * form.eps * grown + form.relative * np.abs(right) + form.half_tiny

    return allowed


def _largest(values: Floats) -> float:
    """The largest finite number, without its sign."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def scale_of(answer: SoftmaxGrad, key: str) -> float:
    """M: how large the terms are whose sums and differences the entries of a key are."""
    question = answer.question
    targets, temperature = question.targets, question.temperature
    if targets.labels is not None and not targets.label_smoothing:
        spread = float(targets.weights[targets.labels[targets.kept]].max(initial=0.0))
    else:
        spread = float(np.abs(targets.dense(slice(None))).sum(axis=1).max())
    gradient = spread / targets.denominator / temperature
    scales = {"grad_logits": gradient, "softmax": 1.0, "jacobian": 1 / temperature, "grad_softmax": 0.0}
    if question.linear is not None:
        x, weight = np.abs(question.linear.x), np.abs(question.linear.weight)
        inputs = float(np.max(x, initial=0.0, where=np.isfinite(x)))
        scales |= {"grad_weight": gradient * inputs * answer.rows, "grad_bias": gradient * answer.rows}
        scales |= {"grad_x": gradient * float(weight.max()), "logits": float(weight.max()) * inputs}
    return scales.get(key, 0.0)


def _diagnosis(answer: SoftmaxGrad, verdict: ArrayVerdict) -> tuple[Diagnosis, ...]:
    """The mistakes that give a whole claim; of a large one, those that give some rows of it are tried on all."""
    key, rows = verdict.claim.key, _screened(answer, verdict)
    if rows is None:
        return _tried(answer, verdict, None, MISTAKES, verdict.claim.carries_a_pair)
    leaders = _tried(answer, verdict, rows, MISTAKES, True)
    names = {name for one in leaders for name in (one.mistake, one.second)} or {"rows-permuted"}
    table = [mistake for mistake in MISTAKES if mistake.name in names]
    return _tried(answer, verdict, None, table, any(one.second for one in leaders)) if key in _BY_ROW else ()


def _screened(answer: SoftmaxGrad, verdict: ArrayVerdict) -> Rows | None:
    """Seeded rows and some of those that fail; None where all are few enough, or do not stand for themselves."""
    claim = verdict.claim
    entries = claim.values.size // answer.rows
    count = max(_FAILING, min(MAX_SCREENED, _ENTRIES // max(1, entries)))
    if answer.rows <= count + _FAILING or claim.key not in _BY_ROW or answer.question.flat:
        return None
    wrong = verdict.wrong.T if claim.transposed else verdict.wrong
    failing = np.flatnonzero(wrong.reshape(answer.rows, -1).any(axis=1))[:_FAILING]
    chosen = np.random.default_rng(_SEED).choice(answer.rows, count, replace=False)
    return np.union1d(chosen, failing)


def _tried(
    answer: SoftmaxGrad,
    verdict: ArrayVerdict,
    rows: Rows | None,
    mistakes: "tuple[Mistake[SoftmaxWorking], ...] | list[Mistake[SoftmaxWorking]]",
    pairs: bool,
) -> tuple[Diagnosis, ...]:
    claim = verdict.claim if rows is None else _part(verdict.claim, rows)
    allowed = tolerance(answer, claim.key, verdict.right)
    row = answer.question.flat and claim.key not in ("loss", "grad_weight", "grad_bias")
    claimed, low, high = (part[None] if row else part for part in (claim.values, claim.low, claim.high))
    start = working(answer, claim.key, claimed, rows)
    if claim.typed:
        start = replace(start, bounds=(low, high))
    start = replace(start, slack=lambda values: allowed(values, claim.format or "float64"))

    def of(edited: SoftmaxWorking) -> Floats | None:
        found = edited.answer()
        return found[0] if found is not None and row and not edited.transposed else found

    right = verdict.right if rows is None else verdict.right[rows]
    return diagnose(mistakes, start, of, lambda values: claim.is_explained_by(values, right, allowed), written, pairs)


def _part(claim: ArrayClaim, rows: Rows) -> ArrayClaim:
    """What is claimed of some rows."""

    def part(values: Floats) -> Floats:
        return values if not values.size else values[:, rows] if claim.transposed else values[rows]

    bounds = {name: part(getattr(claim, name)) for name in ("low", "high", "digits")}
    return replace(claim, values=part(claim.values), **bounds)  # type: ignore[arg-type]
