"""An independent method for a network: walk through it, layer by layer, without the closed forms.

What an output sees is found by going back from it: the positions that its taps read, what those see, and so on down to
the pixels. Behind transposed layers the outputs repeat after as many as the product of their strides; a whole such
period is gone through, and one output more, which shows the jump.
"""

from math import gcd
from typing import TYPE_CHECKING

from dlcalc.core.conv.check import MAX_POSITIONS, Counted, bounds, differences, positions, proof_of, walk
from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dlcalc.core.conv.shape import AxisShape, ConvShape, LayerShape

Seen = tuple[int, int] | None  # the first and the last pixel


# The receptive field of one layer as it is walked, in the order of the answer's keys: its extent, the smallest extent,
# the jump and the centre. A jump of None is not seen, and not compared.
_Sight = tuple[int, int, tuple[int, int] | None, tuple[int, int] | None]


def check_network(answer: "ConvShape", limit: int = MAX_POSITIONS) -> Proof:
    """Prove the numbers of all layers, if that visits at most ``limit`` positions, or else the sizes by bounds."""
    method, visited = "enumeration", 0
    failures: list[Failure] = []
    for index, (name, pixels) in enumerate(zip(answer.question.axes, answer.question.size, strict=True)):
        size = pixels
        for layer in answer.layers:
            axis = layer.axes[index]
            place = {"layer": layer.name, "axis": name}
            if axis.window.input != size:
                failures.append(Failure(place, "input", axis.window.input, size))
            size = axis.output
            visits = positions(layer, axis)
            if visits > limit - visited:
                method = "bounds"
                failures += bounds(layer, name, axis)
                continue
            visited += visits
            counted = walk(layer, axis, layer.plan.axes[index].padding)
            failures += differences(place, Counted._fields[:3], (axis.output, True, axis.unread), counted[:3])
        found = None if method == "bounds" else _sights(answer.layers, index, pixels, limit - visited)
        if found is None:
            method = "bounds"
            continue
        sights, visits = found
        visited += visits
        for layer, sight in zip(answer.layers, sights, strict=True):
            field = layer.axes[index].field
            stated = field.size, field.smallest, field.jump if sight[2] else None, field.center
            failures += differences({"layer": layer.name, "axis": name}, Counted._fields[3:], stated, sight)
    return proof_of(method, visited, failures)


def _sights(layers: "tuple[LayerShape, ...]", index: int, pixels: int, limit: int) -> tuple[list[_Sight], int] | None:
    """Walk from outputs of each layer to pixels: the fields, and the taps followed; None if those are too many."""
    axes = [layer.axes[index] for layer in layers]
    kinds = [layer.plan.layer.kind for layer in layers]
    whole = next((number for number, kind in enumerate(kinds) if kind in ("global-avg-pool", "linear")), len(layers))
    periods = _periods(axes[:whole], kinds)
    needed = _needed(axes[:whole], kinds, periods, limit)
    if needed is None:
        return None
    found: list[_Sight] = []
    visited = 0
    before: dict[int, Seen] = {}
    for number in range(whole):
        taps = axes[number].window.kernel
        visited += len(needed[number]) * taps
        if number == 0:
            read = {position for output in needed[0] for position in _read(axes[0], kinds[0], output)}
            before = {position: (position, position) for position in read}
        seen = {output: _hull(before, _read(axes[number], kinds[number], output)) for output in needed[number]}
        found.append(_sight(seen, periods[number], axes[number].output))
        before = seen
    everything = (pixels - 1, 2) if pixels % 2 == 0 else ((pixels - 1) // 2, 1)
    return [*found, *[(pixels, pixels, None, everything)] * (len(layers) - whole)], visited


def _periods(axes: "list[AxisShape]", kinds: "Sequence[str]") -> list[int]:
    """Compute the number of outputs after which each layer sees the same again, a whole number of pixels on."""
    period, found = 1, []
    for axis, kind in zip(axes, kinds, strict=False):
        period *= axis.window.stride if kind == "transposed" else 1
        found.append(period)
    return found


def _needed(axes: "list[AxisShape]", kinds: "Sequence[str]", periods: list[int], limit: int) -> list[set[int]] | None:
    """Collect the outputs of each layer to walk from: its own period, and what the layer behind it reads."""
    needed: list[set[int]] = []
    wanted: set[int] = set()
    for axis, kind, period in zip(reversed(axes), reversed(kinds[: len(axes)]), reversed(periods), strict=True):
        limit -= (period + 1 + len(wanted)) * axis.window.kernel
        if limit < 0:
            return None
        own = wanted.union(range(period + 1))
        needed.append(own)
        wanted = {position for output in own for position in _read(axis, kind, output)}
    return needed[::-1]


def _read(axis: "AxisShape", kind: str, output: int) -> "Iterable[int]":
    """List the positions of a layer's input that an output is computed from."""
    _, kernel, stride, dilation, before, *_ = axis.window
    if kind == "transposed":
        landed = range(output + before, output + before - kernel * dilation, -dilation)
        return [position // stride for position in landed if position % stride == 0]
    start = output * stride - before
    return range(start, start + kernel * dilation, dilation)


def _hull(before: dict[int, Seen], read: "Iterable[int]") -> Seen:
    seen = [before[position] for position in read]
    some = [pair for pair in seen if pair is not None]
    return (min(first for first, _ in some), max(last for _, last in some)) if some else None


def _sight(seen: dict[int, Seen], period: int, outputs: int) -> _Sight:
    spans = [seen[output] for output in range(period)]
    extents = [0 if span is None else span[1] - span[0] + 1 for span in spans]
    first = next((span for span in spans[:outputs] if span is not None), None)
    center = None if first is None else _lowest_terms(first[0] + first[1], 2)
    begin, again = seen[0], seen[period]
    jump = None if begin is None or again is None else _lowest_terms(again[0] - begin[0], period)
    return max(extents), min(extents), jump, center


def _lowest_terms(numerator: int, denominator: int) -> tuple[int, int]:
    divisor = gcd(numerator, denominator)
    return numerator // divisor, denominator // divisor
