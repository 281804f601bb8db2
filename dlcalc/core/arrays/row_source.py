"""Arrays that are read some rows at a time: from memory, from a file, or worked out when they are asked for."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from math import prod
from types import EllipsisType
from typing import Any, Literal, Protocol, TypeGuard, TypeVar, cast, overload

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
        """Convert each row as it is read."""


def in_memory(array: Readable) -> TypeGuard[Array]:
    """Tell whether an array is held in memory, all of it."""
    return isinstance(array, np.ndarray)


def converted(array: RowSource, convert: Callable[[Array], Array], dtype: DTypeLike) -> RowSource:
    """Convert each entry of an array to a dtype: now if it is in memory, else whenever it is read.

    ``convert`` makes of a block of rows as many; it is picklable, because a row source in a file is.
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
        values = self.read(rows)
        return values[(slice(None), *rest)] if rest else values


T = TypeVar("T")

BLOCK = 1 << 20  # bytes: what a processor keeps near
_AHEAD = 2  # blocks per processor that are begun before the first is done


def parts(rows: int, row_bytes: int, block: int | None = None) -> list[slice]:
    """Cut ``rows`` rows into blocks of whole rows, each of at most ``block`` bytes (``BLOCK`` if None), or of one row.

    >>> parts(5, 10, 25)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, (block or BLOCK) // max(1, row_bytes))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[slice], T], blocks: Sequence[slice]) -> Iterator[T]:
    """Work on blocks in threads, and give the results in the order of the blocks.

    Only some blocks more than there are processors are begun before the result of the first is taken. What the first
    block that fails raises is raised here, and the rest is left undone. The work carries no closure, so that other
    processes could do it.

    >>> list(in_order(lambda part: part.stop, parts(5, 10, 25)))
    [2, 4, 5]
    """
    count = min(processors(), len(blocks))
    if count < 2:
        yield from map(work, blocks)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(count) as pool:
        try:
            for number, part in enumerate(blocks):
                try:
                    waiting.append(pool.submit(work, part))
                except RuntimeError:  # no thread can be started
                    if number:
                        raise
                    yield from map(work, blocks)
                    return
                if len(waiting) > _AHEAD * count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
