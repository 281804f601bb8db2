"""The solutions of conv-shape with several numbers unknown: their combinations that give the output asked for."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from dlcalc.core.validation import spoken
from dlcalc.report.arrays import text
from dlcalc.report.conv_shape.solutions import cell, known_of, needs, size_rule, values_as_json
from dlcalc.report.conv_shape.view import columns_by_axis, flattened
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.outcome import Judged
    from dlcalc.core.solve.joint import Joined, Joint, JointQuestion

_SHOWN = 20  # solutions in a table
_NAMED = 3  # solutions in a headline


def as_json(answer: "Joint") -> dict[str, object]:
    """Give the answer's own keys."""
    question, template = answer.question, answer.question.template
    size = {} if "input" in question.unknowns else {"input": dict(zip(template.axes, template.size, strict=True))}
    (layer,) = answer.forward(answer.solutions[0]).layers
    return {
        "framework": template.framework,
        **size,
        "solve": list(question.unknowns),
        "target": dict(zip(template.axes, question.target, strict=True)),
        "bounds": {unknown: list(answer.bounds[unknown]) for unknown in question.unknowns if unknown in answer.bounds},
        "layers": [known_of(layer, template.axes, question.hidden)],
        "solutions": [_solution(question, solution) for solution in answer.solutions],
    }


def _solution(question: "JointQuestion", solution: "Joined") -> dict[str, dict[str, object]]:
    return {
        unknown: dict(zip(question.template.axes, values_as_json(unknown, values), strict=True))
        for unknown, values in zip(question.unknowns, solution, strict=True)
    }


def bare(answer: "Joint") -> Iterator[str]:
    """Give the solutions, one per line: the numbers as they are typed, in the order in which they were asked for."""
    return (" ".join(_cells(answer, solution, str)) for solution in answer.solutions)


def _cells(answer: "Joint", solution: "Joined", *number: type[str]) -> Iterator[str]:
    """Write each number as it is typed: one for all axes, or one per axis."""
    from dlcalc.core.solve.joint import alike

    for unknown, values in zip(answer.question.unknowns, solution, strict=True):
        yield "x".join(cell(value, *number) for value in values_as_json(unknown, alike(values)))


def sheet(answer: "Joint") -> Sheet:
    """Lay out how many combinations there are, then a row for each, as far as there is room."""
    question, template = answer.question, answer.question.template
    header = ("#", *map(spoken, question.unknowns), "unread input", "needs")
    rows = []
    for number, solution in enumerate(islice(answer.solutions, _SHOWN), 1):
        shape = answer.forward(solution)
        unread = text([axis.unread for axis in shape.layers[0].axes])
        rows.append((str(number), *_cells(answer, solution), unread, needs(shape)))
    more = len(answer.solutions) - len(rows)
    below = [f"and {more:,} more: -q, --json and --format csv list all"] if more else []
    below += [*_tried(answer), size_rule(answer.forward(answer.solutions[0]), template.axes, question.target)]
    single = template.network.single
    assert single is not None
    of = "" if "input" in question.unknowns else f" of an input of {text(template.size)}"
    caption = f"make {text(question.target)}{of}  ({single.kind}, {template.framework})"
    return Sheet(_headline(answer), caption, (Grid(header, rows).without_empty_columns(),), tuple(below))


def _headline(answer: "Joint") -> str:
    from dlcalc.core.solve.joint import in_words

    solutions = answer.solutions
    if len(solutions) <= _NAMED:
        return "; or ".join(in_words(answer.question, solution) for solution in solutions)
    *others, last = map(spoken, answer.question.unknowns)
    return f"{len(solutions):,} combinations of {', '.join(others)} and {last}"


def _tried(answer: "Joint") -> list[str]:
    """Say the bounds."""
    parts = [
        f"{spoken(unknown)} {low:,} to {high:,}{' on each side' if unknown == 'padding' else ''}"
        for unknown, (low, high) in answer.bounds.items()
    ]
    rest = []
    if "padding" in answer.bounds and {"kernel", "dilation"} & answer.bounds.keys():
        rest.append("each padding less than its window")
    if "input" in answer.question.unknowns:
        parts.append("every input")
    if answer.question.uniform and len(answer.question.template.axes) > 1:
        rest.append("the same along all axes")
    return ["tried: " + ", ".join(parts), *([", ".join(rest)] if rest else [])]


def csv_header(questions: "Sequence[JointQuestion] | None") -> tuple[str, ...]:
    """Name the columns."""
    (question,) = questions or ()
    axes = question.template.axes
    return ("framework", *(f"target_{axis}" for axis in axes), *columns_by_axis(question.unknowns, axes))


def csv_rows(answer: "Joint") -> Iterator[Mapping[str, object]]:
    """Yield one row per solution."""
    question = answer.question
    targets = zip(question.template.axes, question.target, strict=True)
    of_all = {"framework": question.template.framework} | {f"target_{axis}": str(extent) for axis, extent in targets}
    for solution in answer.solutions:
        yield of_all | flattened(_solution(question, solution))


VIEW: "View[JointQuestion, Joint, Judged]" = View("conv-shape", as_json, bare, sheet, csv_header, csv_rows)
