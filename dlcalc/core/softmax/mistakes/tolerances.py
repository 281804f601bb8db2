"""How far claims about softmax-grad may be from what is right, and the size of the terms that they are made of."""

from dataclasses import dataclass, replace

import numpy as np

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.tolerance import Allowance, Asked, Computed, HalfUlp, largest
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking
from dlcalc.core.softmax.question import SoftmaxQuestion

_NOISE = 16 * FORMATS["float64"].eps  # of the right numbers, in parts of M


@dataclass(frozen=True)
class Allowed:
    """The tolerance for a claim c: |c - r| <= K eps M + R |r| + h by its format, M the scale of the key.

    In a row of a gradient that is 0 throughout, because the row is ignored or weighs nothing, nothing is allowed: there
    is no computation that would not give 0.

    Attributes:
        scale: M.
        asked: another tolerance, in place of that of the format.
        largest: the largest absolute value that is right; where it is known, another array has a scale of its own.
        by_row: whether the array has the gradient of a row of logits in each of its rows.
        fixed: whether M is that of every array, as of a loss: terms of the size of 1 may cancel to any that is smaller.
    """

    scale: float
    asked: Asked | HalfUlp | Computed | None = None
    largest: float | None = None
    by_row: bool = False
    fixed: bool = False

    def __call__(self, right: Floats, name: str) -> Floats:
        """Compute the tolerance for each entry of an array that may be right, in the format of that name."""
        if self.asked is not None:
            return self.asked(right, name)
        form = FORMATS[name]
        allowed = form.factor * form.eps * self._grown(right) + form.relative * np.abs(right) + form.half_tiny
        if self.by_row and right.ndim == 2:
            allowed[~right.any(axis=1)] = 0.0
        return allowed

    def _grown(self, right: Floats) -> float:
        return self.scale * largest(right) / self.largest if self.largest else self.scale

    def growing_from(self, reference: Floats) -> "Allowed":
        """Tie M to this reference, so that it grows with arrays that are larger; not that of a loss, which is given."""
        return self if self.fixed else replace(self, largest=largest(reference))

    def grown_to(self, other: Floats) -> "Allowed":
        """Fix M for arrays of which this other one is a part."""
        if not self.largest:
            return self
        return replace(self, scale=self._grown(other), largest=None)

    def stated(self, claim: ArrayClaim) -> Allowance | None:
        """Tell the tolerance; None of a claim that is judged by the digits that were typed."""
        name = claim.format
        if name is None:
            return None
        if isinstance(self.asked, Asked):
            return Allowance(name, self.asked.relative, self.asked.absolute)
        if isinstance(self.asked, HalfUlp):
            return Allowance(name, ulp=0.5)
        form = FORMATS[name]
        return Allowance(name, form.relative, form.factor * form.eps * self.scale + form.half_tiny)


def allowed_in(question: SoftmaxQuestion, claim: ArrayClaim) -> Allowed:
    """Make the tolerance for a claim.

    Raises:
        DlcalcError: ``usage`` for half an ulp of float64, in which the right numbers are computed themselves.
    """
    scale, by_row = scale_of(question, claim.key), claim.key == "grad_logits"
    if question.tolerances is not None:
        return Allowed(scale, Asked(*question.tolerances))
    if not question.exact or claim.typed:
        of_loss = claim.key == "loss"
        # Digits that were typed of a small loss are meant, though terms of the size of 1 cancel to it in a program.
        return Allowed(0.0 if of_loss and claim.typed else scale, by_row=by_row, fixed=of_loss)
    if claim.format == "float64":
        message = "a claim in float64 cannot be judged to half an ulp: what is right is computed in float64 too"
        hint = ("a claim in float32 or narrower, or ", Fix("rtol", 1e-13))
        raise DlcalcError("usage", message, hint=hint, option="exact")
    return Allowed(scale, HalfUlp(_NOISE * scale))


def scale_of(question: SoftmaxQuestion, key: str) -> float:
    """Estimate M, the size of the terms whose sums and differences the entries of a key are."""
    targets, temperature, rows = question.targets, question.temperature, question.rows
    spread = targets.spread  # 0 where every row is ignored, and D is no number
    gradient = spread / targets.denominator / temperature if spread else 0.0
    scales = {"grad_logits": gradient, "softmax": 1.0, "jacobian": 1 / temperature, "grad_softmax": 0.0}
    scales["loss"] = targets.spread * (rows if targets.reduction == "sum" else 1)
    if question.linear is not None:
        x, weight = np.abs(question.linear.x), np.abs(question.linear.weight)
        inputs = float(np.max(x, initial=0.0, where=np.isfinite(x)))
        scales |= {"grad_weight": gradient * inputs * rows, "grad_bias": gradient * rows}
        scales |= {"grad_x": gradient * float(weight.max()), "logits": float(weight.max()) * inputs}
    return scales.get(key, 0.0)


def terms_of(working: SoftmaxWorking, right: Floats) -> Floats:
    """Compute the size of the terms that each entry of the right array is made of, in its shape; 0 in ignored rows.

    Of a gradient with respect to logits that is the larger of a sum(t)/D and t/D; of its products with a layer's
    inputs and weights, the sum of those of their terms.
    """
    key, linear = working.key, working.linear
    if key == "loss":
        return np.maximum(np.abs(right), 1.0)
    if linear is None or not key.startswith("grad_") or key == "grad_softmax":
        return _of_gradient(working) if key == "grad_logits" else np.abs(right)
    slopes = _of_gradient(working)
    if key == "grad_x":
        return np.asarray(slopes @ np.abs(linear.weight))
    if key == "grad_weight":
        return np.asarray(slopes.T @ np.nan_to_num(np.abs(linear.x)))
    return np.asarray(slopes.sum(axis=0)) if key == "grad_bias" else slopes


def _of_gradient(working: SoftmaxWorking) -> Floats:
    t = np.abs(working.target)
    divisor = working.denominator * working.factor_temperature
    return np.asarray(np.maximum(working.softmax * t.sum(axis=1, keepdims=True), t) / divisor)
