"""The forms of a convolution side by side: standard, grouped, depthwise-separable, bottleneck."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.report.arrays import written
from dlcalc.report.conv_params import view
from dlcalc.report.conv_params.sheet import caption, described, percent
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.outcome import Judged
    from dlcalc.core.params.question import ConvParamsQuestion, StackParamsQuestion
    from dlcalc.core.params.variants import Comparison, Form


def as_json(answer: "Comparison") -> dict[str, object]:
    """Give the answer's own keys, and the forms by their names."""
    return view.as_json(answer.answer) | {"forms": {form.name: _form(form) for form in answer.forms}}


def _form(form: "Form") -> dict[str, object]:
    layers = [view.layer_as_json(layer) for layer in form.layers]
    return {**_counts(form), "layers": layers}


def _counts(form: "Form") -> dict[str, int]:
    found = form.amounts.by_key()
    return {key: found[key] for key in ("params", "macs") if key in found}


def bare(answer: "Comparison") -> list[str]:
    """Give a line per form: its name and its number of parameters."""
    return [f"{form.name} {form.amounts.params}" for form in answer.forms]


def sheet(answer: "Comparison") -> Sheet:
    """Lay out a row per form, with its share of the standard form, and below the layers of each."""
    counts = [_counts(form) for form in answer.forms]
    titles = {"params": "parameters", "macs": "MACs"}
    header = ["", *(title for key in counts[0] for title in (titles[key], "of standard"))]
    rows = []
    for form, found in zip(answer.forms, counts, strict=True):
        cells = ((written(number), percent(number, counts[0][key])) for key, number in found.items())
        rows.append((form.name, *(cell for pair in cells for cell in pair)))
    made = []
    for form in answer.forms:
        for number, layer in enumerate(form.layers):
            made.append(f"{'' if number else form.name:<21}{described(layer)}")
    parameters = answer.answer.amounts.params
    return Sheet(f"{written(parameters)} parameters", caption(answer.answer), (Grid(tuple(header), rows),), tuple(made))


def csv_header(questions: "Sequence[ConvParamsQuestion | StackParamsQuestion] | None") -> tuple[str, ...]:
    """Name the columns."""
    return ("form", "params", "macs")


def csv_rows(answer: "Comparison") -> list[Mapping[str, object]]:
    """Give one row per form."""
    return [{"form": form.name, **_counts(form)} for form in answer.forms]


VIEW: "View[ConvParamsQuestion | StackParamsQuestion, Comparison, Judged]" = View(
    "conv-params",
    as_json,
    bare,
    sheet,
    csv_header,
    csv_rows,
)
