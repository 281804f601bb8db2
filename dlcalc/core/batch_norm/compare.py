"""The estimators of the paper and of the frameworks side by side, on the same mini-batches."""

from dataclasses import dataclass

from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.affine import Affine, checked_affine
from dlcalc.core.batch_norm.answer import BnFold, bn_fold
from dlcalc.core.batch_norm.question import BnFoldQuestion
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Statistics, statistics_of
from dlcalc.core.errors import DlcalcError, Fix, Notice


@dataclass(frozen=True)
class Estimate:
    """What one estimator makes of the mini-batches.

    Attributes:
        name: of the estimator.
        statistics: the mean and the variance; None where it refuses.
        affine: the batch norm with them, and with the framework's eps if none was typed.
        error: why it refuses.
    """

    name: str
    statistics: Statistics | None = None
    affine: Affine | None = None
    error: DlcalcError | None = None

    @property
    def rule(self) -> dict[str, float]:
        """The momentum, where there is one, the share of the start value that is left, and eps."""
        assert self.statistics is not None
        assert self.affine is not None
        momentum = self.statistics.momentum
        if momentum is None:
            return {"eps": self.affine.eps}
        left = self.statistics.start_value_left
        return {"momentum": momentum, "start_value_left": left, "eps": self.affine.eps}

    @property
    def columns(self) -> dict[str, Floats]:
        """The mean, variance, scale and shift, (C,) each."""
        assert self.affine is not None
        affine = self.affine
        return {"mean": affine.mean, "var": affine.var, "scale": affine.scale, "shift": affine.shift}


@dataclass(frozen=True)
class Estimates:
    """The answer to a question about mini-batches, and what each estimator makes of them."""

    answer: BnFold
    estimates: tuple[Estimate, ...]

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The caveats about the answer, but those about one estimator."""
        alone = ("start-value-left", "momentum-looks-reversed")
        return tuple(notice for notice in self.answer.warnings if notice.code not in alone)


def compare(question: BnFoldQuestion) -> Estimates:
    """Estimate as the paper, PyTorch, Keras and ONNX do.

    Each has its own momentum and eps. An eps that was typed is everyone's, and so is a momentum: where it is the weight
    of the old value, and not of the new batch, it is 1 less it.

    Raises:
        DlcalcError: ``usage`` without mini-batches, and all that ``bn_fold`` raises.
    """
    if question.statistics is None:
        message = "estimators are compared on mini-batches, and there are none"
        raise DlcalcError("usage", message, hint=Fix("batches", [[1, 2, 3], [4, 5, 6]]), option="compare")
    return Estimates(bn_fold(question), tuple(_estimate(question, question.statistics, name) for name in ESTIMATORS))


def _estimate(question: BnFoldQuestion, own: Statistics, name: str) -> Estimate:
    rule, affine = ESTIMATORS[name], question.affine
    momentum = None
    if rule.momentum is not None and own.momentum not in (None, ESTIMATORS[own.estimator].momentum):
        assert own.momentum is not None
        momentum = own.momentum if rule.of_the_new == own.of_the_new else 1 - own.momentum
    try:
        start = None if rule.momentum is None else own.start
        found = own if name == own.estimator else statistics_of(own.batches, name, momentum, start=start)
        eps = affine.eps if question.eps_source == "option" or name == own.estimator else rule.eps
        return Estimate(name, found, checked_affine(affine.gamma, affine.beta, found.mean, found.variance, eps))
    except DlcalcError as error:
        return Estimate(name, error=error)
