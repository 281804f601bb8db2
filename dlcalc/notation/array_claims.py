"""Readers of claims about arrays: ``[KEY=]VALUE`` with numbers or a file, or a value in a line of JSON."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

import numpy as np

from dlcalc.core.arrays.row_source import RowSource, converted
from dlcalc.core.arrays.stored import Array, Floats, rounded, shape_text, stored
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.notation import arrays
from dlcalc.notation.arrays import Load, Nested
from dlcalc.notation.claims import number
from dlcalc.notation.values import unreadable

Shapes = Mapping[str, tuple[int, ...]]

_KEY = re.compile(r"\s*([a-z][a-z0-9_]*)\s*=(.*)", re.DOTALL)


def array_claims(raw: object, shapes: Shapes, load: Load) -> tuple[ArrayClaim, ...]:
    """Read all the claims about an answer of arrays.

    Args:
        raw: a text or a list of texts ``[KEY=]VALUE``; or from JSON a number, nested lists of numbers, or an object of
            such values by key.
        shapes: the keys that can be claimed with the shape of each, the headline first.
        load: reads a file.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``, ``unsupported-dtype``, and what ``load`` raises.

    >>> array_claims("loss=0.41", {"grad_logits": (3,), "loss": ()}, load=None)[0].key
    'loss'
    """
    if isinstance(raw, dict) and raw:
        return tuple(_of_key(key, value, shapes, load) for key, value in raw.items())
    texts = raw if isinstance(raw, list | tuple) else (raw,)
    if texts and all(type(text) is str for text in texts):
        return tuple(_of_text(text, shapes, load) for text in texts)
    return (_claim(next(iter(shapes)), raw, shapes, load),)


def _of_text(text: str, shapes: Shapes, load: Load) -> ArrayClaim:
    match = _KEY.fullmatch(text)
    if match and (match[1] in shapes or arrays.is_numbers(match[2])):
        return _of_key(match[1], match[2], shapes, load)
    try:
        return _claim(next(iter(shapes)), text, shapes, load)
    except DlcalcError as error:
        if not match or error.code != "file-not-found":
            raise
        message = f"{error.message}, and {match[1]} is not a key of this answer"
        raise DlcalcError(error.code, message, hint=_keys(shapes), option=error.option) from None


def _of_key(key: str, value: object, shapes: Shapes, load: Load) -> ArrayClaim:
    if key not in shapes:
        raise unreadable("expect", key, "a key of this answer", _keys(shapes))
    return _claim(key, value, shapes, load)


def _keys(shapes: Shapes) -> str:
    return "one of " + ", ".join(shapes)


def _claim(key: str, value: object, shapes: Shapes, load: Load) -> ArrayClaim:
    content = arrays.listed(value, "expect", load)
    if not isinstance(content, list):
        numbers = stored(content, "expect")
        wide = converted(numbers.values, _wide, np.float64)
        values, transposed = _fitted(wide, key, shapes[key])
        return ArrayClaim(key, values, numbers.format, transposed=transposed)
    claim = _typed(key, content, shapes[key])
    in_file = isinstance(value, str) and not arrays.is_numbers(value)
    name = _printed_format(claim)
    if name is None and in_file:
        name = "float64"
    return claim if name is None else replace(claim.by_tolerance, format=name)


_PRINTED = 8  # significant digits: more than a person types of a number that a narrow format holds exactly ...
_PRINTED_DOUBLE = 15  # ... and of any other


def _printed_format(claim: ArrayClaim) -> str | None:
    """Recognise the number format in which a program has printed a claim; None for what a person has typed.

    Such an array is judged as one in a file is: its 0.0 is zero, and no number up to 0.05.
    """
    longest = int(claim.digits.max(initial=0))
    if claim.values.size > 1 and longest >= _PRINTED and np.isfinite(claim.numbers).all():
        for name in ("bfloat16", "float16", "float32"):
            if np.array_equal(rounded(claim.numbers, name), claim.numbers):
                return name
    return "float64" if claim.values.size > 1 and longest >= _PRINTED_DOUBLE else None


def _wide(values: Array) -> Floats:
    with np.errstate(invalid="ignore"):  # a NaN of the signalling kind
        return values.astype(np.float64)


def _fitted(values: RowSource, key: str, shape: tuple[int, ...]) -> tuple[RowSource, bool]:
    """Bring values into the shape of the answer, or tell that they have that of its transpose.

    A row may stand for a matrix of one row, and a matrix for its rows of matrices.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """

    def without_ones(of: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(extent for extent in of if extent != 1)

    flat = (shape[0], int(np.prod(shape[1:], dtype=np.int64))) if len(shape) > 2 else shape
    turned = len(shape) == 2 and values.shape == shape[::-1] != shape
    if turned:
        return values, True
    if values.shape == flat or without_ones(values.shape) == without_ones(shape):
        return values.reshape(shape), False
    message = f"the claim for {key} has the shape {shape_text(values.shape)}, and {key} has {shape_text(shape)}"
    raise DlcalcError("shape-mismatch", message, hint=f"{shape_text(shape)} in shape", option="expect")


def _typed(key: str, entries: Nested, shape: tuple[int, ...]) -> ArrayClaim:
    values, transposed = _fitted(arrays.array(entries, "expect", load=_no_file), key, shape)
    bounds = np.array([_bounds(entry) for entry in _leaves(entries)])
    low, high, digits = (column.reshape(values.shape) for column in bounds.T)
    return ArrayClaim(key, values, None, low, high, digits.astype(np.int64), transposed)


def _no_file(path: str, option: str) -> NoReturn:
    raise unreadable(option, path, "a number", "numbers alone in a list")


def _leaves(entries: Nested) -> Nested:
    return [leaf for entry in entries for leaf in (_leaves(entry) if isinstance(entry, list) else [entry])]


def _bounds(entry: object) -> tuple[float, float, int]:
    """Find the least and the greatest number that an entry may be, rounded or truncated, and count its digits."""
    value = arrays.number(entry, "expect")
    if not np.isfinite(value):
        return value, value, 1
    typed = number(entry)
    if typed.whole:
        return value, value, typed.significant
    unit = 10.0 ** min(typed.exponent, 308)  # 0e999 is a number too
    half, cut = unit / 2, unit * (1 - 1e-6)
    return value - (cut if value < 0 else half), value + (cut if value > 0 else half), typed.significant
