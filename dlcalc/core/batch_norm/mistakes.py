"""The mistakes that are made about batch norms and folding them, commonest first."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np

from dlcalc.core.batch_norm.statistics import ESTIMATORS, Statistics
from dlcalc.core.batch_norm.working import ORDERS, BnWorking
from dlcalc.core.evidence.diagnosis import Mistake

W = BnWorking

# Values of eps that are a program's default, and whose.
DEFAULTS = {
    1e-5: "PyTorch, ONNX and the paper's code",
    1e-3: "Keras",
    1e-6: "Flax and many ports",
    1e-12: "BERT's layer norms",
    1e-8: "optimizers",
    1e-7: "Keras's backend",
}


def _with(**changes: object) -> Callable[[W], Iterable[W]]:
    """Make the edit that replaces choices of a working."""
    return lambda working: (replace(working, **changes),)  # type: ignore[arg-type]


def _other_defaults(working: W) -> Iterable[W]:
    for eps in DEFAULTS:
        if eps != working.eps:
            yield replace(working, eps=eps)


def _fitted_eps(working: W) -> Iterable[W]:
    """Fit eps to the channel with the smallest variance, if three channels or more can confirm it."""
    if working.key not in ("scale", "shift") or len(working.var) < 3:
        return
    scale = working.claimed
    if working.key == "shift":
        with np.errstate(all="ignore"):
            scale = (working.beta - working.claimed) / working.mean
    with np.errstate(all="ignore"):
        fitted = (working.gamma / scale) ** 2 - working.var
    usable = np.isfinite(fitted) & (working.gamma != 0)
    if usable.sum() >= 3:
        channel = int(np.argmin(np.where(usable, working.var, np.inf)))
        if fitted[channel] > 0:
            yield replace(working, eps=float(fitted[channel]))


def _eps_in_words(working: W) -> str:
    whose = DEFAULTS.get(working.eps)
    default = f", the default of {whose}," if whose else ""
    return f"taking eps = {working.eps:.6g}{default}"


def _other_variance(working: W) -> Iterable[W]:
    """Divide the batches' variances by m in place of m - 1, or the other way round."""
    assert working.statistics is not None
    yield from working.estimated(ddof=1 - working.statistics.ddof)


def _exchanged(working: W) -> Iterable[W]:
    assert working.statistics is not None
    yield from working.estimated(of_the_new=not working.statistics.of_the_new)


def _as_of(name: str) -> Callable[[W], Iterable[W]]:
    """Make the edit that estimates as another framework does, with its own momentum, or with the one that was typed.

    Where that is another divisor alone, or the two weights exchanged, it has a name already.
    """
    rule = ESTIMATORS[name]

    def edit(working: W) -> Iterable[W]:
        own, right = working.statistics, working.question.statistics
        assert own is not None
        assert right is not None
        momenta = [rule.momentum] if rule.momentum is None else [rule.momentum, own.momentum]
        other_eps = working.question.eps_source != "option" and working.key not in ("mean", "var")
        epsilons = [working.eps, rule.eps] if other_eps else [working.eps]
        for momentum, eps in product(dict.fromkeys(momenta), dict.fromkeys(epsilons)):
            changes = {"momentum": momentum, "of_the_new": rule.of_the_new, "ddof": Fraction(int(rule.unbiased))}
            for edited in working.estimated(**changes):
                assert edited.statistics is not None
                if eps != working.eps or not _has_a_name(edited.statistics, right, working.key):
                    yield replace(edited, eps=eps)

    return edit


def _has_a_name(found: Statistics, right: Statistics, key: str) -> bool:
    """Tell whether statistics are the right ones but for the divisor, or for weights that are exchanged."""
    if found.momentum is None or right.momentum is None:
        return found.momentum is right.momentum
    same = found.ddof == right.ddof or key == "mean"  # of which no divisor is a part
    exchanged = found.of_the_new != right.of_the_new and found.momentum == right.momentum
    return bool(np.isclose(found.weights[0], right.weights[0], rtol=1e-12)) or (exchanged and same)


