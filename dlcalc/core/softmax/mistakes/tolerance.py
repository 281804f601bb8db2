"""The tolerance: how far a claim about softmax-grad may be from what is right."""

from dataclasses import dataclass, replace

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.softmax.question import SoftmaxQuestion


@dataclass(frozen=True)
class Allowed:
    """The tolerance for a claim c: |c - r| <= K eps M + R |r| + h by its format, M the scale of the key.

    Attributes:
        scale: M.
        asked: relative and absolute tolerance, in place of those of the format.
        largest: the largest absolute value that is right; where it is known, another array has a scale of its own.
    """

    scale: float
    asked: tuple[float, float] | None = None
    largest: float | None = None

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute the tolerance for each entry of an array that may be right, in the format of that name."""
        if self.asked is not None:
            return self.asked[1] + self.asked[0] * np.abs(right)
        form = FORMATS[name]
        grown = self.scale * largest(right) / self.largest if self.largest else self.scale
        return form.factor * form.eps * grown + form.relative * np.abs(right) + form.half_tiny

    def growing_from(self, reference: Floats) -> "Allowed":
        """Tie M to this reference, so that it grows with arrays that are larger."""
        return replace(self, largest=largest(reference))

    def grown_to(self, other: Floats) -> "Allowed":
        """Fix M for arrays of which this other one is a part."""
        if not self.largest:
            return self
        return replace(self, scale=self.scale * largest(other) / self.largest, largest=None)


def allowed_in(question: SoftmaxQuestion, key: str) -> Allowed:
    """Make the tolerance for claims of a key."""
    return Allowed(scale_of(question, key), question.tolerances)


def largest(values: Floats) -> float:
    """Find the largest finite absolute value; 0 if there is none."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def scale_of(question: SoftmaxQuestion, key: str) -> float:
    """Estimate M, the size of the terms whose sums and differences the entries of a key are."""
    targets, temperature, rows = question.targets, question.temperature, question.rows
    gradient = targets.spread / targets.denominator / temperature
    scales = {"grad_logits": gradient, "softmax": 1.0, "jacobian": 1 / temperature, "grad_softmax": 0.0}
    if question.linear is not None:
        x, weight = np.abs(question.linear.x), np.abs(question.linear.weight)
        inputs = float(np.max(x, initial=0.0, where=np.isfinite(x)))
        scales |= {"grad_weight": gradient * inputs * rows, "grad_bias": gradient * rows}
        scales |= {"grad_x": gradient * float(weight.max()), "logits": float(weight.max()) * inputs}
    return scales.get(key, 0.0)
