"""Gradients as kernels compute them, every step rounded to a format, right ones and ones with a planted mistake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats, rounded

Ints = NDArray[np.int64]


class Arithmetic(NamedTuple):
    """The arithmetic of a kernel.

    Attributes:
        format: in which every step is rounded.
        sums: ``float32``, ``pairwise`` in the format itself, or ``float64``.
        order: ``softmax``, e/S, or ``log-softmax``, exp(z - m - ln S).
        division: by D, ``last``, or by multiplying with its ``reciprocal``, rounded.
    """

    format: str
    sums: str = "float32"
    order: str = "softmax"
    division: str = "last"

    def __call__(self, values: Floats) -> Floats:
        return rounded(values, self.format)

    def total(self, values: Floats) -> Floats:
        """Sum up each row, (n, C) to (n, 1)."""
        if self.sums == "float64":
            return self(values.sum(axis=1, keepdims=True))
        if self.sums == "float32":
            return self(values.astype(np.float32).sum(axis=1, keepdims=True).astype(np.float64))
        while values.shape[1] > 1:
            if values.shape[1] % 2:
                values = np.concatenate([values, np.zeros((len(values), 1))], axis=1)
            values = self(values[:, ::2] + values[:, 1::2])
        return values


@dataclass(frozen=True)
class Kernel:
    """A gradient of cross-entropy; its choices are right to begin with.

    Attributes:
        logits: (N, C), numbers of the format.
        labels: (N,), -100 where a row is ignored.
        arithmetic: of the kernel.
        smoothing, temperature, weights: of the loss.
        counted: rows that D counts, beside those that are right; "rows", "all", "sum".
        own_temperature: in the factor 1/T.
        form: of the gradient.
        factor: by which it is multiplied at last.
        shift: of the labels.
        masked: whether ignored rows are.
    """

    logits: Floats
    labels: Ints
    arithmetic: Arithmetic
    smoothing: float = 0.0
    temperature: float = 1.0
    weights: Floats | None = None
    reduction: str = "mean"
    counted: str = "weights"
    own_temperature: float | None = None
    form: str = "gradient"
    factor: float = 1.0
    shift: int = 0
    masked: bool = True
    twice: bool = False

    @property
    def kept(self) -> NDArray[np.bool_]:
        return np.asarray(self.labels != -100)

    def denominator(self) -> float:
        weights = np.ones(self.logits.shape[1]) if self.weights is None else self.weights
        if self.reduction != "mean" or self.counted == "sum":
            return 1.0 if self.counted != "mean" else float(self.kept.sum())
        if self.counted == "all":
            return float(len(self.labels))
        if self.counted == "rows":
            return float(self.kept.sum())
        return float(weights[(self.labels[self.kept] + self.shift) % len(weights)].sum())

    def target(self) -> Floats:
        classes = self.logits.shape[1]
        weights = np.ones(classes) if self.weights is None else self.weights
        t = np.zeros(self.logits.shape)
        labels = (np.where(self.kept, self.labels, 0) + self.shift) % classes
        t[np.arange(len(labels)), labels] = 1.0
        t = ((1 - self.smoothing) * t + self.smoothing / classes) * weights
        return np.where(self.kept[:, None], t, 0.0) if self.masked else t

    def softmax(self, values: Floats) -> Floats:
        r, arithmetic = self.arithmetic, self.arithmetic
        d = r(values - values.max(axis=1, keepdims=True))
        e = r(np.exp(d))
        total = arithmetic.total(e)
        return r(e / total) if arithmetic.order == "softmax" else r(np.exp(r(d - r(np.log(total)))))

    @np.errstate(divide="ignore", invalid="ignore")
    def gradient(self) -> Floats:
        r = self.arithmetic
        a = self.softmax(r(self.logits / self.temperature))
        if self.twice:
            a = self.softmax(a)
        t = r(self.target())
        whole = r(self.target().sum(axis=1, keepdims=True))
        g = {
            "gradient": lambda: r(r(a * whole) - t),
            "softmax": lambda: r(a * whole),
            "probabilities": lambda: r(np.where(t == 0, 0.0, -t / a)),
            "diagonal": lambda: r(-t * r(1 - a)),
        }[self.form]()
        divisor = self.denominator() * (self.temperature if self.own_temperature is None else self.own_temperature)
        g = r(g / divisor) if r.division == "last" else r(g * float(r(np.array(1 / divisor))))
        return r(g * self.factor) if self.factor != 1 else g


Plant = Callable[[Kernel], Kernel]


def changed(**changes: object) -> Plant:
    """Plant a mistake by other choices."""
    return lambda kernel: replace(kernel, **changes)  # type: ignore[arg-type]


def _smoothed(kernel: Kernel) -> Kernel:
    classes = kernel.logits.shape[1]
    return replace(kernel, smoothing=kernel.smoothing * classes / (classes - 1))


def _scaled(factor: float) -> Plant:
    return lambda kernel: replace(kernel, factor=factor)


# From the code of a mistake to where it is one, and how it is planted.
PLANTS: Mapping[str, tuple[Callable[[Kernel], bool], Plant]] = {
    "smoothing-ignored": (lambda k: k.smoothing > 0, changed(smoothing=0.0)),
    "smoothing-megatron": (lambda k: k.smoothing > 0, _smoothed),
    "temperature-ignored": (lambda k: k.temperature != 1, changed(temperature=1.0)),
    "temperature-factor-missing": (lambda k: k.temperature != 1, changed(own_temperature=1.0)),
    "class-weights-ignored": (lambda k: k.weights is not None, changed(weights=None)),
    "weighted-mean-over-n": (lambda k: k.weights is not None and k.reduction == "mean", changed(counted="rows")),
    "ignored-rows-counted": (
        lambda k: k.reduction == "mean" and k.weights is None and not k.kept.all(),
        changed(counted="all"),
    ),
    "ignored-rows-not-masked": (lambda k: not k.kept.all(), changed(masked=False)),
    "sum-instead-of-mean": (lambda k: k.reduction == "mean", changed(counted="sum")),
    "mean-instead-of-sum": (lambda k: k.reduction == "sum" and k.weights is None, changed(counted="mean")),
    "target-not-subtracted": (lambda k: True, changed(form="softmax")),
    "sign-flipped": (lambda k: True, _scaled(-1.0)),
    "label-off-by-one": (lambda k: True, changed(shift=1)),
    "softmax-twice": (lambda k: True, changed(twice=True)),
    "gradient-of-probabilities": (lambda k: True, changed(form="probabilities")),
    "diagonal-only": (lambda k: True, changed(form="diagonal")),
    "scaled": (lambda k: True, _scaled(1.02)),
}


def kernels(rng: np.random.Generator, name: str, rows: int | None = None) -> Kernel:
    """Draw a kernel, its logits and its options, in the arithmetic of a format."""
    rows = int(rng.choice([16, 40, 100, 256])) if rows is None else rows
    classes = int(rng.choice([3, 10, 30, 100]))
    narrow = name in ("float16", "bfloat16")
    arithmetic = Arithmetic(
        name,
        str(rng.choice(["float32", "pairwise"])) if narrow else "pairwise",
        str(rng.choice(["softmax", "log-softmax"])),
        str(rng.choice(["last", "reciprocal"])),
    )
    logits = arithmetic(rng.normal(scale=float(rng.choice([0.5, 1, 3])), size=(rows, classes)))
    labels = rng.integers(0, classes, rows)
    if rng.random() < 0.5:
        labels[rng.choice(rows, int(rng.integers(1, max(2, rows // 8))), replace=False)] = -100
    choose: Callable[..., float] = partial(_maybe, rng)
    return Kernel(
        logits,
        labels,
        arithmetic,
        smoothing=choose(0.4, [0.1, 0.05, 0.2], 0.0),
        temperature=choose(0.3, [2.0, 0.5, 4.0], 1.0),
        weights=rng.uniform(0.2, 3, classes) if rng.random() < 0.3 else None,
        reduction=str(rng.choice(["mean", "mean", "sum"])),
    )


def _maybe(rng: np.random.Generator, chance: float, values: list[float], otherwise: float) -> float:
    return float(rng.choice(values)) if rng.random() < chance else otherwise
