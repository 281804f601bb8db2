"""One parser for every value, typed on the command line or read from a line of JSON.

A value is the text that was typed, or the number, text, list or object that stood in the JSON. A reader turns it into
what the core takes, or raises ``usage`` for what it cannot read and ``shape-mismatch`` for a wrong count of axes;
whether a number is legal is for the core to say.
"""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from dlcalc.core.conv.layer import PADDING_WORDS, Padding, Sides
from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import MAX_DIGITS, flag, spoken, too_long, wrong_count

T = TypeVar("T")
W = TypeVar("W", bound=str)

_SHOWN = 40  # characters of a bad value that an error repeats


def shown(value: object) -> str:
    """A bad value as an error shows it: what was typed, its middle left out where it is long.

    >>> shown("three"), shown("9" * 50)
    ("'three'", "'9999999999...9999999999' (50 characters)")
    """
    quoted = repr if isinstance(value, str) else str
    text = value if isinstance(value, str) else _as_json(value)
    return quoted(text) if len(text) <= _SHOWN else f"{quoted(f'{text[:10]}...{text[-10:]}')} ({len(text)} characters)"


def _as_json(value: object) -> str:
    import json

    try:
        return json.dumps(value)
    except (RecursionError, TypeError, ValueError):
        return "..."


def unreadable(option: str, value: object, wanted: str, hint: str) -> DlcalcError:
    """The error for a value that cannot be read as its type."""
    return DlcalcError("usage", f"{spoken(option)} {shown(value)} is not {wanted}", hint=hint, option=option)


def integer(value: object, option: str) -> int:
    """A whole number; a sign is read, so that the core can say what is wrong with a negative one.

    >>> integer("224", "w"), integer(224, "w")
    (224, 224)
    """
    if type(value) is int:
        return value
    if isinstance(value, str):
        digits = value.strip()
        unsigned = digits[1:] if digits[:1] in ("+", "-") else digits
        if unsigned.isascii() and unsigned.isdigit():
            significant = unsigned.lstrip("0") or "0"
            if len(significant) > MAX_DIGITS:
                raise too_long(option)
            return -int(significant) if digits.startswith("-") else int(significant)
    raise unreadable(option, value, "a whole number", f"digits only, like {flag(option)} 3")


def per_axis(value: object, option: str, axes: Sequence[str]) -> int | tuple[int, ...]:
    """One whole number for all axes, or one an axis: ``3``, ``3x5``, ``[3, 5]``, ``{"h": 3, "w": 5}``.

    >>> per_axis("3x5", "kernel", ("h", "w"))
    (3, 5)
    """
    if type(value) is int:
        return value
    parts = split_axes(value, option, axes)
    if parts is None:
        return integer(value, option)
    return tuple(integer(part, option) for part in parts)


def padding(value: object, option: str, axes: Sequence[str]) -> Padding:
    """A padding: a number, one an axis, ``begin:end`` or a word; in JSON also ``[[begin, end], ...]``.

    >>> padding("0:1x1:1", "padding", ("h", "w"))
    ((0, 1), (1, 1))
    """
    if type(value) is int:
        return value
    if isinstance(value, str) and value[:1].isalpha():
        for known in PADDING_WORDS:
            if value == known:
                return known
        hint = "a number, begin:end, or one of " + ", ".join(PADDING_WORDS)
        raise unreadable(option, value, "a padding", hint)
    parts = split_axes(value, option, axes)
    if parts is None:
        return (_sides(value, option),) * len(axes)
    return tuple(_sides(part, option) for part in parts)


def _sides(value: object, option: str) -> Sides:
    pair: Sequence[object] = (
        value.split(":") if isinstance(value, str) else value if isinstance(value, list) else [value]
    )
    if not 1 <= len(pair) <= 2:
        raise unreadable(option, value, "a padding", "begin:end, like --padding 0:1")
    return integer(pair[0], option), integer(pair[-1], option)


def split_axes(value: object, option: str, axes: Sequence[str]) -> Sequence[object] | None:
    """The entries of a value that has one an axis; None for a value that is one for all axes.

    >>> split_axes("3x5", "kernel", ("h", "w"))
    ['3', '5']
    """
    if isinstance(value, str):
        if "x" not in value:
            return None
        parts: Sequence[object] = value.split("x")
        if not all(parts):
            raise unreadable(option, value, "one number an axis", f"like {flag(option)} 3x5")
    elif isinstance(value, list):
        parts = value
    elif isinstance(value, dict):
        if sorted(value) != sorted(axes):
            raise unreadable(option, value, "an object with one entry an axis", "the axes " + ", ".join(axes))
        return [value[name] for name in axes]
    else:
        return None
    if len(parts) != len(axes):
        raise wrong_count(option, len(parts), len(axes))
    return parts


def word(value: object, option: str, words: Collection[W]) -> W:
    """Read one of a fixed set of words.

    >>> word("conv", "kind", ["conv", "transposed"])
    'conv'
    """
    for known in words:
        if known == value:
            return known
    message = f"there is no {spoken(option)} {shown(value)}"
    raise DlcalcError("usage", message, hint="one of " + ", ".join(words), option=option)


def switch(value: object, option: str) -> bool:
    """True or false: a flag on the command line, a boolean in JSON.

    >>> switch(True, "ceil_mode")
    True
    """
    if isinstance(value, bool):
        return value
    raise unreadable(option, value, "true or false", "true or false, without quotes")


Reader = Callable[[object, str, Sequence[str]], T]