def _without_start(working: W) -> Iterable[W]:
    """Start from 0 and 1 where others are given, from 0 and 0, or from the first mini-batch."""
    statistics = working.statistics
    assert statistics is not None
    if statistics.start is not None:
        yield from working.estimated(start=None)
    zeros = np.zeros(statistics.channels)
    yield from working.estimated(start=(zeros, zeros))
    first, *rest = statistics.batches
    from_first = first.mean, statistics.variance_of(first)
    if rest:
        yield from working.estimated(start=from_first, batches=tuple(rest))
    else:
        yield replace(working, mean=from_first[0], var=from_first[1])


def _of_keras_2(working: W) -> Iterable[W]:
    yield from working.estimated(ddof=1 + Fraction(working.eps))


def _deviation(working: W) -> Iterable[W]:
    with np.errstate(invalid="ignore"):
        yield replace(working, var=np.sqrt(working.var))


def _low_precision(working: W) -> Iterable[W]:
    for precision, order in product(working.narrower, ORDERS):
        yield replace(working, precision=precision, order=order)
        if working.key == "bias":
            yield replace(working, precision=precision, order=order, offset="shifted")


def _along_the_other_axis(working: W) -> Iterable[W]:
    """Scale along the other axis, of all channels or of those of a group, which is the axis that is stored."""
    assert working.layer is not None
    for grouped in (True, False) if working.layer.groups > 1 else (True,):
        yield replace(working, axis="wrong", grouped=grouped)


def _always(working: W) -> bool:
    return True


def _runs(working: W) -> bool:
    return working.statistics is not None and working.statistics.momentum is not None


def _not_of(name: str) -> Callable[[W], bool]:
    """Tell whether the estimator is another one, and no slip has changed it: it would be overruled."""

    def relevant(working: W) -> bool:
        statistics = working.statistics
        return statistics is not None and statistics is working.question.statistics and statistics.estimator != name

    return relevant


def _has_eps(working: W) -> bool:
    return working.eps > 0


def _has_mean(working: W) -> bool:
    return bool(working.mean.any())


def _has_shift(working: W) -> bool:
    return bool(working.question.affine.shift.any())  # and not of an edited working, which may divide by 0


def _about_bias(working: W) -> bool:
    return working.layer is not None and bool(working.layer.bias.any())


