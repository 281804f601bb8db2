"""How the answers of conv-shape look."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcalc.core.conv.layer import ALL_AXES, AXES, Axis
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.report.arrays import text
from dlcalc.report.view import ClaimInWords, View

if TYPE_CHECKING:
    from dlcalc.core.evidence.claim import Verdict
    from dlcalc.core.params.question import ParamsQuestion
    from dlcalc.report.sheet import Sheet

    Question = ShapeQuestion | ParamsQuestion


def as_json(answer: ConvShape) -> dict[str, object]:
    """Give the answer's own keys.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.conv_shape import answer as conv_shape
    >>> from dlcalc.core.network.network import layer_question
    >>> as_json(conv_shape(layer_question(("w",), (7,), Layer(kernel=3))))["output"]
    {'w': 5}
    """
    axes, question = answer.question.axes, answer.question
    found: dict[str, object] = {
        "framework": question.framework,
        "input": dict(zip(axes, question.size, strict=False)),
        "output": dict(zip(axes, answer.output, strict=False)),
    }
    if question.network.file is not None:
        from dlcalc.report.conv_shape.of_files import ends_by_name

        found = ends_by_name(answer, found)
    if question.summary:
        return found | {"blocks": _blocks(answer)}
    return found | {"layers": [layer_as_json(layer, axes) for layer in answer.layers]}


def _blocks(answer: ConvShape) -> list[dict[str, object]]:
    """Give the blocks of a network, and the layers between them, without the layers in them."""
    from dlcalc.report.blocks import summaries

    return [
        {"name": name, "repeat": group.times, "output": by_axis(last, last.output, answer.question.axes)}
        for name, group in summaries(answer.layers, lambda layer: layer)
        for last in group.layers[-1:]
    ]


def encoded(answer: ConvShape, encode: Callable[[object], str]) -> str:
    """Encode ``as_json`` without the braces around it, faster than an encoder does: batches print little else.

    Behind windows with their padding in numbers, only the sizes and the unread input change with the question. The rest
    is encoded once for each layer, by the same road as ever, with holes for these.
    """
    layer = answer.layers[-1]
    axes, plan = layer.axes, layer.plan
    if plan is None or layer.scatters or axes[0].padding_rule is not None or answer.question.network.single is None:
        return encode(as_json(answer))[1:-1]
    names, asked, framework = answer.question.axes, plan.layer, answer.question.framework
    key = names, asked, framework
    template = _templates.get(key)
    if template is None:
        if len(_templates) >= _MAX_TEMPLATES:
            _templates.clear()
        template = _templates[key] = _template(as_json(answer), encode)
    sizes = [axis.window.input for axis in axes] + [axis.output for axis in axes]
    return template % (*sizes, *sizes, *[axis.unread for axis in axes])


_MAX_TEMPLATES = 4096
_templates: dict[object, str] = {}


def _template(document: Any, encode: Callable[[object], str]) -> str:
    """Encode a document with ``%d`` in place of the numbers that change, in the order in which they stand."""
    (layer,) = document["layers"]
    holes = dict.fromkeys(document["input"], "%d")
    holed = dict.fromkeys(("input", "output", "unread"), holes)
    document = document | {"input": holes, "output": holes, "layers": [layer | holed]}
    return encode(document)[1:-1].replace('"%d"', "%d")


WINDOW_KEYS = ("kernel", "stride", "dilation", "padding")
_KEYS = (*WINDOW_KEYS, "input", "output", "unread", "receptive_field", "jump", "center")


def by_axis(layer: LayerShape, size: tuple[int, ...], axes: tuple[Axis, ...]) -> dict[str, int]:
    """Give extents by axis: of a vector none; of a layer of a model by its own axes, which may not be the input's."""
    if layer.node.saved is not None and len(size) != len(axes):
        axes = ALL_AXES[-len(size) :]
    return dict(zip(axes, size, strict=False))


