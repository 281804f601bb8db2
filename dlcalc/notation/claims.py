"""Readers of claims about whole numbers and ratios: ``[KEY=]VALUE`` as typed, or a value in a line of JSON."""

import re
from collections.abc import Mapping, Sequence

from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Claim, TypedNumber
from dlcalc.notation.values import numbers_typed, shown, split_axes, unreadable

_MAX_DIGITS = 300  # of a claim: what is counted may be much longer than what is typed
_MAX_EXPONENT = 1000
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")  # as the tables print it
_SUFFIXED = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([KMGT])")
_POWERS = {"K": 3, "M": 6, "G": 9, "T": 12}


class NumberText(str):
    """A JSON number that is kept as it was typed: 0.50 says more than 0.5."""

    __slots__ = ()


def claims(raw: object, keys: Mapping[str, Sequence[str]]) -> tuple[Claim, ...]:
    """Read all the claims about an answer.

    Args:
        raw: a text or a list of texts ``[KEY=]VALUE``; or from JSON a number, a list of numbers one per axis, an object
            with one value per axis, or an object of values by key.
        keys: the keys that can be claimed, the headline first, each with its axes; none where it is a single number.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> claims("output=5", {"output": ["h", "w"], "params": []})[0].values
    [5, 5]
    >>> claims("params=5", {"output": ["h", "w"], "params": []})[0].values
    [5]
    """
    headline = next(iter(keys))
    if isinstance(raw, dict) and raw and not any(axis in raw for axis in keys[headline]):
        return tuple(_claim(_known(key, keys), value, keys) for key, value in raw.items())
    if isinstance(raw, list | tuple) and raw and all(type(entry) is str for entry in raw):
        return tuple(_typed(entry, headline, keys) for entry in raw)
    return (_typed(raw, headline, keys),)


def _typed(raw: object, headline: str, keys: Mapping[str, Sequence[str]]) -> Claim:
    if type(raw) is str:
        key, equals, value = raw.partition("=")
        if equals:
            return _claim(_known(key, keys), value, keys)
    return _claim(headline, raw, keys)


def _known(key: str, keys: Mapping[str, Sequence[str]]) -> str:
    if key.strip() not in keys:
        raise unreadable("expect", key, "a key of the answer", _nearest(key.strip(), keys))
    return key.strip()


def _nearest(key: str, keys: Mapping[str, Sequence[str]]) -> str:
    """Write the hint for what is no key: the key that is meant, or the keys that there are."""
    from dlcalc.core.spelling import did_you_mean

    own = [known for known in keys if "." not in known]
    layer, dot, name = key.rpartition(".")
    meant = did_you_mean(name, own)
    layers = dict.fromkeys(known.rpartition(".")[0] for known in keys if "." in known)
    if key in layers:
        meant = next(known for known in keys if known.startswith(f"{key}."))
    elif dot:
        of = layer if layer in layers else did_you_mean(layer, layers)
        of_layer = [known.rpartition(".")[2] for known in keys if of and known.rpartition(".")[0] == of]
        meant = did_you_mean(name, of_layer) and f"{of}.{did_you_mean(name, of_layer)}"
    if meant:
        return f"did you mean {meant}?"
    return f"one of {', '.join(own)}{', or LAYER.KEY, like conv1.output' if len(own) < len(keys) else ''}"


def _claim(key: str, value: object, keys: Mapping[str, Sequence[str]]) -> Claim:
    if axes := keys[key]:
        return Claim(key, _by_axis(value, axes))
    if isinstance(value, list | dict) or (isinstance(value, str) and "x" in value):
        message = f"expect {shown(value)} is several values, and {key} is one number"
        raise DlcalcError("shape-mismatch", message, hint="one number", option="expect")
    return Claim(key, (_count(value),))


def _by_axis(value: object, axes: Sequence[str]) -> tuple[TypedNumber, ...]:
    if isinstance(value, str) and len(axes) == 1 and len({*value.split("x")}) == 1:
        value = value.split("x")[0]  # 112x112, as the table says it of the one axis that was named
    parts = split_axes(value, "expect", axes)
    if parts is None:
        return (number(value, numbers_typed(value, len(axes))),) * len(axes)
    return tuple(map(number, parts))


