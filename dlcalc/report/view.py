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
        right: what is right, in a sentence of its own; it follows "wrong, ".
        distance: how far the claim is off, where no mistake explains it.
    """

    claimed: str
    right: str
    distance: str | None


class Summary(NamedTuple, Generic[A]):
    """The look of an answer that is one row among many.

    Attributes:
        header: the titles of the columns.
        row: an answer as one row.
    """

    header: tuple[str, ...]
    row: Callable[[A], tuple[str, ...]]


class View(NamedTuple, Generic[Q, A, V]):
    """The looks of the answers of one command, or of one of its modes.

    Attributes:
        command: the name of the command.
        as_json: the answer's own keys.
        bare: the bare answer for ``-q``, line by line.
        sheet: the answer as tables.
        csv_header: the names of the columns, for answers to questions like these, or to any.
        csv_rows: the answer as rows: one per layer, say.
        judged: what is ``expected`` and ``actual`` in a claim, as JSON shows it, and how far they are apart.
        in_words: a judged claim in words.
        summary: an answer as one row among many, where a command can be swept.
        encoded: the text of ``as_json`` without the braces around it, where that can be had faster.
    """

    command: str
    as_json: Callable[[A], Mapping[str, object]]
    bare: Callable[[A], Iterable[str]]
    sheet: "Callable[[A], Sheet]"
    csv_header: Callable[[Sequence[Q] | None], tuple[str, ...]]
    csv_rows: Callable[[A], Iterable[Mapping[str, object]]]
    judged: Callable[[A, V], Mapping[str, object]] | None = None
    in_words: Callable[[V], ClaimInWords] | None = None
    summary: Summary[A] | None = None
    encoded: Callable[[A, Encode], str] | None = None
