"""Common divisors of two channel counts, nearest to a number of groups that divides neither."""

from math import gcd

from dlcalc.core.errors import DlcalcError, alternatives

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
    """The error for groups that do not divide both numbers of channels, which names the nearest that do.

    Args:
        groups: a number of groups.
        c_in: channels of the input; None where they are not known.
        c_out: channels of the output; likewise.

    >>> groups_do_not_divide(3, 64, 128).hint
    'groups=2 or groups=4'
    """
    sides = [(channels, side) for channels, side in ((c_in, "input"), (c_out, "output")) if channels is not None]
    channels, side = next(pair for pair in sides if pair[0] % groups)
    message = f"groups {groups} does not divide the {channels} {side} channels"
    hint = alternatives("groups", nearest_common_divisors(groups, *(channels for channels, _ in sides)))
    return DlcalcError("groups-do-not-divide", message, hint=hint, option="groups")
