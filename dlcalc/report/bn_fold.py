"""How the answers of bn-fold look."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcalc.core.batch_norm.answer import BnFold
from dlcalc.core.batch_norm.statistics import Statistics
from dlcalc.report import arrays
from dlcalc.report.arrays import MAX_ENTRIES, judged
from dlcalc.report.numbers import json_safe
from dlcalc.report.view import ClaimInWords, View

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.answer import BnFoldQuestion
    from dlcalc.core.evidence.array_claim import ArrayVerdict
    from dlcalc.report.sheet import Sheet


def as_json(answer: BnFold) -> dict[str, object]:
    """Give the answer's own keys; arrays with too many numbers are left out and named."""
    question = answer.question
    small: dict[str, Any] = {"scale": answer.scale, "shift": answer.shift}
    if answer.folded is not None:
        small |= {"weight": answer.folded.weight, "bias": answer.folded.bias}
    found: dict[str, object] = {
        "framework": question.framework,
        "eps": question.affine.eps,
        "eps_source": question.eps_source,
        **({} if answer.folded is None else {"dtype": answer.folded.format}),
        **arrays.with_arrays(small),
    }
    omitted: list[str] = list(found.pop("omitted", []))  # type: ignore[call-overload]
    if question.statistics is not None:
        found["statistics"] = _statistics(question.statistics)
        if question.statistics.pooled.samples.size > MAX_ENTRIES:
            omitted.append("batches")
        else:
            found["batches"] = _batches(answer, question.statistics)
    if answer.effect is not None:
        before, after = (_lists(effect._asdict()) for effect in answer.effect)
        found["effect"] = {"before": before, "after": after}
    if answer.evaluated is not None:
        if answer.evaluated.folded.size > MAX_ENTRIES:
            omitted.append("evaluated")
        else:
            found["evaluated"] = _evaluated(answer)
    return found | ({"omitted": omitted} if omitted else {})


def _lists(values: Mapping[str, Any]) -> dict[str, object]:
    return {key: json_safe(value.tolist()) for key, value in values.items() if value is not None}


def _statistics(statistics: Statistics) -> dict[str, object]:
    counts = statistics.counts.tolist()
    found: dict[str, object] = {
        "estimator": statistics.estimator,
        "batches": len(counts),
        "samples_per_batch": counts if statistics.ragged else counts[0],
        "mean": json_safe(statistics.mean.tolist()),
        "var": json_safe(statistics.variance.tolist()),
    }
    if statistics.momentum is not None:
        found |= {"momentum": statistics.momentum, "start_value_left": statistics.start_value_left}
    if statistics.ragged:
        found |= _lists({"pooled_mean": statistics.pooled.mean, "pooled_var": statistics.pooled_variance})
    return found


def _batches(answer: BnFold, statistics: Statistics) -> list[object]:
    return [
        _lists(
            {
                "mean": batch.mean,
                "var": batch.variance,
                "normalized": batch.restored(answer.normalized(batch)),
                "output": batch.restored(answer.output(batch)),
            }
        )
        for batch in statistics.batches
    ]


def _evaluated(answer: BnFold) -> dict[str, object]:
    assert answer.evaluated is not None
    return {**_lists(answer.evaluated._asdict()), "max_abs_difference": json_safe(answer.max_abs_difference)}


def bare(answer: BnFold) -> tuple[str]:
    """Give the scale, or with a layer the folded weight, an output per line."""
    if answer.folded is None:
        return (arrays.bare(answer.scale),)
    return (arrays.bare(answer.folded.weight.reshape(len(answer.folded.weight), -1)),)


_COLUMNS = ("channel", "gamma", "beta", "mean", "var", "eps", "scale", "shift")


def csv_header(questions: "Sequence[BnFoldQuestion] | None") -> tuple[str, ...]:
    """Name the columns."""
    return _COLUMNS


def csv_rows(answer: BnFold) -> list[Mapping[str, object]]:
    """Give one row per channel."""
    affine = answer.question.affine
    columns = (
        affine.gamma,
        affine.beta,
        affine.mean,
        affine.var,
        [affine.eps] * len(affine.var),
        answer.scale,
        answer.shift,
    )
    return [
        dict(zip(_COLUMNS, (channel, *(json_safe(float(value)) for value in row)), strict=True))
        for channel, row in enumerate(zip(*columns, strict=True))
    ]


def sheet(answer: BnFold) -> "Sheet":
    """Lay the answer out: the affine channel by channel, then what it was taken from, and what it does."""
    from dlcalc.report import bn_fold_sheet

    return bn_fold_sheet.sheet(answer)


def in_words(verdict: "ArrayVerdict") -> ClaimInWords:
    """Say a judged claim."""
    from dlcalc.report.claims import arrays_in_words

    return arrays_in_words(verdict)


VIEW = View("bn-fold", as_json, bare, sheet, csv_header, csv_rows, judged, in_words)
