"""Writing files that are there whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
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


_unfinished: set[str] = set()  # files that are written, under the names that they have until they are published


def remove_unfinished() -> None:
    """Remove the files that are not published: for the end of the program, wherever it was interrupted."""
    while _unfinished:
        with suppress(OSError):
            os.unlink(_unfinished.pop())


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
        _unfinished.add(self._temporary)
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
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(self._temporary)
        _unfinished.discard(self._temporary)

    def failures(self) -> AbstractContextManager[None]:
        """Turn what the system refuses into an error about the file as it was named."""
        return failures(self.path)

    def publish(self) -> None:
        """Put the file in its place, once it is on the disk.

        Without ``force`` a file that has appeared there meanwhile stays, whoever wrote it.

        Raises:
            DlcalcError: ``output-exists``, ``write-failed``.
        """
        with self.failures():
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.stream.close()  # an open file cannot be moved everywhere
            refuse_existing(self.path, self.force)
            if self.force:
                os.replace(self._temporary, self._target)
                return
            try:
                _put_new(self._temporary, self._target)
            except FileExistsError:  # between the line before and this one
                refuse_existing(self.path, self.force)
                raise


def _put_new(temporary: str, target: str) -> None:
    """Give a file a name that no file has.

    By a link, which of two writers only one can make; a rename would replace the file of the other. Where the file
    system has no links, the name is taken first.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: what else the system says.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        with open(target, "xb"):
            pass
        try:
            os.replace(temporary, target)
        except BaseException:
            os.unlink(target)
            raise


_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EINVAL, errno.EACCES)
