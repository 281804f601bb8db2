"""Every input of a network with branches that gives an output of the size asked for, and lets all its maps meet.

From some size on, P pixels more of input are a whole number of positions more of every map: so inputs that leave the
same remainder by P are alike, and one of each remainder tells of all. Smaller inputs are tried one by one.
"""

from collections.abc import Iterator
from functools import partial
from math import lcm
from typing import NamedTuple

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.geometry import amount_along
from dlcalc.core.network.network import ADAPTIVE, JOINS, SCATTERING, WHOLE, Node, ShapeQuestion
from dlcalc.core.network.sizes import AxisSizes
from dlcalc.core.numeric.ratio import Ratio, ratio
from dlcalc.core.solve.axis import confirm, nearest_targets
from dlcalc.core.solve.question import LIMIT, Run, bisect_first, joined, refuse_too_many
from dlcalc.core.validation import legal

MAX_NODES = 3_000_000  # computed in all


def solve_graph(question: ShapeQuestion, target: tuple[int, ...]) -> tuple[tuple[Run, ...], ...]:
    """Find the inputs along each axis that give the target, or with which the network runs at all.

    Args:
        question: the network; its size is of no account.
        target: the output's extent along each axis; empty where any will do.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, and what is wrong with a layer whatever its input is.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import Node, Op, chain
    >>> level = chain([Op("max-pool", Layer(2, kind="max-pool")), Op("upsample", amount=2)])
    >>> unet = level._replace(nodes=(*level.nodes, Node("cat1", Op("concat"), ("up1", "input"))))
    >>> solve_graph(ShapeQuestion(unet, ("w",)), (32,))
    ((Run(first=32, last=32, step=1),),)
    """
    found = []
    for extent in target:
        legal(extent, "target", 1)
    for index in range(len(question.axes)):
        wanted = target[index] if target else None
        sizes = AxisSizes(question, index)
        inputs = list(_Alike(sizes).inputs())
        runs = joined(_from_the_first_on([run for one in inputs for run in one.giving(wanted)]))
        if not runs:
            raise _no_solution(sizes, inputs, target, index)
        found.append(runs)
    refuse_too_many(tuple(found))
    for index, (runs, extent) in enumerate(zip(found, target, strict=False)):
        sizes, last = AxisSizes(question, index), question.network.nodes[-1].name
        confirm(runs, partial(_output, sizes, last), extent, AXES[question.axes[index]])
    return tuple(found)


def _from_the_first_on(runs: list[Run]) -> list[Run]:
    """Let runs without end begin at the first of the single inputs that they go on from; all remainders are one run."""
    singles = {run.first for run in runs if run.last == run.first}
    endless = []
    for run in runs:
        if run.last is None:
            first = run.first
            while first - run.step in singles:
                first -= run.step
                singles.discard(first)
            endless.append(run._replace(first=first))
    if endless and len(endless) == endless[0].step:
        step, start = len(endless), max(run.first for run in endless) - len(endless) + 1
        singles.update(value for run in endless for value in range(run.first, start, step))
        endless = [Run(start, None)]
    return [*endless, *(Run(single, single) for single in sorted(singles))]


def _output(sizes: AxisSizes, last: str, value: int) -> int:
    return sizes.of(value)[last]


