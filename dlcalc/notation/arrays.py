"""Readers of arrays: numbers as typed, lists of JSON, or the content of a file.

A value made only of numbers, signs, ``inf``, ``nan``, ``,``, ``/``, ``;`` and blanks is numbers, ``/``, ``;`` or a new
line between rows; any other text is the path of a file. Files are read by the ``load`` that a caller passes.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf, isfinite, isinf

import numpy as np

from dlcalc.core.arrays.formats import is_number
from dlcalc.core.arrays.row_source import RowSource, converted
from dlcalc.core.arrays.stored import Array, Stored, numbered, shape_text, stored
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.validation import spoken
from dlcalc.notation.values import flag, shown, unreadable

Nested = list[object]  # numbers, texts of numbers, and lists of them
Load = Callable[[str, str], "RowSource | Nested"]  # reads a file, from its path and the name of the option

_MAX_DEPTH = 8  # of lists in lists: more axes than any array here has
_HINT = "numbers like 1,2,3, rows like 1,2,3/4,5,6, or a file"


def is_numbers(text: str) -> bool:
    """Tell numbers, well or badly separated, from the path of a file.

    >>> is_numbers("1,2/3,-4e-5"), is_numbers("nan, inf"), is_numbers("z.npy"), is_numbers("./7"), is_numbers("-")
    (True, True, False, False, False)
    """
    parts = re.split(r"[,/;\s]+", text.strip(",/; \t\r\n"))
    return all(map(is_number, parts)) or not any(parts)


def rows(text: str, option: str) -> list[list[str]]:
    """Split typed numbers into rows of texts, one text per number.

    Raises:
        DlcalcError: ``usage``.

    >>> rows("1,2/3, 4", "logits")
    [['1', '2'], ['3', '4']]
    """
    matrix = []
    for row in re.split("[/;\n]", text.strip()):
        matrix.append(re.split(r"\s*,\s*|\s+", row.strip()))
        if not all(map(is_number, matrix[-1])):
            raise unreadable(option, text, "numbers", _HINT)
    return matrix


def listed(value: object, option: str, load: Load) -> "RowSource | Nested":
    """Read a value as an array, or as nested lists that may be ragged.

    Args:
        value: typed text, a number or list of JSON, a path, or an array.
        option: whose value it is.
        load: reads a file.

    Raises:
        DlcalcError: ``usage``, and what ``load`` raises.
    """
    if isinstance(value, str) and is_numbers(value):
        matrix = rows(value, option)
        return [*matrix] if len(matrix) > 1 else [*matrix[0]]
    if isinstance(value, str):
        return load(value, option)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    if isinstance(value, list | np.ndarray):
        return value
    raise unreadable(option, value, "an array", _HINT)


def array(value: object, option: str, load: Load) -> RowSource:
    """Read an array: of the dtype that a file holds, else, from what was typed or stood in JSON, of float64.

    Raises:
        DlcalcError: ``usage`` for what is no number, ``shape-mismatch`` for rows of different lengths and for an array
            without entries, ``invalid-value`` for a number beyond the range of float64, and what ``load`` raises.

    >>> array("1,2/3,4", "logits", load=None)
    array([[1., 2.],
           [3., 4.]])
    """
    content = listed(value, option, load)
    return _not_empty(_dense(content, option, number) if isinstance(content, list) else content, option)


def _not_empty(source: RowSource, option: str) -> RowSource:
    if source.size == 0:
        message = f"{spoken(option)} has the shape {shape_text(source.shape)}: there is nothing in it"
        raise DlcalcError("shape-mismatch", message, hint=_HINT, option=option)
    return source


def floats(value: object, option: str, load: Load, notes: list[Notice] | None = None) -> Stored:
    """Read an array of real numbers, and the format in which they were stored: float64 where they were typed.

    Args:
        value: as for ``array``.
        option: whose value it is.
        load: reads a file.
        notes: receives notices, of whole numbers that are taken for bfloat16 and of matrices stored by column.

    Raises:
        DlcalcError: what ``array`` and ``stored`` raise.
    """
    raw = array(value, option, load)
    if notes is not None and raw.dtype.kind == "u" and raw.dtype.itemsize == 2:
        text = f"{spoken(option)} is stored as uint16, which is read as bfloat16"
        notes.append(Notice("uint16-read-as-bfloat16", text))
    if notes is not None and getattr(raw, "by_column", False):
        text = f"{spoken(option)} is stored column after column: reading it by rows is slow"
        notes.append(Notice("stored-by-column", text))
    return stored(raw, option)


def _dense(value: Nested, option: str, read: Callable[[object, str], float], dtype: type = float) -> Array:
    """Turn nested lists into an array, once every list of a level is known to be as long as the others."""
    shape = _shape(value, option)
    flat = value
    for _ in shape[1:]:
        flat = _next_level(flat)
    return np.array([read(entry, option) for entry in flat], dtype).reshape(shape)


def _next_level(level: Nested) -> Nested:
    return [entry for row in level if isinstance(row, list) for entry in row]


def _shape(value: Nested, option: str) -> tuple[int, ...]:
    """Measure nested lists.

    Raises:
        DlcalcError: ``shape-mismatch`` for lists that are no array.
    """
    level: Nested = [value]
    shape: tuple[int, ...] = ()
    while level and isinstance(level[0], list):
        lists = [row for row in level if isinstance(row, list)]
        if len(lists) < len(level):
            raise _ragged(option, "lists stand beside numbers")
        first = len(lists[0])
        for place, row in enumerate(lists):
            if len(row) != first:
                raise _ragged(option, f"row {place} has {numbered(len(row), 'number')}, and row 0 has {first}")
        if len(shape) == _MAX_DEPTH:
            raise _ragged(option, f"lists stand in lists more than {_MAX_DEPTH} deep")
        shape += (first,)
        level = _next_level(level)
    if any(isinstance(entry, list) for entry in level):
        raise _ragged(option, "lists stand beside numbers")
    return shape


def _ragged(option: str, problem: str) -> DlcalcError:
    message = f"{spoken(option)} is no array: {problem}"
    return DlcalcError("shape-mismatch", message, hint="as many numbers in each row", option=option)


def number(entry: object, option: str) -> float:
    """Read one number of an array; NaN and the infinities may be written in the words of JSON too.

    Raises:
        DlcalcError: ``usage``, and ``invalid-value`` for a number beyond the range of float64.

    >>> number("-1e-3", "logits"), number("Infinity", "logits")
    (-0.001, inf)
    """
    if not isinstance(entry, str | int | float) or isinstance(entry, bool):
        raise unreadable(option, entry, "a number", _HINT)
    if isinstance(entry, str) and not is_number(entry):
        raise unreadable(option, entry, "a number", _HINT)
    try:
        value = float(entry)
    except OverflowError:
        value = inf
    if isinf(value) and not (isinstance(entry, str) and "inf" in entry.lower()):
        text = "a number" if isinstance(entry, float) else shown(entry)
        message = f"{text} in {spoken(option)} is beyond the range of float64"
        raise DlcalcError("invalid-value", message, hint="at most 1.7e308", option=option)
    return value


def whole_numbers(value: object, option: str, load: Load) -> RowSource:
    """Read an array of whole numbers: of the dtype that a file holds, else int64, or what Python counts with beyond.

    Raises:
        DlcalcError: ``usage``, ``unsupported-dtype``, and what ``array`` raises.

    >>> whole_numbers("2,-100", "label", load=None), whole_numbers("9223372036854775808", "label", load=None)
    (array([   2, -100]), array([9223372036854775808], dtype=object))
    """
    content = listed(value, option, load)
    if not isinstance(content, list):
        return whole(_not_empty(content, option), option)
    source: Array = _dense(content, option, _whole_number, object)
    with suppress(OverflowError):
        source = source.astype(np.int64)
    return _not_empty(source, option)


def _whole_number(entry: object, option: str) -> float:
    """Read one whole number, every digit of it; it may be written as a float."""
    text = entry if isinstance(entry, str) else str(entry) if type(entry) is int else ""
    if text.lstrip("+-").isdigit() and len(text) < _MOST_DIGITS:
        return int(text)
    parsed = number(entry, option)
    if not parsed.is_integer():
        raise _not_whole(entry, option)
    return int(parsed) if abs(parsed) < _BEYOND else parsed  # which its error names by its exponent


_MOST_DIGITS = 300  # within which every float lies
_BEYOND = 2.0**63


def whole(values: RowSource, option: str) -> RowSource:
    """Check that an array of any numeric dtype is of whole numbers, when it is read.

    Raises:
        DlcalcError: ``usage``, ``unsupported-dtype``.

    >>> whole(np.array([2.0, -100.0]), "label")
    array([   2., -100.])
    """
    if values.dtype.kind not in "iuf":
        message = f"{spoken(option)} is an array of {values.dtype.name}"
        raise DlcalcError("unsupported-dtype", message, hint="whole numbers, like int64", option=option)
    return converted(values, partial(_whole, option=option), values.dtype) if values.dtype.kind == "f" else values


def _whole(values: Array, option: str) -> Array:
    with np.errstate(invalid="ignore"):  # a NaN of the signalling kind
        wrong = np.flatnonzero(~(np.floor(values) == values).reshape(-1))
    if wrong.size:
        raise _not_whole(str(values.reshape(-1)[wrong[0]]), option)
    return values


def _not_whole(entry: object, option: str) -> DlcalcError:
    return unreadable(option, entry, "a whole number", f"{flag(option)} 0")


def real(value: object, option: str) -> float:
    """Read one finite real number, typed or of JSON.

    Raises:
        DlcalcError: ``usage``, and ``invalid-value`` for what is not finite.

    >>> real("1e-5", "eps")
    1e-05
    """
    if isinstance(value, str) and is_number(value.strip()):
        parsed = number(value.strip(), option)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        parsed = number(value, option)
    else:
        raise unreadable(option, value, "a number", f"one number, like {flag(option)} {_like(option)}")
    if not isfinite(parsed):
        message = f"{spoken(option)} {parsed} is not a finite number"
        raise DlcalcError("invalid-value", message, hint=f"like {flag(option)} {_like(option)}", option=option)
    return parsed


def _like(option: str) -> str:
    return "1e-5" if option == "eps" else "0.1"
