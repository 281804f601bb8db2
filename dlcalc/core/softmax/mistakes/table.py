"""The mistakes that are made about softmax and its gradient: the options typed, then the reduction, then the rest."""

import numpy as np

from dlcalc.core.evidence.diagnosis import Mistake
from dlcalc.core.softmax.mistakes import edits as edits
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking as W

MISTAKES: tuple[Mistake[W], ...] = (
    Mistake(
        "smoothing-ignored",
        "leaving the label smoothing out",
        "an option typed, and forgotten; the commonest of its kind",
        edits.smooths,
        edits.making(smoothing=0.0),
    ),
    Mistake(
        "smoothing-megatron",
        "smoothing as Megatron does, over the other classes only",
        "the other definition of the option",
        edits.smooths,
        edits.megatron,
    ),
    Mistake(
        "temperature-ignored",
        "leaving the temperature out",
        "an option typed, and forgotten",
        edits.tempers,
        edits.making(temperature=1.0, factor_temperature=1.0),
    ),
    Mistake(
        "temperature-factor-missing",
        "leaving out the factor 1/T of the chain rule",
        "the temperature was seen, and its derivative missed",
        edits.tempers,
        edits.making(factor_temperature=1.0),
    ),
    Mistake(
        "class-weights-ignored",
        "leaving the class weights out",
        "an option typed, and forgotten",
        edits.weighs,
        edits.making(class_weights=None),
    ),
    Mistake(
        "weighted-mean-over-n",
        "dividing the weighted sum by the number of rows",
        "the weights were seen, and not that the mean is weighted too",
        lambda working: edits.weighs(working) and working.labels is not None and working.reduction == "mean",
        edits.over_rows,
    ),
    Mistake(
        "ignored-rows-counted",
        "counting the ignored rows in the mean",
        "the rows are masked, and their number is not",
        lambda working: edits.ignores(working) and working.reduction == "mean",
        edits.counting_ignored,
    ),
    Mistake(
        "ignored-rows-not-masked",
        "treating the ignored rows as rows like others",
        "shows as a gradient where there is none, so it is usually noticed",
        edits.ignores,
        edits.unmasked,
    ),
    Mistake(
        "sum-instead-of-mean",
        "taking the sum over the rows for their mean",
        "the commonest slip in a kernel: the division is left to somebody else",
        lambda working: working.reduction == "mean",
        edits.making(reduction="sum"),
    ),
    Mistake(
        "mean-instead-of-sum",
        "taking the mean over the rows for their sum",
        "a habit from the default",
        lambda working: working.reduction != "mean",
        edits.making(reduction="mean"),
    ),
    Mistake(
        "target-not-subtracted",
        "stopping at the softmax, without subtracting the target,",
        "the commonest slip in the gradient itself",
        edits.is_gradient,
        edits.making(form="softmax"),
    ),
    Mistake(
        "sign-flipped",
        "taking the opposite sign, y - a for a - y,",
        "the next: the minus of the loss is lost",
        lambda working: working.key != "softmax",
        lambda working: (edits.times(working, -1.0),),
    ),
    Mistake(
        "label-off-by-one",
        lambda working: f"taking label y {'+' if working.shift > 0 else '-'} 1 for y",
        "classes counted from 1, or a class for padding",
        lambda working: working.labels is not None,
        edits.off_by_one,
    ),
    Mistake(
        "softmax-twice",
        "applying the softmax twice",
        "probabilities handed to a loss that wants logits",
        lambda working: True,
        edits.in_forms("twice", "twice-chained"),
    ),
    Mistake(
        "gradient-of-probabilities",
        "giving dC/da, the gradient with respect to the probabilities,",
        "the chain rule not begun",
        edits.is_gradient,
        edits.in_forms("probabilities"),
    ),
    Mistake(
        "diagonal-only",
        "using only the diagonal of the Jacobian",
        "the chain rule as if each probability had a logit of its own",
        lambda working: edits.is_gradient(working) or working.key == "jacobian",
        edits.in_forms("diagonal"),
    ),
    Mistake(
        "log2-loss",
        "taking the logarithm to base 2",
        "bits for nats; rare in code",
        lambda working: working.key not in ("softmax", "jacobian", "logits"),
        lambda working: (edits.times(working, 1 / np.log(2)),),
    ),
    Mistake(
        "transposed",
        "exchanging rows and columns",
        "a matter of layout, and usually stopped by the shapes",
        edits.is_matrix,
        edits.making(transposed=True),
    ),
    Mistake(
        "rows-permuted",
        "putting the rows in another order",
        "a matter of sorting or sharding",
        lambda working: (
            working.claimed.ndim >= 1 and len(working.logits) == working.count > 1 and edits.by_row(working)
        ),
        edits.reordered,
    ),
    Mistake(
        "scaled",
        edits.scale_in_words,
        "a constant fitted to the claim, so it says least",
        lambda working: working.key not in ("softmax", "jacobian"),
        edits.scaled,
        fitted=True,
    ),
)
