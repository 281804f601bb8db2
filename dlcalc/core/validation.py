"""Which whole numbers an option may have, and what an error calls an option and a number."""

from collections.abc import Sequence
from math import gcd

from dlcalc.core.errors import Advice, DlcalcError, Fix, alternatives

MAX_DIGITS = 18
MAX_LINE = 1 << 24  # bytes of a question in a batch: with more of them it belongs into a file of numbers
_LIMIT = 10**MAX_DIGITS

PerAxis = int | tuple[int, ...]


def spread(value: PerAxis, count: int, option: str, least: int) -> tuple[int, ...]:
    """Check each number, and give one per axis.

    >>> spread(3, 2, "kernel", 1)
    (3, 3)
    """
    if isinstance(value, int):
        return (legal(value, option, least),) * count
    if len(value) != count:
        raise wrong_count(option, len(value), count)
    return tuple(legal(number, option, least) for number in value)


def legal(value: int, option: str, least: int) -> int:
    """Return the value if it is at least ``least`` and has no more digits than this package computes with.

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
    """Make the error for a number with more digits than this package computes with."""
    message = f"{spoken(option)} has more than {MAX_DIGITS} digits"
    return DlcalcError("invalid-value", message, hint=f"at most {MAX_DIGITS} digits", option=option)


def wrong_count(option: str, got: int, count: int, parts: Sequence[object] = ()) -> DlcalcError:
    """Make the error for a value with too many or too few axes; of too many ``parts`` the hint names the last.

    >>> wrong_count("kernel", 3, 2, (1, 3, 5)).hint
    'kernel=(3, 5), or one number for all axes'
    >>> wrong_count("kernel", 2, 1, (3, 5)).hint
    'kernel=5, or an input of 2 axes, like size=(224, 224)'
    """
    axes = "1 axis" if count == 1 else f"{count} axes"
    if option == "dims":
        message = f"dims is {got}, but the input has {axes}"
        return DlcalcError("shape-mismatch", message, hint=(Fix("dims", count), ", or leave it out"), option=option)
    values = "is 1 value" if got == 1 else f"is {got} values"
    message = f"{spoken(option)} {values}, but the input has {axes}"
    hint: Advice = ("one number for all axes, or one an axis in the order depth x height x width",)
    if len(parts) > count and all(isinstance(part, int | str) for part in parts):
        near = tuple(parts[-count:])
        # A claim has its key in front, which is not known here.
        fix = "x".join(map(str, near)) if option == "expect" else Fix(option, near if count > 1 else near[0])
        hint = (fix, ", or one number for all axes") if count > 1 else (fix,)
        if count == 1 and got in (2, 3) and option != "target":
            hint = (fix, f", or an input of {got} axes, like ", Fix("size", (224,) * got))
    return DlcalcError("shape-mismatch", message, hint=hint, option=option)


_CHANNELS = (1, 3, 4)  # of pictures


def picture_in(shape: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    """Tell height and width from the channels of a shape, if one end of three numbers looks like channels.

    >>> picture_in((3, 224, 224)), picture_in((224, 160, 1)), picture_in((16, 112, 112))
    (((224, 224), 3), ((224, 160), 1), None)
    """
    if len(shape) == 3:
        for channels, plane in ((shape[0], shape[1:]), (shape[-1], shape[:-1])):
            if channels in _CHANNELS and min(plane) > channels:
                return plane, channels
    return None


def wrong_rank(count: int, near: tuple[object, ...] = (224, 224)) -> DlcalcError:
    """Make the error for an input with no axes, or with too many; ``near`` is a size that may be meant."""
    message = f"size has {count} values, and an input has 1 to 3 axes"
    return DlcalcError("shape-mismatch", message, hint=Fix("size", near), option="size")


_SPOKEN = {
    "w": "width",
    "h": "height",
    "n": "batch size",
    "c_in": "input channels",
    "c_out": "output channels",
    "group_norm": "groups",
}


def spoken(option: str) -> str:
    """Write an option's name as a sentence does: ``output_padding`` is "output padding"."""
    return _SPOKEN.get(option, option.replace("_", " "))


_STEPS = 100_000  # looked at in each direction: enough to miss nothing up to a divisor of 10**10


def nearest_common_divisors(near: int, *numbers: int) -> list[int]:
    """Find the nearest common divisor of the numbers on each side of ``near``, the smaller first.

    A divisor is looked for among the numbers next to ``near``, and among the quotients by small numbers; beyond 10**10
    the nearest of those that are found.

    >>> nearest_common_divisors(5, 24, 36), nearest_common_divisors(7, 30, 64), nearest_common_divisors(50, 64, 128)
    ([4, 6], [2], [32, 64])
    """
    whole = gcd(*numbers)
    below, above = 1, whole
    for step in range(1, _STEPS):
        if step < near and whole % (near - step) == 0:
            below = max(below, near - step)
        if whole % (near + step) == 0:
            above = min(above, near + step)
        if whole % step == 0:
            quotient = whole // step
            if quotient < near:
                below = max(below, quotient)
                break  # the next quotients are smaller still
            above = min(above, quotient)
        if below >= near - step and above <= near + step:
            break
    return sorted({below, above} if below < near < above else {below} if above < near else {above})


def groups_do_not_divide(groups: int, c_in: int | None, c_out: int | None) -> DlcalcError:
    """Make the error for groups that do not divide both numbers of channels; the hint names the nearest that do.

    Args:
        groups: a number of groups.
        c_in: channels of the input; None where they are not known.
        c_out: channels of the output; likewise.

    >>> groups_do_not_divide(3, 64, 128).hint
    'groups=2 or groups=4'
    """
    sides = [(channels, side) for channels, side in ((c_in, "input"), (c_out, "output")) if channels is not None]
    channels, side = next(pair for pair in sides if pair[0] % groups)
    message = f"groups {groups} does not divide the {channels} {side} channel{'' if channels == 1 else 's'}"
    hint = alternatives("groups", nearest_common_divisors(groups, *(channels for channels, _ in sides)))
    return DlcalcError("groups-do-not-divide", message, hint=hint, option="groups")


def ordinal(number: int) -> str:
    """Write the place in a row: ``second``, ``3rd``, ``16th``.

    >>> ordinal(2), ordinal(3), ordinal(16), ordinal(21)
    ('second', '3rd', '16th', '21st')
    """
    if number == 2:
        return "second"
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
