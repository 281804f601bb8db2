"""Claims about arrays, entry by entry: by what a number as typed says, or by the precision of a file's format."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.row_source import Floats, Rows, RowSource
from dlcalc.core.evidence.tolerance import Tolerance

_LONG = 15  # digits: nobody types so many; they were printed by a program that computed in float64
_NOISE = 2.0**-48  # relative: what the right numbers themselves are good for


@dataclass(frozen=True)
class ArrayClaim:
    """A claim says what an array of the answer is.

    Attributes:
        key: of that array in the answer.
        values: the claimed numbers, float64; in the shape of the answer, or transposed.
        format: the number format of the file that they came from; None if they were typed.
        low, high: of typed numbers, in the shape of ``values``: between what each may lie; else empty.
        digits: of typed numbers, how many significant digits each has; else empty.
        transposed: whether the shape is that of the answer's transpose.
        printed: the narrow format of a program that printed the numbers as they were typed, if there was one.
    """

    key: str
    values: RowSource
    format: str | None = None
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    digits: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    transposed: bool = False
    printed: str | None = None

    @property
    def numbers(self) -> Floats:
        """The claimed numbers in memory."""
        return np.asarray(self.values)

    @property
    def carries_a_pair(self) -> bool:
        """Whether the claim says enough that two mistakes at once are evidence and not a coincidence."""
        return not self.typed or len({*self.numbers.reshape(-1).tolist()}) >= 4 or bool(self.digits.max() >= 5)

    @property
    def typed(self) -> bool:
        """Whether the claim is judged by the digits that were typed."""
        return self.low.size > 0

    @property
    def by_tolerance(self) -> "ArrayClaim":
        """The claim as it is judged by a tolerance, and not by its digits."""
        return replace(self, low=np.empty(0), high=np.empty(0), digits=np.empty(0, np.int64))

    def rows(self, rows: Rows, *, turned: bool | None = None) -> "ArrayClaim":
        """Read what is claimed of some rows of the answer; the columns instead, where the claim is ``turned``."""
        turned = self.transposed if turned is None else turned
        parts: tuple[RowSource, ...] = (self.values, self.low, self.high, self.digits)
        values, low, high, digits = ((part.T if turned else part)[rows] if part.size else part[:] for part in parts)
        return ArrayClaim(self.key, values, self.format, low, high, digits, printed=self.printed)

    def accepts(self, right: Floats, tolerance: Tolerance) -> NDArray[np.bool_]:
        """Tell which entries are claimed rightly, if ``right`` is; none if the shapes differ."""
        claimed = self.numbers
        if right.shape != claimed.shape:
            return np.zeros(claimed.shape, bool)
        with np.errstate(invalid="ignore", over="ignore"):
            if not self.typed:
                name = self.format or "float64"
                near = np.abs(claimed - right) <= tolerance(right, name)
                beyond = np.abs(right) > FORMATS[name].largest  # which that format has no number for
                near |= beyond & np.isinf(claimed) & (np.sign(claimed) == np.sign(right))
            else:
                slack = _NOISE * np.abs(right)
                near = (self.low - slack <= right) & (right <= self.high + slack)
                near |= (self.digits >= _LONG) & (np.abs(claimed - right) <= tolerance(right, "float64"))
        near &= np.isfinite(right)  # a tolerance in parts of infinity would allow anything
        accepted: NDArray[np.bool_] = near | (claimed == right) | (np.isnan(claimed) & np.isnan(right))
        return accepted

    def is_explained_by(
        self, other: Floats, right: Floats, tolerance: Tolerance, clearance: Tolerance | None = None
    ) -> bool:
        """Whether another array is the claimed one, and is told from the right one by more than rounding."""
        if other.shape != self.values.shape or not self.accepts(other, tolerance).all():
            return False
        if other.shape != right.shape:
            return True
        with np.errstate(invalid="ignore", over="ignore"):
            name = self.printed if self.printed and clearance else self.format or "float64"
            apart = ~(np.abs(other - right) <= (clearance or tolerance)(right, name))
        return bool((apart & (other != right) & ~(np.isnan(other) & np.isnan(right))).any())
