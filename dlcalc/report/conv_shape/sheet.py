"""The sizes of a layer laid out for reading, a row per quantity; and of a network, a row per layer."""

from collections.abc import Mapping, Sequence

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.window import FLOOR, Window, in_formula, numbers, symbols
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.report.arrays import article, text, written
from dlcalc.report.blocks import rows as rows_by_block
from dlcalc.report.blocks import summaries
from dlcalc.report.sheet import Grid, Sheet

_ROWS = ("input", "kernel", "stride", "dilation", "padding", "output_padding", "output")
_NEUTRAL = {"dilation": 1, "output_padding": 0}  # values that need no row


def of_layer(answer: ConvShape, keys: Mapping[str, object]) -> Sheet:
    """Lay the answer out: a row per quantity of the layer's JSON keys, a column per axis; what it sees in a line."""
    names = answer.question.axes
    rows = []
    for key in _ROWS:
        values = keys.get(key)
        if isinstance(values, dict) and any(value != _NEUTRAL.get(key) for value in values.values()):
            rows.append((key.replace("_", " "), *(written(values[name]) for name in names)))
    header = ("", *(AXES[name] for name in names))
    unread, size, smallest, jump, center = seen_by(answer.layers[-1])
    least = f", at the least {smallest}" if smallest != size else ""
    note = f"unread {unread}, field {size}{least}, jump {jump}, centre {center}"
    grids = (Grid(header, rows, "output", note=note),)
    return Sheet(text(answer.output), layer_caption(answer), grids, tuple(_layer_rule(answer)))


def layer_caption(answer: ConvShape) -> str:
    """Say which layer makes what of which input."""
    layer = answer.layers[-1]
    causal = layer.plan is not None and layer.plan.layer.padding == "causal"
    size, output = list(answer.question.size), list(answer.output)
    if answer.question.axes == ("w",) and answer.question.dims is None and not causal:
        # one number was typed, and a square image is meant
        size, output = size * 2, output * 2
    kind = f"{layer.kind}, {answer.question.framework}"
    return f"{_input_of(size)} gives {text(output)}  ({kind})"


def _input_of(size: Sequence[int]) -> str:
    """Write the input in words: an 8 x 8 input, or an input of 8."""
    return f"{article(size[0])} {text(size)} input" if len(size) > 1 else f"an input of {text(size)}"


def _layer_rule(answer: ConvShape) -> list[str]:
    """Write the size rule in symbols, then with the numbers of each axis."""
    layer, names = answer.layers[-1], answer.question.axes
    windows = [axis.window for axis in layer.axes]
    assert layer.plan is not None
    rule = layer.plan.size
    formula = "({i} - {k} + 2*{p})/{s} + 1" if rule is FLOOR and all(map(_is_textbook, windows)) else rule.formula
    shown = (rule.textbook if formula != rule.formula else formula).format(**symbols(names[-1]))
    lines = [f"{names[-1].upper()}2 = {shown}"]
    for name, axis in zip(names, layer.axes, strict=True):
        substituted = formula.format(**numbers(axis.window), p=in_formula(axis.window.before))
        lines.append(f"{f'{name.upper()}2' if len(names) > 1 else '  '} = {substituted} = {axis.output:,}")
    return lines


def _is_textbook(window: Window) -> bool:
    """Tell whether (W1 - K + 2P)/S + 1 says it all: no dilation, the same padding on both sides, no remainder."""
    exact = (window.padded - window.kernel) % window.stride == 0
    return exact and window.dilation == 1 and window.before == window.after


_TITLES = ("layer", "word", "output", "channels", "unread", "field", "at least", "jump", "centre")


def of_network(answer: ConvShape) -> Sheet:
    """Lay the answer out as a table: a row per layer; of a block that repeats a row, and those of its first round."""
    layers, size, question = answer.layers, answer.question.size, answer.question
    known = any(layer.made.channels for layer in layers)
    least = any(axis.field.smallest != axis.field.size for layer in layers if layer.seen for axis in layer.axes)
    start = written(question.network.inputs[0].channels) if known else ""
    first = question.network.inputs[0].name
    itself = ("1", "1" if least else "", "1", "0") if size else ("", "", "", "")
    rows: list[tuple[str, ...]] = [(first, "", text(size) or "-", start, "", *itself)]

    def cells(layer: LayerShape) -> tuple[str, ...]:
        return (layer.name, layer.node.word or layer.said_kind, *_cells(layer, known, least))

    def block(some: Sequence[LayerShape]) -> tuple[str, ...]:
        unread, *rest = _cells(some[-1], known, least)[2:]
        return (*_cells(some[-1], known, least)[:2], "" if unread else unread, *rest)

    if question.at is not None:
        rows = [cells(answer.layer(question.at))]
    elif question.summary:
        for name, group in summaries(layers, lambda layer: layer):
            rows.append((name, f"{group.times:,} times" if group.block else "", *block(group.layers)))
    else:
        rows += rows_by_block(layers, lambda layer: layer, cells, block)
    titles = _TITLES if question.network.file is None else ("layer", "kind", *_TITLES[2:])
    grid = Grid(titles, rows, rows[-1][0], spare=("word",)).without_empty_columns()
    return Sheet(made(answer), network_caption(answer), (grid,), _network_rule(answer))


