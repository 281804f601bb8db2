"""Text that is wrapped at words on a terminal, and is never wrapped elsewhere."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

# What stays on one line: an option with its value, sizes like 80 x 112, a number with its unit; else a word.
_PIECE = r"\S*--[\w-]+ \S+|\S+(?: x \S+)+|[\d.,]+ (?:%|[KMG]i?B\b)\S*|\[default: \S+|\S+"


def columns(stream: TextIO) -> int | None:
    """Count the columns of a terminal; None for a stream that is none, where nothing is wrapped."""
    if not stream.isatty():
        return None
    with suppress(ValueError):
        typed = int(os.environ.get("COLUMNS", ""))
        if typed > 0:
            return typed
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or 80
    return 80


def lines_of(text: str, width: int | None, hanging: int = 0) -> list[slice]:
    """Divide a text into lines, between words alone; a word that is longer than a line runs over.

    Args:
        text: a paragraph.
        width: the characters of a line; None where there is no end to it.
        hanging: the blanks that will stand before all lines but the first, which is not divided before there either.

    >>> text = "a 7 x 7 input gives 5 x 5"
    >>> [text[line] for line in lines_of(text, 15)]
    ['a 7 x 7 input', 'gives 5 x 5']
    """
    if width is None or len(text) <= width:
        return [slice(0, len(text))]
    found: list[slice] = []
    start = end = 0
    for first, last in _pieces(text, width - hanging):
        indent = hanging if found else 0
        if indent + last - start > width and first > (start if found else hanging):
            found.append(slice(start, end))
            start = first
        end = last
    return [*found, slice(start, end)]


def _pieces(text: str, room: int) -> Iterator[tuple[int, int]]:
    """Find the pieces between which a text may be divided; those without room are divided into words."""
    for piece in re.finditer(_PIECE, text):
        if len(piece[0]) <= room:
            yield piece.span()
        else:
            yield from (
                (piece.start() + word.start(), piece.start() + word.end()) for word in re.finditer(r"\S+", piece[0])
            )


def wrapped(text: str, width: int | None, hanging: int = 2) -> str:
    r"""Wrap each line of a text at words, with ``hanging`` blanks more before all that come of it but the first.

    >>> wrapped("hint: --kernel 3 at most", 18)
    'hint: --kernel 3\n  at most'
    >>> wrapped("7q2\n ^ expected a number behind q", 20)
    '7q2\n ^ expected a number\n   behind q'
    """
    return "\n".join(part for line in text.split("\n") for part in _divided(line, width, hanging))


def _divided(line: str, width: int | None, hanging: int) -> Iterator[str]:
    """Divide a line, which may itself begin with blanks."""
    own = len(line) - len(line.lstrip(" "))
    indent = hanging + (own if width is None or own <= width // 2 else 0)
    first, *others = (line[part] for part in lines_of(line, width, indent))
    yield first
    yield from (" " * indent + part for part in others)
