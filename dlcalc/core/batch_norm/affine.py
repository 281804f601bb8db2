"""The affine that a batch norm is at inference, y = s x + t, to the last bit: computed exactly and rounded once."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isfinite, isqrt

import numpy as np

from dlcalc.core.arrays.formats import odd
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.errors import Advice, DlcalcError, ErrorCode, Fix

_BITS = 200  # of a root that is not rational: far more than any sum below cancels


@dataclass(frozen=True)
class Affine:
    """The parameters of a batch norm and its affine: s = gamma/sqrt(var + eps), t = beta - s mean.

    Attributes:
        gamma, beta, mean, var: (C,) float64, finite; var + eps > 0.
        eps: inside the root.
    """

    gamma: Floats
    beta: Floats
    mean: Floats
    var: Floats
    eps: float

    @cached_property
    def exact_scale(self) -> list[Fraction]:
        """The scale of each channel: exact where the root is rational, else to 200 bits."""
        pairs = zip(self.gamma.tolist(), self.var.tolist(), strict=True)
        return [_over_root(Fraction(gamma), Fraction(var) + Fraction(self.eps)) for gamma, var in pairs]

    @cached_property
    def exact_shift(self) -> list[Fraction]:
        """The shift of each channel, to the precision of s."""
        triples = zip(self.exact_scale, self.beta.tolist(), self.mean.tolist(), strict=True)
        return [Fraction(beta) - scale * Fraction(mean) for scale, beta, mean in triples]

    @cached_property
    def scale(self) -> Floats:
        """(C,) s, correctly rounded."""
        return nearest(self.exact_scale)

    @cached_property
    def shift(self) -> Floats:
        """(C,) t, correctly rounded."""
        return nearest(self.exact_shift)


def _over_root(numerator: Fraction, square: Fraction) -> Fraction:
    """Divide by a root: numerator/sqrt(square), square > 0, exact where the root is rational, else to 200 bits."""
    quotient = numerator * numerator / square
    p, q = quotient.numerator, quotient.denominator
    roots = isqrt(p), isqrt(q)
    if roots[0] ** 2 == p and roots[1] ** 2 == q:
        root = Fraction(*roots)
    else:
        places = max(0, _BITS + (q.bit_length() - p.bit_length()) // 2 + 1)
        root = Fraction(isqrt((p << (2 * places)) // q), 1 << places)
    return -root if numerator < 0 else root


def nearest(values: list[Fraction]) -> Floats:
    """Round each number to the nearest float64; infinite beyond their range."""
    return np.array([_float(value) for value in values], np.float64)


def to_odd(values: list[Fraction]) -> Floats:
    """Round each number to odd: a float64 that rounding again, to a narrower format, takes for the number itself."""
    near = nearest(values)
    pairs = zip(values, near.tolist(), strict=True)
    signs = [(value > number) - (value < number) if isfinite(number) else 0 for value, number in pairs]
    return odd(near, np.array(signs, np.float64))


def _float(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return float("-inf") if value < 0 else float("inf")


def checked_affine(gamma: Floats, beta: Floats, mean: Floats, var: Floats, eps: float) -> Affine:
    """Check the parameters of a batch norm, each (C,) float64.

    Raises:
        DlcalcError: ``invalid-value`` for parameters that are not finite or a negative eps; ``invalid-statistics`` for
            statistics that are not finite or var + eps <= 0, naming the channel. A variance less than 0 is legal.
    """
    if not 0 <= eps < np.inf:
        raise DlcalcError("invalid-value", f"eps {eps} is less than 0", hint=Fix("eps", 1e-5), option="eps")
    for name, values in {"gamma": gamma, "beta": beta, "mean": mean, "var": var}.items():
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            message = f"{name} {values[wrong[0]]} of channel {wrong[0]} is not a finite number"
            code: ErrorCode = "invalid-value" if name in ("gamma", "beta") else "invalid-statistics"
            raise DlcalcError(code, message, hint="finite numbers", option=name)
    wrong = np.flatnonzero(var <= -eps)  # exactly where the two add up to 0 or less
    if wrong.size:
        channel = int(wrong[0])
        message = f"var {var[channel]:g} of channel {channel} and eps {eps:g} leave nothing to divide by"
        hint: Advice = [Fix("eps", 1e-5)]
        if var[channel] < 0:
            message = f"var {var[channel]:.6g} of channel {channel} plus eps {eps:g} is not over 0"
            hint = [f"a variance from 0 on, or at least over {-eps:g}" if eps else "a variance over 0"]
        raise DlcalcError("invalid-statistics", message, hint=hint, option="var")
    return Affine(gamma, beta, mean, var, eps)