def made(answer: ConvShape) -> str:
    """Write the size of the last layer's output, or its features; of a tensor that is neither its shape."""
    dims = answer.layers[-1].made.dims
    if dims is not None and not answer.output and len(dims) != 2:
        return _shape(dims)
    return text(answer.output) or features(answer.layers[-1])


def _shape(dims: Sequence[object]) -> str:
    return f"({', '.join(map(str, dims))})"


def network_caption(answer: ConvShape) -> str:
    """Say which layers make what of which input."""
    question = answer.question
    of = f"({counted(len(answer.layers))}, {question.framework})"
    given = _input_of(question.size) if question.size else _shape(question.network.inputs[0].dims or ())
    return f"{given} gives {made(answer)}  {of}"


def counted(layers: int) -> str:
    """Say how many layers there are."""
    return "1 layer" if layers == 1 else f"{layers:,} layers"


def features(layer: LayerShape) -> str:
    """Say how many features a vector has."""
    count = layer.made.channels
    return "a vector" if count is None else f"{written(count)} features"


def channels_of(layer: LayerShape) -> str:
    """Write the channels behind a layer; of a linear layer ``1,568 -> 10``."""
    if layer.kind == "linear" and layer.in_features is not None:
        return f"{written(layer.in_features)} -> {written(layer.made.channels)}"
    return written(layer.made.channels)


def _cells(layer: LayerShape, known: bool, least: bool) -> tuple[str, ...]:
    unread, size, smallest, *rest = seen_by(layer)
    output = text(layer.output) or "-"
    if layer.node.saved is not None:
        from dlcalc.report.conv_shape.of_files import tensor

        output = tensor(layer)
    made = output, channels_of(layer) if known else ""
    return (*made, unread, size, smallest if least else "", *rest)


def seen_by(layer: LayerShape) -> tuple[str, str, str, str, str]:
    """Write the unread input, and what an output sees: field, field at the least, jump and centre."""
    axes = layer.axes
    if not layer.seen:
        return _alike([axis.unread for axis in axes]) if layer.plan else "", "", "", "", ""
    fields = [axis.field for axis in axes]
    return (
        _alike([axis.unread for axis in axes]),
        _alike([field.size for field in fields]),
        _alike([field.smallest for field in fields]),
        _alike([as_number(field.jump) for field in fields]),
        _alike([None if field.center is None else as_float(field.center) for field in fields]),
    )


def _alike(values: Sequence[int | float | None]) -> str:
    """Write one number where all axes share it, else one per axis; a centre at a pixel is that pixel.

    >>> _alike([7, 7]), _alike([7, 9]), _alike([0.0, 0.0])
    ('7', '7 x 9', '0')
    """
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
    return text(whole[:1] if len(set(whole)) == 1 else whole)


def _network_rule(answer: ConvShape) -> tuple[str, ...]:
    layers = answer.layers
    if not any(layer.seen for layer in layers):
        return ()
    lines = ["field, jump and centre: what an output sees, in pixels of the input"]
    lines.append("r = r0 + (K_e - 1)*j0, j = j0*S, c = c0 + ((K_e - 1)/2 - P_l)*j0")
    lines.append("from r0 = j0 = 1, c0 = 0 on")
    if any(axis.field.smallest != axis.field.size for layer in layers if layer.seen for axis in layer.axes):
        lines.append("where outputs see different numbers of pixels, field is the most, at least the fewest")
    misaligned = [layer.name for layer in layers if layer.misaligned]
    if misaligned:
        names = ", ".join(misaligned[:3]) + (f" and {len(misaligned) - 3:,} more" if len(misaligned) > 3 else "")
        lines.append(f"{names}: branches with different middles meet, field is the hull of both")
    if any(layer.node.blocks for layer in layers) and not answer.question.summary:
        lines.append(BLOCK_RULE)
    return tuple(lines)


BLOCK_RULE = "of a repeated block: what stands behind its last round, and below it the first"