def layer_as_json(layer: LayerShape, axes: tuple[Axis, ...]) -> dict[str, object]:
    """Give a layer's own keys, per-axis values as objects by axis; written out in full, because batches wait for it."""
    names = axes if layer.node.saved is None else layer.names(axes)
    columns: tuple[dict[str, object], ...] = ({}, {}, {}, {}, {}, {}, {}, {}, {}, {})
    kernel, stride, dilation, padding, size, output, unread, field, jump, center = columns
    for axis, (window, _, outputs, missed, (extent, _, step, middle)) in zip(names, layer.axes, strict=False):
        size[axis], kernel[axis], stride[axis], dilation[axis], before, after, _ = window
        padding[axis] = [before, after]
        output[axis], unread[axis], field[axis] = outputs, missed, extent
        jump[axis] = as_number(step)
        center[axis] = None if middle is None else as_float(middle)
    found: dict[str, object] = {"name": layer.name, "kind": layer.said_kind}
    keys: dict[str, object] = dict(zip(_KEYS, columns, strict=True))
    if layer.node.word or layer.node.saved is not None:
        found |= written_as(layer)
        if layer.plan is None:
            keys = {key: value for key, value in keys.items() if key not in WINDOW_KEYS}
        ends = layer.input, layer.output  # of a vector none; a map that is spread is smaller than what is made of it
        keys |= {key: by_axis(layer, size, axes) for key, size in zip(("input", "output"), ends, strict=True)}
        if not layer.seen:
            keys |= dict.fromkeys(("receptive_field", "jump", "center"), dict.fromkeys(names))
    return found | keys | _of_kind(layer, names)


def written_as(layer: LayerShape) -> dict[str, object]:
    """Give what is known of a layer in words before any size: its word, what it reads, and its channels."""
    node = layer.node
    found: dict[str, object] = {"word": node.word, "inputs": list(node.inputs)}
    if node.saved is not None:
        found = {"op": node.saved.op, "inputs": list(node.inputs), "shape": layer.made.dims}
        found |= {} if node.saved.known else {"known": False}
    if node.label:
        found["label"] = node.label
    channels = {"input_channels": layer.read[0].channels, "output_channels": layer.made.channels}
    if layer.kind == "linear":
        channels |= {"in_features": layer.in_features, "out_features": layer.made.channels}
    return found | {key: count for key, count in channels.items() if count is not None}


def _of_kind(layer: LayerShape, names: tuple[str, ...]) -> dict[str, object]:
    """Give the keys that only some layers have."""
    plan, axes = layer.plan, layer.axes
    found: dict[str, object] = {}
    if plan is not None and plan.family == "pool":
        found["ceil_mode"] = plan.layer.ceil_mode
    elif plan is not None and plan.family == "transposed":
        found["output_padding"] = dict(zip(names, [axis.window.output_padding for axis in axes], strict=True))
    if layer.seen and any(axis.field.smallest != axis.field.size for axis in axes):
        found["receptive_field_min"] = dict(zip(names, [axis.field.smallest for axis in axes], strict=True))
    if layer.misaligned:
        found["misaligned"] = True
    return found


def bare(answer: ConvShape) -> tuple[str]:
    """Give the output size alone."""
    return (size_of(answer),)


def size_of(answer: ConvShape) -> str:
    """Write the output size, like ``80x112``; of a vector, which has no axes, its features."""
    if answer.output:
        return "x".join(map(str, answer.output))
    features = answer.layers[-1].made.channels
    return "" if features is None else str(features)


def judged(answer: ConvShape, verdict: "Verdict") -> dict[str, object]:
    """Say what is expected and what is right by axis, and how far they are apart if no mistake explains it."""
    from dlcalc.core.network.judge import keys_of, layer_and_key

    layer, key = layer_and_key(answer, verdict.claim.key)
    return judged_by_axis(verdict, keys_of(layer, answer.question.axes)[key])


def judged_by_axis(verdict: "Verdict", axes: Sequence[str]) -> dict[str, object]:
    """Say what is expected, what is right and their distance, by axis; as one number where there are no axes."""
    key = verdict.claim.key
    found = {"expected": _by_axis(axes, key, verdict.claim.values), "actual": _by_axis(axes, key, verdict.right)}
    if not verdict.passed and not verdict.diagnosis:
        found["distance"] = _by_axis(axes, key, verdict.distance)
    return found


def _by_axis(axes: Sequence[str], key: str, values: Sequence[int | float | None]) -> object:
    """Give numbers by axis, or the only one; a centre is a float wherever it stands."""
    if key.rpartition(".")[2] == "center":
        values = [float(value) if isinstance(value, int) and abs(value) < 10**300 else value for value in values]
    return dict(zip(axes, values, strict=True)) if axes else values[0]


