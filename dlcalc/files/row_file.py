"""Arrays that stay in their file: some rows are read at a time, each time into memory of their own.

Reading is by position and not by a map of the file into memory, whose every page that was touched would count.
"""

import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import FileIO
from math import prod
from operator import methodcaller
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from dlcalc.core.arrays.row_source import ByRows, Rows
from dlcalc.core.arrays.stored import Array
from dlcalc.core.errors import DlcalcError
from dlcalc.files import malformed, unreadable

Convert = Callable[[Array], Array]

_LEFT_ALONE = "a file that stays as it is"


class Version(NamedTuple):
    """The state of a file when it was opened, by which it is known again.

    Attributes:
        size: in bytes.
        modified: in nanoseconds.
        inode: 0 where the file system has none.
    """

    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, raw: FileIO) -> "Version":
        """Read the version of an open file."""
        status = os.fstat(raw.fileno())
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)

    def change(self, now: "Version") -> str | None:
        """Say how the file of a later version differs from this one; None if it is the same file, unchanged."""
        if now.size != self.size:
            return f"it had {self.size:,} bytes when it was opened, and has {now.size:,}"
        if self.inode and now.inode and now.inode != self.inode:
            return "another file has taken its place since it was opened"
        if now.modified != self.modified:
            return "it has been written to since it was opened"
        return None


class OpenFile:
    """A file that any thread reads at any position, open as long as something refers to it.

    A copy in the same process is the same open file; a pickle carries the path and opens it again, in any process.

    Args:
        raw: the open file, which belongs to this object from now on.
        name: for errors.
        path: where it can be opened again; None for a file without a name.
    """

    def __init__(self, raw: FileIO, name: str, path: str | None) -> None:
        self.name, self.path = name, None if path is None else os.path.abspath(path)
        self.version = Version.of(raw)
        self._raw, self._turn = raw, Lock()
        weakref.finalize(self, raw.close)

    def read_into(self, offset: int, values: Array) -> None:
        """Fill a contiguous array with the bytes from an offset on.

        Raises:
            DlcalcError: ``malformed-file`` if the file ends there, ``file-unreadable`` if the system says no.
        """
        rest = memoryview(values.reshape(-1).view(np.uint8).data)
        try:
            while rest and (count := self._read_at(offset, rest)):
                rest, offset = rest[count:], offset + count
        except OSError as error:
            raise unreadable(self.name, error) from None
        if rest:
            raise malformed(self.name, "it has been cut short while it was read", _LEFT_ALONE)

    def _read_at(self, offset: int, buffer: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._raw.fileno(), [buffer], offset)
        with self._turn:  # seeking and reading are two calls, and no other thread may seek between them
            self._raw.seek(offset)
            return self._raw.readinto(buffer) or 0

    def __copy__(self) -> "OpenFile":
        return self

    def __deepcopy__(self, memo: object) -> "OpenFile":
        return self

    def __reduce__(self) -> tuple[Callable[[str, str, Version], "OpenFile"], tuple[str, str, Version]]:
        if self.path is None:
            message = f"{self.name} has been expanded into a file without a name, which no other process can open"
            raise DlcalcError("unsupported-file", message, hint="a .npy file, or an .npz file without compression")
        return _reopened, (self.path, self.name, self.version)


def _reopened(path: str, name: str, version: Version) -> OpenFile:
    """Open a file again, and refuse it if it is not what it was.

    Raises:
        DlcalcError: ``file-unreadable``, saying what has changed.
    """
    try:
        again = OpenFile(FileIO(path), name, path)
    except OSError as error:
        raise unreadable(path, error) from None
    if change := version.change(again.version):
        raise DlcalcError("file-unreadable", f"{path} cannot be read again: {change}", hint=_LEFT_ALONE)
    return again


@dataclass(frozen=True)
class RowFile(ByRows):
    """An array in a file, as a row source.

    Attributes:
        file: the file.
        offset: where the numbers begin in it, in bytes.
        shape: rows first.
        stored: the dtype of the numbers in the file.
        dtype: the dtype of the numbers as they are read.
        conversions: the functions that lead from the one dtype to the other, applied in turn to each block of rows;
            picklable, as the whole row source is.
        by_column: whether the first axis is stored fastest, as in Fortran: a matrix column after column.
    """

    file: OpenFile
    offset: int
    shape: tuple[int, ...]
    stored: np.dtype[np.generic]
    dtype: np.dtype[np.generic]
    conversions: tuple[Convert, ...] = ()
    by_column: bool = False

    @property
    def T(self) -> "RowFile":  # noqa: N802  (as NumPy calls it)
        """The transpose of a matrix."""
        return replace(self, shape=self.shape[::-1], by_column=not self.by_column)

    def through(self, convert: Convert, dtype: DTypeLike) -> "RowFile":
        """Convert each row as it is read."""
        return replace(self, conversions=(*self.conversions, convert), dtype=np.dtype(dtype))

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> "RowFile":
        """Give the numbers in another dtype."""
        if self.dtype == dtype:
            return self
        return self.through(methodcaller("astype", np.dtype(dtype)), dtype)

    def reshape(self, shape: int | tuple[int, ...]) -> "RowFile | Array":
        """Give the numbers with their rows in another shape, or with -1 as one vector; in memory if they must move."""
        wanted = (self.size,) if isinstance(shape, int) else tuple(shape)
        if self.by_column and wanted != self.shape and sum(length > 1 for length in self.shape) > 1:
            return np.asarray(self).reshape(wanted)
        return replace(self, shape=wanted)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        values = self.read(slice(None)) if self.shape else np.asarray(replace(self, shape=(1,))).reshape(())
        return values if dtype is None else values.astype(dtype, copy=False)

    def read(self, rows: Rows) -> Array:
        """Read some rows from the file: an array of dtype ``dtype``.

        Raises:
            DlcalcError: ``malformed-file``, ``file-unreadable``.
        """
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            values = self._stretch(start, max(start, stop))
        else:
            values = np.empty((len(rows), *self.shape[1:]), self.stored)
            for place, row in enumerate(map(int, rows)):
                values[place] = self._stretch(row, row + 1)[0]
        for convert in self.conversions:
            values = convert(values)
        return values

    def _stretch(self, start: int, stop: int) -> Array:
        """Read the rows from ``start`` to before ``stop``, as they are stored."""
        size = self.stored.itemsize
        if not self.by_column:
            values = np.empty((stop - start, *self.shape[1:]), self.stored)
            self.file.read_into(self.offset + start * prod(self.shape[1:]) * size, values)
            return values
        columns = np.empty((prod(self.shape[1:]), stop - start), self.stored)
        for number, column in enumerate(columns):
            self.file.read_into(self.offset + (number * len(self) + start) * size, column)
        return np.ascontiguousarray(columns.reshape(*self.shape[:0:-1], stop - start).T)
