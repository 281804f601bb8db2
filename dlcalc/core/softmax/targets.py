"""The targets: the target distribution t of each row under every option, and D, by which the loss is divided.

One form covers all of them: loss = -sum(t ln a)/D and dC/dz = (a sum(t) - t)/D/T. Only t and D depend on the options,
as PyTorch defines them; an index and the same class as a distribution therefore differ under class weights and mean.
"""

from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.row_source import Floats, Rows, RowSource, in_order, parts
from dlcalc.core.arrays.stored import numbered, shape_text, vector
from dlcalc.core.errors import DlcalcError, Fix

LARGEST = 1e60  # of temperatures, weights and targets: so that nothing overflows on the way
Reduction = Literal["none", "mean", "sum"]
REDUCTIONS: tuple[Reduction, ...] = ("none", "mean", "sum")


class Tally(NamedTuple):
    """The numbers of rows of each class.

    Attributes:
        counts: (C,) how many rows that count have each label.
        ignored: how many rows do not count.
    """

    counts: NDArray[np.int64]
    ignored: int

    @property
    def kept(self) -> int:
        """How many rows count."""
        return int(self.counts.sum())


class Survey(NamedTuple):
    """The extremes of the distributions, found in one pass.

    Attributes:
        spread: the largest sum of |t| of a row.
        unnormalised: the first row that does not sum to 1, and to what it sums.
        negative: the first row with a negative entry.
    """

    spread: float
    unnormalised: tuple[int, float] | None
    negative: int | None


@dataclass(frozen=True)
class Targets:
    """The checked targets of all rows.

    Attributes:
        labels: (N,) int64, the class of each row, or the ignore index; None where there are distributions.
        distribution: (N, C) float64, the target of each row as it was given; None where there are labels.
        classes: C.
        class_weights: (C,), all 1 if None.
        ignore_index: the label of rows that do not count.
        label_smoothing: the part of the target that is spread over all classes, 0 to 1.
        reduction: over the rows.
    """

    labels: RowSource | None
    distribution: RowSource | None
    classes: int
    class_weights: Floats | None = None
    ignore_index: int = -100
    label_smoothing: float = 0.0
    reduction: Reduction = "mean"

    @property
    def rows(self) -> int:
        """N, how many rows there are."""
        given = self.labels if self.labels is not None else self.distribution
        assert given is not None
        return len(given)

    def kept(self, rows: Rows) -> NDArray[np.bool_]:
        """Tell which of some rows count, (n,)."""
        if self.labels is not None:
            return np.asarray(self.labels[rows] != self.ignore_index)
        return np.ones(len(range(self.rows)[rows]) if isinstance(rows, slice) else len(rows), bool)

    def kept_rows(self, count: int) -> list[int]:
        """List the first ``count`` rows that count; and the last one, if there are more."""
        found: list[int] = []
        for part in parts(self.rows, 8):
            found += (part.start + np.flatnonzero(self.kept(part))[: count + 1]).tolist()
            if len(found) > count:
                break
        if len(found) <= count:
            return found
        for part in reversed(parts(self.rows, 8)):
            if (kept := self.kept(part)).any():
                return [*found[:count], part.start + int(np.flatnonzero(kept)[-1])]
        return found

    @cached_property
    def tally(self) -> Tally:
        """How many rows there are of each label."""
        assert self.labels is not None
        counts, ignored = np.zeros(self.classes, np.int64), 0
        for part in parts(self.rows, 8):
            labels = self.labels[part]
            kept = labels[labels != self.ignore_index]
            counts += np.bincount(kept, minlength=self.classes)
            ignored += labels.size - kept.size
        return Tally(counts, ignored)

    @property
    def ignores(self) -> bool:
        """Whether some rows do not count."""
        return self.labels is not None and self.tally.ignored > 0

    @property
    def of_nothing(self) -> bool:
        """Whether a mean is asked for, and every row is ignored."""
        return self.reduction == "mean" and self.labels is not None and not self.tally.kept

    @property
    def weights(self) -> Floats:
        """(C,) the class weights."""
        return np.ones(self.classes) if self.class_weights is None else self.class_weights

    @cached_property
    def denominator(self) -> float:
        """D: for the mean the weights of the rows' labels, or the number of distributions; else 1.

        NaN where every row is ignored, because the mean of nothing is no number; their gradients are 0 by any D.

        Raises:
            DlcalcError: ``no-valid-rows`` where the class weight of every target is 0.
        """
        if self.reduction != "mean":
            return 1.0
        if self.labels is None:
            return float(self.rows)
        if self.of_nothing:
            return nan
        total = float(self.weights @ self.tally.counts)
        if total == 0:
            message = "the class weight of every target is 0: there is nothing to take the mean of"
            hint = ("a weight over 0, or ", Fix("reduction", "sum"))
            raise DlcalcError("no-valid-rows", message, hint=hint, option="class_weights")
        return total

    @property
    def spread(self) -> float:
        """The largest sum of |t| of a row: the size of the terms that a gradient is made of."""
        if self.labels is None:
            return self.survey.spread
        weights, smoothing = self.weights, self.label_smoothing
        sums = (1 - smoothing) * weights + smoothing / self.classes * weights.sum()
        return float(np.max(sums, initial=0.0, where=self.tally.counts > 0))

    def check_finite(self) -> Survey | None:
        """Refuse distributions with numbers that are not finite, or too large; all are read once.

        Raises:
            DlcalcError: ``invalid-value``.
        """
        return None if self.distribution is None else self.survey

    @cached_property
    def survey(self) -> Survey:
        """The extremes of all distributions.

        Raises:
            DlcalcError: ``invalid-value`` for a number that is not finite, or too large.
        """
        assert self.distribution is not None
        blocks = list(in_order(self._surveyed, parts(self.rows, 8 * self.classes)))
        unnormalised = next((block.unnormalised for block in blocks if block.unnormalised is not None), None)
        negative = next((block.negative for block in blocks if block.negative is not None), None)
        return Survey(max(block.spread for block in blocks), unnormalised, negative)

    def _surveyed(self, part: slice) -> Survey:
        assert self.distribution is not None
        given = self.distribution[part]
        message = ""
        if not np.isfinite(given).all():
            row, column = np.argwhere(~np.isfinite(given))[0]
            message = f"target {given[row, column]} of row {part.start + row}, class {column} is not a finite number"
        elif np.abs(given).max() > LARGEST:
            message = f"target {np.abs(given).max():g} is larger than {LARGEST:g}"
        if message:
            raise DlcalcError("invalid-value", message, hint="probabilities, 0 to 1", option="target")
        sums, low = given.sum(axis=1), given.min(axis=1)
        off, negative = np.flatnonzero(np.abs(sums - 1) > 1e-4), np.flatnonzero(low < 0)
        smooth = (1 - self.label_smoothing) * given + self.label_smoothing / self.classes
        return Survey(
            float(np.abs(smooth * self.weights).sum(axis=1).max()),
            (part.start + int(off[0]), float(sums[off[0]])) if off.size else None,
            part.start + int(negative[0]) if negative.size else None,
        )

    def hard(self, rows: Rows) -> tuple[NDArray[np.int64], Floats] | None:
        """Give the class (n,) of each of some rows and t there (n,), both 0 in an ignored row.

        None where a target spreads over several classes.
        """
        if self.labels is None or self.label_smoothing:
            return None
        labels = self.labels[rows]
        kept = labels != self.ignore_index
        labels = np.where(kept, labels, 0)
        return labels, np.where(kept, self.weights[labels], 0.0)

    def dense(self, rows: Rows) -> Floats:
        """Compute t (n, C) of some rows, for any options."""
        given = self.given(rows)
        smooth = (1 - self.label_smoothing) * given + self.label_smoothing / self.classes
        if self.labels is None:
            return smooth * self.weights
        # PyTorch weighs the smoothed part of an index by each class, and so does this: w y' = w ((1-a) y + a/C).
        return np.where(self.kept(rows)[:, None], smooth * self.weights, 0.0)

    def given(self, rows: Rows) -> Floats:
        """Give the target y (n, C) of some rows, without weights and smoothing; 0 in an ignored row."""
        if self.distribution is not None:
            return self.distribution[rows]
        assert self.labels is not None
        labels = self.labels[rows]
        kept = labels != self.ignore_index
        dense = np.zeros((labels.size, self.classes))
        dense[np.flatnonzero(kept), labels[kept]] = 1.0
        return dense


