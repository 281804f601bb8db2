"""Arrays: numbers as typed, lists of JSON, or a file's content, to NumPy.

A value made only of numbers, signs, ``inf``, ``nan``, ``,``, ``/``, ``;`` and blanks is numbers, ``/``, ``;`` or a new
line between rows; any other text is the path of a file. Files are read by the function that a caller hands in.
"""

import re
from collections.abc import Callable
from math import inf, isfinite, isinf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import RowSource, converted
from dlcalc.core.arrays.stored import Array, Stored, numbered, shape_text, stored
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.numeric.text import is_number
from dlcalc.core.validation import spoken
from dlcalc.notation.values import flag, shown, unreadable

Load = Callable[[str, str], "RowSource | list[Any]"]

_MAX_DEPTH = 8  # of lists in lists: more axes than any array here has
_HINT = "numbers like 1,2,3, rows like 1,2,3/4,5,6, or a file"


def is_numbers(text: str) -> bool:
    """Whether a text is numbers, well or badly separated, and not the path of a file.

    >>> is_numbers("1,2/3,-4e-5"), is_numbers("nan, inf"), is_numbers("z.npy"), is_numbers("./7"), is_numbers("-")
    (True, True, False, False, False)
    """
    parts = re.split(r"[,/;\s]+", text.strip(",/; \t\r\n"))
    return all(map(is_number, parts)) or not any(parts)


def rows(text: str, option: str) -> list[list[str]]:
    """Typed numbers as text, row by row.

    >>> rows("1,2/3, 4", "logits")
    [['1', '2'], ['3', '4']]
    """
    found = []
    for row in re.split("[/;\n]", text.strip()):
        found.append(re.split(r"\s*,\s*|\s+", row.strip()))
        if not all(map(is_number, found[-1])):
            raise unreadable(option, text, "numbers", _HINT)
    return found


def listed(value: object, option: str, load: Load) -> "RowSource | list[Any]":
    """A value as an array, or as nested lists of numbers and texts that may be ragged.

    Args:
        value: typed text, a number or list of JSON, a path, or an array that is there already.
        option: whose value it is.
        load: reads a file.
    """
    if isinstance(value, str) and is_numbers(value):
        found = rows(value, option)
        return found if len(found) > 1 else found[0]
    if isinstance(value, str):
        return load(value, option)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    if isinstance(value, list | np.ndarray):
        return value
    raise unreadable(option, value, "an array", _HINT)


def array(value: object, option: str, load: Load) -> RowSource:
    """An array of one dtype, as a file holds it; what was typed, and JSON, becomes float64.

    Raises:
        DlcalcError: ``usage`` for what is no number, ``shape-mismatch`` for rows of different lengths and for an array
            without entries, ``invalid-value`` for a number beyond the range of float64, and what ``load`` raises.

    >>> array("1,2/3,4", "logits", load=None)
    array([[1., 2.],
           [3., 4.]])
    """
    found = listed(value, option, load)
    if isinstance(found, list):
        found = _dense(found, option)
    if found.size == 0:
        message = f"{spoken(option)} has the shape {shape_text(found.shape)}: there is nothing in it"
        raise DlcalcError("shape-mismatch", message, hint=_HINT, option=option)
    return found


def floats(value: object, option: str, load: Load, notes: list[Notice] | None = None) -> Stored:
    """An array of real numbers and the format in which they were stored; float64 where they were typed.

    Args:
        value: as for ``array``.
        option: whose value it is.
        load: reads a file.
        notes: where it is said that whole numbers of two bytes are taken for bfloat16.
    """
    raw = array(value, option, load)
    if notes is not None and raw.dtype.kind == "u" and raw.dtype.itemsize == 2:
        text = f"{spoken(option)} is stored as uint16, which is read as bfloat16"
        notes.append(Notice("uint16-read-as-bfloat16", text))
    if notes is not None and getattr(raw, "by_column", False):
        text = f"{spoken(option)} is stored column after column: reading it by rows is slow"
        notes.append(Notice("stored-by-column", text))
    return stored(raw, option)


