"""Standard input, which can be read once, and lines that are read as they arrive."""

import sys
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import MAX_LINE

_taken: TextIO | None = None


def take(option: str) -> BinaryIO:
    """Take the bytes of standard input for the one option that reads them.

    Raises:
        DlcalcError: ``usage`` if another option has taken them; ``file-unreadable`` if it is closed.
    """
    global _taken
    if sys.stdin is None:
        raise DlcalcError("file-unreadable", "stdin is closed", hint="a file, or something piped in", option=option)
    if sys.stdin is _taken:
        message = "stdin (-) is asked for twice, and can be read once"
        raise DlcalcError("usage", message, hint="a file for one of the two", option=option)
    _taken = sys.stdin
    return sys.stdin.buffer


_BLOCK = 1 << 16


def blocks_of_lines(name: str) -> Iterator[list[bytes]]:
    """Yield the lines of a file, or of stdin for ``-``, as many at a time as have arrived.

    Of a line of more than ``MAX_LINE`` bytes no more is kept than shows that it is too long.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``.
    """
    if name == "-":
        yield from _blocks(take("batch"))
        return
    try:
        stream = open(name, "rb")
    except FileNotFoundError:
        raise DlcalcError("file-not-found", f"there is no file {name}", hint="- reads stdin", option="batch") from None
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    with stream:
        yield from _blocks(stream)


def _unreadable(error: Exception) -> DlcalcError:
    reason = getattr(error, "strerror", None) or str(error)
    hint = "a file of one JSON object a line, or - for stdin"
    return DlcalcError("file-unreadable", f"the batch cannot be read: {reason}", hint=hint, option="batch")


def _blocks(stream: BinaryIO) -> Iterator[list[bytes]]:
    begun = bytearray()  # a line whose end has not arrived
    while block := _read(stream):
        first, *lines = block.split(b"\n")
        begun += first[: MAX_LINE + 1 - len(begun)]
        if lines:
            last = lines.pop()
            yield [bytes(begun), *lines]
            begun = bytearray(last)
    if begun:
        yield [bytes(begun)]


def _read(stream: BinaryIO) -> bytes:
    """Read what has arrived, waiting only if nothing has."""
    try:
        return stream.read1(_BLOCK)  # type: ignore[attr-defined, no-any-return]
    except OSError as error:
        raise _unreadable(error) from None
