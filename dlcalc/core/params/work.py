"""The work of a whole network where a size went wrong on the way: the layers behind it work on other maps."""

from itertools import islice
from math import prod
from typing import NamedTuple

from dlcalc.core.conv import working as conv
from dlcalc.core.evidence.diagnosis import Mistake
from dlcalc.core.network.working import MOST_CHANGED, MOST_VARIANTS, NetworkWorking, Seen
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.working import Working, evaluate, layer_working, with_sizes

Changed = dict[str, Seen]


class _Flattened(NamedTuple):
    """A linear layer that reads a map, however far in front of it that is flattened.

    Attributes:
        working: of its work.
        positions: of the map.
    """

    working: Working
    positions: int


class NetworkWork:
    """Works out the work of a network with a mistake about sizes in one of its layers, or in all.

    Args:
        answer: the network, on an input.
        key: ``macs``, ``macs_without_padding`` or ``flops``.
    """

    def __init__(self, answer: ConvParams, key: str) -> None:
        self.key, self.total = key, answer.amounts.by_key()[key]
        self.maps = NetworkWorking(answer.shape, None, "output")
        self.works: dict[int, Working] = {}  # of the layers with windows that have work
        self.flattened: dict[int, list[_Flattened]] = {}  # by the layer that flattens the map
        numbers = {layer.name: number for number, layer in enumerate(answer.layers)}
        for number, layer in enumerate(answer.layers):
            flattening = answer.shape.flattening(layer.shape) if layer.kind == "linear" else None
            working = layer_working(layer, answer.question, key)
            if layer.kind in ("conv", "transposed"):
                self.works[number] = working
            elif flattening is not None:
                flattened = _Flattened(working, prod(flattening.input))
                self.flattened.setdefault(numbers[flattening.name], []).append(flattened)
        self.known: dict[tuple[int, tuple[tuple[str, Seen], ...]], int | None] = {}

    def with_one(self, mistake: Mistake[conv.Working], number: int) -> list[int]:
        """Work out the totals with the mistake in one layer, for each way to make it."""
        maps, found = self.maps, []
        layer = maps.layers[number]
        before = maps.right[layer.node.inputs[0]]
        if before is None or layer.plan is None:
            return []
        edits = mistake.edits(conv.layer_working(layer.plan, layer.axes, before.sizes))
        for edited in islice(edits, MOST_VARIANTS):
            behind, more = maps.behind(layer, maps.right, edited), self._more(number, before, edited)
            rest = None if behind is None or more is None else self._rest(number + 1, {layer.name: behind})
            found += [] if rest is None or more is None else [self.total + more + rest]
        return found

    def with_all(self, mistake: Mistake[conv.Working]) -> list[int]:
        """Work out the totals with the mistake in every layer, for each way to make it that is the same in all."""
        found = []
        for variant in range(MOST_VARIANTS):
            made, total, seen = False, self.total, dict(self.maps.start)
            for number, layer in enumerate(self.maps.layers):
                edited, before = None, seen[layer.node.inputs[0]]
                if layer.plan is not None and before is not None:
                    edits = mistake.edits(conv.layer_working(layer.plan, layer.axes, before.sizes))
                    edited = next(islice(edits, variant, None), None)
                    made = made or edited is not None
                more = None if before is None else self._more(number, before, edited)
                if more is None:
                    break
                total += more
                seen[layer.name] = self.maps.behind(layer, seen, edited)
            else:
                found += [total] if made else []
            if not made:
                break
        return found

    def _more(self, number: int, before: Seen, edited: conv.Working | None) -> int | None:
        """How much more work a layer has on another map, or with a mistake in its size; None where it has no output."""
        layer, work = self.maps.layers[number], self.works.get(number)
        more = 0
        if work is not None and layer.plan is not None:
            sizes = edited or conv.layer_working(layer.plan, layer.axes, before.sizes)
            changed = with_sizes(work, sizes) if all(axis.over == 1 for axis in sizes) else None
            if changed is None:
                return None
            more = evaluate(changed, self.key)[0][0] - evaluate(work, self.key)[0][0]
        for working, positions in self.flattened.get(number, ()):
            features, over = working.c_in, prod(under for _, under in before.sizes)
            if over > 1:
                return None
            features = features // positions * prod(size for size, _ in before.sizes)
            changed = working._replace(c_in=features)
            more += evaluate(changed, self.key)[0][0] - evaluate(working, self.key)[0][0]
        return more

    def _rest(self, number: int, changed: Changed) -> int | None:
        """How much more work the layers from ``number`` on have on maps that a mistake has changed."""
        maps = self.maps
        passed: list[tuple[tuple[int, tuple[tuple[str, Seen], ...]], int]] = []
        rest: int | None = 0
        while changed and number < len(maps.layers):
            place, more = (number, tuple(changed.items())), 0
            if place in self.known:
                rest = self.known[place]
                break
            layer = maps.layers[number]
            if any(name in changed for name in layer.node.inputs):
                seen = {**{name: maps.right[name] for name in layer.node.inputs}, **changed}
                before, behind = seen[layer.node.inputs[0]], maps.behind(layer, seen, None)
                found = None if before is None or behind is None else self._more(number, before, None)
                if found is None or behind is None or len(changed) > MOST_CHANGED:
                    self.known[place] = rest = None
                    break
                more = found
                if behind != maps.right[layer.name]:
                    changed = {**changed, layer.name: behind}
            passed.append((place, more))
            changed = {name: seen for name, seen in changed.items() if maps.last_use.get(name, -1) > number}
            number += 1
        for place, more in reversed(passed):
            rest = None if rest is None else rest + more
            self.known[place] = rest
        return rest
