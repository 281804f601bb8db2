"""One layer, or a network, in several frameworks side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import AXES
from dlcalc.core.network.compare import LayerFacts, Side, SideBySide, facts
from dlcalc.report.arrays import text, written
from dlcalc.report.conv_shape.sheet import counted
from dlcalc.report.conv_shape.view import axes_of, columns_by_axis, size_of
from dlcalc.report.errors import as_dict, hint
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.network.layer_shape import ConvShape
    from dlcalc.core.network.network import ShapeQuestion
    from dlcalc.core.outcome import Judged


def as_json(answer: SideBySide) -> dict[str, object]:
    """Give the answer's own keys.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.compare import compare_frameworks
    >>> from dlcalc.core.network.network import layer_question
    >>> as_json(compare_frameworks(layer_question(("w",), (7,), Layer(3))))["frameworks"]["onnx"]
    {'output': {'w': 5}, 'padding': {'w': [0, 0]}, 'first_window': {'w': [0, 2]}}
    """
    axes = answer.question.axes
    size = dict(zip(axes, answer.question.size, strict=True))
    frameworks = {side.framework: _side(side, axes) for side in answer.sides}
    return {"input": size, "frameworks": frameworks, "differs": list(answer.differs), "summary": answer.summary}


def _side(side: Side, axes: Sequence[str]) -> dict[str, object]:
    """Give a framework's answer, or its refusal."""
    if side.answer is None:
        return {"error": as_dict(side.error) if side.error else {}}
    found = _answered(side.answer, axes)
    if side.same is not None:
        found["same"] = _answered(side.same, axes)
    if side.answer.warnings:
        found["warnings"] = [warning._asdict() for warning in side.answer.warnings]
    return found


def _answered(answer: "ConvShape", axes: Sequence[str]) -> dict[str, object]:
    """Give the facts of a layer; of several layers the output, and the facts of each."""
    if len(answer.layers) == 1:
        return _facts(facts(answer.layers[0]), axes)
    layers = [{"name": layer.name, **_facts(facts(layer), axes)} for layer in answer.layers]
    return {"output": dict(zip(axes, answer.output, strict=False)), "layers": layers}


def _facts(found: LayerFacts, axes: Sequence[str]) -> dict[str, object]:
    by_axis: dict[str, object] = {"output": dict(zip(axes, found.output, strict=False))}
    if found.padding:  # it has windows
        by_axis["padding"] = dict(zip(axes, map(list, found.padding), strict=True))
        by_axis["first_window"] = dict(zip(axes, map(list, found.first_window), strict=True))
    return by_axis


def bare(answer: SideBySide) -> list[str]:
    """Give a line per framework: its name and the size, or the code of its refusal."""
    return [f"{side.framework} {_size(side)}" for side in answer.sides]


def _size(side: Side) -> str:
    if side.answer is None:
        return side.error.code if side.error else ""
    return size_of(side.answer)


_TITLES = {"output": "output", "padding": "padding", "first_window": "first window"}
_NONE = "-"


def sheet(answer: SideBySide) -> Sheet:
    """Lay out a column per framework and a row per quantity and axis; below, the refusals with their hints."""
    header = ("", *(framework_of(side.framework).name for side in answer.sides), "")
    grids: tuple[Grid, ...] = ()
    if answer.answering:
        rows = [(title, *cells, "differs" if _differing(cells) else "") for title, cells in _rows(answer)]
        grids = (Grid(header, rows, "output").without_empty_columns(),) if rows else ()  # of vectors there are no rows
    refusals = []
    for side in answer.sides:
        if (error := side.error) is not None:
            hinted = f" (hint: {hint(error)})" if error.advice else ""
            refusals.append(f"{framework_of(side.framework).name} refuses: {error.message}{hinted} [{error.code}]")
    remarks = [f"{remark[0].upper()}{remark[1:]}." for remark in answer.remarks]
    return Sheet(answer.summary, _caption(answer), grids, (*refusals, *remarks))


