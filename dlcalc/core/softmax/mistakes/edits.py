"""The edits: what each mistake about softmax and its gradient does to a working, and where it is one."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.softmax.mistakes.choices import Clip, DenominatorCounts, Form
from dlcalc.core.softmax.mistakes.working import SoftmaxWorking

W = SoftmaxWorking


def making(**changes: object) -> Callable[[W], Iterable[W]]:
    """Make the edit that makes these choices."""
    return lambda working: (replace(working, **changes),)  # type: ignore[arg-type]


def megatron(working: W) -> Iterable[W]:
    """Smooth over the other classes only: alpha C/(C - 1)."""
    classes = working.classes
    yield replace(working, smoothing=working.smoothing * classes / (classes - 1))


def smoothed_otherwise(working: W) -> Iterable[W]:
    """Add alpha/C to a target that stays whole; or 1/C, all of it; or spread alpha as fastai does."""
    yield replace(working, smoothed="target whole")
    yield replace(working, smoothed="added whole")
    if working.class_weights is not None or ignores(working):  # else it is PyTorch's
        yield replace(working, smoothed="fastai")


def divergence(working: W) -> Iterable[W]:
    """Take the entropy of the target off the loss; and as kl_div's own mean does, divide by the classes too."""
    yield replace(working, divergence=True)
    if working.reduction == "mean":
        yield times(replace(working, divergence=True), 1 / working.classes)


def temperature_squared(working: W) -> Iterable[W]:
    """Multiply by T^2: the gradient, the loss, or its divergence."""
    yield times(working, working.temperature**2)
    if has_divergence(working):
        yield from (times(other, working.temperature**2) for other in divergence(working))


# 1e-7 in float64; and in float32, where 1 - 1e-7 is 1 - 2^-23.
_BOUNDS = ((1e-7, 1 - 1e-7), (float(np.float32(1e-7)), 1 - 2.0**-23))


def clipped(working: W) -> Iterable[W]:
    """Hold the probabilities between 1e-7 and 1 - 1e-7, and let them sum to what they do, or to 1 again."""
    for normalised in (False, True):
        for low, high in _BOUNDS:
            yield replace(working, clip=Clip(low, high, normalised))


def from_probabilities(working: W) -> Iterable[W]:
    """Take the logits for a: the gradient is a*sum(t) - t, or that with respect to a."""
    given = replace(working, probabilities=True, factor_temperature=1.0)
    yield given
    yield replace(given, form="probabilities")


def over_rows_of_each_class(working: W) -> Iterable[W]:
    """Take the softmax over the rows of each class; its gradient as that over the classes has it, or as it is."""
    assert working.columns_at is not None
    across = replace(working, columns=working.columns_at(working.temperature))
    yield across
    if working.count > 1:  # of one row it is 0, which is no evidence
        yield replace(across, form="over-rows-chained")


def over_rows(working: W) -> Iterable[W]:
    """Take the mean over the rows that count, or over all of them."""
    yield replace(working, denominator_counts="rows")
    if ignores(working):
        yield replace(working, denominator_counts="all rows")


def counting_ignored(working: W) -> Iterable[W]:
    """Count the ignored rows as 1, or all rows alike."""
    yield replace(working, denominator_counts="ignored")
    if working.class_weights is not None:
        yield replace(working, denominator_counts="all rows")
        if 0 <= working.ignore_index < working.classes:
            yield replace(working, denominator_counts="ignored by weight")


def unmasked(working: W) -> Iterable[W]:
    """Take ignored rows for rows like others: of the class that the ignore index names, of class 0, or of none."""
    index, classes = working.ignore_index, working.classes
    is_class = 0 <= index < classes
    for divisor in (working.denominator, None):
        if not is_class and working.key != "loss":
            counts: DenominatorCounts = working.denominator_counts if divisor is not None else "ignored"
            yield replace(working, ignored_row_mass=1.0, divisor=divisor, denominator_counts=counts)
        if -classes <= index < 0:  # as Python counts from the end
            yield replace(working, ignored_as_class=index % classes, divisor=divisor)
        yield replace(working, ignored_as_class=index if is_class else 0, divisor=divisor)


def off_by_one(working: W) -> Iterable[W]:
    """Shift each label by one up, and by one down, around the classes."""
    for shift in (1, -1) if working.classes > 2 else (1,):
        yield replace(working, shift=shift)


def in_forms(*forms: Form) -> Callable[[W], Iterable[W]]:
    """Make the edit that takes another gradient, with and without the factor 1/T, which is easily lost with it."""

    def edit(working: W) -> Iterable[W]:
        for form in forms:
            for temperature in dict.fromkeys((1.0, working.factor_temperature)):
                yield replace(working, form=form, factor_temperature=temperature)

    return edit


def times(working: W, factor: float) -> W:
    """Multiply the result by a constant."""
    return replace(working, scale=working.scale * factor)


