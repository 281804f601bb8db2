"""The proof of means and variances by rational numbers; of many samples by sums in float64, with a stated bound.

Nothing is shared with the arithmetic that is proved: deviations from the mean are squared here, one by one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import frexp, fsum, ldexp
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.evidence.proof import Failure

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.statistics import Statistics

MAX_RATIONAL = 30_000  # samples that are added up as rational numbers
MAX_STEPS = 200  # mini-batches whose running values are rational: every step adds 53 digits in base 2
MAX_SAMPLES = 20_000_000  # that are added up at all; of more some channels, drawn at random
_SEED = 1503
_U = 2.0**-53

_N = TypeVar("_N", Fraction, Decimal)


class StatisticsProof(NamedTuple):
    """What is proved of statistics.

    Attributes:
        failures: what is not confirmed.
        bound: how far from what is right a number may be, as a part of itself; None where each is the nearest.
        channels: how many were proved, where it is not all of them.
    """

    failures: list[Failure]
    bound: float | None
    channels: int | None

    @property
    def manner(self) -> str:
        """How it went, to stand behind what is said of the rest."""
        some = f" of {self.channels:,} channels, drawn at random," if self.channels is not None else ""
        if self.bound is None:
            return f"; the statistics{some} by rational numbers" if some else ""
        return f"; the statistics{some} of so many samples in float64, each within {self.bound:.1e} of itself"


def check_statistics(statistics: "Statistics") -> StatisticsProof:
    """Compare the means and variances, of every mini-batch and those estimated from them, with their definitions."""
    channels, samples = statistics.channels, int(statistics.counts.sum())
    chosen: Sequence[int] = range(channels)
    most = max(1, MAX_SAMPLES // samples)
    if channels > most:
        chosen = np.sort(np.random.default_rng(_SEED).choice(channels, most, replace=False)).tolist()
    drawn = len(chosen) if len(chosen) < channels else None
    if samples * len(chosen) <= MAX_RATIONAL and len(statistics.batches) <= MAX_STEPS:
        failures = [failure for channel in chosen for failure in _rational(statistics, channel)]
        return StatisticsProof(failures, None, drawn)
    failures, bounds = [], [0.0]
    for channel in chosen:
        for failure, bound in _bounded(statistics, channel):
            bounds.append(bound)
            failures += [failure] if failure else []
    return StatisticsProof(failures, max(bounds), drawn)


def _rational(statistics: "Statistics", channel: int) -> Iterator[Failure]:
    """Find the numbers of a channel that are not the nearest to what is right."""
    means, spreads, everything = [], [], []
    for number, batch in enumerate(statistics.batches):
        column = [Fraction(value) for value in batch.samples[:, channel].tolist()]
        mean, squares = _moments(column)
        means.append(mean)
        spreads.append(squares / (len(column) - statistics.ddof))
        everything += column
        where = {"batch": number, "channel": channel}
        yield from _nearest(where, "mean", float(batch.mean[channel]), mean)
        yield from _nearest(where, "var", float(batch.variance[channel]), squares / len(column))
    where = {"channel": channel}
    start = [Fraction(float(values[channel])) for values in statistics.start_values]
    yield from _nearest(where, "mean", float(statistics.mean[channel]), _estimated(statistics, means, start[0]))
    yield from _nearest(where, "var", float(statistics.variance[channel]), _estimated(statistics, spreads, start[1]))
    if statistics.ragged:
        mean, squares = _moments(everything)
        yield from _nearest(where, "pooled_mean", float(statistics.pooled.mean[channel]), mean)
        pooled = squares / (len(everything) - 1)
        yield from _nearest(where, "pooled_var", float(statistics.pooled_variance[channel]), pooled)


def _moments(column: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Give the mean, and the sum of the squares of what is left when it is taken off."""
    mean = sum(column, Fraction()) / len(column)
    return mean, sum(((value - mean) ** 2 for value in column), Fraction())


def _estimated(statistics: "Statistics", values: list[_N], start: _N) -> _N:
    """Combine the numbers of mini-batches, each with the weight that it has in the end."""
    kind = type(start)
    if statistics.momentum is None:
        return sum(values, kind(0)) / len(values)
    momentum = kind(statistics.momentum)
    new, kept = (momentum, 1 - momentum) if statistics.of_the_new else (1 - momentum, momentum)
    weighted: _N = start * kept ** len(values)
    for age, value in enumerate(reversed(values)):
        weighted += new * kept**age * value
    return weighted


def _nearest(where: Mapping[str, object], key: str, said: float, right: Fraction) -> Iterator[Failure]:
    """Fail where a number is farther from what is right than half a unit of its last place."""
    unit = Fraction(2) ** max(frexp(said)[1] - 53, -1074)
    if not abs(Fraction(said) - right) <= unit / 2:
        yield Failure(where, key, said, float(right))


def _bounded(statistics: "Statistics", channel: int) -> Iterator[tuple[Failure | None, float]]:
    """Compare the mean and variance of a channel with sums in float64, and give the bound for each as a part of it.

    u is 2**-53. A sum by ``fsum`` is off by u of itself, and so is each further step: a mean by 2u; the squares of the
    deviations from it by 3u, their sum by 4u and the variance by 5u. Taking off a mean that is 2u off adds the square
    of that to a variance. In decimal arithmetic of 150 digits the rest adds nothing, and rounding the answer once u.
    """
    found = [_double(batch.samples[:, channel], statistics.ddof) for batch in statistics.batches]
    means, spreads, offsets = ([Decimal(value) for value in column] for column in zip(*found, strict=True))
    starts = [float(values[channel]) for values in statistics.start_values]
    size = _estimated(statistics, [abs(value) for value in means], Decimal(0))
    spread, offset = (_estimated(statistics, values, Decimal(0)) for values in (spreads, offsets))
    for key, said, right, apart in (
        ("mean", statistics.mean[channel], _estimated(statistics, means, Decimal(starts[0])), 3 * _U * float(size)),
        (
            "var",
            statistics.variance[channel],
            _estimated(statistics, spreads, Decimal(starts[1])),
            6 * _U * float(spread) + float(offset),
        ),
    ):
        allowed = apart + 2 * _U * abs(float(said)) + 2.0**-1074
        failed = not abs(Decimal(float(said)) - right) <= Decimal(allowed)
        failure = Failure({"channel": channel}, key, float(said), float(right)) if failed else None
        yield failure, allowed / abs(float(said)) if said else 0.0


def _double(column: NDArray[np.float64], ddof: Fraction) -> tuple[float, float, float]:
    """Give the mean and the variance of one mini-batch, and the bound for what its rounded mean adds to the variance.

    The samples are scaled by a power of 2, so that no square is beyond the range.
    """
    power = frexp(float(np.abs(column).max()))[1]
    scaled = np.ldexp(column, -power)
    mean = fsum(_listed(scaled)) / len(column)
    over = float(len(column) - ddof)
    variance = fsum(_listed((scaled - mean) ** 2)) / over
    offset = (3 * _U * mean) ** 2 * (len(column) / over) + 2.0**-1000
    return ldexp(mean, power), ldexp(variance, 2 * power), ldexp(offset, 2 * power)


def _listed(values: NDArray[np.float64], block: int = 1 << 16) -> Iterable[float]:
    """Give the numbers one by one, without a list of all."""
    for start in range(0, len(values), block):
        yield from values[start : start + block].tolist()
