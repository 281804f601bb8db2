"""The windows of one axis as lines of characters, made to fit a width: each position a column, each window a row.

A convolution and its transpose are one picture. Read along the input, a row is a window, which gives one output; of a
transposed layer a row is an input, and the columns are the output that its products are added to.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from dlcalc.core.conv.coverage import meets
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.window import Window
from dlcalc.report.sheet import Picture, Row, ends, in_lines


class Glyphs(NamedTuple):
    """The characters. Those of a window in its row come first, then those of the positions."""

    tap: str
    outside: str
    hole: str
    inside: str
    missed: str
    padding: str
    beyond: str
    gap: str


UNICODE = Glyphs("█", "▒", "─", "○", "×", "░", "╌", "⋯")  # noqa: RUF001
ASCII = Glyphs("#", "+", "-", "o", "x", ":", "~", "...")
_STYLES = Glyphs("green", "yellow", "dim", "", "bold red", "dim", "dim", "dim")


class Words(NamedTuple):
    """The meanings of the rows, of the line of positions, and of each character."""

    row: str
    line: str
    meanings: Glyphs


_WINDOWS = Words(
    "window",
    "input",
    Glyphs("tap", "tap on padding", "hole", "input", "input that no window reads", "padding", "beyond the padding", ""),
)
_PRODUCTS = Words(
    "input",
    "output",
    Glyphs("product", "product cut off", "hole", "output", "output that no input reaches", "cut off", "beyond", ""),
)

_MOST_ROWS = 16  # all are drawn up to here; of more, ...
_ENDS = 6  # ... so many at each end
_LEAST = 6  # characters for positions, however narrow the terminal is
_MOST_DIGITS = 9  # of a row's number; a longer one is counted from the last


class Scene(NamedTuple):
    """The subject of a picture: ``rows`` windows over positions, of which 0 to ``inside`` - 1 are no padding."""

    window: Window
    rows: int
    inside: int
    words: Words
    frame: tuple[int, int] | None = None  # the positions that the picture shows, if others than its own

    @property
    def own(self) -> tuple[int, int]:
        """The first position, padding or of the input where that is left out in front, and where the positions end."""
        end = max(self.padded, self.start(self.rows - 1) + self.window.extent)  # of a ceil mode beyond the padding
        return min(0, -self.window.before), end

    @property
    def first(self) -> int:
        """The first position that the picture shows."""
        return (self.frame or self.own)[0]

    @property
    def padded(self) -> int:
        """Where the padding ends."""
        return self.inside + max(0, self.window.after)

    @property
    def stop(self) -> int:
        """Where the positions that the picture shows end."""
        return (self.frame or self.own)[1]

    def start(self, row: int) -> int:
        """The position of a window's first tap."""
        return row * self.window.stride - self.window.before


def scene(axis: AxisShape, transposed: bool) -> Scene:
    """Collect what there is to draw of one axis."""
    if transposed:
        return Scene(axis.window, axis.window.input, axis.output, _PRODUCTS)
    return Scene(axis.window, axis.output, axis.window.input, _WINDOWS)


def picture(of: Scene, width: int, glyphs: Glyphs) -> Picture:
    """Draw the windows.

    Args:
        of: what to draw.
        width: the longest a line may be; where the positions do not fit, those in the middle are left out.
        glyphs: ``UNICODE`` or ``ASCII``.

    >>> small = Scene(Window(5, 3, 2, 1, 1, 1, 0), rows=3, inside=5, words=_WINDOWS)
    >>> for row in picture(small, 40, ASCII).rows:
    ...     print(f"{row.label:10}{row.cells}")
                0 1 2 3 4
    input     : o o o o o :
    window 0  + # #
    window 1      # # #
    window 2          # # +
    """
    return pictures([("", of)], width, glyphs)


def pictures(scenes: Sequence[tuple[str, Scene]], width: int, glyphs: Glyphs) -> Picture:
    """Draw several pictures below each other, each with a title, their positions in the same columns."""
    firsts, ends_ = zip(*(of.own for _, of in scenes), strict=True)
    frame = min(firsts), max(ends_)
    framed = [(title, of._replace(frame=frame)) for title, of in scenes]
    labels = max(len(label) for _, of in framed for label in _labels(of))
    rows: list[Row] = []
    notes: list[str] = []
    legend: dict[str, None] = {}
    for number, (title, of) in enumerate(framed):
        strip = _strip(of, width - labels - 2, glyphs)
        shown, own = _rows(of, strip), [Row("", _ruler(of, strip)), Row(of.words.line, _line(of, strip, glyphs))]
        for before, row in zip((-1, *shown), shown, strict=False):
            if row != before + 1:
                own.append(Row(glyphs.gap, ""))
            own.append(Row(_label(of, row), _windowed(of, strip, row, glyphs)))
        rows += [*([Row("", "")] if number else []), *([Row(title, own.pop(0).cells)] if title else []), *own]
        notes += [f"{title}: {note}" if title else note for note in _left_out(of, strip, shown)]
        legend |= dict.fromkeys(_legend(of, own, glyphs))
    notes += in_lines(list(legend), width)
    return Picture(rows, notes, {glyph: style for glyph, style in zip(glyphs, _STYLES, strict=True) if style})


def _labels(of: Scene) -> tuple[str, ...]:
    return of.words.line, _label(of, 0), _label(of, max(0, of.rows - _ENDS)), _label(of, of.rows - 1)


