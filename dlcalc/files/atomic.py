"""Writing files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO

from dlcalc.core.errors import DlcalcError


def refuse_existing(path: str, force: bool) -> None:
    """Refuse a path that cannot be written to; ``force`` lets a file that is there be replaced.

    Raises:
        DlcalcError: ``output-exists``, ``write-failed``.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise DlcalcError("write-failed", f"{path} is not a regular file", hint="the name of a file", option="output")
    if os.path.lexists(path) and not force:
        raise DlcalcError("output-exists", f"{path} exists", hint="--force replaces it", option="output")


@contextmanager
def failures(path: str) -> Iterator[None]:
    """Turn what the system refuses into an error about a file as it was named.

    Raises:
        DlcalcError: ``write-failed``.
    """
    try:
        yield
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        hint = "a folder that exists, with room"
        raise DlcalcError("write-failed", message, hint=hint, option="output") from None


class Replacement:
    """A file that is written beside its place, and stands there once it is published, or not at all.

    A context manager: leaving it without publishing leaves nothing behind, whatever is raised.

    Attributes:
        path: where it is to stand; behind a link, where the link leads.
        force: whether a file that is there may be replaced.
        stream: writes the content, until it is published.

    Raises:
        DlcalcError: ``output-exists``, ``write-failed``.
    """

    stream: BinaryIO

    def __init__(self, path: str, *, force: bool) -> None:
        self.path, self.force = path, force
        refuse_existing(path, force)
        self._target = os.path.realpath(path)
        folder, name = os.path.split(self._target)
        self._temporary = os.path.join(folder, f".{name[:40]}.{os.urandom(4).hex()}.tmp")

    def __enter__(self) -> "Replacement":
        try:
            with self.failures():
                self.stream = open(self._temporary, "xb")
        except BaseException:  # the file may be there, and an interrupt here all the same
            self._discard()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self.failures():
            try:
                self.stream.close()  # first, because an open file cannot be removed everywhere
            finally:
                self._discard()

    def _discard(self) -> None:
        """Remove the file, unless it has been published."""
        if os.path.exists(self._temporary):
            os.unlink(self._temporary)

    def failures(self) -> AbstractContextManager[None]:
        """Turn what the system refuses into an error about the file as it was named."""
        return failures(self.path)

    def publish(self) -> None:
        """Put the file in its place, once it is on the disk.

        Raises:
            DlcalcError: ``output-exists``, ``write-failed``.
        """
        with self.failures():
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.stream.close()  # an open file cannot be moved everywhere
            refuse_existing(self.path, self.force)  # it may have been written meanwhile
            os.replace(self._temporary, self._target)
