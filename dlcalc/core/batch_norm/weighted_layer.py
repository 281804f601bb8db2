"""Layers with weights, evaluated in float64 tap by tap: folded and unfolded are compared so. Small inputs only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, prod
from types import EllipsisType
from typing import Literal

import numpy as np

from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.layouts import WeightLayout
from dlcalc.core.errors import DlcalcError, Fix

Kind = Literal["conv", "transposed", "linear"]
KINDS: tuple[Kind, ...] = ("conv", "transposed", "linear")
MAX_NUMBERS = 2**28  # that are held at once ...
SHORT_NUMBERS = 2**24  # ... and of a few inputs: 130 MB
SHORT_WORK = 2**27  # products for a few inputs: about a second
_OUTPUTS = 6  # that are held at once


@dataclass(frozen=True)
class WeightedLayer:
    """A layer with its weight and bias.

    Attributes:
        kind: ``conv``, ``transposed`` or ``linear``.
        weight: [C_out, C_in/g, k...]; transposed [C_in, C_out/g, k...]; linear [C_out, C_in]. Float64.
        bias: (C_out,) float64.
        groups: g.
        stride, padding, dilation: one per axis of space; the padding is of zeros, and of a transposed layer crops.
        format: the number format that the weights are stored in.
        layout: how the weight was given, if its axes stood in an order of their own.
    """

    kind: Kind
    weight: Floats
    bias: Floats
    groups: int = 1
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    format: str = "float64"
    layout: WeightLayout | None = None

    @property
    def as_given(self) -> Floats:
        """The weight in the layout in which it was given."""
        return self.weight if self.layout is None else self.layout.given(self.weight)

    @property
    def inputs(self) -> int:
        """C_in."""
        shape = self.weight.shape
        return int(shape[0] if self.kind == "transposed" else shape[1] * self.groups)

    @property
    def outputs(self) -> int:
        """C_out."""
        shape = self.weight.shape
        return int(shape[1] * self.groups if self.kind == "transposed" else shape[0])

    @property
    def kernel(self) -> tuple[int, ...]:
        """Taps along each axis of space."""
        return self.weight.shape[2:]

    @property
    def extent(self) -> tuple[int, ...]:
        """Extent of the window along each axis of space, in positions: with the holes of its dilation."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def by_group(self) -> Floats:
        """The weight as [g, C_out/g, C_in/g, k...], of a convolution or a transposed one."""
        grouped = self.weight.reshape(self.groups, -1, *self.weight.shape[1:])
        return np.swapaxes(grouped, 1, 2) if self.kind == "transposed" else grouped


def evaluate(layer: WeightedLayer, x: Floats) -> Floats:
    """Compute a layer's output.

    Args:
        layer: the layer.
        x: (N, C_in, space...) float64, or (N, C_in) for a linear layer.

    Returns:
        (N, C_out, space...) float64, or (N, C_out).

    Raises:
        DlcalcError: ``invalid-value`` for what would not fit in memory.

    >>> evaluate(WeightedLayer("linear", np.array([[1.0, 2.0]]), np.array([0.5])), np.array([[3.0, 4.0]])).tolist()
    [[11.5]]
    """
    if layer.kind == "linear":
        out: Floats = x @ layer.weight.T + layer.bias
        return out
    _refuse_size(layer, x.shape)
    grouped = x.reshape(len(x), layer.groups, -1, *x.shape[2:])
    whole = (_scatter if layer.kind == "transposed" else _slide)(layer, grouped)
    out = whole.reshape(len(x), layer.outputs, *whole.shape[3:])
    return out + layer.bias.reshape(-1, *(1,) * len(layer.kernel))


def _refuse_size(layer: WeightedLayer, shape: Sequence[int]) -> None:
    """Refuse what would take far more memory or time than inputs of this shape do by themselves.

    Held are the padded input or the uncropped output, and a few outputs: three ways to evaluate, and their steps.
    """
    given, extent = prod(shape), layer.extent
    axes = list(zip(shape[2:], layer.stride, layer.padding, extent, strict=True))
    if layer.kind == "transposed":
        inside = spread = [(size - 1) * s + e for size, s, _, e in axes]
        work = given * layer.weight[0].size
    else:
        inside = [size + 2 * p for size, _, p, _ in axes]
        spread = [max(0, (size + 2 * p - e) // s + 1) for size, s, p, e in axes]
        work = shape[0] * prod(spread) * layer.weight.size
    numbers = shape[0] * (layer.inputs * prod(inside) + _OUTPUTS * layer.outputs * prod(spread))
    for count, least, times, most, what in (
        (numbers, SHORT_NUMBERS, 64, MAX_NUMBERS, "numbers, and at most {} are held at once for an input of this size"),
        (work, SHORT_WORK, 1 << 14, inf, "products, and at most {} are computed for an input of this size"),
    ):
        limit = min(most, max(least, times * given))
        if count > limit:
            window = {key: max(getattr(layer, key)) for key in ("stride", "padding", "dilation")}
            option = max(window, key=window.__getitem__)
            message = f"to evaluate the layer takes {count:,} {what.format(f'{limit:,}')}"
            hint = ("a smaller input, or ", Fix(option, 1))
            raise DlcalcError("invalid-value", message, hint=hint, option=option)


def _slide(layer: WeightedLayer, x: Floats) -> Floats:
    """Convolve (N, g, C_in/g, space...), with no bias: each tap meets a strided part of the padded input."""
    padded = np.pad(x, [(0, 0)] * 3 + [(p, p) for p in layer.padding])
    counts = [(size - e) // s + 1 for size, e, s in zip(padded.shape[3:], layer.extent, layer.stride, strict=True)]
    total = np.zeros((len(x), layer.groups, layer.outputs // layer.groups, *counts))
    for tap in product(*map(range, layer.kernel)):
        total += np.einsum("ngi...,goi->ngo...", padded[_part(layer, tap, counts)], layer.by_group[_at(tap)])
    return total


def _scatter(layer: WeightedLayer, x: Floats) -> Floats:
    """Convolve transposed, likewise: each tap spreads the whole input over the output, which is then cropped."""
    sizes = x.shape[3:]
    whole = [(size - 1) * s + e for size, s, e in zip(sizes, layer.stride, layer.extent, strict=True)]
    total = np.zeros((len(x), layer.groups, layer.outputs // layer.groups, *whole))
    for tap in product(*map(range, layer.kernel)):
        total[_part(layer, tap, sizes)] += np.einsum("ngi...,goi->ngo...", x, layer.by_group[_at(tap)])
    kept = [slice(p, size - p) for p, size in zip(layer.padding, whole, strict=True)]
    return total[_at(kept)]


_Index = tuple[EllipsisType | int | slice, ...]


def _part(layer: WeightedLayer, tap: Sequence[int], counts: Sequence[int]) -> _Index:
    """Index the positions, ``counts`` of them along each axis of space, that one tap of the window meets."""
    axes = zip(tap, layer.dilation, layer.stride, counts, strict=True)
    return _at(slice(b * d, b * d + (count - 1) * s + 1, s) for b, d, s, count in axes)


def _at(space: Iterable[int | slice]) -> _Index:
    """Index the last axes."""
    return (..., *space)


def along(values: Floats, x: Floats) -> Floats:
    """Reshape (C,) values so that they multiply (N, C, space...) or (N, C), the shape of x."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))
