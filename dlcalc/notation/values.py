"""Readers of values that were typed on the command line or stood in a line of JSON.

A value is the text that was typed, or the number, text, list or object that stood in the JSON. A reader turns it into
what core takes, or raises ``usage`` for what it cannot read and ``shape-mismatch`` for a wrong count of axes;
whether a number is legal is for core to say.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import MAX_DIGITS, spoken, too_long, wrong_count

T = TypeVar("T")
Default = TypeVar("Default")
Word = TypeVar("Word", bound=str)
More = ParamSpec("More")

_SHOWN = 40  # characters of a bad value that an error repeats
_BETWEEN = re.compile(r"[\s,;x\u00d7*()\[\]{}]+", re.IGNORECASE)  # what other programs write around and between sizes


def flag(option: str) -> str:
    """Name an option as it is typed.

    >>> flag("output_padding")
    '--output-padding'
    """
    return "--" + option.replace("_", "-")


def shown(value: object) -> str:
    """Show a bad value in an error as it was typed, the middle of a long one left out.

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
    """Make the error for a value that cannot be read as its type."""
    return DlcalcError("usage", f"{spoken(option)} {shown(value)} is not {wanted}", hint=hint, option=option)


def numbers_typed(value: object, most: int) -> str | None:
    """Rewrite whole numbers that stand in brackets, or with other signs between them, as they are read here.

    Args:
        value: what was typed.
        most: how many numbers there may be; of more, the last are meant, as of a shape.

    >>> numbers_typed("(3, 3)", 2), numbers_typed("224*224", 2), numbers_typed("1_000", 1), numbers_typed("7.5", 2)
    ('3x3', '224x224', '1000', None)
    """
    if not isinstance(value, str) or len(value) > _SHOWN:
        return None
    found = [part for part in _BETWEEN.split(value.replace("_", "")) if part]
    if not found or not all(part.isascii() and part.isdigit() for part in found) or (most == 1 < len(set(found))):
        return None  # of different numbers no one alone is meant
    return "x".join(found[-most:])


def optional(
    raw: Mapping[str, object],
    key: str,
    read: Callable[Concatenate[object, str, More], T],
    default: Default,
    *more: More.args,
    **named: More.kwargs,
) -> T | Default:
    """Read the value of a key, or return the default where the key is absent.

    Args:
        raw: values by key, unread.
        key: the key, which is also the name of the option in an error.
        read: the reader, called with the value, the key and what follows the default.
        default: returned as it is.
        *more: what else the reader takes, e.g. the axes.
        **named: likewise, by name.

    >>> optional({"n": "32"}, "n", integer, 1), optional({}, "kernel", per_axis, None, ("h", "w"))
    (32, None)
    """
    return read(raw[key], key, *more, **named) if key in raw else default


def integer(value: object, option: str, digits: int = MAX_DIGITS, axes: int = 1) -> int:
    """Read a whole number of so many digits, with its sign: core says what is wrong with a negative number.

    The hint to what cannot be read has a number for each of so many axes.

    >>> integer("224", "w"), integer(224, "w")
    (224, 224)
    """
    if type(value) is int:
        if abs(value) >= 10**digits:
            raise too_long(option)
        return value
    if isinstance(value, str):
        text = value.strip()
        unsigned = text[1:] if text[:1] in ("+", "-") else text
        if unsigned.isascii() and unsigned.isdigit():
            significant = unsigned.lstrip("0") or "0"
            if len(significant) > digits:
                raise too_long(option)
            return -int(significant) if text.startswith("-") else int(significant)
    near = numbers_typed(value, axes) or "3"
    raise unreadable(option, value, "a whole number", f"digits only, like {flag(option)} {near}")


def per_axis(value: object, option: str, axes: Sequence[str]) -> int | tuple[int, ...]:
    """Read one whole number for all axes, or one per axis: ``3``, ``3x5``, ``[3, 5]``, ``{"h": 3, "w": 5}``.

    >>> per_axis("3x5", "kernel", ("h", "w"))
    (3, 5)
    """
    if type(value) is int:
        return value
    parts = split_axes(value, option, axes)
    if parts is None:
        return integer(value, option, axes=len(axes))
    return tuple(integer(part, option) for part in parts)


def split_axes(value: object, option: str, axes: Sequence[str]) -> Sequence[object] | None:
    """Split a value with one entry per axis into its entries, unread; None for a value that holds for all axes.

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
        raise wrong_count(option, len(parts), len(axes), parts)
    return parts


def word(value: object, option: str, words: Collection[Word]) -> Word:
    """Read one of a fixed set of words.

    >>> word("conv", "kind", ["conv", "transposed"])
    'conv'
    """
    for known in words:
        if isinstance(value, str) and value == known:
            return known
    from dlcalc.core.spelling import one_of

    message = f"there is no {spoken(option)} {shown(value)}"
    raise DlcalcError("usage", message, hint=one_of(value, words), option=option)


# Other names that people type for a framework.
FRAMEWORK_ALIASES = {"torch": "pytorch", "keras": "tensorflow", "tf": "tensorflow", "ort": "onnx"}


def framework_name(value: object, option: str, names: Collection[Word]) -> Word:
    """Read the name of a framework, or another name that it goes by.

    >>> framework_name("torch", "framework", ["pytorch", "tensorflow"])
    'pytorch'
    """
    known = FRAMEWORK_ALIASES.get(value, value) if isinstance(value, str) else value
    return word(known, option, names)


def switch(value: object, option: str) -> bool:
    """Read true or false: a flag on the command line, a boolean in JSON.

    >>> switch(True, "ceil_mode")
    True
    """
    if isinstance(value, bool):
        return value
    raise unreadable(option, value, "true or false", "true or false, without quotes")
