"""The sizes of a layer laid out for reading, a row per quantity; and of a network, a row per layer."""

from collections.abc import Mapping, Sequence

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import ConvShape, LayerShape
from dlcalc.core.conv.window import FLOOR, Window, in_formula, numbers, symbols
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.report.arrays import text, written
from dlcalc.report.sheet import Grid, Sheet

_ROWS = {
    "input": "input",
    "kernel": "kernel",
    "stride": "stride",
    "dilation": "dilation",
    "padding": "padding",
    "output_padding": "output padding",
    "output": "output",
    "unread": "unread input",
    "receptive_field": "receptive field",
    "receptive_field_min": "  at the least",
    "jump": "jump",
    "center": "centre",
}


def of_layer(answer: ConvShape, keys: Mapping[str, object]) -> Sheet:
    """Lay the answer out: a row per quantity of the layer's JSON keys, a column per axis."""
    names = answer.question.axes
    rows = []
    for key, title in _ROWS.items():
        values = keys.get(key)
        if isinstance(values, dict):
            rows.append((title, *(written(values[name]) for name in names)))
    header = ("", *(AXES[name] for name in names))
    grids = (Grid(header, rows, "output"),)
    return Sheet(text(answer.output), layer_caption(answer), grids, tuple(_layer_rule(answer)))


def layer_caption(answer: ConvShape) -> str:
    """Say which layer makes what of which input."""
    layer = answer.layers[-1].plan.layer
    size, output = [axis.window.input for axis in answer.layers[0].axes], list(answer.output)
    if answer.question.axes == ("w",) and answer.question.dims is None and layer.padding != "causal":
        # one number was typed, and a square image is meant
        size, output = size * 2, output * 2
    kind = f"{layer.kind}, {answer.question.framework}"
    return f"a {text(size)} input gives {text(output)}  ({kind})"


def _layer_rule(answer: ConvShape) -> list[str]:
    """Write the size rule in symbols, then with the numbers of each axis."""
    layer, names = answer.layers[-1], answer.question.axes
    windows = [axis.window for axis in layer.axes]
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
    """Lay the answer out as a table."""
    layers, size = answer.layers, answer.question.size
    places = [layer.place for layer in layers if layer.place]
    channels = [places[0].input_channels, *(place.output_channels for place in places)]
    counts = [written(count) if any(channels) else "" for count in channels]
    least = any(axis.field.smallest != axis.field.size for layer in layers for axis in layer.axes)
    rows: list[tuple[str, ...]] = [("input", "", text(size), counts[0], "", "1", "1" if least else "", "1", "0")]
    rows += [_row(layer, count, least) for layer, count in zip(layers, counts[1:], strict=True)]
    grid = Grid(_TITLES, rows, layers[-1].name).without_empty_columns()
    return Sheet(made(answer), network_caption(answer), (grid,), _network_rule(layers))


def made(answer: ConvShape) -> str:
    """Write the size of the last layer's output, or its features."""
    return text(answer.output) or features(answer.layers[-1])


def network_caption(answer: ConvShape) -> str:
    """Say which layers make what of which input."""
    question = answer.question
    of = f"({counted(len(answer.layers))}, {question.framework})"
    size = text(question.size)
    given = f"a {size} input" if len(question.axes) > 1 else f"an input of {size}"
    return f"{given} gives {made(answer)}  {of}"


def counted(layers: int) -> str:
    """Say how many layers there are."""
    return "1 layer" if layers == 1 else f"{layers:,} layers"


def features(layer: LayerShape) -> str:
    """Say how many features a vector has."""
    channels = None if layer.place is None else layer.place.output_channels
    return f"{written(channels)} features"


def _row(layer: LayerShape, channels: str, least: bool) -> tuple[str, ...]:
    place, axes = layer.place, layer.axes
    assert place is not None
    fields = [axis.field for axis in axes]
    centers = [None if field.center is None else as_float(field.center) for field in fields]
    return (
        layer.name,
        place.word,
        text(layer.output) or "-",
        channels,
        _alike([axis.unread for axis in axes]),
        _alike([field.size for field in fields]),
        _alike([field.smallest for field in fields]) if least else "",
        _alike([as_number(field.jump) for field in fields]),
        _alike(centers),
    )


def _alike(values: Sequence[int | float | None]) -> str:
    """Write one number where all axes share it, else one per axis; a centre at a pixel is that pixel.

    >>> _alike([7, 7]), _alike([7, 9]), _alike([0.0, 0.0])
    ('7', '7 x 9', '0')
    """
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
    return text(whole[:1] if len(set(whole)) == 1 else whole)


def _network_rule(layers: Sequence[LayerShape]) -> tuple[str, ...]:
    lines = ["field, jump and centre: what an output sees, in pixels of the input"]
    lines.append("r = r0 + (K_e - 1)*j0, j = j0*S, c = c0 + ((K_e - 1)/2 - P_l)*j0")
    lines.append("from r0 = j0 = 1, c0 = 0 on")
    if any(layer.plan.family == "transposed" for layer in layers):
        lines.append("behind a transposed layer the outputs see differently much: field is the most")
    return tuple(lines)