class Inputs(NamedTuple):
    """Inputs with which the network runs: ``first``, and with a step also those any number of steps further on.

    Attributes:
        first: the smallest.
        step: from one to the next; 0 where it is the only one.
        output: the size that the first gives.
        more: how much more each step gives.
    """

    first: int
    step: int
    output: int
    more: int

    def giving(self, target: int | None) -> Iterator[Run]:
        """Find those that give an output of the target; all of them without one."""
        if target is None or not self.step or not self.more:
            if target in (None, self.output):
                yield Run(self.first, None if self.step else self.first, max(1, self.step))
        elif target >= self.output and (target - self.output) % self.more == 0:
            value = self.first + (target - self.output) // self.more * self.step
            if value < LIMIT:
                yield Run(value, value)

    def near(self, target: int) -> set[int]:
        """Find the sizes next to the target that they give."""
        if not self.step or not self.more:
            return {self.output}
        number = max(0, (target - self.output) // self.more)
        return {self.output + number * self.more, self.output + (number + 1) * self.more}


class _Alike:
    """The inputs with which a network runs, along one axis."""

    def __init__(self, sizes: AxisSizes) -> None:
        self.sizes, self.nodes = sizes, sizes.network.nodes
        self.paces: dict[str, Ratio] = {one.name: (1, 1) for one in sizes.network.inputs}
        for node in self.nodes:
            self.paces[node.name] = self._pace(node)
        self.step = lcm(*(pace[1] for pace in self.paces.values()), *map(self._pieces, self.nodes))
        self.start = bisect_first(self._regular, 1, LIMIT)
        if (self.start + self.step) * len(self.nodes) > MAX_NODES:
            message = f"{self.start + self.step} inputs would have to be tried, each through {len(self.nodes)} layers"
            raise DlcalcError("too-many-questions", message, hint="fewer layers, or smaller strides", option="solve")
        self.sizes_there = sizes.loosely(self.start)
        self.unequal = [node for node in self.nodes if len({self.paces[name] for name in self._not_spread(node)}) > 1]

    def _pace(self, node: Node) -> Ratio:
        """How many positions more a map has for each pixel more, in the long run."""
        numerator, denominator = 0, 1
        for more, under in (self.paces[name] for name in node.inputs):
            if more * denominator > numerator * under:
                numerator, denominator = more, under
        op, plan = node.op, self.sizes.plans.get(node.name)
        if op.kind in (*WHOLE, *ADAPTIVE):
            return 0, 1
        by = plan.axes[self.sizes.index].stride if plan else amount_along(op, self.sizes.index)
        return ratio(numerator * by, denominator) if op.kind in SCATTERING else ratio(numerator, denominator * by)

    def _pieces(self, node: Node) -> int:
        """After how many pixels a map can be cut into equal parts again, where only that is accepted."""
        if node.op.kind not in ADAPTIVE or framework_of(self.sizes.framework).has_adaptive_pools:
            return 1
        more, under = self.paces[node.inputs[0]]
        return ratio(more, under * amount_along(node.op, self.sizes.index))[1]

    def _not_spread(self, node: Node) -> list[str]:
        """The maps that a join takes as they are; of another layer none are joined."""
        if node.op.kind not in JOINS:
            return []
        spread = node.op.kind != "concat"
        return [name for name in node.inputs if not spread or self.paces[name][0] or self.sizes_there[name] > 1]

    def _regular(self, size: int) -> bool:
        """Whether all maps have an output, and those that grow with the input more than one."""
        found = self.sizes.loosely(size)
        growing = all(size > bool(self.paces[name][0]) for name, size in found.items())
        return growing and not self.sizes.too_small(found)

    def inputs(self) -> Iterator[Inputs]:
        """Find all of them: the small ones one by one, the others by their remainder."""
        last = self.nodes[-1].name
        for size in range(1, self.start):
            found = self._tried(size)
            if found is not None:
                yield Inputs(size, 0, found[last], 0)
        alike = list(self._remainders(self.start, last))
        whole = len(alike) == self.step and all(one.step and not one.more for one in alike)
        if whole and len({one.output for one in alike}) == 1:
            yield alike[0]._replace(step=1)  # the network runs with all of them, and gives the same
        else:
            yield from alike

    def _remainders(self, start: int, last: str) -> Iterator[Inputs]:
        for first in range(start, start + self.step):
            if not self.unequal:
                found = self._tried(first)
                if found is not None:
                    numerator, denominator = self.paces[last]
                    yield Inputs(first, self.step, found[last], self.step // denominator * numerator)
                continue
            size = self._meeting(first)
            found = None if size is None else self._tried(size)
            if size is not None and found is not None:
                yield Inputs(size, 0, found[last], 0)

    def _meeting(self, first: int) -> int | None:
        """Find the one input of a remainder at which maps meet that go on at different paces."""
        now, then = self.sizes.loosely(first), self.sizes.loosely(first + self.step)
        pairs = {(then[name] - now[name], now[name]) for name in self._not_spread(self.unequal[0])}
        (slow, here), (fast, there) = min(pairs), max(pairs)
        steps, rest = divmod(here - there, fast - slow)
        return None if rest or steps < 0 else first + steps * self.step

    def _tried(self, size: int) -> dict[str, int] | None:
        try:
            return self.sizes.of(size)
        except DlcalcError:
            return None


def _no_solution(sizes: AxisSizes, inputs: list[Inputs], target: tuple[int, ...], index: int) -> DlcalcError:
    """Make the error for an axis without a solution; a network that runs with no input has its own."""
    if not target:
        message = f"with no input do all maps meet along the {AXES[sizes.name]}"
        return DlcalcError("no-solution", message, hint="other layers", option="solve")
    message = f"no input gives an output {AXES[sizes.name]} of {target[index]}"
    near = set[int]().union(*(one.near(target[index]) for one in inputs))
    error = nearest_targets(message, target, index, near)
    if error is not None:
        return error
    return DlcalcError("no-solution", f"{message}: with none do all maps meet", hint="other layers", option="target")
