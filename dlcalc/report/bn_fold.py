"""How the answers of bn-fold look."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcalc.core.arrays.stored import numbered
from dlcalc.core.batch_norm.answer import LAYERS, BnFold, Effect
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Batch, Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer
from dlcalc.report import arrays
from dlcalc.report.arrays import MAX_ENTRIES, json_safe, short
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.question import BnFoldQuestion
    from dlcalc.core.evidence.array_verdict import ArrayVerdict


def as_json(answer: BnFold) -> dict[str, object]:
    """Give the answer's own keys; arrays with too many numbers are left out and named."""
    question = answer.question
    small: dict[str, Any] = {"scale": answer.scale, "shift": answer.shift}
    if answer.folded is not None:
        small |= {"weight": answer.folded.as_given, "bias": answer.folded.bias}
    lists, omitted = arrays.as_lists(small)
    found: dict[str, object] = {
        "framework": question.framework,
        "eps": question.affine.eps,
        "eps_source": question.eps_source,
        **({} if answer.folded is None else _of_the_layer(answer.folded)),
        **lists,
    }
    if question.statistics is not None:
        found["layout"] = question.layout
        found["statistics"] = _statistics(question.statistics)
        if question.statistics.pooled.samples.size > MAX_ENTRIES:
            omitted.append("batches")
        else:
            found["batches"] = [_batch(answer, batch) for batch in question.statistics.batches]
    if answer.effect is not None:
        before, after = (_lists(effect._asdict()) for effect in answer.effect)
        found["effect"] = {"before": before, "after": after}
    if answer.evaluated is not None:
        if answer.evaluated.folded.size > MAX_ENTRIES:
            omitted.append("evaluated")
        else:
            difference = json_safe(answer.max_abs_difference)
            found["evaluated"] = {**_lists(answer.evaluated._asdict()), "max_abs_difference": difference}
    return found | ({"omitted": omitted} if omitted else {})


def _of_the_layer(folded: WeightedLayer) -> dict[str, object]:
    layout = {} if folded.layout is None else {"weight_layout": folded.layout.letters}
    return {"dtype": folded.format, **layout}


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
    if statistics.start is not None:
        found |= _lists({"start_mean": statistics.start[0], "start_var": statistics.start[1]})
    if statistics.ragged:
        found |= _lists({"pooled_mean": statistics.pooled.mean, "pooled_var": statistics.pooled_variance})
    return found


def _batch(answer: BnFold, batch: Batch) -> dict[str, object]:
    normalized, output = answer.normalized(batch), answer.output(batch)
    values = {"mean": batch.mean, "var": batch.variance}
    return _lists(values | {"normalized": batch.restored(normalized), "output": batch.restored(output)})


def bare(answer: BnFold) -> tuple[str]:
    """Give the scale, or with a layer the folded weight, an output per line."""
    if answer.folded is None:
        return (arrays.bare(answer.scale),)
    weight = answer.folded.as_given
    return (arrays.bare(weight.reshape(len(weight), -1)),)


_SHOWN = 16  # rows of a table
_WIDE = 5  # columns of a weight, which 80 of a terminal hold


def sheet(answer: BnFold) -> Sheet:
    """Lay out the affine channel by channel, then its origin and its effect."""
    question = answer.question
    headline = f"scale {_few(answer.scale)}, shift {_few(answer.shift)}"
    if answer.folded is not None:
        headline = f"folded into a {answer.folded.kind} layer, {' x '.join(map(str, answer.folded.weight.shape))}"
    where = {"option": "as typed", "framework": f"the default of {ESTIMATORS[question.framework].name}"}
    source = where.get(question.eps_source, "assumed (no checkpoint stores it; Keras's default is 0.001)")
    caption = f"eps {question.affine.eps:g}, {source}"
    grids = [_channels(answer), *_weight(answer)]
    details = [*_samples(answer), *_effect(answer), *_outputs(answer)]
    rule = ["y = scale*x + shift, scale = gamma/sqrt(var + eps), shift = beta - mean*scale"]
    if answer.folded is not None:
        rule.append(
            "W' = W*scale, b' = b + sum of W*shift"
            if question.bn_first
            else "W' = W*scale, b' = (b - mean)*scale + beta"
        )
    return Sheet(headline, caption, tuple(grids), tuple(rule), details=tuple(details))


def _few(values: Any) -> str:
    """Write the numbers of three channels, of more those of the first two: two such lists fit a terminal."""
    return ", ".join(map(short, values)) if len(values) <= 3 else ", ".join((*map(short, values[:2]), "..."))


def _channels(answer: BnFold) -> Grid:
    """Tabulate the parameters, without those at their default, beside scale and shift; narrow enough for a terminal."""
    affine = answer.question.affine
    columns = {"mean": affine.mean, "var": affine.var, "scale": answer.scale, "shift": answer.shift}
    if (affine.beta != 0).any():
        columns = {"beta": affine.beta, **columns}
    if (affine.gamma != 1).any():
        columns = {"gamma": affine.gamma, **columns}
    rows = [
        (str(channel), *(short(column[channel]) for column in columns.values())) for channel in range(len(affine.var))
    ]
    return Grid(("channel", *columns), _cut(rows), spare=("var", "mean", "beta", "gamma"))


