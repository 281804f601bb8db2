"""The solutions of conv-shape: every value of one number that gives the output asked for."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import AXES
from dlcalc.core.validation import ordinal
from dlcalc.report.arrays import text, written
from dlcalc.report.conv_shape.sheet import counted
from dlcalc.report.conv_shape.view import columns_by_axis, flattened, layer_as_json
from dlcalc.report.sheet import Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.conv.layer import Axis
    from dlcalc.core.network.layer_shape import ConvShape, LayerShape
    from dlcalc.core.outcome import Judged
    from dlcalc.core.solve.question import Inverse, InverseQuestion, Run, Unknown, Values

_PIECE = 10_000  # solutions that are encoded at a time
_SHOWN = 20  # solutions in a table
_NAMED = 4  # solutions in a headline
# of a layer what is known before anything is solved, and where its padding is a word not what that comes to
_OF_WORDS = ("word", "inputs", "label", "input_channels", "output_channels")
_KNOWN = ("name", "kind", *_OF_WORDS, "kernel", "stride", "dilation", "padding", "ceil_mode", "output_padding")


def as_json(answer: "Inverse") -> dict[str, object]:
    """Give the answer's own keys."""
    solutions = [_solution(answer.question, values) for values in answer.solutions()]
    return {**_asked(answer), "solutions": solutions}


def encoded(answer: "Inverse", encode: Callable[[object], str]) -> Iterator[str]:
    """Encode ``as_json`` without the braces around it, in pieces: there may be millions of solutions."""
    question = answer.question
    yield encode(_asked(answer))[1:-1] + ',"solutions":['
    if question.unknown == "input":  # of which there are the most; and encoding each by itself takes ten times as long
        pattern = encode({"input": dict.fromkeys(question.template.axes, 0)}).replace("0", "%d")
        solutions = (pattern % values for values in answer.solutions())
    else:
        solutions = (encode(_solution(question, values)) for values in answer.solutions())
    separator = ""
    while some := list(islice(solutions, _PIECE)):
        yield separator + ",".join(some)
        separator = ","
    yield "]"


def _asked(answer: "Inverse") -> dict[str, object]:
    question, template = answer.question, answer.question.template
    size = {} if question.unknown == "input" else {"input": dict(zip(template.axes, template.size, strict=True))}
    known = {"framework": template.framework, **size, "solve": question.unknown}
    if question.target:
        known["target"] = dict(zip(template.axes, question.target, strict=True))
    return {**known, "layers": _layers(answer)}


def _layers(answer: "Inverse") -> list[dict[str, object]]:
    question = answer.question
    open_keys = {question.unknown, *(("stride",) if question.strides_follow else ())}
    layers = answer.forward(next(answer.solutions())).layers
    return [known_of(layer, question.template.axes, open_keys) for layer in layers]


def known_of(layer: "LayerShape", axes: "tuple[Axis, ...]", hidden: Collection[str]) -> dict[str, object]:
    """Give what is known of a layer before anything is solved, and so not what a padding in words comes to."""
    word = layer.plan is not None and isinstance(layer.plan.layer.padding, str)
    found = layer_as_json(layer, axes)
    return {key: found[key] for key in _KNOWN if key in found and key not in hidden and not (word and key == "padding")}


def _solution(question: "InverseQuestion", values: "Values") -> dict[str, object]:
    axes = question.template.axes
    if _of_one(question) or question.unknown == "input":
        return {question.unknown: dict(zip(axes, _values(question, values), strict=True))}
    return {question.unknown: {name: dict(zip(axes, of, strict=True)) for name, of in _by_layer(question, values)}}


def _by_layer(question: "InverseQuestion", values: "Values") -> Iterator[tuple[str, "Values"]]:
    """Divide output paddings of a network into those of each layer."""
    axes = len(question.template.axes)
    for number, node in enumerate(question.open_nodes):
        yield node.name, values[number * axes : (number + 1) * axes]


def _values(question: "InverseQuestion", values: "Values") -> Sequence[object]:
    return values_as_json(question.unknown, values)