def label_targets(labels: RowSource, rows: int, classes: int, ignore_index: int) -> RowSource:
    """Check the labels, whole numbers of any dtype: one per row, and each a class or the ignore index.

    Returns:
        The labels as (N,) int64.

    Raises:
        DlcalcError: ``shape-mismatch``, ``label-out-of-range``.
    """
    flat = vector(labels, "label", rows, "rows")
    may_be_ignored = abs(ignore_index) < 2**63  # what int64 cannot hold is no label
    for part in parts(rows, 8):
        found = flat[part]
        with np.errstate(over="ignore"):  # float16 has no number as large as that of the classes may be
            legal = (found >= 0) & (found < classes)
            if may_be_ignored:
                legal |= found == ignore_index
        wrong = np.flatnonzero(~legal)
        if wrong.size:
            row = int(wrong[0])
            message = f"label {_digits(found[row])} of row {part.start + row}"
            message += f" is not one of the {classes} classes 0 to {classes - 1}"
            hint = f"0 to {classes - 1}, or the ignore index {ignore_index}"
            raise DlcalcError("label-out-of-range", message, hint=hint, option="label")
    return flat.astype(np.int64, copy=False)


def _digits(label: Any) -> str:
    """Write a label; a float that is a whole number with all its digits, up to the length that is readable."""
    if not isinstance(label, float | np.floating):
        return str(label)
    return f"{float(label):.0f}" if abs(float(label)) < 1e22 else f"{float(label):g}"


def distribution_targets(target: RowSource, rows: int, classes: int) -> RowSource:
    """Check that there is one distribution per row; their numbers are checked by ``Targets.check_finite``.

    Returns:
        The distributions as (N, C) float64.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """
    matrix = target.reshape((1, target.size)) if target.ndim == 1 else target
    if matrix.shape != (rows, classes):
        message = f"target has the shape {shape_text(target.shape)}, and the logits have {rows} x {classes}"
        hint = (f"{numbered(rows, 'row')} of {classes} numbers, or ", Fix("label"), " for class numbers")
        raise DlcalcError("shape-mismatch", message, hint=hint, option="target")
    return matrix.astype(np.float64)
