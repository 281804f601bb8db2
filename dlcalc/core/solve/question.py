"""The question which values of one number give a size, and its answer."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Literal, NamedTuple, get_args

from dlcalc.core.conv.layer import Layer, Sides
from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.network import StackQuestion, forward
from dlcalc.core.solve.runs import Run, ascending

Unknown = Literal["input", "kernel", "stride", "padding", "dilation", "output_padding"]
UNKNOWNS: tuple[Unknown, ...] = get_args(Unknown)
MAX_SOLUTIONS = 10_000_000

Values = tuple[int, ...]  # a solution, one value per axis; of a padding the sum of both sides


class InverseQuestion(NamedTuple):
    """A layer with one unknown number, or a network whose input is unknown, and the output that it is to give.

    Attributes:
        template: the forward question, with an arbitrary legal value in place of the unknown number.
        unknown: which number is unknown; of a network always ``input``.
        target: the output's extent along each axis.
    """

    template: ConvShapeQuestion | StackQuestion
    unknown: Unknown
    target: tuple[int, ...]

    @property
    def strides_follow(self) -> bool:
        """Whether the stride of a pooling is the kernel that is unknown."""
        return not isinstance(self.template, StackQuestion) and strides_follow(self.template.layer, self.unknown)

    def with_values(self, values: Values) -> ConvShapeQuestion | StackQuestion:
        """Put the values in place of the unknown number, which makes a forward question."""
        template = self.template
        if self.unknown == "input" or isinstance(template, StackQuestion):
            return template._replace(size=values)
        layer = template.layer
        match self.unknown:
            case "kernel":
                layer = layer._replace(kernel=values)
            case "stride":
                layer = layer._replace(stride=values)
            case "dilation":
                layer = layer._replace(dilation=values)
            case "output_padding":
                layer = layer._replace(output_padding=values)
            case "padding":
                layer = layer._replace(padding=tuple(map(split, values)))
        return template._replace(layer=layer)


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
        return product(*map(ascending, self.runs)) if self.listed is None else iter(self.listed)

    def forward(self, values: Values) -> ConvShape:
        """Answer the forward question with a solution in place of the unknown number."""
        return forward(self.question.with_values(values))


def strides_follow(layer: Layer, unknown: Unknown) -> bool:
    """Tell whether the stride of a pooling is the kernel that is unknown."""
    return unknown == "kernel" and layer.stride is None and layer.family == "pool"


def split(total: int) -> Sides:
    """Divide a total padding as evenly as possible, the extra position at the end.

    >>> split(5)
    (2, 3)
    """
    return total // 2, total - total // 2


def refuse_too_many(runs: tuple[tuple[Run, ...], ...]) -> None:
    """Refuse to list more than ``MAX_SOLUTIONS``.

    Raises:
        DlcalcError: ``too-many-questions``.
    """
    count = _count(runs)
    if count > MAX_SOLUTIONS:
        message = f"{count} solutions are more than {MAX_SOLUTIONS:,}"
        raise DlcalcError("too-many-questions", message, hint="a layer that leaves less open", option="solve")


def _count(runs: tuple[tuple[Run, ...], ...]) -> int:
    return prod(sum(run.length for run in along_axis) for along_axis in runs)