_SUMMARY = ("output", "unread", "field", "jump", "centre")


def summary(answer: ConvShape) -> tuple[str, ...]:
    """Give an answer as one row among many."""
    axes = answer.layers[-1].axes
    columns = zip(*(_summarized(axis) for axis in axes), strict=True)
    sizes, *rest = (text(column) for column in columns)
    return (sizes if answer.output else size_of(answer), *rest)


def _summarized(axis: AxisShape) -> tuple[int | float | None, ...]:
    field = axis.field
    center = None if field.center is None else as_float(field.center)
    return axis.output, axis.unread, field.size, as_number(field.jump), center


_CSV_KEYS = ("input", *_KEYS[:3], "padding", "output_padding", *_KEYS[5:8], "receptive_field_min", *_KEYS[8:])


# The columns that only layers of a model file have, and those that these and layers in words have.
OF_FILES = ("op", "known", "shape")
OF_WORDS = ("word", "inputs", "label", "input_channels", "output_channels", "in_features", "out_features")


def csv_header(questions: "Sequence[ShapeQuestion] | None") -> tuple[str, ...]:
    """Name the columns, for answers to questions like these, or to any."""
    if questions and all(question.summary for question in questions):
        return ("framework", "name", "repeat", *columns_by_axis(["output"], axes_of(questions)))
    columns = ["framework", "name", "kind"]
    if questions and all(question.network.file is not None for question in questions):
        columns += OF_FILES
    in_words = questions is None or any(question.network.single is None for question in questions)
    if in_words:
        columns += OF_WORDS
    columns += columns_by_axis(_CSV_KEYS, axes_of(questions))
    return (*columns, "misaligned") if in_words else tuple(columns)


def axes_of(questions: "Sequence[Question] | None") -> list[str]:
    """List the axes that the answers to questions like these have, or any."""
    return [axis for axis in AXES if questions is None or any(axis in question.axes for question in questions)]


def columns_by_axis(keys: Iterable[str], axes: Iterable[str]) -> list[str]:
    """Name the columns of values per axis: one per axis, two for a padding."""
    ends = {"padding": ("_begin", "_end")}
    return [f"{key}_{axis}{end}" for key in keys for axis in axes for end in ends.get(key, ("",))]


def csv_rows(answer: ConvShape) -> list[Mapping[str, object]]:
    """Give one row per layer, or per block."""
    of_all = {"framework": answer.question.framework}
    if answer.question.summary:
        return [of_all | flattened(block) for block in _blocks(answer)]
    return [of_all | flattened(layer_as_json(layer, answer.question.axes)) for layer in answer.layers]


def flattened(layer: Mapping[str, object]) -> dict[str, object]:
    """Flatten a layer's keys to columns: one per axis for a value per axis, two for a padding."""
    row: dict[str, object] = {}
    for key, value in layer.items():
        if key == "inputs" and isinstance(value, list):
            row[key] = " ".join(value)
        elif key == "shape" and isinstance(value, tuple):
            row[key] = "x".join(map(str, value))
        elif not isinstance(value, dict):
            row[key] = value
        elif key == "padding":
            for axis, (begin, end) in value.items():
                row |= {f"padding_{axis}_begin": begin, f"padding_{axis}_end": end}
        else:
            row |= {f"{key}_{axis}": entry for axis, entry in value.items()}
    return row


def sheet(answer: ConvShape) -> "Sheet":
    """Lay the answer out: a row per quantity and a column per axis; of a network a row per layer."""
    from dlcalc.report.conv_shape import sheet as sheets

    if answer.question.network.single is not None:
        return sheets.of_layer(answer, layer_as_json(answer.layers[-1], answer.question.axes))
    return sheets.of_network(answer)


def in_words(verdict: "Verdict") -> ClaimInWords:
    """Say a judged claim; of one that is right in fewer digits, the number in all its digits."""
    right = "there is none" if None in verdict.right else f"it is {text(verdict.right)}"
    distance = None if None in verdict.right else text(verdict.distance)
    claimed = text(verdict.claim.values)
    if verdict.passed and verdict.right != verdict.claim.values:
        claimed += f", rounded or cut from {text(verdict.right)}"
    return ClaimInWords(claimed, right, distance)


VIEW = View("conv-shape", as_json, bare, sheet, csv_header, csv_rows, judged, in_words, summary, _SUMMARY, encoded)
