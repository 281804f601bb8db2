"""One answer laid out for reading, in plain values that no library owns."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple


class Bar(NamedTuple):
    """A cell that shows a share of the whole, 0 to 1, as a bar."""

    share: float


Cell = str | Bar


class Grid(NamedTuple):
    """One table.

    Attributes:
        header: the titles of the columns; the first names the rows.
        rows: the body.
        marked: the title of the row that holds the answer.
        title: what the table shows, where there is more than one.
        spare: the titles of columns that a narrow screen can do without, the first to go first.
        note: what else is to be said of it, line by line, below.
    """

    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    marked: str | None = None
    title: str = ""
    spare: tuple[str, ...] = ()
    note: str = ""

    def without_empty_columns(self) -> "Grid":
        """Leave out the columns that say nothing in any row.

        >>> Grid(("layer", "word"), [("conv1", ""), ("pool1", "")]).without_empty_columns().header
        ('layer',)
        """
        return self._of_columns([any(cells) for cells in zip(*self.rows, strict=True)])

    def without(self, kind: type, titles: Collection[str]) -> "Grid":
        """Leave out the columns with cells of a kind, and those with one of some titles."""
        columns = enumerate(self.header)
        return self._of_columns(
            [title not in titles and not any(isinstance(row[at], kind) for row in self.rows) for at, title in columns]
        )

    def _of_columns(self, kept: Sequence[bool]) -> "Grid":
        header = tuple(compress(self.header, kept))
        return self._replace(header=header, rows=[tuple(compress(row, kept)) for row in self.rows])


class Row(NamedTuple):
    """One line of a picture."""

    label: str
    cells: str


class Picture(NamedTuple):
    """A drawing, and what is to be said below it: what was left out, and what the characters mean.

    Attributes:
        rows: the lines; their cells begin in the same column.
        notes: sentences.
        styles: how a character of the cells looks where there are colours.
    """

    rows: Sequence[Row]
    notes: Sequence[str]
    styles: Mapping[str, str]


class Drawing(NamedTuple):
    """A picture that is drawn when its width is known, and whether in ASCII alone.

    Attributes:
        title: what it shows.
        draw: from the width and whether only ASCII can be written to the picture.
    """

    title: str
    draw: Callable[[int, bool], Picture]


class Sheet(NamedTuple):
    """One answer, laid out for reading.

    Attributes:
        headline: the answer.
        caption: what the answer means, in a line.
        grids: the tables of the answer.
        rule: the formula that was used, and with the numbers in it, one line each.
        drawings: the pictures.
        details: more tables, which stand behind what was asked about the answer.
        digits: how many significant digits the values of an explanation have, as the tables; all of them if None.
    """

    headline: str
    caption: str
    grids: tuple[Grid, ...]
    rule: tuple[str, ...]
    drawings: tuple[Drawing, ...] = ()
    details: tuple[Grid, ...] = ()
    digits: int | None = None


def ends(count: int, first: int, last: int) -> list[int]:
    """Choose which of ``count`` rows are drawn: some at each end, and all where that leaves out no more than one.

    >>> ends(9, 2, 3), ends(6, 2, 3)
    ([0, 1, 6, 7, 8], [0, 1, 2, 3, 4, 5])
    """
    if first + last + 1 >= count:
        return list(range(count))
    return [*range(first), *range(count - last, count)]


def in_lines(parts: Iterable[str], width: int) -> list[str]:
    """Set the parts of a legend side by side, as many per line as fit.

    >>> in_lines(["# tap", "- hole", "o input"], 16)
    ['# tap   - hole', 'o input']
    """
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 3 + len(part) <= width:
            lines[-1] += f"   {part}"
        else:
            lines.append(part)
    return lines
