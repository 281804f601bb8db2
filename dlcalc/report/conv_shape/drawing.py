"""Drawings of layers: the windows of one layer, or the receptive field of one output of a network."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import AxisShape, ConvShape, ConvShapeQuestion, LayerShape
from dlcalc.core.network.receptive_field import Span, input_spans
from dlcalc.report.conv_shape import sheet as sheets
from dlcalc.report.conv_shape import view, window_picture
from dlcalc.report.sheet import Drawing, Picture, Row, Sheet, ends, in_lines
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.network.network import StackQuestion
    from dlcalc.core.outcome import Judged


def sheet(answer: ConvShape) -> Sheet:
    """Lay out the size and a drawing per axis; axes that are the same share a drawing."""
    layers, axes = answer.layers, answer.question.axes
    together: dict[object, list[int]] = {}
    for number in range(len(axes)):
        alike = tuple((layer.axes[number].window, layer.axes[number].output) for layer in layers)
        together.setdefault(alike, []).append(number)
    drawings = []
    for numbers in together.values():
        *first, last = (AXES[axes[number]] for number in numbers)
        names = f"{', '.join(first)} and {last}" if first else last
        drawings.append((_sights if len(layers) > 1 else _windows)(layers, numbers[0], names))
    one_layer = isinstance(answer.question, ConvShapeQuestion)
    caption = sheets.layer_caption(answer) if one_layer else sheets.network_caption(answer)
    return Sheet(sheets.made(answer), caption, (), (), tuple(drawings))


def _sights(layers: Sequence[LayerShape], axis: int, names: str) -> Drawing:
    """Draw what the output in the middle sees, layer by layer."""
    seen = maps(layers, axis)
    last = seen[0].size - 1
    output = f"output {last // 2:,} (of 0 to {last:,})" if last else "the one output"
    return Drawing(f"{names}, what {output} sees of every map, down to the input", partial(picture, seen))


def _windows(layers: Sequence[LayerShape], axis: int, names: str) -> Drawing:
    """Draw the windows of one layer."""
    (layer,) = layers
    shape = layer.axes[axis]
    return Drawing(f"{names}, {_counted(layer, shape)}", partial(_drawn, layer, shape))


def _counted(layer: LayerShape, axis: AxisShape) -> str:
    inputs, outputs = _many(axis.window.input, "input"), _many(axis.output, "output")
    if layer.plan.family == "transposed":
        return f"each input adds to outputs: {inputs}, {outputs}"
    return f"each window gives an output: {inputs}, {outputs}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _drawn(layer: LayerShape, axis: AxisShape, width: int, ascii_only: bool) -> Picture:
    transposed = layer.plan.family == "transposed"
    glyphs = window_picture.ASCII if ascii_only else window_picture.UNICODE
    drawn = window_picture.picture(window_picture.scene(axis, transposed), width, glyphs)
    if not axis.unread:
        return drawn
    lost = "reach no output" if transposed else "are read by no window"
    if axis.unread == 1:
        lost = lost.replace("reach", "reaches").replace("are", "is")
    inputs = _many(axis.window.input, "input")
    return drawn._replace(notes=(f"{axis.unread:,} of {inputs} {lost}", *drawn.notes))


_MOST_WIDTH = 60  # of the drawn part; a wider one shows no more
_LEAST_WIDTH = 8
_ENDS = 20  # rows at each end of a long stack
_GLYPHS = {False: ("█", "░", "⋯"), True: ("#", ".", "...")}  # seen, the rest, rows left out


class Map(NamedTuple):
    """One feature map: its name, its positions, and the first and the last one that is seen."""

    name: str
    size: int
    seen: Span | None


def maps(layers: Sequence[LayerShape], axis: int) -> list[Map]:
    """List what the output in the middle sees of every map, from the output on."""
    size = layers[-1].axes[axis].output
    names = [*(layer.name for layer in reversed(layers)), "input"]
    sizes = [size, *(layer.axes[axis].window.input for layer in reversed(layers))]
    return list(map(Map, names, sizes, input_spans(layers, axis, (size - 1) // 2)))


def picture(of: Sequence[Map], width: int, ascii_only: bool) -> Picture:
    """Draw the maps, with the positions that are seen.

    >>> for row in picture([Map("conv1", 5, (2, 2)), Map("input", 10, (3, 6))], 44, True).rows:
    ...     print(f"{row.label:7}{row.cells}")
    conv1       2  1 of 5   ....................####................
    """
    seen, rest, gap = _GLYPHS[ascii_only]
    shown = ends(len(of), _ENDS, _ENDS)
    labels = max(len(of[number].name) for number in shown) + 2
    texts = _columns([_texts(of[number]) for number in shown], width - labels - _LEAST_WIDTH)
    room = max(_LEAST_WIDTH, min(_MOST_WIDTH, width - labels - len(texts[0])))
    rows = []
    for before, number, text in zip((-1, *shown), shown, texts, strict=False):
        if number != before + 1:
            rows.append(Row(gap, ""))
        bar = "".join(seen if lit else rest for lit in _lit(of[number], room))
        rows.append(Row(of[number].name, text + bar))
    notes = [f"left out: {later - row - 1:,} layers" for row, later in pairwise(shown) if later != row + 1]
    if any(each.seen and (each.seen[0] < 0 or each.seen[1] >= each.size) for each in of):
        notes.append("positions below 0 and behind the end are padding")
    legend = f"{seen} seen", f"{rest} not seen; every row is a whole map"
    notes += in_lines(legend, width)
    return Picture(rows, notes, {seen: "green", rest: "dim"})


def _columns(texts: Sequence[tuple[str, str]], room: int) -> list[str]:
    """Align the texts in front of the bars; where there is no room for all, they say not where but how many."""
    where, how_many = (max(map(len, column)) for column in zip(*texts, strict=True))
    if where + how_many + 4 <= room:
        return [f"{one:>{where}}  {other:<{how_many}}  " for one, other in texts]
    return [f"{other:<{how_many}}  " if how_many + 2 <= room else "" for _, other in texts]


def _texts(of: Map) -> tuple[str, str]:
    """Say which positions of a map are seen, and how many of how many; positions in the padding do not count."""
    if of.seen is None:
        return "none", f"0 of {of.size:,}"
    first, last = of.seen
    count = max(0, min(last, of.size - 1) - max(first, 0) + 1)
    return f"{first:,}" if first == last else f"{first:,} to {last:,}", f"{count:,} of {of.size:,}"


def _lit(of: Map, width: int) -> list[bool]:
    """Tell for each character whether a position that it stands for is seen."""
    if of.seen is None:
        return [False] * width
    first, last = of.seen
    starts = [number * of.size // width for number in range(width + 1)]
    return [start <= last and first < max(start + 1, stop) for start, stop in pairwise(starts)]


VIEW: "View[ConvShapeQuestion | StackQuestion, ConvShape, Judged]" = View(
    "conv-shape", view.as_json, view.bare, sheet, view.csv_header, view.csv_rows
)
