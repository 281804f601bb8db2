"""Which whole numbers an option may have, and what an error calls an option and a number."""

from dlcalc.core.errors import DlcalcError, Fix

MAX_DIGITS = 18
_LIMIT = 10**MAX_DIGITS

PerAxis = int | tuple[int, ...]


def spread(value: PerAxis, count: int, option: str, least: int) -> tuple[int, ...]:
    """One legal number an axis.

    >>> spread(3, 2, "kernel", 1)
    (3, 3)
    """
    if isinstance(value, int):
        return (legal(value, option, least),) * count
    if len(value) != count:
        raise wrong_count(option, len(value), count)
    return tuple(legal(number, option, least) for number in value)


def legal(value: int, option: str, least: int) -> int:
    """The value itself, if it is at least ``least`` and has no more digits than this package computes with.

    Raises:
        DlcalcError: ``invalid-value``.

    >>> legal(3, "kernel", 1)
    3
    """
    if least <= value < _LIMIT:
        return value
    if abs(value) >= _LIMIT:
        raise too_long(option)
    message = f"{spoken(option)} {value} is less than {least}"
    raise DlcalcError("invalid-value", message, hint=Fix(option, least), option=option)


def too_long(option: str) -> DlcalcError:
    """The error for a number with more digits than this package computes with."""
    message = f"{spoken(option)} has more than {MAX_DIGITS} digits"
    return DlcalcError("invalid-value", message, hint=f"at most {MAX_DIGITS} digits", option=option)


def wrong_count(option: str, got: int, count: int) -> DlcalcError:
    """The error for a value with too many or too few axes."""
    axes = "1 axis" if count == 1 else f"{count} axes"
    if option == "dims":
        message = f"dims is {got}, but the input has {axes}"
        return DlcalcError("shape-mismatch", message, hint=(Fix("dims", count), ", or leave it out"), option=option)
    values = "is 1 value" if got == 1 else f"is {got} values"
    message = f"{spoken(option)} {values}, but the input has {axes}"
    hint = "one number for all axes, or one an axis in the order depth x height x width"
    return DlcalcError("shape-mismatch", message, hint=hint, option=option)


def wrong_rank(count: int) -> DlcalcError:
    """The error for an input with no axes, or with too many."""
    message = f"size has {count} values, and an input has 1 to 3 axes"
    return DlcalcError("shape-mismatch", message, hint=Fix("size", (224, 224)), option="size")


_SPOKEN = {"w": "width", "h": "height", "n": "batch size", "c_in": "input channels", "c_out": "output channels"}


def spoken(option: str) -> str:
    """An option's name in a sentence: ``output_padding`` is "output padding"."""
    return _SPOKEN.get(option, option.replace("_", " "))
