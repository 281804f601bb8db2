"""Standard input, which can be read once."""

import sys
from typing import BinaryIO, TextIO

from dlcalc.core.errors import DlcalcError

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
