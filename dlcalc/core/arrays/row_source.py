"""Arrays that are read some rows at a time: from memory, from a file, or worked out when they are asked for."""

from collections.abc import Callable
from math import prod
from types import EllipsisType
from typing import Any, Literal, Protocol, TypeGuard, cast, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
DType = np.dtype[Any]
Floats = NDArray[np.float64]
Rows = slice | NDArray[np.signedinteger[Any]]  # which rows: a stretch of them, or their numbers
Key = Rows | int | tuple[int | slice, *tuple[int | slice | EllipsisType, ...]]


class Readable(Protocol):
    """An array whose axis 0 are the rows: a slice or an integer array gives an ndarray of those rows."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis, the rows first."""

    @property
    def dtype(self) -> DType:
        """The dtype of the entries as they are read."""

    @property
    def ndim(self) -> int:
        """How many axes there are."""

    @property
    def size(self) -> int:
        """How many entries there are."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Key, /) -> Array: ...


class RowSource(Readable, Protocol):
    """A readable array that can be had in another dtype or shape before it is read: an ndarray, or one in a file."""

    @property
    def T(self) -> "RowSource":  # noqa: N802  (as NumPy calls it)
        """The transpose of a matrix."""

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> "RowSource":
        """Give the numbers in another dtype; not copied where they have it and ``copy`` is False."""

    @overload
    def reshape(self, shape: tuple[int, ...], /) -> "RowSource": ...

    @overload
    def reshape(self, length: Literal[-1], /) -> "RowSource": ...


class Unread(RowSource, Protocol):
    """A row source that is not in memory, so that its entries can be converted only as they are read."""

    def through(self, convert: Callable[[Array], Array], dtype: DTypeLike) -> "RowSource":
        """Give the rows, each converted as it is read."""


def in_memory(array: Readable) -> TypeGuard[Array]:
    """Tell whether an array is held in memory, all of it."""
    return isinstance(array, np.ndarray)


def converted(array: RowSource, convert: Callable[[Array], Array], dtype: DTypeLike) -> RowSource:
    """Convert each entry of an array: now if it is in memory, else whenever it is read.

    Args:
        array: to be converted.
        convert: from a block of rows to as many; picklable, because a row source in a file is.
        dtype: of what it gives.
    """
    return convert(array) if in_memory(array) else cast("Unread", array).through(convert, dtype)


class ByRows:
    """What is common to readable arrays that are not in memory: a shape, and a way to read some rows."""

    shape: tuple[int, ...]

    def read(self, rows: Rows) -> Array:
        """Read some rows into memory."""
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Key) -> Array:
        rows, rest = (key[0], key[1:]) if isinstance(key, tuple) else (key, ())
        if isinstance(rows, int | np.integer):
            entry: Array = self.read(slice(int(rows), int(rows) + 1))[(0, *rest)]
            return entry
        found = self.read(rows)
        return found[(slice(None), *rest)] if rest else found
