"""The mean and variance that are used at inference, estimated from mini-batches as the paper and frameworks do.

Source: Ioffe & Szegedy 2015, algorithms 1 and 2; the operator documents of PyTorch, Keras and ONNX.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats
from dlcalc.core.errors import DlcalcError, Fix


class Estimator(NamedTuple):
    """The rule by which population statistics are estimated from those of mini-batches.

    Attributes:
        name: the framework's, in a sentence.
        momentum: the default; None where all batches weigh the same.
        of_the_new: whether the momentum is the weight of the new batch, and not of the old value.
        unbiased: whether a batch's variance is divided by m - 1, and not by m.
        eps: the framework's default epsilon.
        source: where the rule is given.
    """

    name: str
    momentum: float | None
    of_the_new: bool
    unbiased: bool
    eps: float
    source: str


ESTIMATORS = {
    "paper": Estimator("the paper", None, True, True, 1e-5, "Ioffe & Szegedy 2015, algorithm 2"),
    "pytorch": Estimator("PyTorch", 0.1, True, True, 1e-5, "PyTorch BatchNorm2d"),
    "tensorflow": Estimator("Keras", 0.99, False, False, 1e-3, "Keras 3 BatchNormalization"),
    "onnx": Estimator("ONNX", 0.9, False, False, 1e-5, "ONNX BatchNormalization"),
}
_START = (0.0, 1.0)  # of a running mean and a running variance


@dataclass(frozen=True)
class Batch:
    """One mini-batch.

    Attributes:
        samples: (m, C) float64, m the samples of each channel, over batch and space.
        shape: of the batch as it was given: (m,), (m, C) or (N, C, space...).
    """

    samples: Floats
    shape: tuple[int, ...]

    @cached_property
    def mean(self) -> Floats:
        """(C,) the mean of each channel."""
        with np.errstate(over="ignore", invalid="ignore"):  # samples near the end of the range
            rough = self.samples.mean(axis=0)
            mean: Floats = rough + (self.samples - rough).mean(axis=0)
        return mean

    @cached_property
    def variance(self) -> Floats:
        """(C,) the biased variance of each channel, over m."""
        with np.errstate(over="ignore", invalid="ignore"):
            distance = self.samples - self.mean
            variance: Floats = (distance * distance).mean(axis=0) - distance.mean(axis=0) ** 2
        return variance

    def restored(self, values: Floats) -> Floats:
        """Reshape (m, C) values to the shape in which the batch was given."""
        if len(self.shape) < 3:
            return values.reshape(self.shape)
        count, channels, *space = self.shape
        return np.moveaxis(values.reshape(count, *space, channels), -1, 1)


@dataclass(frozen=True)
class Statistics:
    """Population statistics, estimated from mini-batches.

    Attributes:
        estimator: ``paper``, ``pytorch``, ``tensorflow`` or ``onnx``.
        batches: the mini-batches.
        momentum: None for the plain average.
        unbiased: whether a batch's variance is taken over m - 1.
    """

    estimator: str
    batches: tuple[Batch, ...]
    momentum: float | None
    unbiased: bool

    @property
    def counts(self) -> NDArray[np.int64]:
        """(B,) m of each batch."""
        return np.array([len(batch.samples) for batch in self.batches])

    @property
    def ragged(self) -> bool:
        """Whether the batches differ in size."""
        return len(set(self.counts.tolist())) > 1

    @cached_property
    def mean(self) -> Floats:
        """(C,) the population's mean."""
        return self._combined([batch.mean for batch in self.batches], _START[0])

    @cached_property
    def variance(self) -> Floats:
        """(C,) the population's variance."""
        return self._combined([self.variance_of(batch) for batch in self.batches], _START[1])

    def variance_of(self, batch: Batch) -> Floats:
        """Take the (C,) variance of one batch as the estimator does, over m or m - 1."""
        count = len(batch.samples)
        return batch.variance * (count / (count - 1)) if self.unbiased else batch.variance

    def _combined(self, values: list[Floats], start: float) -> Floats:
        """Average the values of the batches, or run over them from a start value."""
        if self.momentum is None:
            mean: Floats = np.mean(values, axis=0)
            return mean
        kept, new = self.weights
        running = np.full_like(values[0], start)
        for value in values:
            running = kept * running + new * value
        return running

    @property
    def weights(self) -> tuple[float, float]:
        """Weights of the old value and of the new batch in each step of the running statistics."""
        assert self.momentum is not None
        other = 1 - self.momentum
        return (other, self.momentum) if ESTIMATORS[self.estimator].of_the_new else (self.momentum, other)

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
        count = len(self.pooled.samples)
        return self.pooled.variance * (count / (count - 1))


def statistics_of(
    batches: tuple[Batch, ...], estimator: str, momentum: float | None, plain_average: bool = False
) -> Statistics:
    """Estimate population statistics from mini-batches.

    Args:
        batches: at least one, all of the same channels.
        estimator: one of ``ESTIMATORS``.
        momentum: 0 to 1; the estimator's default if None.
        plain_average: no momentum, as in the paper; PyTorch's ``momentum=None``.

    Raises:
        DlcalcError: ``usage``, ``invalid-value``, ``not-enough-samples``.
    """
    rule = ESTIMATORS[estimator]
    if rule.momentum is None and (momentum is not None or plain_average):
        message = "the paper's estimator has no momentum: it averages over all batches"
        raise DlcalcError("usage", message, hint=Fix("framework", "pytorch"), option="momentum")
    if plain_average and estimator != "pytorch":
        message = f"{rule.name} has no momentum 'none'"
        raise DlcalcError("usage", message, hint=Fix("momentum", rule.momentum), option="momentum")
    if momentum is not None and not 0 <= momentum <= 1:
        message = f"momentum {momentum} is not between 0 and 1"
        raise DlcalcError("invalid-value", message, hint=Fix("momentum", rule.momentum), option="momentum")
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
    used = None if plain_average else rule.momentum if momentum is None else momentum
    return Statistics(estimator, batches, used, rule.unbiased)
