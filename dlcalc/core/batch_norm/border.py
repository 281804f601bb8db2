"""What a batch norm in front of a layer is off by at the border, where windows lose taps to the padding."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer


def border_error(layer: WeightedLayer, terms: Floats) -> float:
    """Compute how far an output may be off: the part of the sum of W t that its missing taps would give.

    Which taps an output has is told along each axis by itself, so that no window or padding is too large.

    Args:
        layer: the layer.
        terms: W t, of the shape of the weight.

    Returns:
        The largest distance over all outputs of all inputs that are larger than the window; 0 where it is noise.
    """
    grouped = terms.reshape(layer.groups, -1, *terms.shape[1:])
    by_tap = grouped.sum(axis=1 if layer.kind == "transposed" else 2)
    seen = by_tap.reshape(layer.outputs, *layer.kernel)
    total = seen.reshape(layer.outputs, -1).sum(axis=1)
    find = _of_a_transposed if layer.kind == "transposed" else _of_a_convolution
    for k, s, p, d in zip(layer.kernel, layer.stride, layer.padding, layer.dilation, strict=True):
        sets = np.unique(list(find(k, s, p, d)), axis=0)
        seen = np.tensordot(seen, sets.astype(np.float64), axes=(1, 1))  # the axis goes last, the next comes first
    missing = np.abs(seen.reshape(layer.outputs, -1) - total[:, None])
    noise = 1e-12 * float(np.abs(terms).sum())
    largest = float(missing.max())
    return largest if largest > noise else 0.0


def _of_a_convolution(k: int, s: int, p: int, d: int) -> Iterator[NDArray[np.bool_]]:
    """List the sets of taps that a window may have along an axis: all, without the first ones, or without the last.

    A window begins at -p + j s and loses its first a taps where (a - 1) d < p - j s <= a d. At the other end an input
    may end at any place, so that a window loses any number of taps up to the padding.
    """
    taps = np.arange(k)
    yield taps >= 0
    for lost in range(1, k + 1):
        most = p if lost == k else min(p, lost * d)  # p - j s is at most that ...
        if most - (most - p) % s > (lost - 1) * d:  # ... and the largest of its values that is
            yield taps >= lost
        if p > (lost - 1) * d:
            yield taps < k - lost


def _of_a_transposed(k: int, s: int, p: int, d: int) -> Iterator[NDArray[np.bool_]]:
    """List the sets of taps that reach an output along an axis.

    Tap i reaches output o, counted before the cropping, where o - i d is a multiple of s and at least 0; at the other
    end the same holds of the taps in reverse.
    """
    taps = np.arange(k)
    for reached in range(1, k + 1):  # as far as o goes: (reached - 1) d <= o < reached d, or beyond the window
        low = max(p, (reached - 1) * d)
        high = low + s if reached == k else reached * d - 1
        places = [low + (tap * d - low) % s for tap in range(reached)]  # the first at which a tap is met
        places += range(low, low + reached + 1)  # and one that meets none, if there is one
        for place in {*places}:
            if place <= high:
                taken = (taps < reached) & np.array([(place - tap * d) % s == 0 for tap in range(k)])
                yield taken
                yield taken[::-1]
