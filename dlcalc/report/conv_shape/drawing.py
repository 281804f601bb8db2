"""Drawings of layers: the windows of one layer, or the receptive field of one output of a network."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.input_span import Span, input_spans
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.numeric.ratio import Ratio, ratio
from dlcalc.report.conv_shape import sheet as sheets
from dlcalc.report.conv_shape import view, window_picture
from dlcalc.report.sheet import Drawing, Picture, Row, Sheet, ends, in_lines
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.outcome import Judged


def sheet(answer: ConvShape) -> Sheet:
    """Lay out the size and a drawing per axis; axes that are the same share a drawing."""
    if answer.question.network.file is not None:
        answer = _of_model(answer)
    layers, axes, at = answer.layers, answer.question.axes, answer.question.at
    together: dict[object, list[int]] = {}
    for number in range(len(axes)):
        alike = tuple((layer.axes[number].window, layer.axes[number].output) for layer in layers)
        together.setdefault(alike, []).append(number)
    drawings = []
    for numbers in together.values():
        *first, last = (AXES[axes[number]] for number in numbers)
        names = f"{', '.join(first)} and {last}" if first else last
        windows = len(layers) == 1 and layers[0].plan is not None
        drawings.append(_windows(layers, numbers[0], names) if windows else _sights(answer, numbers[0], names))
    if at is not None:  # the part of the network that ends there
        needed = {node.name for node in answer.question.network.up_to(at).nodes}
        answer = answer._replace(layers=tuple([layer for layer in layers if layer.name in needed]))
    one_layer = answer.question.network.single is not None
    caption = sheets.layer_caption(answer) if one_layer else sheets.network_caption(answer)
    return Sheet(sheets.made(answer), caption, (), (), tuple(drawings))


def _of_model(answer: ConvShape) -> ConvShape:
    """Leave the layers of a model that can be drawn; without a name, those down to the last one whose sight is known.

    Raises:
        DlcalcError: ``usage`` for a layer whose sight is not known.
    """
    from dlcalc.core.tensors.known import seen_part

    part, at = seen_part(answer), answer.question.at
    if not part.layers:
        raise DlcalcError("usage", "of no layer it is known what it sees of a map", hint="no --draw", option="draw")
    last = part.layers[-1].name
    if at is None and last != answer.layers[-1].name:
        part = part._replace(question=part.question._replace(at=last))
    elif at is not None and all(layer.name != at for layer in part.layers):
        message = f"it is not known what {at} sees of the input"
        raise DlcalcError(
            "usage", message, hint=f"--at {last}, or another layer with a field in the table", option="at"
        )
    return part


def _sights(answer: ConvShape, axis: int, names: str) -> Drawing:
    """Draw what the output in the middle of a layer sees, map by map."""
    seen = maps(answer, axis)
    last = seen[0].size - 1
    output = f"output {last // 2:,} (of 0 to {last:,})" if last else "the one output"
    of = f" of {answer.question.at}" if answer.question.at else ""
    return Drawing(f"{names}, what {output}{of} sees of every map, down to the input", partial(picture, seen))


def _windows(layers: Sequence[LayerShape], axis: int, names: str) -> Drawing:
    """Draw the windows of one layer."""
    (layer,) = layers
    shape = layer.axes[axis]
    return Drawing(f"{names}, {_counted(layer, shape)}", partial(_drawn, layer, shape))


def _counted(layer: LayerShape, axis: AxisShape) -> str:
    inputs, outputs = _many(axis.window.input, "input"), _many(axis.output, "output")
    if layer.scatters:
        return f"each input adds to outputs: {inputs}, {outputs}"
    return f"each window gives an output: {inputs}, {outputs}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _drawn(layer: LayerShape, axis: AxisShape, width: int, ascii_only: bool) -> Picture:
    transposed = layer.scatters
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
_ENDS = 20  # rows at each end of a long picture
_GLYPHS = {False: ("█", "░", "⋯"), True: ("#", ".", "...")}  # seen, the rest, rows left out


class Map(NamedTuple):
    """One feature map.

    Attributes:
        name: of the layer that makes it.
        size: its positions.
        seen: the first and the last one that is seen.
        center: the pixel of the input that position 0 has in its middle.
        jump: pixels from one position to the next.
    """

    name: str
    size: int
    seen: Span | None
    center: Ratio = (0, 1)
    jump: Ratio = (1, 1)

    def pixels(self, first: int, last: int) -> tuple[Ratio, Ratio]:
        """Where the positions from ``first`` to ``last`` begin and end, in pixels of the input, from its edge on."""
        (center, under), (jump, below) = self.center, self.jump
        ends = [(2 * number - 1) * jump * under for number in (first, last + 1)]
        begin, end = [ratio((2 * center + under) * below + shift, 2 * under * below) for shift in ends]
        return begin, end


def maps(answer: ConvShape, axis: int) -> list[Map]:
    """List what the output in the middle sees of every map, from the output on."""
    question = answer.question
    by_name = {layer.name: layer for layer in answer.layers}
    last = answer.layers[-1] if question.at is None else by_name[question.at]
    found = []
    for name, size, seen in input_spans(answer, axis, (last.axes[axis].output - 1) // 2, question.at):
        layer, middle = by_name.get(name), ((0, 1), (1, 1))
        if layer is not None:
            field = layer.axes[axis].field
            one = size == 1  # as of a vector, which is about all that it sees
            middle = field.center or (0, 1), (field.size, 1) if one else field.jump
        found.append(Map(name, size, seen, *middle))
    return found


def picture(of: Sequence[Map], width: int, ascii_only: bool) -> Picture:
    """Draw the maps, with the positions that are seen.

    >>> for row in picture([Map("conv1", 5, (2, 2), (0, 1), (2, 1)), Map("input", 10, (3, 6))], 44, True).rows:
    ...     print(f"{row.label:7}{row.cells}")
    conv1       2  1 of 5   .......#####........
    input  3 to 6  4 of 10  ......#########.....
    """
    return pictures([("", of)], width, ascii_only)


def pictures(sections: Sequence[tuple[str, Sequence[Map]]], width: int, ascii_only: bool) -> Picture:
    """Draw several networks below each other, each with a title, their maps above the same pixels."""
    seen, rest, gap = _GLYPHS[ascii_only]
    shown = [(title, of, ends(len(of), _ENDS, _ENDS)) for title, of in sections]
    every = [of[number] for _, of, numbers in shown for number in numbers]
    labels = max(len(name) for name in [*(one.name for one in every), *(title for title, _ in sections)]) + 2
    columns = _columns(list(map(_texts, every)), width - labels - _LEAST_WIDTH)
    texts, frame = iter(columns), _Frame(every, max(_LEAST_WIDTH, min(_MOST_WIDTH, width - labels - len(columns[0]))))
    rows: list[Row] = []
    notes: list[str] = []
    for title, of, numbers in shown:
        rows += [*([Row("", "")] if rows else []), *([Row(title, "")] if title else [])]
        for before, number in zip((-1, *numbers), numbers, strict=False):
            if number != before + 1:
                rows.append(Row(gap, ""))
            bar = "".join((" ", rest, seen)[lit] for lit in frame.lit(of[number])).rstrip()
            rows.append(Row(of[number].name, next(texts) + bar))
        left_out = [later - row - 1 for row, later in pairwise(numbers) if later != row + 1]
        notes += [f"{title and title + ': '}left out: {count:,} layers" for count in left_out]
    if any(each.seen and (each.seen[0] < 0 or each.seen[1] >= each.size) for _, of in sections for each in of):
        notes.append("positions below 0 and behind the end are padding")
    legend = f"{seen} seen", f"{rest} not seen; every map stands above the pixels of the input that it is about"
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


class _Frame:
    """The pixels of the input that some maps are about, over the characters of a line."""

    def __init__(self, of: Sequence[Map], width: int) -> None:
        ends = [each.pixels(0, each.size - 1) for each in of]
        self.width = width
        self.unit = lcm(*(under for pair in ends for _, under in pair))
        self.low = min(begin * self.unit // under for (begin, under), _ in ends)
        self.wide = max(end * self.unit // under for _, (end, under) in ends) - self.low

    def lit(self, of: Map) -> list[int]:
        """Tell for each character whether a position that it stands for is seen: 2, or is there: 1."""
        there, seen = self._characters(of, 0, of.size - 1), range(0)
        if of.seen is not None:
            first, last = max(0, of.seen[0]), min(of.size - 1, of.seen[1])
            seen = self._characters(of, first, last) if first <= last else seen
        return [2 if number in seen else int(number in there) for number in range(self.width)]

    def _characters(self, of: Map, first: int, last: int) -> range:
        """The characters of some positions, one at the least."""
        begin, end = (
            (pixel * self.unit - self.low * under) * self.width // under for pixel, under in of.pixels(first, last)
        )
        start = min(self.width - 1, begin // self.wide)
        return range(start, max(start + 1, -(-end // self.wide)))


VIEW: "View[ShapeQuestion, ConvShape, Judged]" = View(
    "conv-shape", view.as_json, view.bare, sheet, view.csv_header, view.csv_rows
)
