"""What a row should have been: the target distribution t of every option, and D, by which the loss is divided.

One form covers all of them: loss = -sum(t ln a)/D and dC/dz = (a sum(t) - t)/D/T. Only t and D depend on the options,
as PyTorch defines them; an index and the same class as a distribution therefore differ under class weights and mean.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays import Floats, numbered, shape_text, vector
from dlcalc.core.errors import DlcalcError

LARGEST = 1e60  # of temperatures, weights and targets: so that nothing overflows on the way
REDUCTIONS = ("none", "mean", "sum")


@dataclass(frozen=True)
class Targets:
    """The targets of all rows, checked.

    Attributes:
        labels: (N,) the class of each row, or the ignore index; None where there are distributions.
        distribution: (N, C) the target of each row as it was given; None where there are labels.
        classes: C.
        class_weights: (C,), all 1 if None.
        ignore_index: the label of rows that do not count.
        label_smoothing: the part of the target that is spread over all classes, 0 to 1.
        reduction: ``none``, ``mean`` or ``sum``.
    """

    labels: NDArray[np.int64] | None
    distribution: Floats | None
    classes: int
    class_weights: Floats | None = None
    ignore_index: int = -100
    label_smoothing: float = 0.0
    reduction: str = "mean"

    @property
    def rows(self) -> int:
        """N."""
        given = self.labels if self.labels is not None else self.distribution
        assert given is not None
        return len(given)

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """(N,) which rows count."""
        return np.ones(self.rows, bool) if self.labels is None else self.labels != self.ignore_index

    @property
    def weights(self) -> Floats:
        """(C,) the class weights."""
        return np.ones(self.classes) if self.class_weights is None else self.class_weights

    @cached_property
    def denominator(self) -> float:
        """D: for the mean the weights of the rows' labels, or the number of distributions; else 1.

        Raises:
            DlcalcError: ``no-valid-rows`` where the mean is over nothing.
        """
        if self.reduction != "mean":
            return 1.0
        if self.labels is None:
            return float(self.rows)
        if not self.kept.any():
            message = f"every label is the ignore index {self.ignore_index}: there is nothing to take the mean of"
            raise DlcalcError("no-valid-rows", message, hint="a label that counts, or --reduction sum", option="label")
        total = float(np.sum(self.weights[self.labels[self.kept]]))
        if total == 0:
            message = "the class weight of every target is 0: there is nothing to take the mean of"
            hint = "a weight over 0, or --reduction sum"
            raise DlcalcError("no-valid-rows", message, hint=hint, option="class_weights")
        return total

    def hard(self, rows: slice) -> tuple[NDArray[np.int64], Floats] | None:
        """Of rows whose target is one class each: that class, and t there; (0, 0) for an ignored row.

        None where a target spreads over several classes.
        """
        if self.labels is None or self.label_smoothing:
            return None
        kept = self.kept[rows]
        labels = np.where(kept, self.labels[rows], 0)
        return labels, np.where(kept, self.weights[labels], 0.0)

    def dense(self, rows: slice) -> Floats:
        """(n, C) t of some rows, for any options."""
        given = self.given(rows)
        smooth = (1 - self.label_smoothing) * given + self.label_smoothing / self.classes
        if self.labels is None:
            return smooth * self.weights
        # PyTorch weighs the smoothed part of an index by each class, and so does this: w y' = w ((1-a) y + a/C).
        return np.where(self.kept[rows, None], smooth * self.weights, 0.0)

    def given(self, rows: slice) -> Floats:
        """(n, C) the target y of some rows as it was given, without weights and smoothing; 0 in an ignored row."""
        if self.distribution is not None:
            return self.distribution[rows]
        assert self.labels is not None
        labels, kept = self.labels[rows], self.kept[rows]
        found = np.zeros((labels.size, self.classes))
        found[np.flatnonzero(kept), labels[kept]] = 1.0
        return found


def label_targets(labels: NDArray[np.int64], rows: int, classes: int, ignore_index: int) -> NDArray[np.int64]:
    """The labels, one a row and each a class or the ignore index.

    Raises:
        DlcalcError: ``shape-mismatch``, ``label-out-of-range``.
    """
    flat: NDArray[np.int64] = vector(labels, "label", rows, "rows")
    wrong = np.flatnonzero((flat != ignore_index) & ((flat < 0) | (flat >= classes)))
    if wrong.size:
        row = int(wrong[0])
        message = f"label {flat[row]} of row {row} is not one of the {classes} classes 0 to {classes - 1}"
        hint = f"0 to {classes - 1}, or the ignore index {ignore_index}"
        raise DlcalcError("label-out-of-range", message, hint=hint, option="label")
    return flat


def distribution_targets(target: Floats, rows: int, classes: int) -> Floats:
    """The distributions, one a row.

    Raises:
        DlcalcError: ``shape-mismatch``, ``invalid-value``.
    """
    matrix = target.reshape(1, -1) if target.ndim == 1 else target
    if matrix.shape != (rows, classes):
        message = f"target has the shape {shape_text(target.shape)}, and the logits have {rows} x {classes}"
        hint = f"{numbered(rows, 'row')} of {classes} numbers, or --label for class numbers"
        raise DlcalcError("shape-mismatch", message, hint=hint, option="target")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        message = f"target {matrix[row, column]} of row {row}, class {column} is not a finite number"
        raise DlcalcError("invalid-value", message, hint="probabilities, 0 to 1", option="target")
    if np.abs(matrix).max() > LARGEST:
        message = f"target {np.abs(matrix).max():g} is larger than {LARGEST:g}"
        raise DlcalcError("invalid-value", message, hint="probabilities, 0 to 1", option="target")
    return matrix.astype(np.float64)