MISTAKES: tuple[Mistake[W], ...] = (
    # The commonest of all, before whatever else gives the same: a momentum means one thing in PyTorch and another
    # elsewhere.
    Mistake("momentum-reversed", "exchanging the weights of the old value and of the new batch,", _runs, _exchanged),
    # It looks too small to matter; before the other values of eps, of which the smallest look like 0.
    Mistake("eps-ignored", "leaving eps out", _has_eps, _with(eps=0.0)),
    # Eps is not in a checkpoint: a common reason why two folds differ.
    Mistake("eps-default", _eps_in_words, _always, _other_defaults),
    # As optimizers do.
    Mistake("eps-outside-sqrt", "adding eps outside the root", _has_eps, _with(eps_at="outside")),
    # The variance is what the checkpoint has.
    Mistake("sqrt-forgotten", "dividing by the variance and not by its root", _always, _with(rooted=False)),
    # It is added to the variance when that is saved, and under the root again.
    Mistake("eps-twice", "adding eps twice", _has_eps, lambda w: (replace(w, eps=2 * w.eps),)),
    # The variance of training, where the population's is meant.
    Mistake(
        "biased-variance",
        "dividing the variance by m and not by m - 1",
        lambda w: w.statistics is not None and w.statistics.unbiased,
        _other_variance,
    ),
    # Another framework's estimator.
    Mistake(
        "unbiased-variance",
        "dividing the variance by m - 1 and not by m",
        lambda w: w.statistics is not None and not w.statistics.unbiased,
        _other_variance,
    ),
    # All of another framework's rule: more than the divisor, which is one slip, and so behind it. The paper's first,
    # because text books have it; then by how many people use them.
    *(
        Mistake(f"estimator-of-{name}", f"estimating as {rule.name} does", _not_of(name), _as_of(name))
        for name, rule in ESTIMATORS.items()
    ),
    # A loop that begins with the first mini-batch, or with nothing.
    Mistake("start-values-forgotten", "forgetting the values that running starts from", _runs, _without_start),
    # Of an old version, and within a few parts in a thousand of the unbiased variance.
    Mistake(
        "variance-of-keras-2",
        "dividing the variance by m - 1 - eps, as Keras 2 did,",
        lambda w: w.statistics is not None and w.statistics.estimator == "tensorflow" and w.eps > 0,
        _of_keras_2,
    ),
    # Most layers before a batch norm have none.
    Mistake("layer-bias-ignored", "leaving the layer's own bias out", _about_bias, _with(bias="ignored")),
    # The bias was seen, and not that it goes through the batch norm.
    Mistake(
        "layer-bias-not-scaled",
        "adding the layer's bias without scaling it",
        lambda w: _about_bias(w) and not w.question.bn_first,
        _with(bias="unscaled"),
    ),
    # The scale is in the weight, and the rest is thought to be too.
    Mistake("shift-dropped", "leaving the shift out", _has_shift, _with(shifted=False)),
    # Parameters forgotten, of which there are three.
    Mistake("mean-ignored", "leaving the mean out", _has_mean, lambda w: (replace(w, mean=np.zeros_like(w.mean)),)),
    Mistake(
        "beta-ignored",
        "leaving beta out",
        lambda w: bool(w.beta.any()),
        lambda w: (replace(w, beta=np.zeros_like(w.beta)),),
    ),
    Mistake(
        "gamma-ignored",
        "leaving gamma out",
        lambda w: bool((w.gamma != 1).any()),
        lambda w: (replace(w, gamma=np.ones_like(w.gamma)),),
    ),
    # A sign lost on the way to b'.
    Mistake("mean-sign", "adding the mean where it is subtracted", _has_mean, _with(mean_sign=-1)),
    # Two vectors of one length.
    Mistake(
        "gamma-beta-swapped", "exchanging gamma and beta", _always, lambda w: (replace(w, gamma=w.beta, beta=w.gamma),)
    ),
    # Of a transposed layer the channels stand elsewhere.
    Mistake(
        "wrong-axis", "scaling the weight along its other axis", lambda w: w.layer is not None, _along_the_other_axis
    ),
    # Shows only in layers with groups.
    Mistake(
        "groups-ignored",
        "counting the channels of one group only",
        lambda w: w.layer is not None and w.layer.groups > 1,
        _with(grouped=False),
    ),
    # A script that runs again over the file that it has written; a layer must have been folded once before.
    Mistake(
        "folded-twice",
        "folding the batch norm in twice",
        lambda w: w.key in ("weight", "bias", "folded"),
        _with(times=2),
    ),
    # The old parameters, saved again.
    Mistake("not-folded", "folding nothing", lambda w: w.key in ("weight", "bias", "folded"), _with(times=0)),
    # The mean of all samples is right, and so their variance is thought to be. Behind the rest: it is close to the
    # right one where the mini-batches are alike.
    Mistake(
        "pooled-variance",
        "taking the variance of all samples together",
        lambda w: w.statistics is not None and len(w.statistics.batches) > 1 and w.key != "mean",
        lambda w: w.pooled(),
    ),
    # Both are called the spread; off so far that it is usually noticed.
    Mistake(
        "deviation-not-variance",
        "taking the standard deviation for the variance",
        lambda w: w.statistics is not None and w.key != "mean",
        _deviation,
    ),
    # The numbers are nearly right, so it is tried last.
    Mistake(
        "low-precision-fold",
        lambda w: f"computing in {w.precision}, and not only storing in it,",
        lambda w: w.key in ("scale", "shift", "weight", "bias"),
        _low_precision,
        paired=False,
    ),
    # An eps fitted to the claim, so it says least.
    Mistake("eps-default", _eps_in_words, _always, _fitted_eps, fitted=True),
)
