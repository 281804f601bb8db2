"""Readers of claims about arrays: ``[KEY=]VALUE`` with numbers or a file, or a value in a line of JSON."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

import numpy as np

from dlcalc.core.arrays.row_source import RowSource, converted
from dlcalc.core.arrays.stored import Array, Floats, numbered, rounded, shape_text, stored
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.claim import TypedNumber
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
        raise DlcalcError(error.code, message, hint=_keys(match[1], shapes), option=error.option) from None


def _of_key(key: str, value: object, shapes: Shapes, load: Load) -> ArrayClaim:
    if key not in shapes:
        raise unreadable("expect", key, "a key of this answer", _keys(key, shapes))
    return _claim(key, value, shapes, load)


def _keys(key: str, shapes: Shapes) -> str:
    from dlcalc.core.spelling import one_of

    return f"--jacobian, and --expect {key}=..." if key == "jacobian" and "softmax" in shapes else one_of(key, shapes)


def _claim(key: str, value: object, shapes: Shapes, load: Load) -> ArrayClaim:
    content = arrays.listed(value, "expect", load)
    if not isinstance(content, list):
        numbers = stored(content, "expect")
        wide = converted(numbers.values, _wide, np.float64)
        values, transposed = _fitted(wide, key, shapes)
        return ArrayClaim(key, values, numbers.format, transposed=transposed)
    claim = _typed(key, content, shapes)
    if isinstance(value, str) and not arrays.is_numbers(value):  # the numbers stand in a file
        return replace(claim.by_tolerance, format=_stored_format(claim) or _printed_format(content) or "float64")
    if name := _stored_format(claim):
        return replace(claim.by_tolerance, format=name)
    printed = _printed_format(content)
    if printed is None:
        return claim
    return replace(claim if _all(_FIXED, _leaves(content)) else _in_full(claim), printed=printed)


_PRINTED = 8  # significant digits: more than a person types of a number that a narrow format holds exactly ...
_PRINTED_DOUBLE = 15  # ... and of any other
_DECIMALS = 8  # that NumPy prints of a number in an array, at most
_LONGEST = 9  # significant digits: they tell every float32 from the next
_FEW = 6  # digits, of which a program prints fewer only where the number has no more
_SCIENTIFIC = re.compile(r"\s*[+-]?\d\.\d{4}e[+-]\d\d\s*")  # as PyTorch prints an array of many sizes ...
_FIXED = re.compile(r"\s*[+-]?\d+\.\d{4}\s*")  # ... and any other
_NARROW = ("bfloat16", "float16", "float32")


def _stored_format(claim: ArrayClaim) -> str | None:
    """Recognise the format of numbers that stand for an array as it is stored; None for what a person has typed.

    Such an array is judged as one in a file is: its 0.0 is zero, and no number up to 0.05.
    """
    longest = int(claim.digits.max(initial=0))
    if claim.values.size == 1 or longest < _PRINTED:
        return None
    name = _held_by(claim.numbers)
    if name in ("bfloat16", "float16"):
        return name
    return "float64" if name is None and longest >= _PRINTED_DOUBLE else None


def _held_by(numbers: Floats) -> str | None:
    """Name the narrowest format that holds numbers exactly; None if it is float64, or one of them is not finite."""
    if not np.isfinite(numbers).all():
        return None
    return next((name for name in _NARROW if np.array_equal(rounded(numbers, name), numbers)), None)


def _printed_format(content: Nested) -> str | None:
    """Recognise numbers that a program printed of a narrow format, which it computed in; None for any others.

    They are printed in full, 0.6931471824645996, as float64 prints the same number; or a float32 by as few digits as
    tell it from the next, 0.24472848, beside which NumPy prints no more than eight decimals of others; or with an
    exponent, where all have the digits of the longest. At least one has eight digits, but among numbers less than 1, of
    which eight decimals have fewer, and among those that PyTorch prints, 9.0031e-02.

    >>> _printed_format(["0.6931471824645996"]), _printed_format(["0.24472848", "0.5"]), _printed_format(["0.2447285"])
    ('float32', 'float32', None)
    >>> _printed_format(["9.00305733e-02", "9.99988735e-01"]), _printed_format(["9.0031e-02", "2.4473e-01"])
    ('float32', 'float32')
    """
    entries = [entry for entry in _leaves(content) if np.isfinite(arrays.number(entry, "expect"))]
    typed = [number(entry) for entry in entries]
    several, most = len(typed) > 1, max((one.significant for one in typed if not one.whole), default=0)
    if several and (_all(_SCIENTIFIC, entries) or _all(_FIXED, entries)):
        return "float32"
    decimals = several and any(one.exponent == -_DECIMALS and one.significant >= _FEW for one in typed)
    if most < _PRINTED and not decimals:
        return None
    values = np.array([arrays.number(entry, "expect") for entry in entries])
    if name := _held_by(values):
        return name
    both = list(zip(typed, values.tolist(), strict=True))
    shortest = [_is_shortest(one, value) for one, value in both]
    long = any(short and one.significant >= _PRINTED for short, one in zip(shortest, typed, strict=True))
    like = all(short or one.exponent >= -_DECIMALS for short, one in zip(shortest, typed, strict=True))
    if like and (long or decimals):
        return "float32"
    padded = _PRINTED + (not several) <= most <= _LONGEST and all(_is_rounded(one, value, most) for one, value in both)
    return "float32" if padded else None


def _all(pattern: re.Pattern[str], entries: Nested) -> bool:
    """Whether all numbers are written in one way."""
    return all(pattern.fullmatch(str(entry)) for entry in entries)


def _is_rounded(typed: TypedNumber, value: float, digits: int) -> bool:
    """Whether a number is a float32 printed by so many digits, but for zeros at its end."""
    with np.errstate(over="ignore"):
        single = float(np.float32(value))
    return np.isfinite(single) and _without_zeros(typed) == _without_zeros(number(f"{single:.{digits - 1}e}"))


def _is_shortest(typed: TypedNumber, value: float) -> bool:
    """Whether a number is the shortest print of a float32."""
    with np.errstate(over="ignore"):
        shortest = np.format_float_scientific(np.float32(value))
    return _without_zeros(typed) == _without_zeros(number(shortest))


def _without_zeros(typed: TypedNumber) -> tuple[int, int]:
    """Give the digits and the exponent of a number without the zeros at its end."""
    digits = str(typed.digits).rstrip("0")
    return int(digits or "0"), typed.exponent + len(str(typed.digits)) - len(digits) if typed.digits else 0


def _in_full(claim: ArrayClaim) -> ArrayClaim:
    """Take the short numbers among those that a program printed for what they are: its 0.0 is no number up to 0.05.

    Where the others have eight decimals, zeros at the end of these were left out.
    """
    unit = 10.0**-_DECIMALS
    widths, values = claim.high - claim.low, claim.numbers
    short = (claim.digits < min(_FEW, claim.digits.max())) & (widths > 2 * unit)
    half = unit / 2 if np.isclose(widths[widths > 0].min(initial=1.0), 1.5 * unit, rtol=1e-3) else 0.0
    return replace(
        claim, low=np.where(short, values - half, claim.low), high=np.where(short, values + half, claim.high)
    )


def _wide(values: Array) -> Floats:
    with np.errstate(invalid="ignore"):  # a NaN of the signalling kind
        return values.astype(np.float64)


def _fitted(values: RowSource, key: str, shapes: Shapes) -> tuple[RowSource, bool]:
    """Bring values into the shape of the answer, or tell that they have that of its transpose.

    A row may stand for a matrix of one row, and a matrix for its rows of matrices.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """

    def without_ones(of: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(extent for extent in of if extent != 1)

    shape = shapes[key]
    flat = (shape[0], int(np.prod(shape[1:], dtype=np.int64))) if len(shape) > 2 else shape
    turned = len(shape) == 2 and values.shape == shape[::-1] != shape
    if turned:
        return values, True
    if values.shape == flat or without_ones(values.shape) == without_ones(shape):
        return values.reshape(shape), False
    message = f"the claim for {key} has the shape {shape_text(values.shape)}, and {key} has {shape_text(shape)}"
    raise DlcalcError("shape-mismatch", message, hint=_shape_hint(values, key, shapes), option="expect")


def _shape_hint(values: RowSource, key: str, shapes: Shapes) -> str:
    """Say which numbers a key takes; or of a single one which key has one: the first line of an answer shows it."""
    alone = next((other for other, shape in shapes.items() if shape == ()), None)
    if values.size == 1 and alone and key == next(iter(shapes)):
        return f"--expect {alone}={float(np.asarray(values).item())!r}"
    *rows, columns = shapes[key] or (1,)
    said = numbered(columns, "number") if shapes[key] else "a single number"
    if rows not in ([], [1]):
        said = f"{rows[0]} rows of {said}" if len(rows) == 1 else f"{shape_text(shapes[key])} numbers"
    total = int(np.prod(shapes[key], dtype=np.int64))
    if total > _FEW_NUMBERS or len(rows) > 1:
        return said
    some = [f"0.{place}" for place in range(1, total + 1)]
    return f"{said}, like {'/'.join(','.join(some[at : at + columns]) for at in range(0, total, columns))}"


_FEW_NUMBERS = 6  # that an example is typed of


def _typed(key: str, entries: Nested, shapes: Shapes) -> ArrayClaim:
    values, transposed = _fitted(arrays.array(entries, "expect", load=_no_file), key, shapes)
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