def _count(value: object) -> TypedNumber:
    """Read a claim about a count: a number, also in groups of three digits, or with K, M, G or T for powers of 1,000.

    >>> _count("138,357,544").digits, _count("15.47G")
    (138357544, TypedNumber(digits=1547, exponent=7, whole=False))
    """
    if not isinstance(value, str):
        return number(value)
    text = value.strip()
    if _GROUPED.fullmatch(text):
        return number(text.replace(",", ""))
    if suffixed := _SUFFIXED.fullmatch(text):
        typed = number(suffixed[1])
        return typed._replace(exponent=typed.exponent + _POWERS[suffixed[2]], whole=False)
    if "," in text:
        raise unreadable("expect", value, "a number", "groups of three digits, like --expect 138,357,544")
    return number(value, _near(text))


def _near(text: str) -> str | None:
    """Rewrite a count that has other groups, or a unit behind it, as it is read here; None where that cannot be told.

    >>> _near("138_357_544"), _near("138.357.544"), _near("4.09 GMac"), _near("138 million"), _near("97.5 MiB")
    ('138357544', '138357544', '4.09G', '138M', None)
    """
    parts = _WITH_UNIT.fullmatch(text)
    if parts is None:
        return None
    digits, unit = re.sub(r"[_' ]", "", parts[1]), parts[2].lower()
    suffix = next((suffix for unit_of, suffix in _UNITS if re.fullmatch(unit_of, unit)), None)
    return None if suffix is None else (digits.replace(".", "") if digits.count(".") > 1 else digits) + suffix


_WITH_UNIT = re.compile(r"([0-9][0-9._' ]*)([A-Za-z/ ]*)")
_COUNTED = r" *(flops?|macs?|params?|parameters|bytes?|ops)?(/s)?"
_UNITS = (
    (_COUNTED, ""),
    (f"(k|kb|thousand){_COUNTED}", "K"),
    (f"(m|mb|million){_COUNTED}", "M"),
    (f"(g|gb|bn?|billion){_COUNTED}", "G"),
    (f"(t|tb|trillion){_COUNTED}", "T"),
)


def number(value: object, near: str | None = None) -> TypedNumber:
    """Read a decimal number, digit by digit; ``near`` is what may be meant by what cannot be read.

    Raises:
        DlcalcError: ``usage``, and ``invalid-value`` for one of too many digits or too large an exponent.

    >>> number("54.250")
    TypedNumber(digits=54250, exponent=-3, whole=False)
    """
    text = value.strip() if isinstance(value, str) else repr(value)
    mantissa, e, power = text.lower().partition("e")
    whole, point, fraction = mantissa.partition(".")
    unsigned = whole[1:] if whole[:1] in ("+", "-") else whole
    digits = unsigned + fraction
    power_digits = power[1:] if power[:1] in ("+", "-") else power
    if not _decimal(digits) or (e and not _decimal(power_digits)):
        hint = f"did you mean {near}?" if near else "a number, like --expect 112 or --expect 54.25"
        raise unreadable("expect", value, "a number", hint)
    significant = digits.lstrip("0") or "0"
    if len(significant) > _MAX_DIGITS or len(fraction) > _MAX_EXPONENT:
        message = f"expect has more than {_MAX_DIGITS} digits"
        raise DlcalcError("invalid-value", message, hint=f"at most {_MAX_DIGITS} digits", option="expect")
    if len(power_digits) > 9 or abs(int(power or "0")) > _MAX_EXPONENT:
        message = f"expect has an exponent beyond {_MAX_EXPONENT}"
        raise DlcalcError("invalid-value", message, hint=f"at most e{_MAX_EXPONENT}", option="expect")
    signed = -int(significant) if whole.startswith("-") else int(significant)
    return TypedNumber(signed, int(power or "0") - len(fraction), not (point or e))


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()
