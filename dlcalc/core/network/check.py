"""An independent method for a network: walk through it, node by node, without the closed forms.

The outputs of a layer are those whose taps lie on the map that it reads, looked at one by one. What an output sees is
found by going back from it: the positions that it reads, what those see, and so on down to the pixels.
"""

from math import gcd
from typing import TYPE_CHECKING

from dlcalc.core.conv.check import MAX_POSITIONS, Counted, bounds, differences, positions, proof_of, walk
from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlcalc.core.conv.shape import AxisShape
    from dlcalc.core.network.layer_shape import ConvShape, LayerShape

Seen = tuple[int, int] | None  # the first and the last pixel
_JOINS = ("add", "multiply", "concat")
_OTHER_KEYS = ("output", "unread", "padding")
_EFFORT = (
    5  # times more than of a window whose rule is known is taken of time and memory by an output that is walked from
)
_MOST_APART = 10_000  # outputs between two that show the jump


def check_shape(answer: "ConvShape", limit: int = MAX_POSITIONS) -> Proof:
    """Prove the numbers of all layers, if that visits at most ``limit`` positions, or else the sizes by bounds."""
    method, visited = "enumeration", 0
    failures: list[Failure] = []
    alone = len(answer.layers) == 1 and answer.layers[0].plan is not None
    for index, (name, pixels) in enumerate(zip(answer.question.axes, answer.question.size, strict=True)):
        sizes = {one.name: one.size[index] if one.size else pixels for one in answer.question.network.inputs}
        for layer in answer.layers:
            axis, where = layer.axes[index], {"layer": layer.name, "axis": str(name)}
            read = [sizes[source] for source in layer.node.inputs]
            sizes[layer.name] = axis.output
            size = max(read) if layer.kind in _JOINS else read[0]
            if axis.window.input != size:
                failures.append(Failure(where, "input", axis.window.input, size))
            visits = positions(layer.plan, axis) if layer.plan else axis.output + _taps(layer, axis) * axis.output
            if visits * (1 if layer.plan else _EFFORT) > limit - visited:
                method = "bounds"
                failures += bounds(layer.plan, where, axis) if layer.plan else []
                continue
            visited += visits
            if layer.plan is None:
                stated = axis.output, axis.unread, axis.window[4:6] == _cut_or_padded(layer, index)
                failures += differences(where, _OTHER_KEYS, stated, (*_outputs(layer, index), True))
                continue
            counted = walk(layer.plan, axis, layer.plan.axes[index].padding)
            last, field = 3 if not alone else None, axis.field
            counted_here = Counted(axis.output, True, axis.unread, field.size, field.smallest, field.jump, field.center)
            failures += differences(where, Counted._fields[:last], counted_here[:last], counted[:last])
        if alone:
            continue
        sights = None if method == "bounds" else _Sights(answer, index, (limit - visited) // _EFFORT)
        if sights is None or not sights.enough:
            method = "bounds"
            continue
        visited += sights.visited
        failures += sights.failures(name)
    return proof_of(method, visited, failures)


def _outputs(layer: "LayerShape", index: int) -> tuple[int, int]:
    """Count the outputs of a layer without a framework's rules: all whose taps lie on the map; and what none reads."""
    if layer.kind == "linear":
        return 1, 0
    size, kind, end = layer.axes[index].window.input, layer.kind, layer.axes[index].window.input
    if kind in ("pad", "crop"):
        end += _sides(layer, index)[1] if kind == "pad" else -_sides(layer, index)[1]
    count, read = 0, set[int]()
    while count <= layer.axes[index].output and max(taps := _read(layer, index, count)) < end:
        read.update(taps)
        count += 1
    return count, sum(1 for position in range(size) if position not in read)


def _taps(layer: "LayerShape", axis: "AxisShape") -> int:
    """Count the positions that an output reads, at the most."""
    return 1 if layer.kind in ("linear", *_JOINS) else axis.window.kernel


def _number(layer: "LayerShape", index: int) -> int:
    """The number behind the word of a layer, along an axis, as it was asked for."""
    amount = layer.node.op.amount
    number = amount[index] if isinstance(amount, tuple) else amount
    assert isinstance(number, int)
    return number


def _sides(layer: "LayerShape", index: int) -> tuple[int, int]:
    """The positions at both ends of a pad or a crop, as they were asked for."""
    amount = layer.node.op.amount
    entry = amount[index] if isinstance(amount, tuple) else amount or 0
    return (entry, entry) if isinstance(entry, int) else entry


def _cut_or_padded(layer: "LayerShape", index: int) -> tuple[int, int]:
    """The positions at both ends as a window has them: below 0 where they are cut off."""
    before, after = _sides(layer, index) if layer.kind in ("pad", "crop") else (0, 0)
    return (-before, -after) if layer.kind == "crop" else (before, after)


def _read(layer: "LayerShape", index: int, output: int) -> "list[int] | range":
    """List the positions of a layer's current map that an output is computed from."""
    size, kernel, stride, dilation, before, *_ = layer.axes[index].window
    kind = layer.kind
    if kind == "transposed":
        landed = range(output + before, output + before - kernel * dilation, -dilation)
        return [position // stride for position in landed if position % stride == 0]
    if layer.plan is not None:
        start = output * stride - before
        return range(start, start + kernel * dilation, dilation)
    if kind in ("upsample", "pixel-shuffle"):  # each input becomes a block of outputs
        return [output // _number(layer, index)]
    if kind == "pixel-unshuffle":
        return range(output * _number(layer, index), (output + 1) * _number(layer, index))
    if kind.startswith("adaptive") and (outputs := _number(layer, index)) > 1:  # cut into equal parts: what is in one
        first = output * size // outputs - 1
        near = range(first, first + size // outputs + 4)
        return [x for x in near if (x + 1) * outputs > output * size and x * outputs < (output + 1) * size]
    if kind in ("global-avg-pool", "flatten") or kind.startswith("adaptive"):
        return range(output, output + size)
    return [output + (_sides(layer, index)[0] if kind == "crop" else -_sides(layer, index)[0] if kind == "pad" else 0)]


class _Sights:
    """What the outputs of every node see along one axis, each found by going back from it.

    Args:
        answer: the network.
        index: of the axis.
        limit: how many taps may be followed.
    """

    def __init__(self, answer: "ConvShape", index: int, limit: int) -> None:
        self.layers, self.index, self.limit = answer.layers, index, limit
        self.pixels = answer.question.size[index]
        self.visited, self.enough = 0, True
        self.inputs = [one.name for one in answer.question.network.inputs]
        self.extent = dict.fromkeys(self.inputs, self.pixels)
        self.extent |= {layer.name: layer.axes[index].output for layer in self.layers}
        self.apart = self._periods()
        needed = self._needed()
        self.seen: dict[str, dict[int, Seen]] = {}
        if self.enough:
            self.seen = {name: {position: (position, position) for position in needed[name]} for name in self.inputs}
            for layer in self.layers:
                self.seen[layer.name] = {output: self._hull(layer, output) for output in needed[layer.name]}

    def _periods(self) -> dict[str, int | None]:
        """How far apart two outputs are that see the same, a whole number of pixels on; None where none do."""
        found: dict[str, int | None] = dict.fromkeys(self.inputs, 1)
        for layer in self.layers:
            apart = 1
            for name in layer.node.inputs:
                one = found[name]
                apart = 0 if one is None or self._spread(layer, name) else apart * one // gcd(apart, one)
            axis = layer.axes[self.index]
            if layer.kind in ("transposed", "upsample", "pixel-shuffle"):
                apart *= axis.window.stride
            elif layer.kind.startswith("adaptive"):
                apart *= axis.output
            found[layer.name] = apart if 0 < apart <= _MOST_APART and layer.kind != "linear" else None
        return found

    def _spread(self, layer: "LayerShape", name: str) -> bool:
        """Whether a join repeats the one position of a map."""
        return layer.kind in _JOINS and self.extent[name] == 1 < layer.axes[self.index].output

    def _needed(self) -> dict[str, set[int]]:
        """Collect the outputs of each node to walk from: all that there are, and what the nodes behind it read."""
        needed: dict[str, set[int]] = {name: set() for name in self.extent}
        for layer in reversed(self.layers):
            axis, own = layer.axes[self.index], needed[layer.name]
            self.visited += (axis.output + 1 + len(own)) * _taps(layer, axis) * len(layer.node.inputs)
            if self.visited > self.limit:
                self.enough = False
                break
            own.update(range(axis.output), (self.apart[layer.name] or 0,))
            for name in layer.node.inputs:
                if layer.kind != "linear":
                    needed[name].update(position for output in own for position in self._positions(layer, name, output))
        return needed

    def _positions(self, layer: "LayerShape", name: str, output: int) -> "Iterable[int]":
        if layer.kind in _JOINS:
            return (0,) if self._spread(layer, name) else (output,)
        return _read(layer, self.index, output)

    def _hull(self, layer: "LayerShape", output: int) -> Seen:
        if layer.kind == "linear":
            return 0, self.pixels - 1
        spans = [self.seen[name][at] for name in layer.node.inputs for at in self._positions(layer, name, output)]
        some = [span for span in spans if span is not None]
        return (min(first for first, _ in some), max(last for _, last in some)) if some else None

    def failures(self, name: str) -> list[Failure]:
        """List what is stated of the fields and is not seen."""
        found: list[Failure] = []
        jumps: dict[str, tuple[int, int] | None] = dict.fromkeys(self.inputs, (1, 1))
        centers: dict[str, tuple[int, int] | None] = dict.fromkeys(self.inputs, (0, 1))
        for layer in self.layers:
            field, where = layer.axes[self.index].field, {"layer": layer.name, "axis": name}
            largest, smallest, center = self._sight(layer)
            alike = {jumps[one] for one in layer.node.inputs}
            jump = self._jump(layer) if len(alike) == 1 and None not in alike else None
            jumps[layer.name], centers[layer.name] = jump, center
            stated = field.size, field.smallest, field.jump if jump else None, field.center
            found += differences(where, Counted._fields[3:], stated, (largest, smallest, jump, center))
            whole = [one for one in layer.node.inputs if not self._spread(layer, one)]
            apart = len({(jumps[one], centers[one]) for one in whole}) > 1
            if None not in {jumps[one] for one in whole} and apart and not layer.misaligned:
                found.append(Failure(where, "misaligned", False, True))
        return found

    def _sight(self, layer: "LayerShape") -> tuple[int, int, tuple[int, int] | None]:
        """The largest and the smallest extent of all outputs, and the centre of the first that has one."""
        seen = self.seen[layer.name]
        spans = [seen[output] for output in range(layer.axes[self.index].output)]
        extents = [0 if span is None else span[1] - span[0] + 1 for span in spans]
        first = next((span for span in spans if span is not None), None)
        return (
            max(extents, default=0),
            min(extents, default=0),
            None if first is None else _lowest_terms(first[0] + first[1], 2),
        )

    def _jump(self, layer: "LayerShape") -> tuple[int, int] | None:
        """The pixels between neighbouring outputs, where two can be seen that are alike."""
        apart, seen = self.apart[layer.name], self.seen[layer.name]
        begin, again = (seen[0], seen[apart]) if apart else (None, None)
        return None if begin is None or again is None else _lowest_terms(again[0] - begin[0], apart or 1)


def _lowest_terms(numerator: int, denominator: int) -> tuple[int, int]:
    divisor = gcd(numerator, denominator)
    return numerator // divisor, denominator // divisor
