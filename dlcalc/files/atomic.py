"""Files that are there whole or not at all."""

import os
from collections.abc import Callable
from typing import BinaryIO

from dlcalc.core.errors import DlcalcError


def refuse_existing(path: str, force: bool) -> None:
    """Refuse a path that cannot be written to, before any work is done for it.

    Raises:
        DlcalcError: ``output-exists``, ``write-failed``.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise DlcalcError("write-failed", f"{path} is not a regular file", hint="the name of a file", option="output")
    if os.path.lexists(path) and not force:
        raise DlcalcError("output-exists", f"{path} exists", hint="--force replaces it", option="output")


def write(path: str, write_to: Callable[[BinaryIO], object], *, force: bool) -> None:
    """Write a file beside its place, and move it there when it is whole and on the disk.

    Args:
        path: where it is to stand; behind a link, where the link leads.
        write_to: writes the content to a binary stream.
        force: replace a file that exists.

    Raises:
        DlcalcError: ``output-exists``, ``write-failed``; nothing is left behind, whatever is raised.
    """
    refuse_existing(path, force)
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:40]}.{os.urandom(4).hex()}.tmp")
    try:
        try:
            with open(temporary, "xb") as stream:
                write_to(stream)
                stream.flush()
                os.fsync(stream.fileno())
            refuse_existing(path, force)  # somebody may have written it meanwhile
            os.replace(temporary, target)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise DlcalcError("write-failed", message, hint="a folder that exists, with room", option="output") from None
