"""The floating-point formats that arrays are stored in, and how closely an array in each can be judged."""

from typing import NamedTuple


class NumberFormat(NamedTuple):
    """A floating-point format.

    Attributes:
        eps: the distance from 1 to the next number; half of it is the unit roundoff u.
        half_tiny: half the smallest subnormal number: what rounding may change near zero.
        factor: K of the judgement |g - ref| <= K eps M + R |ref| + half_tiny, with M the scale of the whole array.
        relative: its R.
        largest: the largest finite number.
    """

    eps: float
    half_tiny: float
    factor: int
    relative: float
    largest: float


FORMATS = {
    "float64": NumberFormat(2.0**-52, 0.0, 64, 1e-12, (2 - 2.0**-52) * 2.0**1023),
    "float32": NumberFormat(2.0**-23, 2.0**-150, 64, 1e-5, (2 - 2.0**-23) * 2.0**127),
    "float16": NumberFormat(2.0**-10, 2.0**-25, 8, 1e-2, 65504.0),
    "bfloat16": NumberFormat(2.0**-7, 2.0**-134, 4, 1e-1, (2 - 2.0**-7) * 2.0**127),
}