def _rows(answer: SideBySide) -> Iterator[tuple[str, list[str]]]:
    """Yield each quantity with every framework's value; of several layers the sizes, and what else differs."""
    axes, sides = answer.question.axes, [side.layers for side in answer.sides]
    layers = answer.answering[0].layers
    for number, layer in enumerate(layers):
        if len(layers) > 12 and number + 1 < len(layers) and not _differing_in(sides, number):
            continue  # of many layers those that differ, and the last
        place = f"{layer.name} " if len(layers) > 1 else ""
        for key, title in _TITLES.items() if layer.padding else [("output", _TITLES["output"])]:
            alike: dict[tuple[str, ...], list[str]] = {}  # what is the same along several axes stands in one row
            for position, axis in enumerate(axes[: len(layer.output)]):
                cells = [_cell(key, getattr(side[number], key)[position] if side else None) for side in sides]
                alike.setdefault(tuple(cells), []).append(AXES[axis])
            for same, names in alike.items():
                if key == "output" or not place or _differing(same):
                    along = "each axis" if len(alike) == 1 else " and ".join(names)
                    yield f"{place}{title}{f', {along}' if len(axes) > 1 else ''}", [*same]


def _differing_in(sides: Sequence[Sequence[LayerFacts]], number: int) -> bool:
    return len({side[number] for side in sides if side}) > 1


def _differing(cells: Sequence[str]) -> bool:
    return len({*cells} - {_NONE}) > 1


def _cell(key: str, value: object) -> str:
    if value is None:
        return "refuses" if key == "output" else _NONE
    separator = {"padding": ":", "first_window": " to "}.get(key)
    return separator.join(map(written, value)) if isinstance(value, tuple) and separator else written(value)


def _caption(answer: SideBySide) -> str:
    """Name the layer and its input."""
    network, size = answer.question.network, f"{text(answer.question.size)} input"
    layer = network.single and network.single.layer
    if layer is None:  # layers in words
        return f"{counted(len(network.nodes))}, {size}"
    parts = [layer.kind, size]
    for key in ("kernel", "stride", "padding", "dilation", "output_padding"):
        value = getattr(layer, key)
        if value not in (None, type(layer)._field_defaults.get(key)):
            parts.append(f"{key.replace('_', ' ')} {_typed(value)}")
    return ", ".join(parts + ["ceil mode"] * layer.ceil_mode)


def _typed(value: object) -> str:
    """Write a value of a layer as it is typed: ``3x5``, ``0:1``, ``same``.

    >>> _typed(((0, 1), (2, 2)))
    '0:1x2'
    """
    if not isinstance(value, tuple):
        return str(value)
    entries = [":".join(map(str, dict.fromkeys(entry))) if isinstance(entry, tuple) else str(entry) for entry in value]
    return "x".join(dict.fromkeys(entries) if len(set(entries)) == 1 else entries)


def csv_header(questions: "Sequence[ShapeQuestion] | None") -> tuple[str, ...]:
    """Name the columns."""
    axes = axes_of(questions)
    first_window = [f"first_window_{axis}_{end}" for axis in axes for end in ("first", "last")]
    return ("framework", "name", *columns_by_axis(("output", "padding"), axes), *first_window)


def csv_rows(answer: SideBySide) -> list[Mapping[str, object]]:
    """Give one row per layer and framework; for a refusal its code."""
    rows: list[Mapping[str, object]] = []
    for side in answer.sides:
        named = {"framework": side.framework}
        rows += [named | _row(layer, answer.question.axes) for layer in side.layers]
        if side.error is not None:
            rows.append(named | {"error": side.error.code})
    return rows


def _row(layer: LayerFacts, axes: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = {"name": layer.name}
    row |= {f"output_{axis}": output for axis, output in zip(axes, layer.output, strict=False)}
    for axis, padding, window in zip(axes, layer.padding, layer.first_window, strict=False):
        row[f"padding_{axis}_begin"], row[f"padding_{axis}_end"] = padding
        row[f"first_window_{axis}_first"], row[f"first_window_{axis}_last"] = window
    return row


VIEW: "View[ShapeQuestion, SideBySide, Judged]" = View("conv-shape", as_json, bare, sheet, csv_header, csv_rows)
