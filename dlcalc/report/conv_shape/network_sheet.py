"""The sizes of a network laid out for reading: a row per layer."""

from collections.abc import Sequence

from dlcalc.core.conv.shape import ConvShape, LayerShape
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.report.numbers import text, written
from dlcalc.report.sheet import Grid, Sheet

_TITLES = ("layer", "word", "output", "channels", "unread", "field", "at least", "jump", "centre")


def sheet(answer: ConvShape) -> Sheet:
    """Lay the answer out as a table."""
    layers, size = answer.layers, answer.question.size
    places = [layer.place for layer in layers if layer.place]
    channels = [places[0].input_channels, *(place.output_channels for place in places)]
    counts = [written(count) if any(channels) else "" for count in channels]
    least = any(axis.field.smallest != axis.field.size for layer in layers for axis in layer.axes)
    rows: list[tuple[str, ...]] = [("input", "", text(size), counts[0], "", "1", "1" if least else "", "1", "0")]
    rows += [_row(layer, count, least) for layer, count in zip(layers, counts[1:], strict=True)]
    grid = Grid(_TITLES, rows, layers[-1].name).without_empty_columns()
    return Sheet(made(answer), caption(answer), (grid,), _rule(layers))


def made(answer: ConvShape) -> str:
    """Write the size of the last layer's output, or its features."""
    return text(answer.output) or features(answer.layers[-1])


def caption(answer: ConvShape) -> str:
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


def _rule(layers: Sequence[LayerShape]) -> tuple[str, ...]:
    lines = ["field, jump and centre: what an output sees, in pixels of the input"]
    lines.append("r = r0 + (K_e - 1)*j0, j = j0*S, c = c0 + ((K_e - 1)/2 - P_l)*j0")
    lines.append("from r0 = j0 = 1, c0 = 0 on")
    if any(layer.plan.family == "transposed" for layer in layers):
        lines.append("behind a transposed layer the outputs see differently much: field is the most")
    return tuple(lines)
