"""The looks of a command's answers, as the writers need them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from dlcalc.core.outcome import A, V

if TYPE_CHECKING:
    from dlcalc.report.sheet import Sheet

Q = TypeVar("Q")
Encode = Callable[[object], str]


class ClaimInWords(NamedTuple):
    """A judged claim in words.

    Attributes:
        claimed: what was claimed.
        right: what is right, in a sentence of its own that follows "wrong, ".
        distance: how far the claim is off, where no mistake explains it.
        manner: how a right claim is right, to follow "right, ".
        tolerance: by which it was judged, where that is not the digits typed.
    """

    claimed: str
    right: str
    distance: str | None
    manner: str = ""
    tolerance: str = ""


class View(Generic[Q, A, V]):
    """The looks of the answers of one command, or of one of its modes.

    Args:
        command: the name of the command.
        as_json: gives the answer's own keys.
        bare: gives the bare answer for ``-q``, line by line.
        sheet: lays the answer out as tables.
        csv_header: names the columns, for answers to questions like these, or to any.
        csv_rows: gives the answer as rows: one per layer, say.
        judged: says what is ``expected`` and ``actual`` in a claim, as JSON shows it, and how far they are apart.
        in_words: says a judged claim.
        summary: gives an answer as one row among many, where a command can be swept ...
        summary_header: ... and the titles of its columns.
        encoded: encodes ``as_json`` without the braces around it, where that can be had faster, or in pieces.
    """

    def __init__(
        self,
        command: str,
        as_json: Callable[[A], Mapping[str, object]],
        bare: Callable[[A], Iterable[str]],
        sheet: "Callable[[A], Sheet]",
        csv_header: Callable[[Sequence[Q] | None], tuple[str, ...]],
        csv_rows: Callable[[A], Iterable[Mapping[str, object]]],
        judged: Callable[[A, V], Mapping[str, object]] | None = None,
        in_words: Callable[[V], ClaimInWords] | None = None,
        summary: Callable[[A], tuple[str, ...]] | None = None,
        summary_header: tuple[str, ...] = (),
        encoded: Callable[[A, Encode], str | Iterable[str]] | None = None,
    ) -> None:
        self.command, self.as_json, self.bare, self.sheet = command, as_json, bare, sheet
        self.csv_header, self.csv_rows = csv_header, csv_rows
        self.judged, self.in_words = judged, in_words
        self.summary, self.summary_header, self.encoded = summary, summary_header, encoded
