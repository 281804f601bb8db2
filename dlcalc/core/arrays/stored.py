"""Arrays as they come from files: what their numbers are, in which format they were stored, and rounding to one."""

from functools import partial
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Array as Array
from dlcalc.core.arrays.row_source import DType, RowSource, converted, in_memory
from dlcalc.core.arrays.row_source import Floats as Floats
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.validation import spoken


class Stored(NamedTuple):
    """An array of numbers, and the format in which it was stored.

    Attributes:
        values: a row source of float16, float32 or float64; bfloat16 as the float32 numbers that they are.
        format: ``float16``, ``bfloat16``, ``float32`` or ``float64``.
    """

    values: RowSource
    format: str

    @property
    def array(self) -> Array:
        """The numbers in memory."""
        return np.asarray(self.values)


def given(value: object, option: str) -> Stored:
    """Read the numbers of whatever Python holds them in: an array, lists, a number.

    Raises:
        DlcalcError: ``shape-mismatch`` for lists of different lengths, ``unsupported-dtype``.

    >>> given([1, 2], "logits").values
    array([1., 2.])
    """
    try:
        array = np.asarray(value)
    except ValueError:
        message = f"{spoken(option)} is no array: its rows are not of one length"
        raise DlcalcError("shape-mismatch", message, hint="as many numbers in each row", option=option) from None
    return stored(array, option)


def stored(raw: RowSource, option: str) -> Stored:
    """Read the numbers of an array as a file holds them, in any byte order. Whole numbers become float64.

    A bfloat16 array has no name in the .npy format: it is written as two opaque bytes per number, or as uint16.

    Raises:
        DlcalcError: ``unsupported-dtype`` for what is no real number in a format that this package computes with.

    >>> stored(np.array([0x3F80, 0xC000], dtype=np.uint16), "logits")
    Stored(values=array([ 1., -2.], dtype=float32), format='bfloat16')
    """
    dtype = raw.dtype
    if dtype.kind == "f" and dtype.itemsize in (2, 4, 8):
        return Stored(_quiet(raw.astype(dtype.newbyteorder("="), copy=False)), f"float{8 * dtype.itemsize}")
    if dtype.name in ("void16", "bfloat16") or (dtype.kind == "u" and dtype.itemsize == 2):
        bits = dtype.str.replace("V", "u") if dtype.kind == "V" else dtype if dtype.kind == "u" else "u2"
        return Stored(_quiet(converted(raw, partial(from_bfloat16, bits=bits), np.float32)), "bfloat16")
    if dtype.kind in "iu":
        return Stored(raw.astype(np.float64), "float64")
    raise DlcalcError(
        "unsupported-dtype",
        f"{spoken(option)} is an array of {dtype.name}, which is no format of real numbers that is read here",
        hint="float16, bfloat16, float32 or float64, like array.astype('float32')",
        option=option,
    )


def _quiet(values: RowSource) -> RowSource:
    """Make quiet NaNs of those of the signalling kind, of which NumPy would warn whenever they are converted.

    Arrays in files stay as they are: their blocks are computed with no word about what is not a number.
    """
    if not in_memory(values) or not values.size:
        return values
    with np.errstate(invalid="ignore"):
        quiet: Array = values * values.dtype.type(1) if np.isnan(values.max()) else values
    return quiet


def from_bfloat16(stored: Array, bits: DType | str = "u2") -> NDArray[np.float32]:
    """Widen bfloat16 numbers, two bytes each in the order of the unsigned dtype ``bits``, to float32.

    Each is the first 16 bits of a float32.
    """
    wide = np.asarray(stored.view(bits).astype(np.uint32) << np.uint32(16))  # which NumPy makes no array of one number
    return wide.view(np.float32)


def bfloat16_bits(values: Array) -> NDArray[np.uint16]:
    """Round to the nearest bfloat16 numbers, ties to even, given as their bits; float64 is not rounded twice.

    >>> bfloat16_bits(np.array([1.0, -2.0, 1.00390625, 1.01171875, np.inf])).tolist()  # two ties between them
    [16256, 49152, 16256, 16258, 32640]
    """
    with np.errstate(over="ignore", invalid="ignore"):  # invalid: a NaN of the signalling kind
        wide = np.asarray(values, np.float64)
        single = wide.astype(np.float32)
    # Round to odd on the way: a float32 that is inexact gets its last bit set, so that it is no tie by accident.
    bits = single.view(np.uint32).copy()
    exact = (single.astype(np.float64) == wide) | ~np.isfinite(single)
    beyond = np.abs(single.astype(np.float64)) > np.abs(wide)
    bits -= (beyond & ~exact).astype(np.uint32)
    bits |= (~exact).astype(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    return np.where(np.isnan(single), quiet, rounded).astype(np.uint16)


def rounded(values: Array, name: str) -> Floats:
    """Round to the nearest numbers of a format, given as float64.

    >>> rounded(np.array([1 / 3]), "float16").tolist()
    [0.333251953125]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if name == "bfloat16":
            return from_bfloat16(bfloat16_bits(values)).astype(np.float64)
        return np.asarray(values, np.float64).astype(name).astype(np.float64)


@overload
def vector(array: Array, option: str, count: int | None = None, of: str = "channels") -> Array: ...


@overload
def vector(array: RowSource, option: str, count: int | None = None, of: str = "channels") -> RowSource: ...


def vector(array: RowSource, option: str, count: int | None = None, of: str = "channels") -> RowSource:
    """Flatten an array that is one row of numbers: a vector, or a matrix with one row or one column.

    Args:
        array: of any dtype, which it keeps.
        option: whose value it is.
        count: how many numbers it must have; any number if None.
        of: what there is one number for.

    Raises:
        DlcalcError: ``shape-mismatch``.

    >>> vector(np.ones((3, 1)), "gamma").shape
    (3,)
    """
    if array.size != max(array.shape, default=1) or array.ndim > 2:
        shape = shape_text(array.shape)
        message = f"{spoken(option)} has the shape {shape}, and one number for each of the {of} is meant"
        raise DlcalcError("shape-mismatch", message, hint=Fix(option, [1, 2, 3]), option=option)
    flat = array.reshape(-1)
    if count is not None and flat.size != count:
        message = f"{spoken(option)} has {numbered(flat.size, 'number')}"
        message += f", and there is 1 {of[:-1]}" if count == 1 else f", and there are {count} {of}"
        raise DlcalcError("shape-mismatch", message, hint=numbered(count, "number"), option=option)
    return flat


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape in a sentence.

    >>> shape_text((2, 3)), shape_text(())
    ('2 x 3', 'a single number')
    """
    return " x ".join(map(str, shape)) or "a single number"


def numbered(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> numbered(1, "row"), numbered(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