def reordered(working: W) -> Iterable[W]:
    """Put the rows in the order in which they stand in the claim, if there is such an order.

    In no order would the sorted columns differ by more than the entries do; and some rows that are out of place are
    looked for among the right ones: all of those, as some may lie within the tolerance of the rows in their places.
    """
    answer = replace(working, transposed=False).answer()
    claimed = working.claimed.T if working.transposed else working.claimed
    if answer is None or answer.shape != claimed.shape:
        return
    ours, theirs = answer.reshape(len(answer), -1), claimed.reshape(len(claimed), -1)
    slack, typed = working.slack(ours), np.zeros_like(theirs)  # how far apart for our numbers, and for theirs
    if working.bounds is not None:
        low, high = (bound.T if working.transposed else bound for bound in working.bounds)
        typed = (high - low).reshape(theirs.shape)
    with np.errstate(invalid="ignore"):
        astray = np.flatnonzero(~(np.abs(ours - theirs) <= slack + typed).all(axis=1))
        if astray.size < 2:
            return
        within = 2 * (slack.max(axis=0) + typed.max(axis=0))
        if not (np.abs(np.sort(ours, axis=0) - np.sort(theirs, axis=0)) <= within).all():
            return
        for row in astray[:: max(1, astray.size // _ASTRAY)]:
            if not (np.abs(ours - theirs[row]) <= slack + typed[row]).all(axis=1).any():
                return
    yield replace(working, permuted=True)


_ASTRAY = 64  # rows that are looked for


def named_constants(working: W) -> dict[str, float]:
    """Name the constants by which a whole gradient is easily wrong."""
    count, classes, temperature = float(working.count), float(working.classes), working.temperature
    found = {"2": 2.0, "1/2": 0.5, "N": count, "1/N": 1 / count, "C": classes, "1/C": 1 / classes}
    if temperature != 1:
        found |= {"T": temperature, "1/T": 1 / temperature, "T^2": temperature**2}
    return {name: value for name, value in found.items() if value != 1}


def scaled(working: W) -> Iterable[W]:
    """Multiply by the named constants; and where the claim has two independent entries more, by any that fits."""
    for factor in named_constants(working).values():
        yield times(working, factor)
        yield times(working, -factor)
    answer = working.answer()
    if answer is None or answer.shape != working.claimed.shape or independent(working, answer) < 3:
        return
    factor = fitted(answer, working)
    if np.isfinite(factor) and f"{factor:.6g}" != "1":
        yield times(working, factor)


def fitted(answer: Floats, working: W) -> float:
    """Fit the constant that comes nearest to the claim; to typed numbers, one that gives every digit if it can."""
    with np.errstate(all="ignore"):
        if working.bounds is None:
            return float(np.sum(answer * working.claimed) / np.sum(answer * answer))
        ratios = [np.where(answer == 0, np.nan, bound / answer) for bound in working.bounds]
        return float(np.nanmax(np.minimum(*ratios)) + np.nanmin(np.maximum(*ratios))) / 2


def independent(working: W, answer: Floats) -> int:
    """Count the entries that are free: those of a gradient sum to 0 in each row."""
    free = np.count_nonzero(answer)
    sums_to_nothing = working.key in ("grad_logits", "jacobian") and answer.ndim > 1
    return int(free - (np.count_nonzero(answer.any(axis=-1)) if sums_to_nothing else 0))


def smoothing_in_words(working: W) -> str:
    """Say by which definition the target is smoothed."""
    said = {
        "target whole": "adding alpha/C to the target without taking alpha from it",
        "added whole": "adding 1/C and not alpha/C to the smoothed target",
    }
    return said.get(working.smoothed, "smoothing as fastai does, without weights and for ignored rows too,")


def sign_in_words(working: W) -> str:
    """Say which minus is lost: of a loss its own, of a gradient that of the target."""
    return "losing the minus of the loss" if working.key == "loss" else "taking the opposite sign, t - a for a - t,"


def divergence_in_words(working: W) -> str:
    """Say which mean of the divergence is taken."""
    if working.scale != 1:
        return "taking the KL divergence, and its mean over rows and classes as PyTorch's kl_div does,"
    return "taking the KL divergence, which is the cross-entropy less the entropy of the target,"


def scale_in_words(working: W) -> str:
    """Say by which constant the result is multiplied, with its name if it has one."""
    for name, value in named_constants(working).items():
        for sign, factor in (("", value), ("-", -value)):
            if np.isclose(working.scale, factor, rtol=1e-3, atol=0):
                written = f"{factor:.6g}"
                return f"multiplying by {written if sign + name == written else f'{sign}{name} = {written}'}"
    return f"multiplying by {working.scale:.6g}"


def ignores(working: W) -> bool:
    """Whether some rows are ignored."""
    return working.tally is not None and working.tally.ignored > 0


def smooths(working: W) -> bool:
    """Whether there is label smoothing."""
    return working.smoothing > 0


def tempers(working: W) -> bool:
    """Whether there is a temperature."""
    return working.temperature != 1


def has_divergence(working: W) -> bool:
    """Whether a loss is claimed of targets that may have an entropy."""
    return working.key == "loss" and (working.labels is None or smooths(working))


def is_loss(working: W) -> bool:
    """Whether the key is the loss or one of its gradients."""
    return working.key not in ("softmax", "jacobian", "logits")


def weighs(working: W) -> bool:
    """Whether there are class weights."""
    return working.class_weights is not None


def by_row(working: W) -> bool:
    """Whether the key has a row for each row of logits."""
    return working.key not in ("grad_weight", "grad_bias") and (working.key != "loss" or working.reduction == "none")


def is_matrix(working: W) -> bool:
    """Whether a matrix is claimed."""
    return working.claimed.ndim == 2


def is_gradient(working: W) -> bool:
    """Whether the key is a gradient behind the softmax."""
    return working.key.startswith("grad_") and working.key != "grad_softmax"
