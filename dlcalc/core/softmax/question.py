"""The question of softmax-grad, checked, with every option that it may have."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dlcalc.core.arrays.row_source import Array, Floats, RowSource, in_memory
from dlcalc.core.arrays.stored import Stored, shape_text, vector
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.softmax.class_axis import ClassAxis
from dlcalc.core.softmax.targets import LARGEST, REDUCTIONS, Targets, distribution_targets, label_targets

IGNORE_INDEX = -100
MAX_JACOBIAN = 10_000_000  # entries
_LOOKED_AT = 4096  # rows in which logits are told from probabilities, if they have ...
_ENTRIES = 1_000_000  # ... no more entries


@dataclass(frozen=True)
class Linear:
    """A linear layer that makes the logits: z = W x + b, all in float64.

    Attributes:
        x: (N, K) the inputs.
        weight: (C, K) W.
        bias: (C,) b; zeros where there is none.
    """

    x: Floats
    weight: Floats
    bias: Floats

    @property
    def logits(self) -> Floats:
        """(N, C) z, float64."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self.x @ self.weight.T + self.bias


@dataclass(frozen=True)
class SoftmaxQuestion:
    """A question about logits and the targets that they should have had.

    Attributes:
        logits: (N, C) float32 or float64; in memory, or in a file that is read some rows at a time.
        targets: of the rows, with the options that concern them.
        temperature: T, by which the logits are divided.
        format: the number format that the logits were stored in, and the gradient will be.
        flat: whether one vector was asked about, so that answers are vectors too.
        jacobian: whether da/dz is asked for.
        linear: the layer that makes the logits, if they were not given.
        tolerances: relative and absolute, in place of those of the claim's format.
        exact: whether claims must be within half an ulp.
        notes: what is to be said of how the logits were read.
        axis: where the classes are in the arrays that were given and are asked for, if not in rows x classes.
    """

    logits: RowSource
    targets: Targets
    temperature: float = 1.0
    format: str = "float64"
    flat: bool = False
    jacobian: bool = False
    linear: Linear | None = None
    tolerances: tuple[float, float] | None = None
    exact: bool = False
    notes: tuple[Notice, ...] = ()
    axis: ClassAxis | None = None

    @property
    def rows(self) -> int:
        """N, how many rows there are."""
        return int(self.logits.shape[0])

    @property
    def classes(self) -> int:
        """C, how many classes there are."""
        return int(self.logits.shape[1])

    @property
    def row_bytes(self) -> int:
        """The size of a row of logits as they are stored, in bytes."""
        return self.classes * {"float64": 8, "float32": 4}.get(self.format, 2)

    @property
    def streamed(self) -> bool:
        """Whether there is too much to hold in memory, so that it is read some rows at a time."""
        return not in_memory(self.logits)

    def refuse_large_jacobian(self) -> None:
        """Refuse to hold a Jacobian of more than ten million entries.

        Raises:
            DlcalcError: ``invalid-value``.
        """
        entries = self.rows * self.classes**2
        if entries > MAX_JACOBIAN:
            message = f"the Jacobian of {self.rows} x {self.classes} logits has {entries:,} entries"
            hint = f"at most {MAX_JACOBIAN:,}: fewer rows"
            raise DlcalcError("invalid-value", message, hint=hint, option="jacobian")

    @cached_property
    def looks_like_probabilities(self) -> bool:
        """Whether the first rows of logits lie in [0, 1] and sum to 1."""
        logits = self.logits[: min(_LOOKED_AT, max(1, _ENTRIES // self.classes))]
        with np.errstate(invalid="ignore", over="ignore"):
            sums = logits.sum(axis=1, dtype=np.float64)
            return bool(np.all((logits >= 0) & (logits <= 1)) and np.all(np.abs(sums - 1) < 1e-3))

    @property
    def wide(self) -> "SoftmaxQuestion":
        """The question with its logits in float64."""
        return replace(self, logits=self.logits.astype(np.float64, copy=False))


def as_rows(logits: Stored) -> RowSource:
    """Give logits as rows to compute with: (N, C), in float64 if they were stored so, else float32.

    Raises:
        DlcalcError: ``shape-mismatch`` for another rank, or for less than two classes.
    """
    values = logits.values
    rows = values.reshape((1, values.size)) if values.ndim == 1 else values
    if rows.ndim != 2:
        message = f"logits has the shape {shape_text(values.shape)}, and rows x classes are meant"
        hint = "a matrix: move the classes last, and join the other axes"
        raise DlcalcError("shape-mismatch", message, hint=hint, option="logits")
    if rows.shape[0] == 0 or rows.shape[1] < 2:
        message = f"logits has the shape {shape_text(values.shape)}, and a row of at least 2 classes is meant"
        raise DlcalcError("shape-mismatch", message, hint=("like ", Fix("logits", [1, 2, 3])), option="logits")
    wide = rows.astype(np.float64 if logits.format == "float64" else np.float32, copy=False)
    return np.ascontiguousarray(wide) if in_memory(wide) else wide  # rows are summed up in one order


def linear_layer(x: Stored, weight: Stored, bias: Stored | None) -> Linear:
    """Check a layer, and give it in float64 and in memory.

    Raises:
        DlcalcError: ``shape-mismatch``, and ``invalid-value`` for a weight or bias that is not finite.
    """
    inputs, matrix = _as_matrix(x), _as_matrix(weight)
    if matrix.ndim != 2 or inputs.ndim != 2 or inputs.shape[1] != matrix.shape[1]:
        message = (
            f"x has the shape {shape_text(x.values.shape)} and weight {shape_text(weight.values.shape)}: "
            "rows x inputs and classes x inputs are meant"
        )
        raise DlcalcError("shape-mismatch", message, hint="as many inputs in x as in weight", option="weight")
    classes = len(matrix)
    if classes < 2:
        message = "weight has one row, and a row for each of at least 2 classes is meant"
        raise DlcalcError("shape-mismatch", message, hint=Fix("weight", [[1, 2], [3, 4]]), option="weight")
    offset = np.zeros(classes)
    if bias is not None:
        offset = vector(np.asarray(bias.values, np.float64), "bias", classes, "classes")
    for name, values in (("weight", matrix), ("bias", offset)):
        if not np.isfinite(values).all():
            message = f"{name} has an entry that is not finite"
            raise DlcalcError("invalid-value", message, hint="finite numbers", option=name)
    return Linear(inputs, matrix, offset)


def _as_matrix(array: Stored) -> Floats:
    """Give an array in float64; a vector as a matrix of one row."""
    values = np.array(array.values, np.float64)
    return values.reshape(1, -1) if values.ndim == 1 else values


def checked(
    logits: RowSource,
    labels: RowSource | None,
    distribution: RowSource | None,
    class_weights: Array | None = None,
    ignore_index: int = IGNORE_INDEX,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
    reduction: str = "mean",
) -> SoftmaxQuestion:
    """Ask about rows of logits (N, C), float32 or float64, once every option is legal; they are those of ``Targets``.

    The labels are (N,) int64, or any shape that is one row of numbers, or None where there are distributions: (N, C)
    or, of a single row, (C,), real. Class weights are real and from 0 on, and the temperature T is over 0.

    Raises:
        DlcalcError: ``invalid-value``, ``shape-mismatch``, ``label-out-of-range``, ``usage`` for an unknown reduction.
    """
    rows, classes = logits.shape
    if reduction not in REDUCTIONS:
        from dlcalc.core.spelling import one_of

        hint = one_of(reduction, REDUCTIONS)
        raise DlcalcError("usage", f"there is no reduction {reduction!r}", hint=hint, option="reduction")
    if not 0 <= label_smoothing <= 1:
        message = f"label smoothing {label_smoothing} is not between 0 and 1"
        fix = Fix("label_smoothing", 0.1)
        raise DlcalcError("invalid-value", message, hint=fix, option="label_smoothing")
    check_temperature(temperature)
    if class_weights is not None:
        class_weights = vector(class_weights, "class_weights", classes, "classes").astype(np.float64)
        legal = (class_weights == 0) | ((class_weights >= 1 / LARGEST) & (class_weights <= LARGEST))
        wrong = np.flatnonzero(~legal)
        if wrong.size:
            value, number = class_weights[wrong[0]], wrong[0]
            bounds = f"{1 / LARGEST:g} and {LARGEST:g}"
            message = f"class weight {value:g} of class {number} is neither 0 nor between {bounds}"
            raise DlcalcError("invalid-value", message, hint="weights from 0 on", option="class_weights")
    if labels is not None:
        labels = label_targets(labels, rows, classes, ignore_index)
    else:
        assert distribution is not None
        distribution = distribution_targets(distribution, rows, classes)
    targets = Targets(labels, distribution, classes, class_weights, ignore_index, label_smoothing, reduction)
    return SoftmaxQuestion(logits, targets, temperature)


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is not over 0, or so extreme that dividing by it overflows.

    Raises:
        DlcalcError: ``invalid-value``.
    """
    if not 1 / LARGEST <= temperature <= LARGEST:
        rule = "is not over 0" if temperature <= 0 else f"is not between {1 / LARGEST:g} and {LARGEST:g}"
        message = f"temperature {temperature:g} {rule}"
        raise DlcalcError("invalid-value", message, hint=Fix("temperature", 1), option="temperature")
