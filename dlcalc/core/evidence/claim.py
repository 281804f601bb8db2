"""Judging a claimed number, exactly: no float is compared with a float."""

from typing import NamedTuple

from dlcalc.core.numeric.ratio import Ratio, as_number, ratio


class TypedNumber(NamedTuple):
    """A typed number is digits * 10**exponent.

    Attributes:
        digits: all its digits as one signed whole number.
        exponent: the power of ten of its last digit.
        whole: typed without point or exponent, so that it claims to be exact.
    """

    digits: int
    exponent: int
    whole: bool

    @property
    def value(self) -> int | float:
        """The number itself: an integer where it is one, else the nearest float."""
        if self.whole:
            return self.digits
        return as_number(ratio(*_exact(self)))

    @property
    def significant(self) -> int:
        """How many digits the number carries."""
        return len(str(abs(self.digits)))


class Claim(NamedTuple):
    """A claim says what a key of the answer is: one number per entry."""

    key: str
    numbers: tuple[TypedNumber, ...]

    @property
    def values(self) -> list[int | float]:
        """The numbers themselves, as they are shown."""
        return [number.value for number in self.numbers]

    @property
    def carries_a_pair(self) -> bool:
        """Whether the claim says enough that two mistakes at once are evidence and not a coincidence.

        Equal numbers are one: 112x112 of a square layer says no more than 112.
        """
        return len(set(self.numbers)) >= 4 or any(number.significant >= 5 for number in self.numbers)


class Diagnosis(NamedTuple):
    """A diagnosis names a mistake that gives the whole of a claim, or two that give it together.

    Attributes:
        mistake: its code.
        text: a sentence about it.
        second: the code of the other mistake, if there are two.
        layer: the name of the layer in which the mistake may have been made, of what is no evidence.
    """

    mistake: str
    text: str
    second: str | None = None
    layer: str | None = None

    @property
    def codes(self) -> str:
        """The code, or both: ``bias-included + flops-not-macs``."""
        return self.mistake if self.second is None else f"{self.mistake} + {self.second}"


class Verdict(NamedTuple):
    """A verdict says whether a claim is right, and if not, what explains it.

    Attributes:
        claim: that is judged.
        actual: the right numbers; None where there is none.
        passed: whether they agree.
        diagnosis: the mistakes that would give the claim, likeliest first.
        could_be: single slips in a network that would give the claim, too many for any of them to be evidence.
    """

    claim: Claim
    actual: tuple[Ratio | None, ...]
    passed: bool
    diagnosis: tuple[Diagnosis, ...] = ()
    could_be: tuple[Diagnosis, ...] = ()

    @property
    def right(self) -> list[int | float | None]:
        """The right numbers, as they are shown."""
        return [None if number is None else as_number(number) for number in self.actual]

    @property
    def distance(self) -> list[int | float | None]:
        """The absolute error of each claimed number; None where there is no right one."""
        pairs = zip(self.claim.numbers, self.actual, strict=True)
        return [None if right is None else as_number(_difference(number, right)) for number, right in pairs]


def agrees(number: TypedNumber, right: Ratio | None) -> bool:
    """Tell whether the number is the right one: equal, or rounded or truncated to the digits that were typed.

    With c the number, r the right one and u the unit of its last digit: |c - r| <= u/2, or both of one sign and
    0 <= |r| - |c| < u(1 - 1e-6). A whole number must be equal.

    >>> agrees(TypedNumber(333, -2, False), (10, 3)), agrees(TypedNumber(3, 0, True), (10, 3))
    (True, False)
    """
    if right is None:
        return False
    numerator, denominator = right
    unit = denominator  # everything below is in units of 10**exponent / denominator
    if number.exponent >= 0:
        unit *= 10**number.exponent
    else:
        numerator *= 10**-number.exponent
    claimed = number.digits * unit
    if number.whole or claimed == numerator:
        return claimed == numerator
    if 2 * abs(claimed - numerator) <= unit:
        return True
    cut = abs(numerator) - abs(claimed)
    return claimed * numerator > 0 and 0 <= 1_000_000 * cut < 999_999 * unit


def compare(claim: Claim, actual: tuple[Ratio | None, ...]) -> Verdict:
    """Compare a claim with the answer, entry by entry."""
    return Verdict(claim, actual, reproduces(claim, actual))


def reproduces(claim: Claim, numbers: tuple[Ratio | None, ...]) -> bool:
    """Tell whether these numbers would have been claimed like this, rounded or truncated where the claim is."""
    return all(map(agrees, claim.numbers, numbers))


def _difference(number: TypedNumber, right: Ratio) -> Ratio:
    claimed, scale = _exact(number)
    return ratio(claimed * right[1] - right[0] * scale, right[1] * scale)


def _exact(number: TypedNumber) -> Ratio:
    """Give a typed number as a ratio that is not reduced."""
    power = 10 ** abs(number.exponent)
    return (number.digits * power, 1) if number.exponent >= 0 else (number.digits, power)
