"""conv-shape backwards: every value of one number of a layer that gives an output of the size asked for."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, NamedTuple

from dlcalc.core.conv.layer import SAME_WORDS, AxisLayer, Padding, per_axis
from dlcalc.core.conv.shape import ConvShape, ConvShapeQuestion
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.forward import forward
from dlcalc.core.solve.axis import giving
from dlcalc.core.solve.open_axis import OpenAxis, split, stand_in
from dlcalc.core.solve.runs import Run, ascending
from dlcalc.core.validation import legal, spoken

UNKNOWNS = ("input", "kernel", "stride", "padding", "dilation", "output_padding")
MAX_SOLUTIONS = 10_000_000

Values = tuple[int, ...]  # one an axis; of a padding both sides together


class InverseQuestion(NamedTuple):
    """A layer with one number open, or a stack of layers with its input open, and the output that it is to give.

    Attributes:
        asked: the layer and its input, a ``ConvShapeQuestion``, or a ``StackQuestion``; the number that is open has
            some value there.
        solve: which one is open, of ``UNKNOWNS``.
        target: the output's extent along each axis.
    """

    asked: Any
    solve: str
    target: tuple[int, ...]

    @property
    def strides_follow(self) -> bool:
        """Whether the stride of a pooling is the kernel that is open."""
        if self.solve != "kernel":
            return False
        layer = self.asked.layer
        return layer.stride is None and layer.family == "pool"

    def put(self, values: Values) -> Any:
        """The question that the forward rule answers, with the values in place of the open number."""
        if self.solve == "input":
            return self.asked._replace(size=values)
        number: Padding = tuple(map(split, values)) if self.solve == "padding" else values
        return self.asked._replace(layer=self.asked.layer._replace(**{self.solve: number}))


class Inverse(NamedTuple):
    """The answer to an ``InverseQuestion``.

    Attributes:
        question: what was asked.
        runs: the values along each axis.
        listed: the solutions, where not every value of one axis goes with every one of another.
        warnings: what their reader should know.
    """

    question: InverseQuestion
    runs: tuple[tuple[Run, ...], ...]
    listed: tuple[Values, ...] | None
    warnings: tuple[Notice, ...]

    @property
    def how_many(self) -> int:
        """How many solutions are listed."""
        return _count(self.runs) if self.listed is None else len(self.listed)

    def solutions(self) -> Iterator[Values]:
        """Every solution, the last axis turning fastest; of values that go on for ever the smallest."""
        return product(*map(ascending, self.runs)) if self.listed is None else iter(self.listed)

    def forward(self, values: Values) -> ConvShape:
        """What the forward rule says of a solution."""
        return forward(self.question.put(values))


def solve(question: InverseQuestion) -> Inverse:
    """All the values of the open number, along each axis, that give the target, and only those.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, and all that ``conv_shape`` raises of the other numbers.

    >>> from dlcalc.core.conv.layer import Layer
    >>> asked = ConvShapeQuestion(("w",), (224,), Layer(kernel=7, stride=2))
    >>> list(solve(InverseQuestion(asked, "padding", (112,))).solutions())
    [(5,), (6,)]
    """
    if not isinstance(question.asked, ConvShapeQuestion):
        from dlcalc.core.solve.network import solve_stack

        return solve_stack(question)
    for name, extent in zip(question.asked.axes, question.target, strict=True):
        legal(extent, "target", 1)
        if question.solve != "input":
            size = question.asked.size[question.asked.axes.index(name)]
            legal(size, "depth" if name == "d" else name, 1)
    every = companies(question)
    found = [[giving(axis, extent) for axis, extent in zip(axes, question.target, strict=True)] for axes in every]
    runs = tuple(tuple(run for each in of_axis for run in each) for of_axis in zip(*found, strict=True))
    if not all(runs):
        from dlcalc.core.solve.nearest import no_solution

        raise no_solution(question, every, runs.index(()))
    refuse_too_many(runs)
    listed = None
    if len(every) > 1:
        listed = tuple(values for values in product(*map(ascending, runs)) if _gives(question, values))
        if not listed:
            wanted = "x".join(map(str, question.target))
            message = f"no {spoken(question.solve)} along one axis goes with one along another to give {wanted}"
            raise DlcalcError("no-solution", message, hint="another target, or one axis at a time", option="target")
    else:
        _confirm(every[0], question.target, runs)
    from dlcalc.core.solve.notices import remarks

    return Inverse(question, runs, listed, remarks(question, runs, listed))


def refuse_too_many(runs: tuple[tuple[Run, ...], ...]) -> None:
    """Refuse more solutions than are listed.

    Raises:
        DlcalcError: ``too-many-questions``.
    """
    count = _count(runs)
    if count > MAX_SOLUTIONS:
        message = f"{count} solutions are more than {MAX_SOLUTIONS:,}"
        raise DlcalcError("too-many-questions", message, hint="a layer that leaves less open", option="solve")


def _count(runs: tuple[tuple[Run, ...], ...]) -> int:
    return prod(sum(run.length for run in of_axis) for of_axis in runs)


def companies(question: InverseQuestion) -> list[tuple[OpenAxis, ...]]:
    """Each axis with what stands for the others; twice, where the open number of those may decide something here."""
    asked, layer = question.asked, question.asked.layer
    axes = per_axis(layer, len(asked.axes))
    pytorch_pads = question.solve == "padding" and asked.framework == "pytorch" and layer.family == "pool"
    onnx_looks = question.solve == "dilation" and asked.framework == "onnx" and layer.kind == "max-pool"
    both = len(axes) > 1 and (pytorch_pads or (onnx_looks and layer.padding in SAME_WORDS))
    return [_company(question, axes, special) for special in ((False, True) if both else (False,))]


def _company(question: InverseQuestion, axes: tuple[AxisLayer, ...], special: bool) -> tuple[OpenAxis, ...]:
    asked, open_number = question.asked, question.solve
    found = []
    for number, (name, size, axis) in enumerate(zip(asked.axes, asked.size, axes, strict=True)):
        others = axes[:number] + axes[number + 1 :]
        company = tuple(stand_in(asked.framework, open_number, other, special) for other in others)
        found.append(
            OpenAxis(asked.framework, asked.layer, name, size, axis, company, open_number, question.strides_follow)
        )
    return tuple(found)


def _gives(question: InverseQuestion, values: Values) -> bool:
    try:
        return forward(question.put(values)).output == question.target
    except DlcalcError:
        return False


def _confirm(axes: tuple[OpenAxis, ...], target: tuple[int, ...], runs: tuple[tuple[Run, ...], ...]) -> None:
    """Put each value through the forward rule. What fails here is a bug, and never an answer."""
    for axis, extent, of_axis in zip(axes, target, runs, strict=True):
        output = axis.forward()
        for run in of_axis:
            for value in run.values():
                if output(value) != extent:
                    raise AssertionError(f"{spoken(axis.solve)} {value} gives {output(value)}, not {extent}")
