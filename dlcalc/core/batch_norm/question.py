"""bn-fold: batches and layers from arrays, checked."""

import numpy as np

from dlcalc.core.arrays.stored import Array, Stored, shape_text, vector
from dlcalc.core.batch_norm.statistics import Batch
from dlcalc.core.batch_norm.weighted_layer import KINDS, WeightedLayer
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.validation import spread

_LAYOUTS = {"conv": "C_out x C_in/g x kernel", "transposed": "C_in x C_out/g x kernel", "linear": "C_out x C_in"}


def batch_of(values: Array) -> Batch:
    """A mini-batch from (m,), (m, C) or (N, C, space...).

    >>> batch_of(np.zeros((2, 3, 4, 4))).samples.shape
    (32, 3)
    """
    wide = values.astype(np.float64)
    if wide.ndim < 2:
        return Batch(wide.reshape(-1, 1), wide.shape)
    return Batch(np.moveaxis(wide, 1, -1).reshape(-1, wide.shape[1]), wide.shape)


def weighted_layer(
    weight: Stored,
    bias: Stored | None,
    kind: str | None = None,
    groups: int = 1,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
) -> WeightedLayer:
    """A layer, once its shapes fit together.

    Args:
        weight: in the layout of its kind; one row of numbers is one output of a linear layer, and a convolution may
            leave out a kernel of one tap.
        bias: (C_out,), zeros if None.
        kind: one of ``KINDS``; if None linear for two axes, conv for more.
        groups: g.
        stride: one for all axes of space, or one an axis.
        padding: likewise, with zeros; of a transposed layer what is cropped.
        dilation: likewise.

    Raises:
        DlcalcError: ``shape-mismatch``, ``groups-do-not-divide``, ``usage``, ``invalid-value``.
    """
    values = weight.values.astype(np.float64)
    values = values.reshape(1, -1) if values.ndim == 1 else values
    name = kind or ("linear" if values.ndim == 2 else "conv")
    if name not in KINDS:
        raise DlcalcError("usage", f"unknown kind {name!r}", hint="one of " + ", ".join(KINDS), option="kind")
    layout = _LAYOUTS[name]
    if not 2 <= values.ndim <= 5 or (name == "linear" and values.ndim > 2):
        message = f"weight has the shape {shape_text(values.shape)}, and a {name} layer has {layout}"
        raise DlcalcError("shape-mismatch", message, hint=layout, option="weight")
    if not np.isfinite(values).all():
        message = "weight has an entry that is not finite"
        raise DlcalcError("invalid-value", message, hint="finite numbers", option="weight")
    _refuse_groups(name, groups, len(values))
    axes = values.ndim - 2
    outputs = values.shape[1] * groups if name == "transposed" else len(values)
    offset = np.zeros(outputs) if bias is None else vector(bias.values.astype(np.float64), "bias", outputs, "outputs")
    if not np.isfinite(offset).all():
        message = "bias has an entry that is not finite"
        raise DlcalcError("invalid-value", message, hint="finite numbers", option="bias")
    strides, paddings = spread(stride, axes, "stride", 1), spread(padding, axes, "padding", 0)
    dilations = spread(dilation, axes, "dilation", 1)
    return WeightedLayer(name, values, offset, groups, strides, paddings, dilations, weight.format)


def _refuse_groups(kind: str, groups: int, first: int) -> None:
    if groups < 1:
        message = f"groups {groups} is less than 1"
        raise DlcalcError("invalid-value", message, hint=Fix("groups", 1), option="groups")
    if groups > 1 and kind == "linear":
        raise DlcalcError(
            "usage", "a linear layer has no groups", hint=("leave ", Fix("groups"), " out"), option="groups"
        )
    if first % groups:
        what = "inputs" if kind == "transposed" else "outputs"
        near = [g for g in range(1, first + 1) if first % g == 0]
        first_two = map(str, sorted(near, key=lambda g: abs(g - groups))[:2])
        hint = (Fix("groups"), " ", " or ".join(first_two))
        message = f"groups {groups} do not divide the {first} {what} of the weight"
        raise DlcalcError("groups-do-not-divide", message, hint=hint, option="groups")
