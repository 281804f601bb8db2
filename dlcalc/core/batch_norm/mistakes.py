"""The mistakes that are made about batch norms and folding them, commonest first."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product

import numpy as np

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
    if not working.statistics.unbiased and min(working.statistics.counts) < 2:
        return
    other = replace(working.statistics, ddof=1 - working.statistics.ddof)
    yield replace(working, var=other.variance)


def _low_precision(working: W) -> Iterable[W]:
    for precision, order in product(working.narrower, ORDERS):
        yield replace(working, precision=precision, order=order)
        if working.key == "bias":
            yield replace(working, precision=precision, order=order, offset="shifted")


def _always(working: W) -> bool:
    return True


def _has_eps(working: W) -> bool:
    return working.eps > 0


def _has_mean(working: W) -> bool:
    return bool(working.mean.any())


def _about_bias(working: W) -> bool:
    return working.layer is not None and bool(working.layer.bias.any())


MISTAKES: tuple[Mistake[W], ...] = (
    # It looks too small to matter; before the other values of eps, of which the smallest look like 0.
    Mistake("eps-ignored", "leaving eps out", _has_eps, _with(eps=0.0)),
    # Eps is not in a checkpoint: a common reason why two folds differ.
    Mistake("eps-default", _eps_in_words, _always, _other_defaults),
    # As optimizers do.
    Mistake("eps-outside-sqrt", "adding eps outside the root", _has_eps, _with(eps_at="outside")),
    # The variance is what the checkpoint has.
    Mistake("sqrt-forgotten", "dividing by the variance and not by its root", _always, _with(rooted=False)),
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
    # Most layers before a batch norm have none.
    Mistake("layer-bias-ignored", "leaving the layer's own bias out", _about_bias, _with(bias="ignored")),
    # The bias was seen, and not that it goes through the batch norm.
    Mistake(
        "layer-bias-not-scaled",
        "adding the layer's bias without scaling it",
        lambda w: _about_bias(w) and not w.question.bn_first,
        _with(bias="unscaled"),
    ),
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
        "wrong-axis", "scaling the weight along its other axis", lambda w: w.layer is not None, _with(axis="wrong")
    ),
    # Shows only in layers with groups.
    Mistake(
        "groups-ignored",
        "counting the channels of one group only",
        lambda w: w.layer is not None and w.layer.groups > 1,
        _with(grouped=False),
    ),
    # The old parameters, saved again.
    Mistake("not-folded", "folding nothing", lambda w: w.key in ("weight", "bias", "folded"), _with(folded=False)),
    # The numbers are nearly right, so it is tried last.
    Mistake(
        "low-precision-fold",
        lambda w: f"computing in {w.precision}, and not only storing in it,",
        lambda w: w.key in ("scale", "shift", "weight", "bias"),
        _low_precision,
    ),
    # An eps fitted to the claim, so it says least.
    Mistake("eps-default", _eps_in_words, _always, _fitted_eps, fitted=True),
)
