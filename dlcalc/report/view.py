"""What a report needs to know of a command: how its answers look, in plain values that no library owns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Sheet(NamedTuple):
    """One answer, laid out for reading.

    Attributes:
        headline: the answer.
        caption: what the answer means, in a line.
        header: the titles of the columns; the first names the rows.
        rows: the body, as text.
        rule: the formula that was used, and with the numbers in it, one line each.
        marked: the title of the row that holds the answer.
    """

    headline: str
    caption: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    rule: tuple[str, ...]
    marked: str


class View(Protocol):
    """The looks of one command's answers."""

    command: str

    def as_json(self, answer: Any) -> dict[str, object]:
        """The answer's own keys."""

    def encoded(self, answer: Any, encode: Callable[[object], str]) -> str:
        """The same as text, without the braces around it."""

    def bare(self, answer: Any) -> str:
        """The bare answer, for ``-q``."""

    def sheet(self, answer: Any) -> Sheet:
        """The answer as a table on its own."""

    def summary_header(self) -> tuple[str, ...]:
        """The titles of an answer that is one row among many."""

    def summary(self, answer: Any) -> tuple[str, ...]:
        """An answer as one row among many."""

    def csv_header(self, questions: Sequence[Any] | None) -> tuple[str, ...]:
        """The names of the columns, for answers to questions like these, or to any."""

    def csv_rows(self, answer: Any) -> list[Mapping[str, object]]:
        """One row for each layer."""

    def entries(self, answer: Any, key: str, numbers: Sequence[object]) -> object:
        """The numbers of a key as JSON shows them."""

    def text(self, key: str, numbers: Sequence[int | float | None]) -> str:
        """The numbers of a key in a sentence."""
