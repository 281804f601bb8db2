"""What a report needs to know of a command: how its answers look, in plain values that no library owns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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
    """A picture that is drawn when it is known how wide it may be, and whether in ASCII alone.

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


class Words(NamedTuple):
    """A judged claim in words.

    Attributes:
        claimed: what was claimed.
        right: what is right, in a sentence of its own; it follows "wrong, ".
        distance: how far the claim is off, where no mistake explains it.
    """

    claimed: str
    right: str
    distance: str | None


class View(Protocol):
    """The looks of one command's answers."""

    command: str

    def as_json(self, answer: Any) -> dict[str, object]:
        """The answer's own keys. A view that has ``encoded`` too writes them itself, and faster."""

    def bare(self, answer: Any) -> str:
        """The bare answer, for ``-q``. A view with ``bare_lines`` too gives a long one in pieces."""

    def sheet(self, answer: Any) -> Sheet:
        """The answer as tables on their own."""

    def csv_header(self, questions: Sequence[Any] | None) -> tuple[str, ...]:
        """The names of the columns, for answers to questions like these, or to any."""

    def csv_rows(self, answer: Any) -> Iterable[Mapping[str, object]]:
        """The answer as rows: one for each layer, say."""

    def judged(self, answer: Any, verdict: Any) -> dict[str, object]:
        """What is ``expected`` and ``actual`` in a claim, as JSON shows it, and how far they are apart."""

    def words(self, verdict: Any) -> Words:
        """A judged claim in words."""


class SweptView(View, Protocol):
    """The looks of a command that can be swept: an answer may be one row among many."""

    def summary_header(self) -> tuple[str, ...]:
        """The titles of the columns."""

    def summary(self, answer: Any) -> tuple[str, ...]:
        """An answer as one row."""
