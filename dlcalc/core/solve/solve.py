"""conv-shape backwards: every value of one number that gives a size, of a layer or of a network."""

from collections.abc import Iterable, Iterator
from itertools import islice, product

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.errors import Notice
from dlcalc.core.network.network import forward
from dlcalc.core.solve.layer import solve_layer
from dlcalc.core.solve.network import solve_network
from dlcalc.core.solve.question import Inverse, InverseQuestion, Run, Unknown, Values, split
from dlcalc.core.validation import spoken


def solve(question: InverseQuestion) -> Inverse:
    """Find all values of the unknown number, along each axis, that give the target, and only those.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, ``usage`` for a network that gives a vector, and what the
            forward rule raises of the other numbers.

    >>> from dlcalc.core.conv.layer import Layer
    >>> template = ConvShapeQuestion(("w",), (224,), Layer(kernel=7, stride=2))
    >>> list(solve(InverseQuestion(template, "padding", (112,))).solutions())
    [(5,), (6,)]
    """
    template = question.template
    listed: tuple[Values, ...] | None = None
    if isinstance(template, ConvShapeQuestion):
        runs, listed = solve_layer(template, question.unknown, question.target)
    else:
        runs = solve_network(template, question.target)
    return Inverse(question, runs, listed, solution_notices(question, runs, listed))


_LOOKED_AT = 200


def solution_notices(
    question: InverseQuestion, runs: tuple[tuple[Run, ...], ...], listed: tuple[Values, ...] | None
) -> tuple[Notice, ...]:
    """Collect the notices of the forward rule, each naming its solutions if not about all, and endless runs."""
    candidates: Iterable[Values]
    if listed is None:
        candidates = product(*(sorted({end for run in along_axis for end in _ends(run)}) for along_axis in runs))
    else:
        candidates = listed
    solutions = list(islice(candidates, _LOOKED_AT))
    concerned: dict[Notice, list[Values]] = {}
    for values in solutions:
        for notice in forward(question.with_values(values)).warnings:
            concerned.setdefault(notice, []).append(values)
    notices = []
    for (code, message), some in concerned.items():
        if len(some) < len(solutions):
            named = ", ".join(shown(question.unknown, values) for values in some[:3])
            more = " and others" if len(some) > 3 else ""
            message = f"with {spoken(question.unknown)} {named}{more}: {message}"
        notices.append(Notice(code, message))
    return (*notices, *_endless(question, runs))


def _ends(run: Run) -> tuple[int, ...]:
    return (run.first,) if run.last is None else (run.first, run.last)


def _endless(question: InverseQuestion, runs: tuple[tuple[Run, ...], ...]) -> Iterator[Notice]:
    for name, along_axis, extent in zip(question.template.axes, runs, question.target, strict=True):
        for run in along_axis:
            if run.last is None:
                along = f" along the {AXES[name]}" if len(runs) > 1 else ""
                every = "every" if run.step == 1 else "every second"
                text = f"{every} {spoken(question.unknown)} from {run.first} on gives {extent}{along}"
                yield Notice("unbounded", text + ": the smallest stands for all")


def shown(unknown: Unknown, values: Values) -> str:
    """Write a solution as it is typed: ``3``, ``2:3``, ``2:3x3``.

    >>> shown("padding", (5, 6)), shown("stride", (2,))
    ('2:3x3', '2')
    """
    if unknown != "padding":
        return "x".join(map(str, values))
    return "x".join(":".join(map(str, dict.fromkeys(split(total)))) for total in values)
