"""The proof of a fold by decimal arithmetic, and by evaluating the folded layer against the layer and its batch norm.

The affine and, in float64, the folded numbers themselves are certified by decimal arithmetic with far more digits, each
within half an ulp. Both sides are evaluated against a bound that a correct fold reaches and never passes. Nothing is
shared with the arithmetic that is proved.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from math import frexp
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.batch_norm.check_statistics import check_statistics

# The evaluation of a layer is shared, and is no part of folding: no folded number is computed by it, and it treats the
# folded layer and the unfolded one alike. That it computes what a layer computes is for its own tests to show.
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer, evaluate
from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.affine import Affine
    from dlcalc.core.batch_norm.answer import BnFold

MAX_ENTRIES = 5_000  # numbers that are certified one by one; of more, so many at random
_DIGITS = 150
_SEED = 1502
_IMPULSES = 256  # at most ...
_PRODUCTS = 50_000_000  # ... and of a large layer fewer

Floats = NDArray[np.float64]


class _Sides(NamedTuple):
    """The folded layer against the unfolded one, at the output where their distance is largest for its bound.

    Attributes:
        inputs: how many were evaluated.
        max_abs_error: the distance.
        bound: of the distance.
        ratio: of the two, at most 1 for a correct fold.
    """

    inputs: int
    max_abs_error: float
    bound: float
    ratio: float

    @property
    def text(self) -> str:
        """The comparison in a sentence."""
        return f"{self.max_abs_error:.3g} apart where the bound is {self.bound:.3g}, {self.ratio:.3f} of it"


def check(answer: "BnFold") -> Proof:
    """Prove the statistics, the affine, and the folded layer."""
    failures: list[Failure] = []
    keys = ["scale", "shift"]
    details: dict[str, object] = {"keys": keys}
    question = answer.question
    rng = np.random.default_rng(_SEED)
    with localcontext(Context(prec=_DIGITS, Emax=999_999, Emin=-999_999)):
        scales, shifts = _affine(question.affine)
        failures += _within_half_an_ulp("scale", answer.scale, scales)
        failures += _within_half_an_ulp("shift", answer.shift, shifts)
        if question.statistics is not None:
            keys += ["mean", "var"]
            proved = check_statistics(question.statistics)
            failures += proved.failures
            if proved.bound is not None:
                details["bound_of_statistics"] = proved.bound
        method, manner = "rational", "in decimal arithmetic, each number within half an ulp"
        if question.statistics is not None:
            manner += proved.manner
        if answer.folded is not None:
            keys += ["weight", "bias"]
            if answer.folded.format == "float64":
                failures += _entries(answer, scales, shifts, rng)
                if answer.folded.weight.size > MAX_ENTRIES:
                    manner += f"; of {answer.folded.weight.size:,} weights {MAX_ENTRIES:,}, drawn at random"
                    details["sampled"] = True
                    if question.bn_first:  # every bias is a sum over all weights
                        keys.remove("bias")
                        manner += ", and no bias"
    if answer.folded is not None:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what is infinite fails by its ratio
            sides = _both_sides(answer, rng)
        details |= sides._asdict()
        if answer.folded.format != "float64":
            method = "folded-against-unfolded"
            manner = f"on {sides.inputs} inputs, folded against unfolded: {sides.text}"
            alike = _eps_alike(question.affine, answer.folded.format)
            if alike:
                details["eps_not_told_apart"] = alike
                values = ", ".join(f"{eps:g}" for eps in alike)
                manner += f"; {answer.folded.format} cannot tell eps {question.affine.eps:g} from {values} here"
        unproved = answer.folded.format != "float64" or np.isfinite(sides.ratio)  # else each number has been proved
        if not sides.ratio <= 1 and unproved:
            failures.append(Failure({}, "folded", sides.max_abs_error, sides.bound))
    return Proof(method, manner, details, tuple(failures))


_EPS = (0.0, 1e-12, 1e-8, 1e-7, 1e-6, 1e-5, 1e-3)  # that models have


def _eps_alike(affine: "Affine", name: str) -> list[float]:
    """List other values of eps whose scales a format cannot tell from these: within half an ulp in every channel."""
    unit, inside = FORMATS[name].eps / 2, affine.var + affine.eps
    with np.errstate(divide="ignore", over="ignore"):  # a variance that is far from any eps
        change = {eps: np.abs(np.sqrt(inside / (affine.var + eps)) - 1) for eps in _EPS if eps != affine.eps}
    return [eps for eps, relative in change.items() if (relative[affine.gamma != 0] <= unit).all()]


def _affine(affine: "Affine") -> tuple[list[Decimal], list[Decimal]]:
    """Compute the scale and shift of each channel to many digits."""
    scales, shifts = [], []
    columns = (affine.gamma, affine.beta, affine.mean, affine.var)
    for gamma, beta, mean, var in zip(*(column.tolist() for column in columns), strict=True):
        scales.append(Decimal(gamma) / (Decimal(var) + Decimal(affine.eps)).sqrt())
        shifts.append(Decimal(beta) - Decimal(mean) * scales[-1])
    return scales, shifts


def _within_half_an_ulp(
    key: str, said: Floats, right: list[Decimal], at: Sequence[tuple[int, ...]] | None = None
) -> list[Failure]:
    """Find the first number that is farther from the right one than rounding once can take it.

    Args:
        key: of the numbers in the answer.
        said: the numbers.
        right: as many, to many digits.
        at: their indices in the answer; None if it is one row of numbers.
    """
    for number, (value, exact) in enumerate(zip(said.reshape(-1).tolist(), right, strict=True)):
        if np.isinf(value):
            close = abs(exact) > Decimal(FORMATS["float64"].largest)
        else:
            ulp = Decimal(2) ** max(frexp(value)[1] - 53, -1074)
            close = abs(Decimal(value) - exact) <= ulp / 2 * (1 + Decimal(10) ** -20)
        if not close:
            return [Failure({"index": [number] if at is None else list(at[number])}, key, value, float(exact))]
    return []


def _entries(answer: "BnFold", scales: list[Decimal], shifts: list[Decimal], rng: np.random.Generator) -> list[Failure]:
    """Certify folded numbers in float64 one by one: the bound of a sum has no room for them."""
    layer, folded, first = answer.question.layer, answer.folded, answer.question.bn_first
    assert layer is not None
    assert folded is not None
    size = folded.weight.size
    flat = np.arange(size) if size <= MAX_ENTRIES else np.sort(rng.choice(size, MAX_ENTRIES, replace=False))
    index = list(zip(*(axis.tolist() for axis in np.unravel_index(flat, folded.weight.shape)), strict=True))
    right = [Decimal(float(layer.weight[at])) * scales[_channels(layer, at)[first]] for at in index]
    given = index if layer.layout is None else [layer.layout.index(at) for at in index]
    failures = _within_half_an_ulp("weight", folded.weight.reshape(-1)[flat], right, given)
    if not first:
        affine = answer.question.affine
        terms = zip(layer.bias.tolist(), affine.mean.tolist(), affine.beta.tolist(), scales, strict=True)
        sums = [(Decimal(b) - Decimal(mean)) * scale + Decimal(beta) for b, mean, beta, scale in terms]
    elif size <= MAX_ENTRIES:
        sums = [Decimal(b) for b in layer.bias.tolist()]
        for at in index:
            output, entering = _channels(layer, at)
            sums[output] += Decimal(float(layer.weight[at])) * shifts[entering]
    else:
        return failures
    return failures + _within_half_an_ulp("bias", folded.bias, sums)


def _channels(layer: WeightedLayer, at: tuple[int, ...]) -> tuple[int, int]:
    """Number the output and the input channel of one entry of the weight."""
    first, second = at[:2]
    if layer.kind == "transposed":
        per_group = layer.weight.shape[0] // layer.groups
        return first // per_group * layer.weight.shape[1] + second, first
    per_group = layer.weight.shape[0] // layer.groups
    return first, first // per_group * layer.weight.shape[1] + second


def _both_sides(answer: "BnFold", rng: np.random.Generator) -> _Sides:
    """Evaluate the folded layer and the unfolded one on random inputs and unit impulses, beside the bound.

    |fold(x) - ref(x)| <= (u|W'| + h) * |x| + u|b'| + h, * the layer itself, u the unit roundoff of the format and h
    half its smallest number; and the little that evaluating both in float64 costs.
    """
    layer, folded, affine = answer.question.layer, answer.folded, answer.question.affine
    assert layer is not None
    assert folded is not None
    layer, folded = _drawn_together(layer), _drawn_together(folded)
    x = _inputs(layer, rng)
    root = np.sqrt(affine.var + affine.eps)

    def norm(values: Floats) -> Floats:
        shape = (-1, *(1,) * (values.ndim - 2))
        gamma, beta, mean = (part.reshape(shape) for part in (affine.gamma, affine.beta, affine.mean))
        normed: Floats = gamma * (values - mean) / root.reshape(shape) + beta
        return normed

    right = evaluate(layer, norm(x)) if answer.question.bn_first else norm(evaluate(layer, x))
    found = evaluate(folded, x)
    form = FORMATS[folded.format]
    unit, half = form.eps / 2, form.half_tiny
    limits = replace(folded, weight=unit * np.abs(folded.weight) + half, bias=unit * np.abs(folded.bias) + half)
    sizes = replace(folded, weight=np.abs(folded.weight), bias=np.abs(folded.bias))
    noise = 2.0**-50 * (evaluate(sizes, np.abs(x)) + np.abs(right) + _cancelled(answer, layer, x))
    bound = evaluate(limits, np.abs(x)) + noise
    # The last input is 0: without what it gives, a small weight does not hide behind a large bias.
    errors = np.abs(found - right), np.abs((found - found[-1:]) - (right - right[-1:]))
    bounds = bound, evaluate(replace(limits, bias=np.zeros_like(limits.bias)), np.abs(x)) + 2 * noise
    ratios = [np.where(error == 0, 0.0, error / limit) for error, limit in zip(errors, bounds, strict=True)]
    worst = int(np.argmax([np.nan_to_num(ratio, nan=np.inf).max() for ratio in ratios]))
    at = np.unravel_index(int(np.argmax(np.nan_to_num(ratios[worst], nan=np.inf))), bound.shape)
    return _Sides(len(x), float(errors[worst][at]), float(bounds[worst][at]), float(ratios[worst][at]))


def _cancelled(answer: "BnFold", layer: WeightedLayer, x: Floats) -> Floats:
    """Bound the terms that cancel on the unfolded side: (|W| * |x| + |b| + |mean|) |s| + |beta|."""
    affine = answer.question.affine
    sizes = replace(layer, weight=np.abs(layer.weight), bias=np.abs(layer.bias))
    shape = (-1, *(1,) * (x.ndim - 2))
    scale, mean, beta = (np.abs(part).reshape(shape) for part in (answer.scale, affine.mean, affine.beta))
    if answer.question.bn_first:
        return evaluate(sizes, (np.abs(x) + mean) * scale + beta)
    return (evaluate(sizes, np.abs(x)) + mean) * scale + beta


def _drawn_together(layer: WeightedLayer) -> WeightedLayer:
    """Reduce stride, dilation and padding: a batch norm beside the layer sees only what each window takes and gives."""
    near = replace(
        layer, stride=tuple(min(s, 2) for s in layer.stride), dilation=tuple(min(d, 3) for d in layer.dilation)
    )
    return replace(near, padding=tuple(min(p, e) for p, e in zip(layer.padding, near.extent, strict=True)))


def _inputs(layer: WeightedLayer, rng: np.random.Generator) -> Floats:
    """Make normal inputs, unit impulses and 0, a little larger than the window: there are borders and an inside.

    Returns:
        (N, C_in, space...) float64; the last input is 0.
    """
    windows = zip(layer.extent, layer.stride, layer.padding, strict=True) if layer.kernel else ()
    if layer.kind == "transposed":  # of which the padding crops: at least two windows wide are left
        space = [(2 * p + e) // s + 2 for e, s, p in windows]
    else:
        space = [max(2, e + s + 1 - p) for e, s, p in windows]
    size = layer.inputs * int(np.prod(space, dtype=np.int64))
    count = max(16, min(_IMPULSES, _PRODUCTS // layer.weight.size))
    chosen = np.arange(size) if size <= count else np.sort(rng.choice(size, count, replace=False))
    impulses = np.zeros((len(chosen), size))
    impulses[np.arange(len(chosen)), chosen] = 1
    normal = rng.standard_normal((8, size))
    return np.concatenate([normal, impulses, np.zeros((1, size))]).reshape(-1, layer.inputs, *space)
