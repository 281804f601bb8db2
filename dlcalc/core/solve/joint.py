"""conv-shape backwards with several numbers of a layer unknown: their combinations that give a size, within bounds."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from dlcalc.core.conv.layer import Layer, per_axis
from dlcalc.core.errors import DlcalcError, Notice, NoticeCode
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.network.shape import network_shape
from dlcalc.core.solve.axis import values_giving
from dlcalc.core.solve.open_axis import OpenAxis
from dlcalc.core.solve.question import MAX_SOLUTIONS, Unknown, Values, limit_of, split, strides_follow
from dlcalc.core.solve.solve import shown
from dlcalc.core.validation import legal, spoken

# What is tried of a number beside another unknown one. A padding goes on each side up to the last position with which
# every window still meets the input; every input is found.
BOUNDS: Mapping[Unknown, tuple[int, int]] = {
    "kernel": (1, 11),
    "stride": (1, 8),
    "dilation": (1, 4),
    "output_padding": (0, 7),
}
# Of several unknown numbers all but one are tried, and the first of these is solved for.
_SOLVED_FIRST: tuple[Unknown, ...] = ("input", "padding", "kernel", "stride", "dilation", "output_padding")
_LOOKED_AT = 200  # solutions whose notices are read

Joined = tuple[Values, ...]  # a solution: of each unknown number, in the order asked, one value per axis


class JointQuestion(NamedTuple):
    """A layer with several unknown numbers, and the output that it is to give.

    Attributes:
        template: the forward question, with an arbitrary legal value in place of each unknown number.
        unknowns: which numbers are unknown, in the order in which they were asked for.
        target: the output's extent along each axis.
    """

    template: ShapeQuestion
    unknowns: tuple[Unknown, ...]
    target: tuple[int, ...]

    @property
    def layer(self) -> Layer:
        """The layer."""
        single = self.template.network.single
        assert single is not None
        assert single.layer is not None
        return single.layer

    @property
    def uniform(self) -> bool:
        """Whether all axes are alike, so that a solution is the same along all of them."""
        numbers = per_axis(self.layer, len(self.template.axes))
        return len(set(zip(numbers, self.template.size, self.target, strict=True))) == 1

    @property
    def hidden(self) -> set[str]:
        """The numbers of the layer that are not known: those asked for, and a stride that follows the kernel."""
        follows = any(strides_follow(self.layer, unknown) for unknown in self.unknowns)
        return {*self.unknowns, *(["stride"] if follows else [])}

    def with_values(self, solution: Joined) -> ShapeQuestion:
        """Put the values in place of the unknown numbers, which makes a forward question."""
        template, numbers = self.template, self.layer._asdict()
        for unknown, values in zip(self.unknowns, solution, strict=True):
            if unknown == "input":
                template = template.with_size(values)
            else:
                numbers[unknown] = tuple(map(split, values)) if unknown == "padding" else values
        return template.with_layer(Layer(**numbers))


class Joint(NamedTuple):
    """The answer to a ``JointQuestion``.

    Attributes:
        question: the question.
        bounds: the least and the largest value that was tried of each number, of a padding on each side; none of the
            input, of which every value is found.
        solutions: the combinations, ascending in the order of the unknown numbers; paddings as sums of both sides.
        warnings: caveats, e.g. which solutions need a pad layer.
    """

    question: JointQuestion
    bounds: Mapping[Unknown, tuple[int, int]]
    solutions: tuple[Joined, ...]
    warnings: tuple[Notice, ...]

    def forward(self, solution: Joined) -> ConvShape:
        """Answer the forward question with a solution in place of the unknown numbers."""
        return network_shape(self.question.with_values(solution))


def solve_joint(question: JointQuestion) -> Joint:
    """Find all combinations of the unknown numbers, within the bounds, that give the target, and only those.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, and what the forward rule raises of the other numbers.

    >>> from dlcalc.core.network.network import layer_question
    >>> template = layer_question(("w",), (7,), Layer(3, kind="transposed", output_padding=0))
    >>> found = solve_joint(JointQuestion(template, ("stride", "padding", "output_padding"), (14,)))
    >>> [solution for solution in found.solutions if solution[0] == (2,)]
    [((2,), (1,), (0,)), ((2,), (2,), (1,))]
    """
    template = question.template
    for name, extent, pixels in zip(template.axes, question.target, template.size, strict=True):
        legal(extent, "target", 1)
        if "input" not in question.unknowns:
            legal(pixels, "depth" if name == "d" else name, 1)
    axes = range(len(template.axes))
    search = _Search(question)
    along = [sorted(search.along(index)) for index in (axes[:1] if question.uniform else axes)]
    count = 1
    for found in along:
        count *= len(found)
    if count > MAX_SOLUTIONS:
        message = f"{count} solutions are more than {MAX_SOLUTIONS:,}"
        raise DlcalcError("too-many-questions", message, hint="fewer unknown numbers", option="solve")
    combined = ((each[0],) * len(axes) if question.uniform else each for each in product(*along))
    candidates = (tuple(zip(*each, strict=True)) for each in combined)
    solutions = tuple(sorted(solution for solution in candidates if _gives(question, solution)))
    if not solutions:
        raise _no_solution(question, search.bounds())
    return Joint(question, search.bounds(), solutions, _notices(question, solutions))


def _gives(question: JointQuestion, solution: Joined) -> bool:
    try:
        return network_shape(question.with_values(solution), fields=False).output == question.target
    except DlcalcError:
        return False


class _Search:
    """Tries all unknown numbers but one along an axis, and solves for that."""

    def __init__(self, question: JointQuestion) -> None:
        self.question = question
        self.solved = min(question.unknowns, key=_SOLVED_FIRST.index)
        self.tried = [unknown for unknown in question.unknowns if unknown != self.solved]
        self.most_padding = 0

    def bounds(self) -> dict[Unknown, tuple[int, int]]:
        """The bounds of what is tried."""
        bounds: dict[Unknown, tuple[int, int]] = {**BOUNDS, "padding": (0, self.most_padding)}
        return {unknown: bounds[unknown] for unknown in self.question.unknowns if unknown in bounds}

    def along(self, index: int) -> Iterator[tuple[int, ...]]:
        """Find the combinations along one axis, each in the order of the unknown numbers."""
        question, template = self.question, self.question.template
        for chosen in self._choices():
            layer = self._layer(chosen)
            numbers = per_axis(layer, len(template.axes))[index]
            axis = OpenAxis(
                template.framework, layer, template.axes[index], template.size[index], numbers, (), self.solved
            )
            high = self._most_of_solved(numbers.extent)
            for run in values_giving(axis, question.target[index], min(high + 1, limit_of(self.solved))):
                last = high if run.last is None else min(run.last, high)
                for value in range(run.first, last + 1, run.step):
                    values = {**chosen, self.solved: value}
                    yield tuple([values[unknown] for unknown in question.unknowns])

    def _choices(self) -> Iterator[dict[Unknown, int]]:
        """Give the values of all unknown numbers that are tried; a padding goes as far as the window."""
        plain: list[Unknown] = [unknown for unknown in self.tried if unknown != "padding"]
        for values in product(*(range(BOUNDS[unknown][0], BOUNDS[unknown][1] + 1) for unknown in plain)):
            chosen: dict[Unknown, int] = dict(zip(plain, values, strict=True))
            extent = max(axis.extent for axis in per_axis(self._layer(chosen), len(self.question.template.axes)))
            if "padding" in self.tried:
                self.most_padding = max(self.most_padding, extent - 1)
                yield from ({**chosen, "padding": total} for total in range(2 * extent - 1))
            else:
                yield chosen

    def _layer(self, chosen: Mapping[Unknown, int]) -> Layer:
        """The layer with some numbers chosen, the same along all axes."""
        numbers: dict[str, object] = self.question.layer._asdict() | dict(chosen)
        if "padding" in chosen:
            numbers["padding"] = (split(chosen["padding"]),) * len(self.question.template.axes)
        return Layer(**numbers)  # type: ignore[arg-type]

    def _most_of_solved(self, extent: int) -> int:
        if self.solved == "padding":
            self.most_padding = max(self.most_padding, extent - 1)
            return 2 * (extent - 1)
        return BOUNDS[self.solved][1] if self.solved in BOUNDS else limit_of(self.solved) - 1


def _no_solution(question: JointQuestion, bounds: Mapping[Unknown, tuple[int, int]]) -> DlcalcError:
    numbers = ", ".join(f"{spoken(unknown)} {low} to {high}" for unknown, (low, high) in bounds.items())
    target = "x".join(map(str, question.target))
    message = f"no combination of {numbers} gives an output of {target}"
    return DlcalcError(
        "no-solution", message, hint="another target, or one number alone, which has no bounds", option="target"
    )


def _notices(question: JointQuestion, solutions: tuple[Joined, ...]) -> tuple[Notice, ...]:
    """Collect the notices of the forward rule, one of each code, with a solution that it is about if not about all."""
    looked_at = solutions[:_LOOKED_AT]
    concerned: dict[NoticeCode, list[tuple[Joined, str]]] = {}
    for solution in looked_at:
        for code, message in network_shape(question.with_values(solution), fields=False).warnings:
            concerned.setdefault(code, []).append((solution, message))
    notices = []
    for code, some in concerned.items():
        solution, message = some[0]
        if len(some) < len(looked_at) or any(other != message for _, other in some):
            more = f" (and such a notice with {len(some) - 1:,} other combinations)" if len(some) > 1 else ""
            message = f"with {in_words(question, solution)}: {message}{more}"
        notices.append(Notice(code, message))
    return tuple(notices)


def in_words(question: JointQuestion, solution: Joined) -> str:
    """Write a solution in a sentence: ``stride 2, padding 1``."""
    pairs = zip(question.unknowns, solution, strict=True)
    return ", ".join(f"{spoken(unknown)} {shown(unknown, alike(values))}" for unknown, values in pairs)


def alike(values: Values) -> Values:
    """Leave out the values along further axes where they are all the same."""
    return values[:1] if len(set(values)) == 1 else values
