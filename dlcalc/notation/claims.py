"""What somebody claims: ``[KEY=]VALUE`` as typed, or a value in a line of JSON."""

from collections.abc import Sequence

from dlcalc.core.errors import DlcalcError
from dlcalc.core.layer import MAX_DIGITS, too_long
from dlcalc.core.verdict import Claim, TypedNumber
from dlcalc.notation.values import split_axes, unreadable

_MAX_EXPONENT = 1000


class NumberText(str):
    """A JSON number kept as it was typed: 0.50 says more than 0.5."""

    __slots__ = ()


def claims(raw: object, keys: Sequence[str], axes: Sequence[str]) -> tuple[Claim, ...]:
    """All the claims of a question about axes.

    Args:
        raw: a text or a list of texts ``[KEY=]VALUE``; or from JSON a number, a list of numbers one an axis, an object
            with one value an axis, or an object of values by key.
        keys: the keys that can be claimed, the headline first.
        axes: the axes of the question.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> claims("output=5", ["output", "unread"], ["w"])[0].key
    'output'
    """
    if isinstance(raw, dict) and raw and not any(axis in raw for axis in axes):
        unknown = [key for key in raw if key not in keys]
        if unknown:
            raise unreadable("expect", unknown[0], "a key of the answer", "one of " + ", ".join(keys))
        return tuple(Claim(key, _numbers(value, axes)) for key, value in raw.items())
    if isinstance(raw, list | tuple) and raw and all(type(entry) is str for entry in raw):
        return tuple(_claim(entry, keys, axes) for entry in raw)
    return (_claim(raw, keys, axes),)


def _claim(raw: object, keys: Sequence[str], axes: Sequence[str]) -> Claim:
    if type(raw) is str:
        key, equals, value = raw.partition("=")
        if equals and key.strip() in keys:
            return Claim(key.strip(), _numbers(value, axes))
        if equals:
            raise unreadable("expect", key, "a key of the answer", "one of " + ", ".join(keys))
    return Claim(keys[0], _numbers(raw, axes))


def _numbers(value: object, axes: Sequence[str]) -> tuple[TypedNumber, ...]:
    parts = split_axes(value, "expect", axes)
    if parts is None:
        return (number(value),) * len(axes)
    return tuple(map(number, parts))


def number(value: object) -> TypedNumber:
    """A decimal number, digit by digit.

    >>> number("54.250")
    TypedNumber(digits=54250, exponent=-3, whole=False)
    """
    text = value.strip() if isinstance(value, str) else repr(value)
    mantissa, e, power = text.lower().partition("e")
    whole, point, fraction = mantissa.partition(".")
    unsigned = whole[1:] if whole[:1] in ("+", "-") else whole
    digits = unsigned + fraction
    power_digits = power[1:] if power[:1] in ("+", "-") else power
    if not _decimal(digits) or (e and not _decimal(power_digits)) or isinstance(value, bool):
        raise unreadable("expect", value, "a number", "a number, like --expect 112 or --expect 54.25")
    significant = digits.lstrip("0") or "0"
    if len(significant) > MAX_DIGITS or len(fraction) > _MAX_EXPONENT:
        raise too_long("expect")
    if len(power_digits) > 9 or abs(int(power or "0")) > _MAX_EXPONENT:
        message = f"expect has an exponent beyond {_MAX_EXPONENT}"
        raise DlcalcError("invalid-value", message, hint=f"at most e{_MAX_EXPONENT}", option="expect")
    signed = -int(significant) if whole.startswith("-") else int(significant)
    return TypedNumber(signed, int(power or "0") - len(fraction), not (point or e))


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()
