"""One answer laid out for reading, in plain values that no library owns."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dlcalc.report.conv_shape.picture import Picture


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
    """

    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    marked: str | None = None
    title: str = ""


class Drawing(NamedTuple):
    """A picture that is drawn when its width is known, and whether in ASCII alone.

    Attributes:
        title: what it shows.
        draw: from the width and whether only ASCII can be written to the picture.
    """

    title: str
    draw: "Callable[[int, bool], Picture]"


class Sheet(NamedTuple):
    """One answer, laid out for reading.

    Attributes:
        headline: the answer.
        caption: what the answer means, in a line.
        grids: the tables.
        rule: the formula that was used, and with the numbers in it, one line each.
        drawings: the pictures.
    """

    headline: str
    caption: str
    grids: tuple[Grid, ...]
    rule: tuple[str, ...]
    drawings: tuple[Drawing, ...] = ()
