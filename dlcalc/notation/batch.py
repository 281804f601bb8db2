"""The reader of a line of a batch: a JSON object whose keys are the options of the command."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import MAX_DIGITS, MAX_LINE, spoken
from dlcalc.notation.claims import NumberText
from dlcalc.notation.values import shown, switch, unreadable


class Line(NamedTuple):
    """A line, read.

    Attributes:
        raw: the values by the names of the question's keys.
        id: what the line calls itself, if it does.
        expect: its claims, if it has any.
        check: whether it asks for a proof.
    """

    raw: dict[str, object]
    id: object
    expect: object
    check: bool


class BadLineError(DlcalcError):
    """A line that cannot be read, with the name that it gives itself, if that could be read."""

    def __init__(self, error: DlcalcError, name: object = None) -> None:
        super().__init__(error.code, error.message, hint=error.advice, option=error.option)
        self.id = name


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of JSON, of keys that differ."""
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DlcalcError("usage", f"the key {shown(key)} stands twice", hint="each key once")
            seen.add(key)
    return members


def _integer(digits: str) -> object:
    """Keep a very long integer, which Python refuses, as text: the reader of its option refuses it by name."""
    return int(digits) if len(digits) <= MAX_DIGITS + 1 else digits


# NaN and Infinity, which stand for themselves, stay words; so an infinite float is a number too large for one.
_PLAIN = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=str)
_LONG = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=str, parse_int=_integer)
_TYPED = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=NumberText, parse_int=NumberText, parse_float=NumberText
)


def read_line(line: bytes, names: Mapping[str, str]) -> Line:
    """Read one line.

    Args:
        line: JSON in UTF-8; a mark of byte order at its beginning is passed over, as files that are joined have one.
        names: the question's keys by every name that is read for them.

    Raises:
        BadLineError: ``usage`` for what is not a JSON object, for an unknown key, or for one given twice.

    >>> read_line(b'{"w": 7, "k": 3}', {"w": "w", "k": "kernel"}).raw
    {'w': 7, 'kernel': 3}
    """
    text = _text(line)
    given = _object(text)
    raw: dict[str, object] = {}
    name, expect, check = None, None, False
    try:
        if "id" in given:
            name = _echoed(given["id"])
        for key, value in given.items():
            known = names.get(key)
            if known is not None:
                if known in raw:
                    both = [name for name in given if names.get(name) == known]
                    message = f"{spoken(known)} is given twice"
                    raise DlcalcError("usage", message, hint="either " + " or ".join(both), option=known)
                raw[known] = value
            elif key == "id":
                continue
            elif key == "expect":
                if value is None:
                    raise unreadable("expect", value, "a claim", 'a number, or text like "output=112"')
                expect = _decoded(text, _TYPED)["expect"]
            elif key == "check":
                check = switch(value, "check")
            else:
                from dlcalc.core.spelling import one_of

                hint = one_of(key, (*names, "expect", "check", "id"))
                raise DlcalcError("usage", f"{shown(key)} is not a key of a question", hint=hint)
    except DlcalcError as error:
        raise BadLineError(error, name) from None
    return Line(raw, name, expect, check)


def is_blank(line: bytes) -> bool:
    """Tell whether there is nothing in a line.

    >>> is_blank(b""), is_blank(b"  "), is_blank(b"{}")
    (True, True, False)
    """
    return len(line) <= MAX_LINE and not line.removeprefix(BOM_UTF8).strip()


def _text(line: bytes) -> str:
    if len(line) > MAX_LINE:
        message = f"the line has more than {MAX_LINE:,} bytes"
        raise BadLineError(DlcalcError("usage", message, hint="a file of numbers, like z.npy, named in the line"))
    try:
        return line.removeprefix(BOM_UTF8).decode().strip(" \t\r\n")
    except UnicodeDecodeError:
        raise BadLineError(DlcalcError("usage", "the line is not UTF-8", hint="JSON in UTF-8")) from None


def _object(text: str) -> dict[str, Any]:
    try:
        given = _decoded(text, _PLAIN)
    except DlcalcError as error:
        raise BadLineError(error) from None
    if not isinstance(given, dict):
        hint = "an object, its keys the long option names"
        message = f"the line is {shown(given)}, and not a JSON object"
        raise BadLineError(DlcalcError("usage", message, hint=hint))
    return given


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    """Read JSON, whatever it is.

    Raises:
        DlcalcError: ``usage`` for what is none, and for what is nested beyond all bounds.
    """
    try:
        value, end = decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        raise _not_json(error) from None
    except RecursionError:
        raise DlcalcError("usage", "the line is nested too deeply", hint="one flat object a line") from None
    except ValueError:  # an integer of more digits than Python reads
        return _decoded(text, _LONG)
    if end < len(text):
        raise _not_json(json.JSONDecodeError("Extra data", text, end))
    return value


def _not_json(error: json.JSONDecodeError) -> DlcalcError:
    message = f"the line is not JSON: {error.msg} at column {error.colno}"
    return DlcalcError("usage", message, hint="one object a line, its keys the long option names")


_MAX_DEPTH = 20


def _echoed(value: object, depth: int = 0) -> object:
    """Make a name writable as JSON, which has no infinities: Python reads 1e999 as one."""
    if depth > _MAX_DEPTH:
        raise DlcalcError("usage", "the id is nested too deeply", hint="a text or a number", option="id")
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_echoed(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {key: _echoed(entry, depth + 1) for key, entry in value.items()}
    return value
