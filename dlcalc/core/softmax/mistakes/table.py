"""The mistakes that are made about softmax and its gradient: the options typed, then the reduction, then the rest."""

import numpy as np

from dlcalc.core.evidence.diagnosis import Mistake
from dlcalc.core.softmax.mistakes import edits
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking as W

MISTAKES: tuple[Mistake[W], ...] = (
    # Where the logits look like probabilities, most losses that are claimed are those of probabilities.
    Mistake(
        "nll-of-probabilities",
        "taking the logits for the probabilities that they look like, without a softmax,",
        lambda w: w.looks_like_probabilities and w.key not in ("jacobian", "logits"),
        edits.from_probabilities,
    ),
    # An option typed, and forgotten; the commonest of its kind.
    Mistake("smoothing-ignored", "leaving the label smoothing out", edits.smooths, edits.making(smoothing=0.0)),
    # The other definition of the option.
    Mistake(
        "smoothing-megatron", "smoothing as Megatron does, over the other classes only", edits.smooths, edits.megatron
    ),
    # Definitions of notebooks and of fastai, which fewer use.
    Mistake(
        "smoothing-other",
        edits.smoothing_in_words,
        edits.smooths,
        edits.smoothed_otherwise,
    ),
    # An option typed, and forgotten.
    Mistake(
        "temperature-ignored",
        "leaving the temperature out",
        edits.tempers,
        edits.making(temperature=1.0, factor_temperature=1.0),
    ),
    # The temperature was seen, and its derivative missed.
    Mistake(
        "temperature-factor-missing",
        "leaving out the factor 1/T of the chain rule",
        edits.tempers,
        edits.making(factor_temperature=1.0),
    ),
    # An option typed, and forgotten.
    Mistake("class-weights-ignored", "leaving the class weights out", edits.weighs, edits.making(class_weights=None)),
    # The weights were seen, and not that the mean is weighted too.
    Mistake(
        "weighted-mean-over-n",
        "dividing the weighted sum by the number of rows",
        lambda w: edits.weighs(w) and w.labels is not None and w.reduction == "mean",
        edits.over_rows,
    ),
    # The rows are masked, and their number is not.
    Mistake(
        "ignored-rows-counted",
        "counting the ignored rows in the mean",
        lambda w: edits.ignores(w) and w.reduction == "mean",
        edits.counting_ignored,
    ),
    # Shows as a gradient where there is none, so it is usually noticed.
    Mistake("ignored-rows-not-masked", "treating the ignored rows as rows like others", edits.ignores, edits.unmasked),
    # Four that are right somewhere else, so they come before slips. Distillation: T^2 keeps the gradient's size.
    Mistake(
        "temperature-squared",
        "multiplying by T^2, as distillation does,",
        lambda w: edits.tempers(w) and edits.is_loss(w),
        edits.temperature_squared,
    ),
    # The loss of kl_div, which has the same gradient.
    Mistake(
        "kl-divergence",
        edits.divergence_in_words,
        edits.has_divergence,
        edits.divergence,
    ),
    # TensorFlow's kernel; shows only for targets that are no distributions.
    Mistake(
        "unit-target-sum",
        "taking the target to sum to 1, which gives a - t,",
        edits.is_gradient,
        edits.making(form="unit"),
    ),
    # Keras, from probabilities; shows only for probabilities next to 0 and 1.
    Mistake(
        "clipped-probabilities",
        "holding the probabilities between 1e-7 and 1 - 1e-7, as Keras does,",
        edits.is_loss,
        edits.clipped,
    ),
    # The commonest slip in a kernel: the division is left to somebody else.
    Mistake(
        "sum-instead-of-mean",
        "taking the sum over the rows for their mean",
        lambda w: w.reduction == "mean",
        edits.making(reduction="sum"),
    ),
    # A habit from the default.
    Mistake(
        "mean-instead-of-sum",
        "taking the mean over the rows for their sum",
        lambda w: w.reduction != "mean",
        edits.making(reduction="mean"),
    ),
    # The commonest slip in the gradient itself.
    Mistake(
        "target-not-subtracted",
        "stopping at the softmax, without subtracting the target,",
        edits.is_gradient,
        edits.making(form="softmax"),
    ),
    # The next: the minus of the loss is lost.
    Mistake(
        "sign-flipped",
        edits.sign_in_words,
        lambda w: w.key != "softmax",
        lambda w: (edits.times(w, -1.0),),
    ),
    # Classes counted from 1, or a class for padding.
    Mistake(
        "label-off-by-one",
        lambda w: f"taking label y {'+' if w.shift > 0 else '-'} 1 for y",
        lambda w: w.labels is not None,
        edits.off_by_one,
    ),
    # A dimension that was left out, or taken from an array of another layout.
    Mistake(
        "wrong-axis",
        "taking the softmax over the rows and not over the classes",
        lambda w: w.key not in ("jacobian", "logits") and (w.count > 1 or w.key != "loss"),
        edits.over_rows_of_each_class,
    ),
    # Probabilities handed to a loss that wants logits.
    Mistake("softmax-twice", "applying the softmax twice", lambda w: True, edits.in_forms("twice", "twice-chained")),
    # The chain rule not begun.
    Mistake(
        "gradient-of-probabilities",
        "giving dC/da, the gradient with respect to the probabilities,",
        edits.is_gradient,
        edits.in_forms("probabilities"),
    ),
    # The chain rule as if each probability had a logit of its own.
    Mistake(
        "diagonal-only",
        "using only the diagonal of the Jacobian",
        lambda w: edits.is_gradient(w) or w.key == "jacobian",
        edits.in_forms("diagonal"),
    ),
    # The log-softmax passed through backwards.
    Mistake(
        "identity-backward",
        "passing the log-softmax through backwards, which gives -t,",
        edits.is_gradient,
        edits.in_forms("identity"),
    ),
    # Bits for nats; rare in code.
    Mistake(
        "log2-loss",
        "taking the logarithm to base 2",
        edits.is_loss,
        lambda w: (edits.times(w, 1 / np.log(2)),),
    ),
    # The log key of a calculator; rarer still.
    Mistake(
        "log10-loss",
        "taking the logarithm to base 10",
        edits.is_loss,
        lambda w: (edits.times(w, 1 / np.log(10)),),
    ),
    # A matter of layout, and usually stopped by the shapes.
    Mistake("transposed", "exchanging rows and columns", edits.is_matrix, edits.making(transposed=True)),
    # A matter of sorting or sharding.
    Mistake(
        "rows-permuted",
        "putting the rows in another order",
        lambda w: w.claimed.ndim >= 1 and len(w.logits) == w.count > 1 and edits.by_row(w),
        edits.reordered,
    ),
    # A constant fitted to the claim, so it says least.
    Mistake("scaled", edits.scale_in_words, lambda w: w.key not in ("softmax", "jacobian"), edits.scaled, fitted=True),
)

ALONE = frozenset({"rows-permuted"})  # in a coarse format, where some order of the rows is near anything of their size
