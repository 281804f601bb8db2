"""The estimators of bn-fold side by side."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dlcalc.core.batch_norm.statistics import ESTIMATORS
from dlcalc.report import arrays, bn_fold
from dlcalc.report.arrays import json_safe, short
from dlcalc.report.errors import as_dict, hint
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.compare import Estimate, Estimates
    from dlcalc.core.batch_norm.question import BnFoldQuestion
    from dlcalc.core.outcome import Judged

_KEYS = ("mean", "var", "scale", "shift")
_CHANNELS = 4  # with a table each


def as_json(answer: "Estimates") -> dict[str, object]:
    """Give the answer's own keys, and the estimators by their names."""
    found = {estimate.name: _estimate(estimate) for estimate in answer.estimates}
    return bn_fold.as_json(answer.answer) | {"estimators": found}


def _estimate(estimate: "Estimate") -> dict[str, object]:
    """Give what an estimator makes of the mini-batches, or why it refuses."""
    if estimate.error is not None:
        return {"error": as_dict(estimate.error)}
    assert estimate.affine is not None
    lists, omitted = arrays.as_lists(estimate.columns)
    return {**estimate.rule, **lists} | ({"omitted": omitted} if omitted else {})


def bare(answer: "Estimates") -> list[str]:
    """Give a line per estimator: its name and its scale; the code of the error where it refuses."""
    return [
        f"{estimate.name} {estimate.error.code if estimate.error else arrays.bare(estimate.columns['scale'])}"
        for estimate in answer.estimates
    ]


def sheet(answer: "Estimates") -> Sheet:
    """Lay out a table per channel with a row for each estimator."""
    channels = answer.answer.question.channels
    grids = [_channel(answer, channel) for channel in range(min(channels, _CHANNELS))]
    notes = [f"and {channels - _CHANNELS:,} more channels, in JSON and CSV"] if channels > _CHANNELS else []
    for estimate in answer.estimates:
        if (error := estimate.error) is not None:
            hinted = f" (hint: {hint(error)})" if error.advice else ""
            notes.append(f"{ESTIMATORS[estimate.name].name} refuses: {error.message}{hinted} [{error.code}]")
    notes.append("momentum: of PyTorch the weight of the new batch, elsewhere of the old value")
    caption = "population statistics, and the batch norm with them, y = scale*x + shift"
    return Sheet(f"{bn_fold.read(answer.answer)}, by four estimators", caption, tuple(grids), tuple(notes))


def _channel(answer: "Estimates", channel: int) -> Grid:
    rows = []
    for estimate in answer.estimates:
        name = ESTIMATORS[estimate.name].name
        if estimate.error is not None:
            rows.append((name, *("" for _ in range(2 + len(_KEYS)))))
            continue
        momentum, eps = estimate.rule.get("momentum"), estimate.rule["eps"]
        numbers = (short(float(estimate.columns[key][channel]), 5) for key in _KEYS)
        rows.append((name, "none" if momentum is None else f"{momentum:g}", f"{eps:g}", *numbers))
    title = f"channel {channel}" if answer.answer.question.channels > 1 else ""
    return Grid(("", "momentum", "eps", *_KEYS), rows, None, title)


_COLUMNS = ("estimator", "channel", "momentum", "eps", *_KEYS)


def csv_rows(answer: "Estimates") -> list[Mapping[str, object]]:
    """Give a row per estimator and channel."""
    rows: list[Mapping[str, object]] = []
    for estimate in answer.estimates:
        if estimate.error is not None:
            rows.append({"estimator": estimate.name, "error": estimate.error.code})
            continue
        for channel in range(answer.answer.question.channels):
            numbers = {key: json_safe(float(estimate.columns[key][channel])) for key in _KEYS}
            rows.append({"estimator": estimate.name, "channel": channel, **estimate.rule, **numbers})
    return rows


VIEW: "View[BnFoldQuestion, Estimates, Judged]" = View("bn-fold", as_json, bare, sheet, lambda _: _COLUMNS, csv_rows)