def values_as_json(unknown: "Unknown", values: "Values") -> Sequence[object]:
    """Give the values as JSON has them: of a padding both sides."""
    if unknown != "padding":
        return values
    return [[total // 2, total - total // 2] for total in values]


def bare(answer: "Inverse") -> Iterator[str]:
    """Give the solutions as they are typed, one per line; inputs of one axis that follow each other as ``223..224``."""
    if answer.question.unknown == "input" and len(answer.question.template.axes) == 1:
        return _ranges(size for (size,) in answer.solutions())
    return (_typed(answer.question, values) for values in answer.solutions())


def _ranges(sizes: Iterable[int]) -> Iterator[str]:
    """Write ascending numbers, two and more that follow each other as a range.

    >>> list(_ranges([3, 5, 6, 7]))
    ['3', '5..7']
    """
    first = last = None
    for size in sizes:
        if last is not None and size == last + 1:
            last = size
            continue
        if last is not None:
            yield str(last) if first == last else f"{first}..{last}"
        first = last = size
    if last is not None:
        yield str(last) if first == last else f"{first}..{last}"


def _typed(question: "InverseQuestion", values: "Values") -> str:
    if _of_one(question) or question.unknown == "input":
        return "x".join(cell(value, str) for value in _values(question, values))
    return " ".join(_of_axes(of) for _, of in _by_layer(question, values))


def cell(value: object, number: Callable[[object], str] = written) -> str:
    """Write one value: ``3``, or ``2:3`` for a padding whose sides differ."""
    return ":".join(map(number, dict.fromkeys(value))) if isinstance(value, list) else number(value)


def sheet(answer: "Inverse") -> Sheet:
    """Lay out the solutions in the headline, then a row for each, as far as there is room."""
    question, names = answer.question, answer.question.template.axes
    unread = "unread input" if _of_one(question) else "unread input of"
    what = "" if question.unknown == "input" else f"{_name(question)}, "
    titles = [what + AXES[name] for name in names] if not what or names[1:] else [_name(question)]
    if not _of_one(question) and question.unknown == "output_padding":
        titles = [node.name for node in question.open_nodes]
    header = ("#", *titles, unread, "needs")
    rows = [_row(answer, number, values) for number, values in enumerate(islice(answer.solutions(), _SHOWN), 1)]
    if not any(row[-1] for row in rows):
        header, rows = header[:-1], [row[:-1] for row in rows]
    rule = _rule(answer)
    more = answer.how_many - len(rows)
    if more:
        rule = [f"and {more:,} more: -q, --json and --format csv list all", *rule]
    return Sheet(_headline(answer), _caption(answer), (Grid(header, rows),), tuple(rule))


def _name(question: "InverseQuestion") -> str:
    return question.unknown.replace("_", " ")


def _row(answer: "Inverse", number: int, values: "Values") -> tuple[str, ...]:
    shape = answer.forward(values)
    cells = [cell(value) for value in _values(answer.question, values)]
    if not _of_one(answer.question) and answer.question.unknown == "output_padding":
        cells = [_of_axes(of) for _, of in _by_layer(answer.question, values)]
    if _of_one(answer.question):
        unread = text([axis.unread for axis in shape.layers[0].axes])
    else:
        unread = _some_names([layer.name for layer in shape.layers if any(axis.unread for axis in layer.axes)])
    return (str(number), *cells, unread, needs(shape))


def needs(shape: "ConvShape") -> str:
    """Say what layer the framework needs besides the one that is solved."""
    codes = [warning.code for warning in shape.warnings]
    return "a pad layer" if "needs-pad-layer" in codes else "a crop layer" if "needs-crop-layer" in codes else ""


def _some_names(names: Sequence[str]) -> str:
    """Write names in a cell, no more than have room there."""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more or "none"


def _of_one(question: "InverseQuestion") -> bool:
    """Tell whether a question is about a single layer, and not about a network."""
    return question.template.network.single is not None


def _headline(answer: "Inverse") -> str:
    """Write ``padding 2:3 or 3``; of many solutions their range along each axis, and their number."""
    question = answer.question
    endless = any(run.last is None for runs in answer.runs for run in runs)
    stepped = any(run.last is None and run.step > 1 for runs in answer.runs for run in runs)
    if stepped or not question.target:
        return f"{_name(question)} {' x '.join(map(_written, answer.runs))}"
    if answer.how_many <= _NAMED:
        shown = [_in_headline(question, values) for values in answer.solutions()]
        return f"{_name(question)} {' or '.join(shown)}{' and more' if endless else ''}"
    if not answer.runs:
        return f"{_name(question)}: {answer.how_many:,} solutions"
    along = " x ".join(_from_to(answer, number) for number in range(len(answer.runs)))
    return f"{_name(question)} {along}: {answer.how_many:,} solutions"


def _written(runs: Sequence["Run"]) -> str:
    """Write the inputs along an axis: ``3, 5 to 9, every 4th from 12 on``."""
    texts = []
    for run in runs[:_NAMED]:
        if run.last is None:
            texts.append(f"every {ordinal(run.step)} from {run.first} on" if run.step > 1 else f"from {run.first} on")
        else:
            texts.append(str(run.first) if run.first == run.last else f"{run.first} to {run.last}")
    return ", ".join([*texts, *(["and others"] if len(runs) > _NAMED else [])])


def _in_headline(question: "InverseQuestion", values: "Values") -> str:
    """Write a solution: ``2:3 x 3``; of the output paddings of a network ``1 in convt1, 0 in convt2``."""
    if _of_one(question) or question.unknown == "input":
        return " x ".join(map(cell, _values(question, values)))
    return ", ".join(f"{_of_axes(of)} in {name}" for name, of in _by_layer(question, values))


def _of_axes(values: "Values") -> str:
    """Write one number for all axes, or one per axis, as it is typed."""
    return "x".join(map(str, values[:1] if len(set(values)) == 1 else values))


def _from_to(answer: "Inverse", number: int) -> str:
    """Write the smallest and the largest value along an axis, and whether there are gaps."""
    runs = answer.runs[number]
    low = min(run.first for run in runs)
    high = max(run.first if run.last is None else run.last for run in runs)
    ends = _values(answer.question, (low, high))
    if low == high:
        return cell(ends[0])
    gaps = high - low + 1 > sum(run.length for run in runs)
    return f"{cell(ends[0])} to {cell(ends[1])}{' with gaps' if gaps else ''}"


def _caption(answer: "Inverse") -> str:
    question = answer.question
    asked = question.template
    output = text(question.target)
    single = asked.network.single
    layers = counted(len(asked.network.nodes)) if single is None else single.kind
    kind = f"({layers}, {asked.framework})"
    if not question.target:
        return f"with which the network runs  {kind}"
    if question.unknown == "input":
        return f"gives an output of {output}  {kind}"
    return f"makes {output} of an input of {text(asked.size)}  {kind}"


def _rule(answer: "Inverse") -> list[str]:
    """Write the rule that each solution was put through, in symbols; a network has one per layer."""
    question = answer.question
    if not _of_one(question):
        return ["each put through all layers, by the rule of each"]
    return [size_rule(answer.forward(next(answer.solutions())), question.template.axes, question.target)]


def size_rule(shape: "ConvShape", axes: "Sequence[Axis]", target: Sequence[int]) -> str:
    """Write the rule of a layer that each solution was put through, in symbols."""
    from dlcalc.core.conv.window import symbols

    plan = shape.layers[0].plan
    assert plan is not None
    name = axes[-1].upper()
    others = f", and likewise along the other {'axis' if len(axes) == 2 else 'axes'}"
    along = others if len(set(target)) > 1 else ""
    return f"each put through {name}2 = {plan.size.formula.format(**symbols(axes[-1]))} = {target[-1]:,}{along}"


def csv_header(questions: "Sequence[InverseQuestion] | None") -> tuple[str, ...]:
    """Name the columns."""
    (question,) = questions or ()
    axes = question.template.axes
    solved = columns_by_axis([question.unknown], axes)
    if not _of_one(question) and question.unknown == "output_padding":
        solved = columns_by_axis([f"output_padding_{node.name}" for node in question.open_nodes], axes)
    return ("framework", "solve", *(f"target_{axis}" for axis in axes), *solved)


def csv_rows(answer: "Inverse") -> Iterator[Mapping[str, object]]:
    """Yield one row per solution."""
    question = answer.question
    axes = question.template.axes
    of_all: dict[str, object] = {"framework": question.template.framework, "solve": question.unknown}
    of_all |= {f"target_{axis}": str(extent) for axis, extent in zip(axes, question.target, strict=False)}
    for values in answer.solutions():
        if _of_one(question) or question.unknown == "input":
            yield of_all | flattened(_solution(question, values))
        else:
            by_layer = {
                f"output_padding_{name}": dict(zip(axes, of, strict=True)) for name, of in _by_layer(question, values)
            }
            yield of_all | flattened(by_layer)


VIEW: "View[InverseQuestion, Inverse, Judged]" = View(
    "conv-shape", as_json, bare, sheet, csv_header, csv_rows, encoded=encoded
)
