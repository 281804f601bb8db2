"""How a number of a network comes about, node by node, right or with mistakes on the way."""

from itertools import islice
from math import lcm, prod
from typing import NamedTuple

from dlcalc.core.conv.window import Window
from dlcalc.core.conv.working import Working, evaluate, layer_working
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.diagnosis import Mistake, Numbers
from dlcalc.core.network.geometry import along
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ADAPTIVE, JOINS, WHOLE
from dlcalc.core.numeric.ratio import Ratio, ratio

_ONE_BY_ONE = Window(0, 1, 1, 1, 0, 0, 0)[1:]
MOST_CHANGED = 16  # maps that are still read, behind one mistake
MOST_VARIANTS = 6  # of one mistake: axes are swapped in three ways, and their inputs in three


class Seen(NamedTuple):
    """The numbers of a map along each axis, as far as the claim depends on them.

    Attributes:
        sizes: positions; not whole behind a quotient that was not rounded.
        jumps, extents, centers: of what an output sees.
        last: the unread input of the layer, where that is claimed.
    """

    sizes: Numbers
    jumps: Numbers
    extents: tuple[Ratio, ...]
    centers: Numbers
    last: Numbers | None = None


class NetworkWorking:
    """Works out a number of one layer of a network.

    Args:
        answer: the network.
        layer: the layer that is claimed of; None for the whole network, of which the maps are worked out.
        key: of the number; ``in_features`` is that of the map in front of a linear layer.
    """

    def __init__(self, answer: ConvShape, layer: LayerShape | None, key: str) -> None:
        self.key, self.features = key, 0
        part = answer.question.network
        if layer is not None:
            target = layer.name
            if key == "in_features":
                self.key, self.features = "output", layer.in_features or 0
                flattening = answer.flattening(layer)
                target = flattening.node.inputs[0] if flattening else ""
            part = part.up_to(target)
        needed = {node.name for node in part.nodes}
        self.layers = [one for one in answer.layers if one.name in needed]
        self.windows = [number for number, one in enumerate(self.layers) if one.plan is not None]
        self.last_use = part.last_uses()
        count = len(answer.question.size)
        sizes = tuple([(extent, 1) for extent in answer.question.size])
        start = Seen(sizes, ((1, 1),) * count, ((1, 1),) * count, ((0, 1),) * count)
        self.start: dict[str, Seen | None] = {one.name: start for one in part.inputs}
        self.right = dict(self.start)  # when all is right
        for one in self.layers:
            self.right[one.name] = self.behind(one, self.right, None)
        self.known: dict[tuple[int, tuple[tuple[str, Seen], ...]], Numbers | None] = {}

    def right_working(self, number: int) -> Working:
        """The working of a layer with windows, when all is right."""
        layer = self.layers[number]
        assert layer.plan is not None
        return layer_working(layer.plan, layer.axes)

    def with_one(self, mistake: Mistake[Working], number: int) -> list[Numbers]:
        """Work out what the mistake in one layer gives, for each way to make it."""
        layer, found = self.layers[number], []
        before = self.right[layer.node.inputs[0]]
        if before is None or layer.plan is None:
            return []
        for edited in islice(mistake.edits(layer_working(layer.plan, layer.axes, before.sizes)), MOST_VARIANTS):
            behind = self.behind(layer, self.right, edited)
            numbers = None if behind is None else self._goes_on(number + 1, {layer.name: behind})
            found += [] if numbers is None else [numbers]
        return found

    def with_all(self, mistake: Mistake[Working]) -> list[Numbers]:
        """Work out what the mistake in every layer gives, for each way to make it that is the same in all."""
        found = []
        for variant in range(MOST_VARIANTS):
            made = False
            seen = dict(self.start)
            for layer in self.layers:
                edited, before = None, seen[layer.node.inputs[0]]
                if layer.plan is not None and before is not None:
                    edits = mistake.edits(layer_working(layer.plan, layer.axes, before.sizes))
                    edited = next(islice(edits, variant, None), None)
                    made = made or edited is not None
                seen[layer.name] = self.behind(layer, seen, edited)
            if not made:
                break
            numbers = self._number(seen[self.layers[-1].name])
            found += [] if numbers is None else [numbers]
        return found

    def _goes_on(self, number: int, changed: dict[str, Seen]) -> Numbers | None:
        """Work out the claimed number from the maps that a mistake has changed, without a further mistake."""
        passed: list[tuple[int, tuple[tuple[str, Seen], ...]]] = []
        last = self.layers[-1].name
        found: Numbers | None = None
        while True:
            place = number, tuple(changed.items())
            if place in self.known:
                found = self.known[place]
                break
            passed.append(place)
            if number == len(self.layers):
                found = self._number(changed.get(last))
                break
            layer = self.layers[number]
            if any(name in changed for name in layer.node.inputs):
                behind = self.behind(layer, {**self._read(layer), **changed}, None)
                if behind is None:
                    break
                if behind != self.right[layer.name]:
                    changed = {**changed, layer.name: behind}
            changed = {name: seen for name, seen in changed.items() if self.last_use[name] > number or name == last}
            if not changed or len(changed) > MOST_CHANGED:  # it has come to nothing, or branches out too far
                break
            number += 1
        self.known |= dict.fromkeys(passed, found)
        return found

    def _read(self, layer: LayerShape) -> dict[str, Seen | None]:
        return {name: self.right[name] for name in layer.node.inputs}

    def _number(self, seen: Seen | None) -> Numbers | None:
        if seen is None:
            return None
        if self.features:
            return self._features(seen.sizes)
        if self.key == "output":
            return seen.sizes
        if self.key == "unread":
            return seen.last
        if self.key == "jump":
            return seen.jumps
        return seen.centers if self.key == "center" else seen.extents

    def _features(self, sizes: Numbers) -> Numbers | None:
        """The features of a map of these sizes, from the right number for the right sizes."""
        right = self.layers[-1].axes
        numerator = self.features * prod(size for size, _ in sizes)
        return (ratio(numerator, prod(axis.output for axis in right) * prod(over for _, over in sizes)),)

    def behind(self, layer: LayerShape, seen: "dict[str, Seen | None]", edited: Working | None) -> Seen | None:
        """Work out the numbers behind a layer, right or edited; None where it has no output, or they are not known."""
        read = [seen[name] for name in layer.node.inputs]
        before = read[0]
        if before is None:
            return None
        if layer.kind in JOINS:
            return self._joined(layer, read)
        if layer.plan is not None:
            working = layer_working(layer.plan, layer.axes, before.sizes) if edited is None else edited
            return self._windowed(working, before)
        return self._other(layer, before)

    def _windowed(self, working: Working, before: Seen) -> Seen | None:
        outputs = evaluate(working, "output")
        if outputs is None or any(size[0] < size[1] for size in outputs):
            return None
        if self.key == "output":
            return before._replace(sizes=outputs)
        if self.key == "unread":
            last = evaluate(working, "unread") if all(size[1] == 1 for size in outputs) else None
            return before._replace(sizes=outputs, last=last)
        steps = evaluate(working, "jump") or ()
        jumps = tuple([ratio(a * c, b * d) for (a, b), (c, d) in zip(before.jumps, steps, strict=True)])
        if self.key == "jump":
            return before._replace(sizes=outputs, jumps=jumps)
        if any(axis.family == "transposed" for axis in working):
            return None
        fields = [
            _wider(extent, center, jump, axis.extent if self.key == "center" else axis.sees, axis.before)
            for axis, jump, extent, center in zip(working, before.jumps, before.extents, before.centers, strict=True)
        ]
        return Seen(outputs, jumps, tuple([extent for extent, _ in fields]), tuple([center for _, center in fields]))

    def _other(self, layer: LayerShape, before: Seen) -> Seen | None:
        """Work out the numbers behind a layer without windows of its own."""
        op = layer.node.op
        if all(axis.window[1:] == _ONE_BY_ONE for axis in layer.axes):
            return before._replace(last=None)
        if layer.kind in (*WHOLE, *ADAPTIVE) and self.key not in ("output", "jump", "unread"):
            return None
        if any(over > 1 for _, over in before.sizes):  # not rounded, as no such layer takes it
            return None
        try:
            axes = [along(op, index, "w", size) for index, (size, _) in enumerate(before.sizes)]
        except DlcalcError:  # which nobody sees: so whichever axis it names
            return None
        sizes = tuple([(axis.output, 1) for axis in axes])
        jumps = tuple(
            [
                ratio(a * axis.field.jump[0], b * axis.field.jump[1])
                for (a, b), axis in zip(before.jumps, axes, strict=True)
            ]
        )
        if self.key in ("output", "jump", "unread"):
            return before._replace(sizes=sizes, jumps=jumps, last=None)
        if layer.scatters:
            return None
        fields = [
            _wider(extent, center, jump, axis.window.extent, axis.window.before)
            for axis, jump, extent, center in zip(axes, before.jumps, before.extents, before.centers, strict=True)
        ]
        return Seen(sizes, jumps, tuple([extent for extent, _ in fields]), tuple([center for _, center in fields]))

    def _joined(self, layer: LayerShape, read: list[Seen | None]) -> Seen | None:
        """Join maps, if they meet; where one is spread, only sizes and jumps are worked out."""
        maps = [one for one in read if one is not None]
        if len(maps) < len(read):
            return None
        sizes: list[Ratio] = []
        spread = False
        for along_axis in zip(*(one.sizes for one in maps), strict=True):
            different = {size for size in along_axis if size != (1, 1)} or {(1, 1)}
            if len(different) > 1 or (layer.kind == "concat" and len(set(along_axis)) > 1):
                return None
            sizes += different
            spread = spread or len(set(along_axis)) > 1
        main = next((one for one in maps if one.sizes == tuple(sizes)), maps[0])
        if self.key in ("output", "unread", "jump"):
            return main._replace(sizes=tuple(sizes), last=None)
        if spread:
            return None
        fields = [_hull(*of) for of in zip(*(zip(one.extents, one.centers, strict=True) for one in maps), strict=True)]
        extents, centers = (tuple(column) for column in zip(*fields, strict=True))
        return Seen(tuple(sizes), main.jumps, extents, centers)


def _wider(extent: Ratio, center: Ratio, jump: Ratio, taps: int, before: int) -> tuple[Ratio, Ratio]:
    """Compose the extent and the centre with a window of ``taps`` positions."""
    wide = ratio(extent[0] * jump[1] + (taps - 1) * jump[0] * extent[1], extent[1] * jump[1])
    shift = ratio((taps - 1 - 2 * before) * jump[0], 2 * jump[1])
    return wide, ratio(center[0] * shift[1] + shift[0] * center[1], center[1] * shift[1])


def _hull(*fields: tuple[Ratio, Ratio]) -> tuple[Ratio, Ratio]:
    """The extent and the centre of the hull of several."""
    ends = []
    for extent, center in fields:
        half = ratio(extent[0] - extent[1], 2 * extent[1])
        sides = [ratio(center[0] * half[1] + sign * half[0] * center[1], center[1] * half[1]) for sign in (-1, 1)]
        ends.append(sides)
    unit = lcm(*(side[1] for pair in ends for side in pair))
    low = min(low * (unit // under) for (low, under), _ in ends)
    high = max(high * (unit // under) for _, (high, under) in ends)
    return ratio(high - low + unit, unit), ratio(low + high, 2 * unit)
