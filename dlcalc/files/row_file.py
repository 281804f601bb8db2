"""Arrays that stay in their file: some rows are read at a time, into memory that is used again by nobody else.

Reading is by position and not by a map of the file into memory, whose every page that was touched would count.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import ByRows, Rows
from dlcalc.core.errors import DlcalcError

Convert = Callable[[NDArray[Any]], NDArray[Any]]


class Bytes:
    """A file that is open as long as somebody reads from it."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.descriptor, self.name = descriptor, name

    def read(self, offset: int, into: NDArray[Any]) -> None:
        """Fill a contiguous array with what stands at an offset.

        Raises:
            DlcalcError: ``malformed-file`` if the file ends there, ``file-unreadable`` if the system says no.
        """
        rest = memoryview(into.reshape(-1).view(np.uint8).data)
        try:
            while rest and (count := os.preadv(self.descriptor, [rest], offset)):
                rest, offset = rest[count:], offset + count
        except OSError as error:
            message = f"{self.name} cannot be read: {error.strerror or error}"
            raise DlcalcError("file-unreadable", message, hint="a file that can be read") from None
        if rest:
            message = f"{self.name}: it has been cut short while it was read"
            raise DlcalcError("malformed-file", message, hint="a file that stays as it is")

    def __del__(self) -> None:
        os.close(self.descriptor)


@dataclass(frozen=True)
class RowFile(ByRows):
    """An array in a file, as a row source.

    Attributes:
        data: the file.
        offset: where the numbers begin in it.
        shape: rows first.
        stored: the dtype of the numbers in the file.
        dtype: the dtype of the numbers as they are read.
        conversions: what makes those of these, one after another.
        by_column: whether a matrix is stored column after column.
    """

    data: Bytes
    offset: int
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    dtype: np.dtype[Any]
    conversions: tuple[Convert, ...] = ()
    by_column: bool = False

    @property
    def T(self) -> "RowFile":  # noqa: N802  (as NumPy calls it)
        """The transpose of a matrix."""
        return replace(self, shape=self.shape[::-1], by_column=not self.by_column)

    def through(self, convert: Convert, dtype: Any) -> "RowFile":
        """The same rows, each converted as it is read."""
        return replace(self, conversions=(*self.conversions, convert), dtype=np.dtype(dtype))

    def astype(self, dtype: Any, *, copy: bool = True) -> "RowFile":
        """The same numbers in another format."""
        if self.dtype == dtype:
            return self
        return self.through(lambda block: block.astype(dtype), dtype)

    def reshape(self, shape: Any) -> Any:
        """The same numbers with their rows in another shape, or as one vector."""
        wanted = (self.size,) if shape == -1 else tuple(shape)
        if self.by_column and wanted != self.shape and min(self.shape) > 1:
            return np.asarray(self).reshape(wanted)
        return replace(self, shape=wanted)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        found = self.read(slice(None))
        return found if dtype is None else found.astype(dtype, copy=False)

    def read(self, rows: Rows) -> NDArray[Any]:
        """Some rows, from the file."""
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            found = self._stretch(start, max(start, stop))
        else:
            found = np.empty((len(rows), *self.shape[1:]), self.stored)
            for place, row in enumerate(map(int, rows)):
                found[place] = self._stretch(row, row + 1)[0]
        for convert in self.conversions:
            found = convert(found)
        return found

    def _stretch(self, start: int, stop: int) -> NDArray[Any]:
        """Rows one after another."""
        size = self.stored.itemsize
        if not self.by_column:
            found = np.empty((stop - start, *self.shape[1:]), self.stored)
            self.data.read(self.offset + start * prod(self.shape[1:]) * size, found)
            return found
        columns = np.empty((self.shape[1], stop - start), self.stored)
        for number, column in enumerate(columns):
            self.data.read(self.offset + (number * len(self) + start) * size, column)
        return np.ascontiguousarray(columns.T)
