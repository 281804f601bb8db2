"""The mean and variance that are used at inference, estimated from mini-batches as the paper and frameworks do.

Source: Ioffe & Szegedy 2015, algorithms 1 and 2; the operator documents of PyTorch, Keras and ONNX.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.moments import Grid, Sums, averaged, running, sums_of
from dlcalc.core.errors import DlcalcError, Fix


class Estimator(NamedTuple):
    """The rule by which population statistics are estimated from those of mini-batches.

    Attributes:
        name: the framework's, in a sentence.
        momentum: the default; None where all batches weigh the same.
        of_the_new: whether the momentum is the weight of the new batch, and not of the old value.
        unbiased: whether a batch's variance is divided by m - 1, and not by m.
        eps: the framework's default epsilon.
        averages: whether the plain average can be asked for in place of a momentum.
        source: where the rule is given.
    """

    name: str
    momentum: float | None
    of_the_new: bool
    unbiased: bool
    eps: float
    averages: bool
    source: str


ESTIMATORS = {
    "paper": Estimator("the paper", None, True, True, 1e-5, True, "Ioffe & Szegedy 2015, algorithm 2"),
    "pytorch": Estimator("PyTorch", 0.1, True, True, 1e-5, True, "PyTorch BatchNorm2d"),
    "tensorflow": Estimator("Keras", 0.99, False, False, 1e-3, False, "Keras 3 BatchNormalization"),
    "onnx": Estimator("ONNX", 0.9, False, False, 1e-5, False, "ONNX BatchNormalization"),
}
START = (0.0, 1.0)  # of a running mean and a running variance, where no others are given


@dataclass(frozen=True)
class Batch:
    """One mini-batch.

    Attributes:
        samples: (m, C) float64, m the samples of each channel, over batch and space.
        shape: of the batch as it was given: (m,), (m, C), (N, C, space...), or its axes in another order.
        axis: where the channels stand in it; None where there is one.
    """

    samples: Floats
    shape: tuple[int, ...]
    axis: int | None = 1

    @cached_property
    def sums(self) -> Sums:
        """The exact sums that mean and variance are rounded from; the samples are finite."""
        return sums_of(self.samples)

    @cached_property
    def mean(self) -> Floats:
        """(C,) the mean of each channel, correctly rounded."""
        return self.sums.mean.rounded()

    @cached_property
    def variance(self) -> Floats:
        """(C,) the biased variance of each channel, over m, correctly rounded."""
        return self.sums.variance(Fraction(0)).rounded()

    def restored(self, values: Floats) -> Floats:
        """Reshape (m, C) values to the shape in which the batch was given."""
        if self.axis is None:
            return values.reshape(self.shape)
        others = [size for axis, size in enumerate(self.shape) if axis != self.axis]
        return np.moveaxis(values.reshape(*others, -1), -1, self.axis)


@dataclass(frozen=True)
class Statistics:
    """Population statistics, estimated from mini-batches, each number exact and rounded once.

    Attributes:
        estimator: ``paper``, ``pytorch``, ``tensorflow`` or ``onnx``.
        batches: the mini-batches.
        momentum: None for the plain average.
        of_the_new: whether the momentum is the weight of the new batch, and not of the old value.
        ddof: what is taken off m in the divisor of a batch's variance: 0, or 1 where it is unbiased.
        start: the mean and the variance that running starts from, (C,) each; None for 0 and 1.
    """

    estimator: str
    batches: tuple[Batch, ...]
    momentum: float | None
    of_the_new: bool
    ddof: Fraction
    start: tuple[Floats, Floats] | None = None

    @property
    def counts(self) -> NDArray[np.int64]:
        """(B,) m of each batch."""
        return np.array([len(batch.samples) for batch in self.batches])

    @property
    def ragged(self) -> bool:
        """Whether the batches differ in size."""
        return len(set(self.counts.tolist())) > 1

    @property
    def channels(self) -> int:
        """C."""
        return int(self.batches[0].samples.shape[1])

    @property
    def unbiased(self) -> bool:
        """Whether a batch's variance is taken over m - 1."""
        return self.ddof == 1

    @property
    def start_values(self) -> tuple[Floats, Floats]:
        """The mean and the variance that running starts from, (C,) each."""
        return self.start or (np.full(self.channels, START[0]), np.full(self.channels, START[1]))

    @cached_property
    def mean(self) -> Floats:
        """(C,) the population's mean."""
        return self._combined([batch.sums.mean for batch in self.batches], self.start_values[0])

    @cached_property
    def variance(self) -> Floats:
        """(C,) the population's variance."""
        return self._combined([batch.sums.variance(self.ddof) for batch in self.batches], self.start_values[1])

    def variance_of(self, batch: Batch) -> Floats:
        """Take the (C,) variance of one batch as the estimator does, over m - ddof."""
        return batch.sums.variance(self.ddof).rounded()

    def _combined(self, grids: list[Grid], start: Floats) -> Floats:
        """Average the numbers of the batches, or run over them from a start value."""
        if self.momentum is None:
            return averaged(grids).rounded()
        return running(grids, start.tolist(), self.momentum, self.of_the_new)

    @property
    def weights(self) -> tuple[float, float]:
        """Weights of the old value and of the new batch in each step of the running statistics."""
        assert self.momentum is not None
        other = 1 - self.momentum
        return (other, self.momentum) if self.of_the_new else (self.momentum, other)

    @property
    def start_value_left(self) -> float:
        """Share of the start value in the running statistics, 0 to 1."""
        return 0.0 if self.momentum is None else self.weights[0] ** len(self.batches)

    @cached_property
    def pooled(self) -> Batch:
        """All samples as one batch."""
        samples = np.concatenate([batch.samples for batch in self.batches])
        return Batch(samples, samples.shape)

    @property
    def pooled_variance(self) -> Floats:
        """(C,) the unbiased variance of all samples together, which has the variance between the batches too."""
        return self.pooled.sums.variance(Fraction(1)).rounded()


