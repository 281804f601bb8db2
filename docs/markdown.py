"""Markdown, as the generated pages are written in it."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

WIDTH = 100  # of prose, in columns


def prose(text: str) -> list[str]:
    """The lines of a paragraph."""
    return wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def bullets(texts: Iterable[str]) -> list[str]:
    """The lines of a list."""
    return [line for text in texts for line in wrap(f"- {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)]


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    titles, *body = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return [titles, "|---" * len(header) + "|", *body]