def _dense(value: list[Any], option: str) -> Array:
    """Nested lists as an array, once every list of a level is known to be as long as the others."""
    shape = _shape(value, option)
    flat: list[Any] = value
    for _ in shape[1:]:
        flat = [entry for row in flat for entry in row]
    return np.array([number(entry, option) for entry in flat], dtype=np.float64).reshape(shape)


def _shape(value: list[Any], option: str) -> tuple[int, ...]:
    """The shape of nested lists."""
    level: list[Any] = [value]
    shape: tuple[int, ...] = ()
    while level and isinstance(level[0], list):
        if not all(isinstance(row, list) for row in level):
            raise _ragged(option, "lists stand beside numbers")
        first = len(level[0])
        for place, row in enumerate(level):
            if len(row) != first:
                raise _ragged(option, f"row {place} has {numbered(len(row), 'number')}, and row 0 has {first}")
        if len(shape) == _MAX_DEPTH:
            raise _ragged(option, f"lists stand in lists more than {_MAX_DEPTH} deep")
        shape += (first,)
        level = [entry for row in level for entry in row]
    if any(isinstance(entry, list) for entry in level):
        raise _ragged(option, "lists stand beside numbers")
    return shape


def _ragged(option: str, problem: str) -> DlcalcError:
    message = f"{spoken(option)} is no array: {problem}"
    return DlcalcError("shape-mismatch", message, hint="as many numbers in each row", option=option)


def number(entry: object, option: str) -> float:
    """One number of an array; NaN and the infinities by the words of JSON too.

    >>> number("-1e-3", "logits"), number("Infinity", "logits")
    (-0.001, inf)
    """
    if isinstance(entry, bool) or entry is None or isinstance(entry, dict):
        raise unreadable(option, entry, "a number", _HINT)
    if isinstance(entry, str) and not is_number(entry):
        raise unreadable(option, entry, "a number", _HINT)
    try:
        found = float(entry)  # type: ignore[arg-type]
    except OverflowError:
        found = inf
    if isinf(found) and not (isinstance(entry, str) and "inf" in entry.lower()):
        text = "a number" if isinstance(entry, float) else shown(entry)
        message = f"{text} in {spoken(option)} is beyond the range of float64"
        raise DlcalcError("invalid-value", message, hint="at most 1.7e308", option=option)
    return found


def whole(values: RowSource, option: str) -> RowSource:
    """An array of whole numbers, of any numeric dtype; what is beyond 64 bits becomes the nearest that is not.

    Raises:
        DlcalcError: ``usage``, ``unsupported-dtype``.

    >>> whole(np.array([2.0, -100.0]), "label")
    array([   2, -100])
    """
    if values.dtype.kind not in "iuf":
        message = f"{spoken(option)} is an array of {values.dtype.name}"
        raise DlcalcError("unsupported-dtype", message, hint="whole numbers, like int64", option=option)
    return converted(values, lambda block: _whole(block, option), np.int64)


def _whole(values: Array, option: str) -> NDArray[np.int64]:
    if values.dtype.kind == "i":
        return values.astype(np.int64)
    if values.dtype.kind == "u":
        return np.minimum(values.astype(np.uint64), np.uint64(_MOST)).astype(np.int64)
    wide = values.astype(np.float64)
    wrong = np.flatnonzero((np.floor(wide) != wide).reshape(-1))
    if wrong.size:
        raise unreadable(option, str(wide.reshape(-1)[wrong[0]]), "a whole number", f"{flag(option)} 0")
    found = np.where(np.abs(wide) < 2.0**63, wide, 0.0).astype(np.int64)
    return np.where(np.abs(wide) < 2.0**63, found, np.where(wide > 0, _MOST, -_MOST))


_MOST = np.iinfo(np.int64).max


def real(value: object, option: str) -> float:
    """One real number: a float, typed or of JSON; finite.

    >>> real("1e-5", "eps")
    1e-05
    """
    if isinstance(value, str) and is_number(value.strip()):
        found = number(value.strip(), option)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = number(value, option)
    else:
        raise unreadable(option, value, "a number", f"like {flag(option)} 0.1")
    if not isfinite(found):
        message = f"{spoken(option)} {found} is not a finite number"
        raise DlcalcError("invalid-value", message, hint=f"like {flag(option)} 0.1", option=option)
    return found
