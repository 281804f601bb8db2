"""bn-fold: the question, with its batches, its layer and its inputs checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dlcalc.core.arrays.stored import Array, Floats, Stored, numbered, shape_text, vector
from dlcalc.core.batch_norm.affine import Affine
from dlcalc.core.batch_norm.layouts import LAYER_KINDS, LayerKind, WeightLayout, weight_layout
from dlcalc.core.batch_norm.statistics import Batch, Statistics
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer
from dlcalc.core.errors import Advice, DlcalcError, Fix, Notice
from dlcalc.core.validation import spread

EpsSource = Literal["option", "framework", "default"]

_LAYOUTS: dict[LayerKind, str] = {
    "conv": "C_out x C_in/g x kernel",
    "transposed": "C_in x C_out/g x kernel",
    "linear": "C_out x C_in",
    "depthwise": "C_out x 1 x kernel",
}


@dataclass(frozen=True)
class BnFoldQuestion:
    """A batch norm, and what is to be done with it.

    Attributes:
        framework: whose estimator, momentum and epsilon hold: ``paper``, ``pytorch``, ``tensorflow`` or ``onnx``.
        affine: its parameters, checked.
        eps_source: where epsilon comes from: ``option``, ``framework`` or ``default``.
        statistics: what its mean and variance come from, if they were not given.
        layer: the layer to fold it into, if there is one.
        bn_first: whether the batch norm stands before the layer.
        x: float64 inputs to evaluate, in the shape in which they were given.
        layout: how the mini-batches were read, in letters.
        tolerances: relative and absolute, in place of those of a claim's format.
        exact: whether claims must be within half an ulp.
        notes: caveats about how the arrays were read.
    """

    framework: str
    affine: Affine
    eps_source: EpsSource
    statistics: Statistics | None = None
    layer: WeightedLayer | None = None
    bn_first: bool = False
    x: Floats | None = None
    layout: str | None = None
    tolerances: tuple[float, float] | None = None
    exact: bool = False
    notes: Sequence[Notice] = ()

    @property
    def channels(self) -> int:
        """C of the batch norm."""
        return len(self.affine.gamma)


def batch_of(values: Array, axis: int | None = 1) -> Batch:
    """Take an array as a mini-batch: (m,), (m, C) or (N, C, space...), or with its channels along another axis.

    >>> batch_of(np.zeros((2, 3, 4, 4))).samples.shape, batch_of(np.zeros((2, 4, 4, 3)), axis=None).samples.shape
    ((32, 3), (96, 1))
    """
    wide = values.astype(np.float64)
    if axis is None or wide.ndim < 2:
        return Batch(wide.reshape(-1, 1), wide.shape, None)
    return Batch(np.moveaxis(wide, axis, -1).reshape(-1, wide.shape[axis]), wide.shape, axis)


def checked_layer(
    weight: Stored,
    bias: Stored | None,
    kind: str | None = None,
    groups: int | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    letters: str | None = None,
    framework: str = "pytorch",
) -> WeightedLayer:
    """Build a layer, once its shapes are known to fit together.

    Args:
        weight: in its layout; one row of numbers is a matrix of one row, and a convolution may leave out a kernel of
            one tap.
        bias: (C_out,), zeros if None.
        kind: one of ``LAYER_KINDS``; if None linear for two axes, conv for more.
        groups: g; 1 if None, of a depthwise layer its inputs.
        stride: one for all axes of space, or one per axis.
        padding: likewise, with zeros; of a transposed layer what is cropped.
        dilation: likewise.
        letters: the layout of the weight, as of ``weight_layout``; the framework's if None.
        framework: whose layout a weight has.

    Raises:
        DlcalcError: ``shape-mismatch``, ``groups-do-not-divide``, ``usage``, ``invalid-value``.
    """
    values = weight.array.astype(np.float64)
    values = values.reshape(1, -1) if values.ndim == 1 else values
    name = _kind(kind or ("linear" if values.ndim == 2 else "conv"))
    layout = _LAYOUTS[name]
    if not 2 <= values.ndim <= 5 or (name == "linear" and values.ndim > 2):
        message = f"weight has the shape {shape_text(values.shape)}, and a {name} layer has {layout}"
        raise DlcalcError("shape-mismatch", message, hint=layout, option="weight")
    if not np.isfinite(values).all():
        message = "weight has an entry that is not finite"
        raise DlcalcError("invalid-value", message, hint="finite numbers", option="weight")
    arranged = weight_layout(letters, name, values.shape, framework)
    values = arranged.computed(values)
    if name == "depthwise":
        name, groups = "conv", _depthwise(values, arranged, groups)
    groups = 1 if groups is None else groups
    _refuse_groups(name, groups, len(values))
    axes = values.ndim - 2
    outputs = values.shape[1] * groups if name == "transposed" else len(values)
    offset = np.zeros(outputs) if bias is None else vector(bias.array.astype(np.float64), "bias", outputs, "outputs")
    if not np.isfinite(offset).all():
        message = "bias has an entry that is not finite"
        raise DlcalcError("invalid-value", message, hint="finite numbers", option="bias")
    strides, paddings = spread(stride, axes, "stride", 1), spread(padding, axes, "padding", 0)
    dilations = spread(dilation, axes, "dilation", 1)
    return WeightedLayer(name, values, offset, groups, strides, paddings, dilations, weight.format, arranged)


def _kind(name: str) -> LayerKind:
    for kind in LAYER_KINDS:
        if kind == name:
            return kind
    from dlcalc.core.spelling import one_of

    raise DlcalcError("usage", f"unknown kind {name!r}", hint=one_of(name, LAYER_KINDS), option="kind")


def _depthwise(values: Floats, layout: WeightLayout, groups: int | None) -> int:
    """Give the groups of a depthwise layer, one for each input."""
    if values.shape[1] != 1:
        shape = shape_text(layout.shape)
        message = f"weight has the shape {shape}, and a depthwise layer has {_LAYOUTS['depthwise']} in PyTorch"
        hint = ("in Keras ", Fix("weight_layout", "kio"))
        raise DlcalcError("shape-mismatch", message, hint=hint, option="weight")
    if not layout.multiplied:
        return len(values) if groups is None else groups
    if groups not in (None, layout.inputs):
        message = f"groups {groups} of a depthwise layer is not its number of inputs, {layout.inputs}"
        raise DlcalcError("shape-mismatch", message, hint=Fix("groups", layout.inputs), option="groups")
    return layout.inputs


def _refuse_groups(kind: LayerKind, groups: int, first: int) -> None:
    """Refuse groups that do not divide the first axis of the weight."""
    if groups < 1:
        message = f"groups {groups} is less than 1"
        raise DlcalcError("invalid-value", message, hint=Fix("groups", 1), option="groups")
    if groups > 1 and kind == "linear":
        hint: Advice = ("leave ", Fix("groups"), " out")
        raise DlcalcError("usage", "a linear layer has no groups", hint=hint, option="groups")
    if first % groups:
        what = "inputs" if kind == "transposed" else "outputs"
        near = [g for g in range(1, first + 1) if first % g == 0]
        first_two = map(str, sorted(near, key=lambda g: abs(g - groups))[:2])
        hint = (Fix("groups"), " ", " or ".join(first_two))
        message = f"groups {groups} do not divide the {first} {what} of the weight"
        raise DlcalcError("groups-do-not-divide", message, hint=hint, option="groups")


def as_inputs(question: BnFoldQuestion) -> tuple[Floats, Callable[[Floats], Floats]]:
    """Shape the inputs x of a question for its layer, or for its batch norm if there is no layer.

    Returns:
        The inputs as (N, C, space...), and a function that puts outputs of that shape back into the rank of x.

    Raises:
        DlcalcError: ``invalid-value`` for entries that are not finite, ``shape-mismatch``.
    """
    x, layer = question.x, question.layer
    assert x is not None
    if not np.isfinite(x).all():
        raise DlcalcError("invalid-value", "x has an entry that is not finite", hint="finite numbers", option="x")
    if layer is None and question.channels == 1:
        return x.reshape(-1, 1), lambda values: values.reshape(x.shape)
    channels = question.channels if layer is None else layer.inputs
    space = 0 if layer is None else len(layer.kernel)
    rows, restored = x, lambda values: values
    if layer is not None and space and x.ndim <= 2 and x.shape[-1:] == (channels,) and set(layer.kernel) == {1}:
        rows = np.atleast_2d(x).reshape(-1, x.shape[-1], *(1,) * space)
        restored = lambda values: values.reshape(*x.shape[:-1], values.shape[1])  # noqa: E731
    elif x.ndim == space + 1:
        rows, restored = x[None], lambda values: values[0]
    wanted = rows.ndim == space + 2 if layer is not None else rows.ndim >= 2
    if not wanted or rows.shape[1] != channels:
        taker = "batch norm" if layer is None else "layer"
        message = f"x has the shape {shape_text(x.shape)}, and the {taker} takes {numbered(channels, 'channel')}"
        hint = "rows of channels" if not space else "samples x channels x space"
        raise DlcalcError("shape-mismatch", message, hint=hint, option="x")
    if min(_room(layer, rows), default=0) < 0:
        message = f"x has the shape {shape_text(x.shape)}, which is too small for the layer to give any output"
        cropped = layer is not None and layer.kind != "conv"
        advice: Advice = ("a smaller ", Fix("padding")) if cropped else ("an x no smaller than the window",)
        raise DlcalcError("shape-mismatch", message, hint=advice, option="x")
    return rows, restored


def _room(layer: WeightedLayer | None, rows: Floats) -> list[int]:
    """Count the outputs after the first along each axis of space, for stride 1; less than 0 if there is none."""
    if layer is None or layer.kind == "linear":
        return []
    axes = zip(rows.shape[2:], layer.stride, layer.padding, layer.extent, strict=True)
    if layer.kind == "transposed":
        return [(size - 1) * s + e - 2 * p - 1 for size, s, p, e in axes]
    return [size + 2 * p - e for size, _, p, e in axes]
