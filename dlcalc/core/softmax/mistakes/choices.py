"""The choices of a working: whatever can go wrong on the way to a loss or a gradient is a value of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.softmax.mistakes.columns import Columns
from dlcalc.core.softmax.question import Linear
from dlcalc.core.softmax.targets import Reduction, Tally

Form = Literal[
    "gradient",
    "softmax",
    "diagonal",
    "probabilities",
    "identity",
    "unit",
    "twice",
    "twice-chained",
    "over-rows-chained",
]
DenominatorCounts = Literal["weights", "ignored", "ignored by weight", "rows", "all rows"]
Smoothed = Literal["pytorch", "target whole", "added whole", "fastai"]


class Clip(NamedTuple):
    """The bounds between which probabilities are held, and whether they are made to sum to 1 afterwards."""

    low: float
    high: float
    normalised: bool


@dataclass(frozen=True)
class Choices:
    """The choices of a working: the right ones to begin with; a mistake replaces some.

    Attributes:
        logits: (n, C) float64, of the rows that are looked at.
        labels: (n,) of those rows, each a class where it counts; None where there are distributions.
        distribution: (n, C) of those rows; None where there are labels.
        kept: (n,) which of those rows count.
        count: N, how many rows there are.
        tally: of the labels of all rows.
        ignore_index: the label of rows that do not count.
        class_weights: (C,), or None.
        smoothing, temperature, reduction: as asked.
        linear: the layer that makes the logits, if there is one.
        claimed: what is claimed, to which constants and orders of rows are fitted.
        key: the key that it is claimed for.
        factor_temperature: T once more, in the factor 1/T that the chain rule brings.
        form: what is taken for the gradient.
        smoothed: by whose definition the smoothing is spread over the classes.
        divergence: whether the entropy of the target is taken off the loss.
        clip: the bounds of the probabilities, if they are held between some.
        probabilities: whether the logits are taken for a, the probabilities themselves.
        looks_like_probabilities: whether the logits of the question do.
        columns: what the softmax over the rows is made of, where it is taken for that over the classes.
        columns_at: from T to those columns.
        denominator_counts: what D counts: ``weights`` of the rows that count, those and ``ignored`` rows as 1 or
            ``ignored by weight``, the ``rows`` that count, or ``all rows``.
        ignored_as_class: the class that ignored rows are taken for, if they are.
        divisor: D itself, where it stays as it was while rows are taken for others.
        ignored_row_mass: the sum of an ignored row's target, though it has no class: 1 where nothing masks it.
        shift: what is added to each label, around the classes.
        scale: by which the result is multiplied.
        transposed: rows and columns change places.
        bounds: of what was typed, between what each number lies.
        slack: from an answer to how far a claim may be from it, entry by entry.
        permuted: the rows in the order in which they stand in the claim.
    """

    logits: Floats
    labels: NDArray[np.int64] | None
    distribution: Floats | None
    kept: NDArray[np.bool_]
    count: int
    tally: Tally | None
    ignore_index: int
    class_weights: Floats | None
    smoothing: float
    temperature: float
    reduction: Reduction
    linear: Linear | None
    key: str
    claimed: Floats
    factor_temperature: float = 1.0
    form: Form = "gradient"
    denominator_counts: DenominatorCounts = "weights"
    ignored_as_class: int | None = None
    divisor: float | None = None
    ignored_row_mass: float = 0.0
    shift: int = 0
    scale: float = 1.0
    transposed: bool = False
    bounds: tuple[Floats, Floats] | None = None
    slack: Callable[[Floats], Floats] = np.zeros_like
    permuted: bool = False
    smoothed: Smoothed = "pytorch"
    divergence: bool = False
    clip: Clip | None = None
    probabilities: bool = False
    looks_like_probabilities: bool = False
    columns: Columns | None = None
    columns_at: Callable[[float], Columns] | None = None
