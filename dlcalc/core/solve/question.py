"""The question of conv-shape backwards, and its answer: runs of values along each axis."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from math import prod
from typing import Literal, NamedTuple, get_args

from dlcalc.core.conv.layer import Layer, Sides
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import Node, ShapeQuestion
from dlcalc.core.network.shape import network_shape
from dlcalc.core.validation import MAX_DIGITS

LIMIT: int = 10**MAX_DIGITS  # no number that can be typed is as large
# beyond every threshold of a layer: its output has at most 1000 digits, and each of its numbers can be typed
FAR = 10**1000 * LIMIT**3

# A solution, one value per axis; of a padding the sum of both sides, of the output paddings of a network those of every
# transposed layer, one layer after the other.
Values = tuple[int, ...]


class Run(NamedTuple):
    """The numbers from ``first`` to ``last``, a ``step`` apart; if ``last`` is None they have no end."""

    first: int
    last: int | None
    step: int = 1

    @property
    def length(self) -> int:
        """How many numbers are listed: of a run without end only the smallest."""
        return 1 if self.last is None else (self.last - self.first) // self.step + 1

    def touches(self, later: "Run") -> bool:
        """Tell whether this run and one that begins no earlier have no gap between them, nor within them."""
        return self.step == later.step == 1 and (self.last is None or later.first <= self.last + 1)

    def values(self) -> Iterable[int]:
        """List the numbers in order; of a run without end only the smallest."""
        return (self.first,) if self.last is None else range(self.first, self.last + 1, self.step)


def ascending(runs: Iterable[Run]) -> Iterator[int]:
    """Iterate over the numbers of several runs in order, each once.

    >>> list(ascending([Run(1, 7, 2), Run(4, 4), Run(9, None)]))
    [1, 3, 4, 5, 7, 9]
    """
    runs = tuple(runs)
    if len(runs) == 1:
        yield from runs[0].values()
        return
    before = None
    for value in merge(*(run.values() for run in runs)):
        if value != before:
            yield value
        before = value


def combined(runs: Sequence[tuple[Run, ...]]) -> Iterator[Values]:
    """Combine the numbers of each axis with those of the others, the last turning fastest; none is held.

    >>> list(combined([(Run(1, 2),), (Run(3, 4),)]))
    [(1, 3), (1, 4), (2, 3), (2, 4)]
    """
    if len(runs) == 1:
        yield from ((value,) for value in ascending(runs[0]))
        return
    for value in ascending(runs[0]):
        for rest in combined(runs[1:]):
            yield (value, *rest)


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Join runs that touch, and sort them; a run with gaps is left as it is.

    >>> joined([Run(5, 7), Run(1, 2), Run(3, 5), Run(9, None)])
    (Run(first=1, last=7, step=1), Run(first=9, last=None, step=1))
    """
    result: list[Run] = []
    for run in sorted(runs, key=lambda run: run.first):
        before = result[-1] if result else None
        if before is None or not before.touches(run):
            result.append(run)
        elif before.last is not None:
            result[-1] = Run(before.first, None if run.last is None else max(before.last, run.last))
    return tuple(result)


def bisect_first(predicate: Callable[[int], bool], low: int, high: int) -> int:
    """Find the smallest n in [low, high] with predicate(n), or high + 1 if there is none, in O(log(n - low)) calls.

    The predicate must be monotone: where it holds of n it holds of all numbers up to ``high``.

    >>> bisect_first(lambda number: number * number >= 50, 0, 10**100)
    8
    """
    if low > high or predicate(low):
        return low
    if not predicate(high):  # the commonest end of a search, known at once
        return high + 1
    step = 1
    while low + step < high and not predicate(low + step):
        low, step = low + step, 2 * step
    top = min(low + step, high)
    while top - low > 1:
        middle = (low + top) // 2
        if predicate(middle):
            top = middle
        else:
            low = middle
    return top


Unknown = Literal["input", "kernel", "stride", "padding", "dilation", "output_padding"]
UNKNOWNS: tuple[Unknown, ...] = get_args(Unknown)
MAX_SOLUTIONS = 10_000_000


