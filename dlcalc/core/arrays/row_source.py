"""Arrays that are looked at some rows at a time: in memory, in a file, or worked out when they are asked for.

A row source is a NumPy array, or reads like one: it has ``shape``, ``dtype``, ``ndim``, ``size`` and ``len``, gives
rows by a slice or by their numbers, and has ``astype``, ``reshape`` and ``T`` for other forms of it.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

RowSource = Any
Rows = slice | NDArray[np.signedinteger[Any]]  # which rows


def in_memory(array: Any) -> bool:
    """Whether an array is held in memory, all of it."""
    return isinstance(array, np.ndarray)


def converted(array: Any, convert: Callable[[NDArray[Any]], NDArray[Any]], dtype: Any) -> Any:
    """An array with each entry converted: now if it is in memory, else whenever it is read."""
    return convert(array) if in_memory(array) else array.through(convert, dtype)


class ByRows:
    """What is common to row sources that are no arrays in memory: a shape, and a way to read some rows."""

    shape: tuple[int, ...]

    def read(self, rows: Rows) -> NDArray[Any]:
        """Some rows, in memory."""
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

    def __getitem__(self, key: Any) -> Any:
        rows, rest = (key[0], key[1:]) if isinstance(key, tuple) else (key, ())
        if isinstance(rows, int | np.integer):
            return self.read(slice(int(rows), int(rows) + 1))[(0, *rest)]
        found = self.read(rows)
        return found[(slice(None), *rest)] if rest else found


class Computed(ByRows):
    """Rows that are worked out whenever they are looked at, because all of them are too many to keep.

    >>> squares = Computed((4,), np.float64, lambda rows: np.arange(4.0)[rows] ** 2)
    >>> float(squares[3]), squares[1:3].tolist()
    (9.0, [1.0, 4.0])
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any, rows: Callable[[Rows], NDArray[Any]]) -> None:
        self.shape, self.dtype, self._rows = shape, np.dtype(dtype), rows

    def read(self, rows: Rows) -> NDArray[Any]:
        """Some rows, worked out."""
        return self._rows(rows)
