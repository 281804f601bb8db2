"""Containers of arrays, read and written. What is wrong with a file is an error that names it, never a traceback."""

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