class InverseQuestion(NamedTuple):
    """A network with an unknown number, and the output that it is to give.

    Attributes:
        template: the forward question, with an arbitrary legal value in place of the unknown number.
        unknown: which number is unknown; of layers in words ``input``, or ``output_padding``.
        target: the output's extent along each axis; empty where any will do.
    """

    template: ShapeQuestion
    unknown: Unknown
    target: tuple[int, ...]

    @property
    def strides_follow(self) -> bool:
        """Whether the stride of a pooling is the kernel that is unknown."""
        single = self.template.network.single
        return single is not None and single.layer is not None and strides_follow(single.layer, self.unknown)

    @property
    def open_nodes(self) -> tuple[Node, ...]:
        """The transposed layers of a network in words that have no output padding typed."""
        nodes = self.template.network.nodes
        return tuple([node for node in nodes if node.op.kind == "transposed" and _is_open(node)])

    def with_values(self, values: Values) -> ShapeQuestion:
        """Put the values in place of the unknown number, which makes a forward question."""
        template = self.template
        if self.unknown == "input":
            return template.with_size(values)
        single = template.network.single
        if single is not None:
            assert single.layer is not None
            numbers = tuple(map(split, values)) if self.unknown == "padding" else values
            return template.with_layer(Layer(**(single.layer._asdict() | {self.unknown: numbers})))
        axes, of_node = len(template.axes), {}
        for number, node in enumerate(self.open_nodes):
            of_node[node.name] = values[number * axes : (number + 1) * axes]
        nodes = [_padded(node, of_node[node.name]) if node.name in of_node else node for node in template.network.nodes]
        return template._replace(network=template.network._replace(nodes=tuple(nodes)))


def _is_open(node: Node) -> bool:
    return node.op.layer is not None and node.op.layer.output_padding is None


def _padded(node: Node, values: Values) -> Node:
    assert node.op.layer is not None
    return node._replace(op=node.op._replace(layer=node.op.layer._replace(output_padding=values)))


class Inverse(NamedTuple):
    """The answer to an ``InverseQuestion``.

    Attributes:
        question: the question.
        runs: the values along each axis.
        listed: the solutions, where not every value of one axis goes with every value of another; else None.
        warnings: caveats, e.g. which solutions need a pad layer.
    """

    question: InverseQuestion
    runs: tuple[tuple[Run, ...], ...]
    listed: tuple[Values, ...] | None
    warnings: tuple[Notice, ...]

    @property
    def how_many(self) -> int:
        """The number of solutions; a run without end counts once."""
        return _count(self.runs) if self.listed is None else len(self.listed)

    def solutions(self) -> Iterator[Values]:
        """Iterate over the solutions, the last axis turning fastest; of a run without end only over the smallest."""
        return combined(self.runs) if self.listed is None else iter(self.listed)

    def forward(self, values: Values) -> ConvShape:
        """Answer the forward question with a solution in place of the unknown number."""
        return network_shape(self.question.with_values(values))


def limit_of(unknown: Unknown) -> int:
    """Give the least value that cannot be typed; of a padding, which is the sum of both sides, more digits are had."""
    return 2 * LIMIT - 1 if unknown == "padding" else LIMIT


def strides_follow(layer: Layer, unknown: Unknown) -> bool:
    """Tell whether the stride of a pooling is the kernel that is unknown."""
    return unknown == "kernel" and layer.stride is None and layer.family == "pool"


def split(total: int) -> Sides:
    """Divide a total padding as evenly as possible, the extra position at the end.

    >>> split(5)
    (2, 3)
    """
    return total // 2, total - total // 2


def refuse_too_many(runs: tuple[tuple[Run, ...], ...], most: int = MAX_SOLUTIONS) -> None:
    """Refuse to list more than ``most`` solutions.

    Raises:
        DlcalcError: ``too-many-questions``.
    """
    count = _count(runs)
    if count > most:
        message = f"{count} solutions are more than {most:,}"
        raise DlcalcError("too-many-questions", message, hint="a layer that leaves less open", option="solve")


def _count(runs: tuple[tuple[Run, ...], ...]) -> int:
    return prod(sum(run.length for run in along_axis) for along_axis in runs)
