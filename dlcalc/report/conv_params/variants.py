"""The forms of a convolution side by side: standard, grouped, depthwise-separable, bottleneck."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dlcalc.report.arrays import written
from dlcalc.report.conv_params import view
from dlcalc.report.conv_params.sheet import caption, described, percent
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.outcome import Judged
    from dlcalc.core.params.question import ParamsQuestion
    from dlcalc.core.params.variants import Comparison, Form


def as_json(answer: "Comparison") -> dict[str, object]:
    """Give the answer's own keys, and the forms by their names."""
    layers = {
        form.name: [view.layer_as_json(layer, form.answer.question) for layer in form.layers] for form in answer.forms
    }
    forms = {form.name: {**_counts(form), "layers": layers[form.name]} for form in answer.forms}
    return view.as_json(answer.answer) | {"forms": forms}


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
    layers = [
        f"{'' if number else form.name:<21}{described(layer)}"
        for form in answer.forms
        for number, layer in enumerate(form.layers)
    ]
    headline = f"{written(answer.answer.amounts.params)} parameters"
    return Sheet(headline, caption(answer.answer), (Grid(tuple(header), rows, spare=("of standard",)),), tuple(layers))


def csv_rows(answer: "Comparison") -> list[Mapping[str, object]]:
    """Give one row per form."""
    return [{"form": form.name, **_counts(form)} for form in answer.forms]


VIEW: "View[ParamsQuestion, Comparison, Judged]" = View(
    "conv-params", as_json, bare, sheet, lambda _: ("form", "params", "macs"), csv_rows
)
