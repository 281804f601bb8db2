"""Containers of arrays, read and written. What is wrong with a file is an error that names it, never a traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from dlcalc.core.errors import DlcalcError

MAX_EXPANDED = 1 << 32  # bytes that a compressed member of an archive may claim to hold


def malformed(name: str, problem: str, hint: str) -> DlcalcError:
    """Build the error for a file that is not what its name says."""
    return DlcalcError("malformed-file", f"{name}: {problem}", hint=hint)


def unreadable(name: str, error: OSError) -> DlcalcError:
    """Build the error for a file that the system does not let us read."""
    message = f"{name} cannot be read: {error.strerror or error}"
    return DlcalcError("file-unreadable", message, hint="a file that can be read")


def refuse_bomb(name: str, member: str, size: int, instead: str) -> None:
    """Refuse to expand a compressed member that says it is larger than ``MAX_EXPANDED``.

    Args:
        name: the archive.
        member: the name of the member in it.
        size: how many bytes the archive says the member expands to.
        instead: a container without compression, for the hint.

    Raises:
        DlcalcError: ``unsafe-file``.
    """
    if size > MAX_EXPANDED:
        message = f"{name}: {member} says it expands to {size:,} bytes"
        raise DlcalcError("unsafe-file", message, hint=f"at most {MAX_EXPANDED:,} bytes, or {instead}")


def first_line(error: Exception) -> str:
    """Say what an error of a library says, in one short line; its type where it says nothing."""
    return str(error).partition("\n")[0][:100] or type(error).__name__


_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)  # the last: a long row of numbers with a slip in it


@contextmanager
def faults(path: str, option: str, kinds: str, absent: tuple[str, str] | None = None) -> Iterator[None]:
    """Turn what goes wrong with a file into an error that names it, and the option whose value it is.

    Args:
        path: the file.
        option: whose value it is.
        kinds: of files that are read there, as a hint goes on behind "a file".
        absent: message and hint where there is no such file, if something else may have been meant.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``, and what is raised within.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_FILE:
            message, hint = absent or (f"there is no file {path[:80]!r}", f"a file that is there{kinds}")
            raise DlcalcError("file-not-found", message, hint=hint, option=option) from None
        message = f"{path[:80]!r} cannot be read: {getattr(error, 'strerror', None) or first_line(error)}"
        raise DlcalcError("file-unreadable", message, hint=f"a file{kinds}", option=option) from None
    except DlcalcError as error:
        raise DlcalcError(error.code, error.message, hint=error.advice, option=option) from None
