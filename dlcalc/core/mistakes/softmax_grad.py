"""The mistakes that are made about softmax and its gradient: the options typed, then the reduction, then the rest."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from dlcalc.core.arrays import Floats
from dlcalc.core.mistakes.engine import Mistake
from dlcalc.core.mistakes.softmax_working import SoftmaxWorking

W = SoftmaxWorking


def _with(**changes: object) -> Callable[[W], Iterable[W]]:
    """The edit that makes these choices."""
    return lambda working: (replace(working, **changes),)  # type: ignore[arg-type]


def _megatron(working: W) -> Iterable[W]:
    classes = working.classes
    yield replace(working, smoothing=working.smoothing * classes / (classes - 1))


def _over_rows(working: W) -> Iterable[W]:
    yield replace(working, counted="rows")
    if not working.kept.all():
        yield replace(working, counted="all rows")


def _counting_ignored(working: W) -> Iterable[W]:
    yield replace(working, counted="ignored")
    if working.class_weights is not None:
        yield replace(working, counted="all rows")


def _unmasked(working: W) -> Iterable[W]:
    """Ignored rows taken for rows like others: of the class that the ignore index names, of class 0, or of none."""
    assert working.labels is not None
    everything = np.ones_like(working.kept)
    outside = (working.labels < 0) | (working.labels >= working.classes)
    first = np.where(working.kept | ~outside, working.labels, 0)
    for divisor in (working.denominator, None):
        if outside.any():
            counted = working.counted if divisor is not None else "ignored"
            yield replace(working, blank=1.0, divisor=divisor, counted=counted)
            if working.classes >= -int(working.labels.min()):  # as Python counts from the end
                yield replace(working, kept=everything, divisor=divisor)
        yield replace(working, labels=first, kept=everything, divisor=divisor)


def _off_by_one(working: W) -> Iterable[W]:
    for shift in (1, -1) if working.classes > 2 else (1,):
        yield replace(working, shift=shift)


def _in_forms(*forms: str) -> Callable[[W], Iterable[W]]:
    """Another gradient, with and without the factor 1/T, which is easily lost on such a road."""

    def edit(working: W) -> Iterable[W]:
        for form in forms:
            for temperature in dict.fromkeys((1.0, working.factor_temperature)):
                yield replace(working, form=form, factor_temperature=temperature)

    return edit


def _times(working: W, factor: float) -> W:
    return replace(working, scale=working.scale * factor)


def _reordered(working: W) -> Iterable[W]:
    """The rows in the order in which they stand in the claim, as sums with random weights tell."""
    answer = working.answer()
    if answer is None or answer.shape != working.claimed.shape:
        return
    weights = np.random.default_rng(len(answer)).standard_normal(answer[0].size)
    with np.errstate(invalid="ignore", over="ignore"):
        ours, theirs = (rows.reshape(len(rows), -1) @ weights for rows in (answer, working.claimed))
    order = np.empty(len(answer), np.intp)
    order[np.argsort(theirs, kind="stable")] = np.argsort(ours, kind="stable")
    yield replace(working, order=order)


def named_constants(working: W) -> dict[str, float]:
    """Constants by which a whole gradient is easily wrong."""
    count, classes, temperature = float(working.count), float(working.classes), working.temperature
    found = {"2": 2.0, "1/2": 0.5, "N": count, "1/N": 1 / count, "C": classes, "1/C": 1 / classes}
    if temperature != 1:
        found |= {"T": temperature, "1/T": 1 / temperature}
    return {name: value for name, value in found.items() if value != 1}


def _scaled(working: W) -> Iterable[W]:
    """The named constants; and where the claim has two independent entries more, whatever constant fits."""
    for factor in named_constants(working).values():
        yield _times(working, factor)
        yield _times(working, -factor)
    answer = working.answer()
    if answer is None or answer.shape != working.claimed.shape or _independent(working, answer) < 3:
        return
    factor = _fitted(answer, working)
    if np.isfinite(factor):
        yield _times(working, factor)


def _fitted(answer: Floats, working: W) -> float:
    """The constant that comes nearest to the claim; of typed numbers, one that gives every digit, if there is one."""
    with np.errstate(all="ignore"):
        if working.bounds is None:
            return float(np.sum(answer * working.claimed) / np.sum(answer * answer))
        ratios = [np.where(answer == 0, np.nan, bound / answer) for bound in working.bounds]
        return float(np.nanmax(np.minimum(*ratios)) + np.nanmin(np.maximum(*ratios))) / 2


def _independent(working: W, answer: Floats) -> int:
    """How many entries are free: those of a gradient sum to 0 in each row."""
    free = np.count_nonzero(answer)
    sums_to_nothing = working.key in ("grad_logits", "jacobian") and answer.ndim > 1
    return int(free - (np.count_nonzero(answer.any(axis=-1)) if sums_to_nothing else 0))


def _scale_in_words(working: W) -> str:
    for name, value in named_constants(working).items():
        for sign, factor in (("", value), ("-", -value)):
            if np.isclose(working.scale, factor, rtol=1e-3, atol=0):
                return f"multiplying by {sign}{name} = {factor:.6g}"
    return f"multiplying by {working.scale:.6g}"


def _ignores(working: W) -> bool:
    return working.labels is not None and not bool(working.kept.all())


def _smooths(working: W) -> bool:
    return working.smoothing > 0


def _tempers(working: W) -> bool:
    return working.temperature != 1


def _weighs(working: W) -> bool:
    return working.class_weights is not None


def _is_matrix(working: W) -> bool:
    return working.claimed.ndim == 2


def _is_gradient(working: W) -> bool:
    return working.key.startswith("grad_") and working.key != "grad_softmax"


MISTAKES: tuple[Mistake[W], ...] = (
    Mistake(
        "smoothing-ignored",
        "leaving the label smoothing out",
        "an option typed, and forgotten; the commonest of its kind",
        _smooths,
        _with(smoothing=0.0),
    ),
    Mistake(
        "smoothing-megatron",
        "smoothing as Megatron does, over the other classes only",
        "the other definition of the option",
        _smooths,
        _megatron,
    ),
    Mistake(
        "temperature-ignored",
        "leaving the temperature out",
        "an option typed, and forgotten",
        _tempers,
        _with(temperature=1.0, factor_temperature=1.0),
    ),
    Mistake(
        "temperature-factor-missing",
        "leaving out the factor 1/T of the chain rule",
        "the temperature was seen, and its derivative missed",
        _tempers,
        _with(factor_temperature=1.0),
    ),
    Mistake(
        "class-weights-ignored",
        "leaving the class weights out",
        "an option typed, and forgotten",
        _weighs,
        _with(class_weights=None),
    ),
    Mistake(
        "weighted-mean-over-n",
        "dividing the weighted sum by the number of rows",
        "the weights were seen, and not that the mean is weighted too",
        lambda working: _weighs(working) and working.labels is not None and working.reduction == "mean",
        _over_rows,
    ),
    Mistake(
        "ignored-rows-counted",
        "counting the ignored rows in the mean",
        "the rows are masked, and their number is not",
        lambda working: _ignores(working) and working.reduction == "mean",
        _counting_ignored,
    ),
    Mistake(
        "ignored-rows-not-masked",
        "treating the ignored rows as rows like others",
        "shows as a gradient where there is none, so it is usually noticed",
        _ignores,
        _unmasked,
    ),
    Mistake(
        "sum-instead-of-mean",
        "taking the sum over the rows for their mean",
        "the commonest slip in a kernel: the division is left to somebody else",
        lambda working: working.reduction == "mean",
        _with(reduction="sum"),
    ),
    Mistake(
        "mean-instead-of-sum",
        "taking the mean over the rows for their sum",
        "a habit from the default",
        lambda working: working.reduction != "mean",
        _with(reduction="mean"),
    ),
    Mistake(
        "target-not-subtracted",
        "stopping at the softmax, without subtracting the target,",
        "the commonest slip in the gradient itself",
        _is_gradient,
        _with(form="softmax"),
    ),
    Mistake(
        "sign-flipped",
        "taking the opposite sign, y - a for a - y,",
        "the next: the minus of the loss is lost",
        lambda working: True,
        lambda working: (_times(working, -1.0),),
    ),
    Mistake(
        "label-off-by-one",
        lambda working: f"taking label y {'+' if working.shift > 0 else '-'} 1 for y",
        "classes counted from 1, or a class for padding",
        lambda working: working.labels is not None,
        _off_by_one,
    ),
    Mistake(
        "softmax-twice",
        "applying the softmax twice",
        "probabilities handed to a loss that wants logits",
        lambda working: True,
        _in_forms("twice", "twice-chained"),
    ),
    Mistake(
        "gradient-of-probabilities",
        "giving dC/da, the gradient with respect to the probabilities,",
        "the chain rule not begun",
        _is_gradient,
        _in_forms("probabilities"),
    ),
    Mistake(
        "diagonal-only",
        "using only the diagonal of the Jacobian",
        "the chain rule as if each probability had a logit of its own",
        lambda working: _is_gradient(working) or working.key == "jacobian",
        _in_forms("diagonal"),
    ),
    Mistake(
        "log2-loss",
        "taking the logarithm to base 2",
        "bits for nats; rare in code",
        lambda working: working.key not in ("softmax", "jacobian"),
        lambda working: (_times(working, 1 / np.log(2)),),
    ),
    Mistake(
        "transposed",
        "exchanging rows and columns",
        "a matter of layout, and usually stopped by the shapes",
        _is_matrix,
        _with(transposed=True),
    ),
    Mistake(
        "rows-permuted",
        "putting the rows in another order",
        "a matter of sorting or sharding",
        lambda working: working.claimed.ndim >= 1 and len(working.rows) == working.count > 1 and not working.linear,
        _reordered,
    ),
    Mistake(
        "scaled",
        _scale_in_words,
        "a constant fitted to the claim, so it says least",
        lambda working: working.key not in ("softmax", "jacobian"),
        _scaled,
        fitted=True,
    ),
)