class Strip(NamedTuple):
    """The columns: one run of positions, or two with a gap between them; ``cell`` characters a position."""

    runs: tuple[range, ...]
    cell: int
    gap: str

    @property
    def hidden(self) -> range:
        """The positions left out."""
        return range(self.runs[0].stop, self.runs[-1].start)

    def join(self, parts: Sequence[str], gap: str) -> str:
        """The text of the runs as one line."""
        return gap.join(parts).rstrip()


def _strip(of: Scene, room: int, glyphs: Glyphs) -> Strip:
    """Choose two characters per position if all fit, or one; else both ends, each as wide as a window if possible."""
    total = of.stop - of.first
    gap = f" {glyphs.gap} "
    room = max(room, len(gap) + _LEAST)
    for cell in (2, 1):
        if (total - 1) * cell < room:
            return Strip((range(of.first, of.stop),), cell, gap)
    each = (room - len(gap)) // 2
    cell = 2 if (of.window.extent + of.window.stride) * 2 <= each else 1
    side = (each + cell - 1) // cell
    return Strip((range(of.first, of.first + side), range(of.stop - side, of.stop)), cell, gap)


def _rows(of: Scene, strip: Strip) -> list[int]:
    """Choose which windows are drawn: all, or those at both ends that are seen whole."""
    first = last = _ENDS
    if len(strip.runs) > 1:
        begin, end = strip.runs[0].stop, strip.runs[1].start
        whole = (begin - of.window.extent - of.start(0)) // of.window.stride + 1
        first = max(1, min(_ENDS, whole))
        last = max(1, min(_ENDS, of.rows - -((of.start(0) - end) // of.window.stride)))
    elif of.rows <= _MOST_ROWS:
        first = of.rows
    return ends(of.rows, first, last)


def _label(of: Scene, row: int) -> str:
    if row < 10**_MOST_DIGITS:
        return f"{of.words.row} {row}"
    back = of.rows - 1 - row
    return f"{of.words.row} last{f' - {back}' if back else ''}"


def _line(of: Scene, strip: Strip, glyphs: Glyphs) -> str:
    """Draw the line that says what every position is."""
    first, stop = of.own

    def glyph(position: int) -> str:
        if not first <= position < stop:
            return " "
        if not 0 <= position < of.inside:
            return glyphs.padding if position < of.padded else glyphs.beyond
        return glyphs.inside if meets(of.window, of.rows, position) else glyphs.missed

    parts = [(" " * (strip.cell - 1)).join(map(glyph, run)) for run in strip.runs]
    return strip.join(parts, strip.gap)


def _windowed(of: Scene, strip: Strip, row: int, glyphs: Glyphs) -> str:
    """Draw what the taps of one window fall on."""
    start, (dilation, extent) = of.start(row), (of.window.dilation, of.window.extent)
    between = glyphs.hole if dilation > 1 else " "

    def cells(run: range) -> Iterator[str]:
        for position in run:
            reached = 0 <= position - start < extent
            glyph = " "
            if reached:
                tap = glyphs.tap if 0 <= position < of.inside else glyphs.outside
                glyph = tap if (position - start) % dilation == 0 else glyphs.hole
            goes_on = reached and position + 1 - start < extent and position + 1 in run
            yield glyph + (between if goes_on else " ") * (strip.cell - 1)

    hidden = strip.hidden
    seen = hidden.start < hidden.stop and start < hidden.stop and start + extent > hidden.start
    parts = ["".join(cells(run))[: _length(run, strip)] for run in strip.runs]
    return strip.join(parts, strip.gap if seen else " " * len(strip.gap))


def _length(run: range, strip: Strip) -> int:
    """Count the characters that a run of positions takes."""
    return (run.stop - run.start - 1) * strip.cell + 1


def _ruler(of: Scene, strip: Strip) -> str:
    """Draw the numbers of some positions, each with its last digit over its column."""
    parts = []
    for run in strip.runs:
        line = [" "] * _length(run, strip)
        for position in _ticks(of, run, strip.cell):
            label, end = str(position), (position - run.start) * strip.cell + 1
            begin = end - len(label)
            if begin >= 0 and not "".join(line[max(0, begin - 1) : end + 1]).strip():
                line[begin:end] = label
        parts.append("".join(line))
    return strip.join(parts, " " * len(strip.gap))


def _ticks(of: Scene, run: range, cell: int) -> list[int]:
    """Choose the positions that are numbered: the ends of the input, then round numbers as close as legible."""
    start, stop = max(0, run.start), min(of.inside, run.stop)
    longest = len(str(stop))
    step = next((step for step in (1, 5, 10, 50) if step * cell > longest), None)
    outer = [position for position in (0, of.inside - 1) if start <= position < stop]
    return [*outer, *range(-(-start // step) * step, stop, step)] if step else outer


def _left_out(of: Scene, strip: Strip, shown: Sequence[int]) -> list[str]:
    """Say what is not in the picture."""
    parts = []
    for before, row in pairwise(shown):
        if row != before + 1:
            parts.append(f"{of.words.row}s {before + 1:,} to {row - 1:,}")
    hidden = strip.hidden
    if hidden.start < hidden.stop:
        parts.append(f"positions {hidden.start:,} to {hidden.stop - 1:,} of the {of.words.line}")
    return [f"left out: {', '.join(parts)}"] if parts else []


def _legend(of: Scene, rows: Sequence[Row], glyphs: Glyphs) -> Iterator[str]:
    """List the characters that are in the picture, and what they stand for."""
    used = {character for row in rows for character in row.cells}
    for glyph, meaning in zip(glyphs, of.words.meanings, strict=True):
        if meaning and glyph in used:
            yield f"{glyph} {meaning}"