def _cut(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Cut a long table to its first rows and its last, with the number of rows left out between them."""
    if len(rows) <= _SHOWN:
        return rows
    left_out = (f"... {len(rows) - _SHOWN:,} more", *("" for _ in rows[0][1:]))
    return [*rows[: _SHOWN - 1], left_out, rows[-1]]


def _weight(answer: BnFold) -> list[Grid]:
    folded = answer.folded
    if folded is None:
        return []
    flat = folded.weight.reshape(len(folded.weight), -1)
    names, shown = tuple(map(str, range(flat.shape[1]))), flat
    if flat.shape[1] > _WIDE:
        names, shown = (*names[: _WIDE - 1], "..."), flat[:, : _WIDE - 1]
    left_out = ("",) if shown is not flat else ()
    rows = [(str(number), *map(short, row), *left_out) for number, row in enumerate(shown.tolist())]
    side = "input" if folded.kind == "transposed" else "output"
    letters = f" ({folded.layout.letters})" if folded.layout is not None else ""
    title = f"folded weight{letters}{f', the first {_WIDE - 1} of {flat.shape[1]} a row' if left_out else ''}"
    biases: list[tuple[str, ...]] = [(str(number), short(value)) for number, value in enumerate(folded.bias.tolist())]
    return [Grid((side, *names), _cut(rows), None, title), Grid(("output", "bias"), _cut(biases), None, "folded bias")]


_TABLES = 3  # channels with a table each


def _samples(answer: BnFold) -> list[Grid]:
    """Tabulate the mini-batches and what is estimated from them, a table for each of the first channels."""
    statistics = answer.question.statistics
    if statistics is None:
        return []
    grids = [_of_channel(statistics, channel) for channel in range(min(statistics.channels, _TABLES))]
    title = f"statistics of {read(answer)}, by {ESTIMATORS[statistics.estimator].name}"
    grids[0] = grids[0]._replace(title=title)
    if statistics.channels > _TABLES:
        grids[-1] = grids[-1]._replace(note=f"and {statistics.channels - _TABLES:,} more channels, in JSON")
    return grids


def _of_channel(statistics: Statistics, channel: int) -> Grid:
    def row(name: str, count: str, mean: Any, var: Any) -> tuple[str, ...]:
        return name, count, short(float(mean[channel])), short(float(var[channel]))

    batches = [
        row(f"batch {number}", str(len(batch.samples)), batch.mean, batch.variance)
        for number, batch in enumerate(statistics.batches)
    ]
    rows = _cut(batches)
    how = "population" if statistics.momentum is None else f"running, momentum {statistics.momentum:g}"
    total = str(int(statistics.counts.sum()))
    rows.append(row(how, total, statistics.mean, statistics.variance))
    if statistics.start_value_left > 0.01:
        rows.append(row(f"start value left {statistics.start_value_left:.1%}", "", *statistics.start_values))
    if statistics.ragged:
        pooled = statistics.pooled
        rows.append(row("all samples together", total, pooled.mean, statistics.pooled_variance))
    name = f"channel {channel}" if statistics.channels > 1 else ""
    return Grid((name, "samples", "mean", "var"), rows, how)


def read(answer: BnFold) -> str:
    """Say how the mini-batches were read: ``2 mini-batches of 4 samples, 1 channel (BN)``."""
    statistics = answer.question.statistics
    assert statistics is not None
    sizes = sorted({*statistics.counts.tolist()})
    samples = f"{sizes[0]} to {numbered(sizes[-1], 'sample')}" if sizes[1:] else numbered(sizes[0], "sample")
    batches = numbered(len(statistics.batches), "mini-batch").replace("batchs", "batches")
    letters = f" ({answer.question.layout})" if answer.question.layout else ""
    return f"{batches} of {samples}, {numbered(statistics.channels, 'channel')}{letters}"


def _effect(answer: BnFold) -> list[Grid]:
    if answer.effect is None:
        return []
    names = {
        "mean": "mean",
        "var": "variance",
        "saturated": "share of |x| > 4, where a sigmoid is flat",
        "sigmoid_slope": "mean slope of a sigmoid, a*(1 - a)",
        "sigmoid_slope_10_layers": f"  behind {LAYERS} such layers",
    }
    assert set(names) == set(Effect._fields)
    before, after = answer.effect
    grids = []
    for channel in range(min(len(before.mean), _TABLES)):
        rows = [
            (title, *(short(float(getattr(side, key)[channel])) for side in (before, after)))
            for key, title in names.items()
        ]
        name = f"channel {channel}" if len(before.mean) > 1 else ""
        title = "" if channel else "what normalising does to the samples"
        grids.append(Grid((name, "before", "after"), rows, None, title))
    return grids


def _outputs(answer: BnFold) -> list[Grid]:
    evaluated = answer.evaluated
    if evaluated is None:
        return []
    columns = {key: value.reshape(-1) for key, value in evaluated._asdict().items() if value is not None}
    rows = [
        (str(number), *map(short, row))
        for number, row in enumerate(zip(*(c.tolist() for c in columns.values()), strict=True))
    ]
    title = f"outputs; unfolded and folded differ by up to {short(answer.max_abs_difference)}"
    return [Grid(("", *columns), _cut(rows), None, title)]


_COLUMNS = ("channel", "gamma", "beta", "mean", "var", "eps", "scale", "shift")


def csv_rows(answer: BnFold) -> list[Mapping[str, object]]:
    """Give one row per channel."""
    affine = answer.question.affine
    eps = [affine.eps] * len(affine.var)
    columns = (affine.gamma, affine.beta, affine.mean, affine.var, eps, answer.scale, answer.shift)
    return [
        dict(zip(_COLUMNS, (channel, *(json_safe(float(value)) for value in row)), strict=True))
        for channel, row in enumerate(zip(*columns, strict=True))
    ]


VIEW: "View[BnFoldQuestion, BnFold, ArrayVerdict]" = View(
    "bn-fold", as_json, bare, sheet, lambda _: _COLUMNS, csv_rows, arrays.judged, arrays.in_words
)