def statistics_of(
    batches: tuple[Batch, ...],
    estimator: str,
    momentum: float | None,
    plain_average: bool = False,
    start: tuple[Floats, Floats] | None = None,
) -> Statistics:
    """Estimate population statistics from mini-batches.

    Args:
        batches: at least one, all of the same channels.
        estimator: one of ``ESTIMATORS``.
        momentum: 0 to 1; the estimator's default if None.
        plain_average: no momentum, as in the paper; PyTorch's ``momentum=None``.
        start: the running mean and variance to start from, (C,) float64 each; 0 and 1 if None.

    Raises:
        DlcalcError: ``usage``, ``invalid-value``, ``not-enough-samples``, ``invalid-statistics``.
    """
    rule = ESTIMATORS[estimator]
    used = _momentum(rule, momentum, plain_average)
    if start is not None:
        refuse_start(estimator, momentum, plain_average)
        _refuse_start_values(start)
    for number, batch in enumerate(batches):
        if not np.isfinite(batch.samples).all():
            message = f"batch {number} has a sample that is not a finite number"
            raise DlcalcError("invalid-value", message, hint="finite numbers", option="batches")
        if rule.unbiased and len(batch.samples) < 2:
            message = f"batch {number} has one sample a channel, and a variance over m - 1 wants 2"
            hint = ("at least 2 samples a batch, or ", Fix("framework", "onnx"), ", which divides by m")
            raise DlcalcError("not-enough-samples", message, hint=hint, option="batches")
        if not np.isfinite(batch.variance).all():
            message = f"the samples of batch {number} are so large that their variance is beyond the range of float64"
            raise DlcalcError("invalid-statistics", message, hint="smaller numbers, in another unit", option="batches")
    return Statistics(estimator, batches, used, rule.of_the_new, Fraction(int(rule.unbiased)), start)


def _momentum(rule: Estimator, momentum: float | None, plain_average: bool) -> float | None:
    """Give the momentum that is used; None for the plain average."""
    if rule.momentum is None and (momentum is not None or plain_average):
        message = "the paper's estimator has no momentum: it averages over all batches"
        raise DlcalcError("usage", message, hint=Fix("framework", "pytorch"), option="momentum")
    if plain_average and not rule.averages:
        message = f"{rule.name} has no momentum 'none'"
        raise DlcalcError("usage", message, hint=Fix("momentum", rule.momentum), option="momentum")
    if momentum is not None and not 0 <= momentum <= 1:
        message = f"momentum {momentum} is not between 0 and 1"
        raise DlcalcError("invalid-value", message, hint=Fix("momentum", rule.momentum), option="momentum")
    return None if plain_average else rule.momentum if momentum is None else momentum


def refuse_start(estimator: str, momentum: float | None, plain_average: bool = False) -> None:
    """Refuse values to start from where nothing runs.

    Raises:
        DlcalcError: ``usage``, ``invalid-value``.
    """
    rule = ESTIMATORS[estimator]
    if _momentum(rule, momentum, plain_average) is None:
        who = f"{rule.name} averages over the mini-batches" + (" without a momentum" if rule.momentum else "")
        message = f"{who}, and has no running mean and variance to start from"
        hint = ("leave ", Fix("mean"), " and ", Fix("var"), " out, or ")
        other = Fix("momentum", rule.momentum) if rule.momentum else Fix("framework", "pytorch")
        raise DlcalcError("usage", message, hint=(*hint, other), option="mean")


def _refuse_start_values(start: tuple[Floats, Floats]) -> None:
    for name, values in zip(("mean", "var"), start, strict=True):
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            message = f"{name} {values[wrong[0]]} of channel {wrong[0]}, to start from, is not a finite number"
            raise DlcalcError("invalid-statistics", message, hint="finite numbers", option=name)
