"""Arrays whose classes are not the last axis, like PyTorch's (N, C, d1, ...): read and written as rows x classes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from dlcalc.core.arrays.row_source import Array, ByRows, DType, Rows, RowSource, converted, in_memory
from dlcalc.core.arrays.stored import numbered, shape_text
from dlcalc.core.errors import DlcalcError, Fix

Shape = tuple[int, ...]


class Stretch(NamedTuple):
    """Rows that follow each other within one block of (classes, inner) numbers, or all rows of several such blocks.

    Attributes:
        block: the first of those blocks.
        blocks: how many there are.
        first: the first row within a block.
        length: how many rows of each block.
    """

    block: int
    blocks: int
    first: int
    length: int


@dataclass(frozen=True)
class ClassAxis:
    """The place of the classes in the arrays of a question; the other axes, joined in their order, are the rows.

    Attributes:
        shape: of the logits as they were given.
        axis: which of its axes are the classes, from 0 on.
    """

    shape: Shape
    axis: int

    @property
    def classes(self) -> int:
        """C, how many classes there are."""
        return self.shape[self.axis]

    @property
    def inner(self) -> int:
        """How many rows lie between a number and that of the next class."""
        return prod(self.shape[self.axis + 1 :])

    @property
    def row_shape(self) -> Shape:
        """The shape of an array with a number per row."""
        return _without(self.shape, self.axis)

    @property
    def rows(self) -> int:
        """N, how many rows there are."""
        return prod(self.row_shape)

    def place(self, row: int) -> Shape:
        """Find a row by its number.

        >>> ClassAxis((2, 3, 4), 1).place(5)
        (1, 1)
        """
        return tuple(map(int, np.unravel_index(row, self.row_shape)))

    def index(self, row: int, number: int) -> Shape:
        """Find the entry of a class in a row.

        >>> ClassAxis((2, 3, 4), 1).index(5, 2)
        (1, 2, 1)
        """
        place = self.place(row)
        return (*place[: self.axis], number, *place[self.axis :])

    def as_rows(self, array: RowSource) -> RowSource:
        """Give an array of this shape as rows x classes: in memory where it is, else read from where it is.

        >>> ClassAxis((1, 2, 3), 1).as_rows(np.arange(6).reshape(1, 2, 3)).tolist()
        [[0, 3], [1, 4], [2, 5]]
        """
        if self.inner == 1:
            return array.reshape((self.rows, self.classes))
        flat = array if in_memory(array) else array.reshape(-1)  # what is stored by column is in memory from here on
        if in_memory(flat):
            return np.moveaxis(flat.reshape(self.shape), self.axis, -1).reshape(self.rows, self.classes)
        return MovedRows(flat, self)

    def restored(self, rows: Array) -> Array:
        """Give rows x classes in the shape of the question."""
        return np.asarray(np.moveaxis(rows.reshape(*self.row_shape, self.classes), -1, self.axis))

    def stretches(self, start: int, stop: int) -> Iterator[Stretch]:
        """Cut the rows from ``start`` to before ``stop`` into stretches.

        >>> [tuple(stretch) for stretch in ClassAxis((4, 2, 3), 1).stretches(2, 10)]
        [(0, 1, 2, 1), (1, 2, 0, 3), (3, 1, 0, 1)]
        """
        while start < stop:
            block, first = divmod(start, self.inner)
            whole = 0 if first else (stop - start) // self.inner
            length = self.inner if whole else min(self.inner - first, stop - start)
            yield Stretch(block, max(1, whole), first, length)
            start += max(1, whole) * length

    def runs(self, start: int, rows: Array) -> Iterator[tuple[int, Array]]:
        """Cut rows x classes, from row ``start`` on, into runs of numbers that follow each other: (where, numbers)."""
        taken = 0
        for stretch in self.stretches(start, start + len(rows)):
            part = rows[taken : taken + stretch.blocks * stretch.length]
            taken += len(part)
            columns = np.moveaxis(part.reshape(stretch.blocks, stretch.length, self.classes), -1, 1)
            if stretch.length == self.inner:
                yield self.where(stretch.block), np.ascontiguousarray(columns)
            else:
                for number in range(self.classes):
                    yield self.where(stretch.block, number) + stretch.first, np.ascontiguousarray(columns[0, number])

    def where(self, block: int, number: int = 0) -> int:
        """Count the numbers before those of a class in a block."""
        return (block * self.classes + number) * self.inner


WHOLE = 1 << 24  # bytes: a block of that size may be held as a whole ...
_APART = 1 << 13  # ... and is read so for some of its rows where those of two classes lie no farther apart than this
_MANY = 256  # classes: of a larger block, more of them make runs of less than 4 KiB


@dataclass(frozen=True)
class MovedRows(ByRows):
    """The rows of an array that is not in memory, and whose classes are not its last axis.

    Attributes:
        flat: all its numbers, in the order in which they are stored.
        axis: where the classes are.
        shape: (N, C).
    """

    flat: RowSource
    axis: ClassAxis
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", (self.axis.rows, self.axis.classes))

    @property
    def dtype(self) -> DType:
        """The dtype of the entries as they are read."""
        return self.flat.dtype

    @property
    def slow(self) -> bool:
        """Whether rows are read in so many short runs that it takes much longer than rows that lie together."""
        axis = self.axis
        return axis.classes > _MANY and axis.classes * axis.inner * self.dtype.itemsize > WHOLE

    @property
    def T(self) -> Array:  # noqa: N802  (as NumPy calls it)
        """The transpose, in memory."""
        return np.asarray(self).T

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> "MovedRows":
        """Give the numbers in another dtype."""
        return replace(self, flat=self.flat.astype(dtype, copy=copy))

    def through(self, convert: Callable[[Array], Array], dtype: DTypeLike) -> "MovedRows":
        """Convert the numbers as they are read."""
        return replace(self, flat=converted(self.flat, convert, dtype))

    def reshape(self, shape: tuple[int, ...] | int) -> "MovedRows | Array":
        """Give the numbers in another shape, in memory."""
        return self if shape == self.shape else np.asarray(self).reshape(shape)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        values = self.read(slice(None))
        return values if dtype is None else values.astype(dtype, copy=False)

    def read(self, rows: Rows) -> Array:
        """Read some rows: whole blocks in one go, of others a run for each class."""
        if not isinstance(rows, slice):
            parts = [self.read(slice(row, row + 1)) for row in map(int, rows)]
            return np.concatenate([np.empty((0, self.axis.classes), self.dtype), *parts])
        start, stop, _ = rows.indices(len(self))
        found = np.empty((max(0, stop - start), self.axis.classes), self.dtype)
        filled = 0
        for stretch in self.axis.stretches(start, stop):
            count = stretch.blocks * stretch.length
            found[filled : filled + count] = self._stretch(stretch).reshape(count, self.axis.classes)
            filled += count
        return found

    def _stretch(self, stretch: Stretch) -> Array:
        """Read a stretch: (blocks, rows, classes)."""
        axis, (block, blocks, first, length) = self.axis, stretch
        columns = slice(first, first + length)
        apart = axis.inner * self.dtype.itemsize
        if length == axis.inner or (apart <= _APART and apart * axis.classes <= WHOLE):
            numbers = self.flat[axis.where(block) : axis.where(block + blocks)]
            return np.moveaxis(numbers.reshape(blocks, axis.classes, axis.inner)[:, :, columns], 1, 2)
        starts = [axis.where(block, number) + first for number in range(axis.classes)]
        return np.stack([self.flat[start : start + length] for start in starts], axis=-1)[None]


def class_axis(shape: Shape, asked: int | None, labels: Shape | None) -> ClassAxis | None:
    """Find the classes in logits of a shape: along the axis that is asked for, or the last.

    Args:
        shape: of the logits.
        asked: the axis, from 0 on or from the end; None where nothing is said of it.
        labels: the shape of the labels; None where there are distributions.

    Returns:
        None for a row, and for rows x classes.

    Raises:
        DlcalcError: ``invalid-value`` for an axis that is not there; where none is asked for, ``shape-mismatch`` if the
            labels fit another axis, and ``usage`` if several axes are possible.
    """
    count = len(shape)
    if count == 0:  # no logits, which is refused with other logits that are none
        return None
    if asked is not None and not -count <= asked < count:
        message = f"class axis {asked} is none of the axes of logits with the shape {shape_text(shape)}"
        raise DlcalcError("invalid-value", message, hint=Fix("class_axis", -1), option="class_axis")
    if asked is None:
        _refuse_unsaid(shape, labels)
    axis = count - 1 if asked is None else asked % count
    return None if count < 2 or (count == 2 and axis == 1) else ClassAxis(shape, axis)


def _refuse_unsaid(shape: Shape, labels: Shape | None) -> None:
    """Refuse logits whose classes may be along several axes, or along another than the last."""
    axes = [axis for axis, length in enumerate(shape) if length > 1]
    last = len(shape) - 1
    fitting = [axis for axis in axes if labels is None or _alike(labels, _without(shape, axis))]
    given = f"logits of the shape {shape_text(shape)}"
    hint: list[str | Fix] = [part for axis in fitting for part in (" or ", Fix("class_axis", axis))][1:]
    if shape[-1] < 2 and len(shape) == 2:  # no rows of classes, whatever the labels are
        return
    if labels is not None and fitting and last not in fitting:
        message = f"label has {_numbers(labels)}, and {given} have {shape_text(shape[:-1])} rows"
        hint = [f"{_numbers(shape[:-1])}, or ", *hint]
        raise DlcalcError("shape-mismatch", message, hint=hint, option="label")
    if len(shape) < 3:  # rows x classes; labels that do not fit are refused with the others
        return
    if len(fitting) > 1:
        message = f"the classes of {given} may be along several axes"
        raise DlcalcError("usage", message, hint=hint, option="class_axis")
    if labels is not None and not fitting:
        refuse_labels(labels, ClassAxis(shape, last))


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _alike(shape: Shape, other: Shape) -> bool:
    """Whether two shapes differ in axes of length 1 alone, which what is typed has not."""
    return [length for length in shape if length != 1] == [length for length in other if length != 1]


def _numbers(shape: Shape) -> str:
    return numbered(prod(shape), "number") if len(shape) < 2 else f"{shape_text(shape)} numbers"


def refuse_labels(labels: Shape, axis: ClassAxis) -> None:
    """Refuse labels that are not one for each row.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """
    if not _alike(labels, axis.row_shape):
        message = f"label has {_numbers(labels)}, and a label for each of {shape_text(axis.row_shape)}"
        message += f" rows is meant: the logits have {shape_text(axis.shape)}, the classes along axis {axis.axis}"
        hint = (f"{_numbers(axis.row_shape)}, or another ", Fix("class_axis"))
        raise DlcalcError("shape-mismatch", message, hint=hint, option="label")


def refuse_target(target: Shape, axis: ClassAxis) -> None:
    """Refuse distributions that have not the shape of the logits.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """
    if target != axis.shape:
        message = f"target has the shape {shape_text(target)}, and the logits have {shape_text(axis.shape)}"
        hint = (f"a target of the shape {shape_text(axis.shape)}, or ", Fix("label"), " for class numbers")
        raise DlcalcError("shape-mismatch", message, hint=hint, option="target")
