"""How the forms of a convolution look side by side."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.report.conv_params import view as of_params
from dlcalc.report.numbers import written

if TYPE_CHECKING:
    from dlcalc.core.evidence.claim import Verdict
    from dlcalc.core.params.variants import Comparison, Form
    from dlcalc.report.view import Sheet

command = of_params.command
words = of_params.words


def as_json(answer: "Comparison") -> dict[str, object]:
    """The answer's own keys, and the forms by their names."""
    return of_params.as_json(answer.answer) | {"forms": {form.name: _form(form) for form in answer.forms}}


def _form(form: "Form") -> dict[str, object]:
    layers = [of_params.layer_as_json(layer) for layer in form.layers]
    return {**_counts(form), "layers": layers}


def _counts(form: "Form") -> dict[str, int]:
    found = form.amounts.by_key()
    return {key: found[key] for key in ("params", "macs") if key in found}


def bare(answer: "Comparison") -> str:
    """A line a form, its name and its number of parameters."""
    return "\n".join(f"{form.name} {form.amounts.params}" for form in answer.forms)


def sheet(answer: "Comparison") -> "Sheet":
    """A row a form, with what it is of the standard form, and below what each is made of."""
    from dlcalc.report.conv_params.layer_sheet import caption, described, percent
    from dlcalc.report.view import Grid, Sheet

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


def csv_header(questions: Sequence[object] | None) -> tuple[str, ...]:
    """The names of the columns."""
    return ("form", "params", "macs")


def csv_rows(answer: "Comparison") -> list[Mapping[str, object]]:
    """One row for each form."""
    return [{"form": form.name, **_counts(form)} for form in answer.forms]


def judged(answer: "Comparison", verdict: "Verdict") -> dict[str, object]:
    """As of the answer."""
    return of_params.judged(answer.answer, verdict)
