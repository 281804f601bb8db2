"""conv-shape backwards: every value of one number that gives a size, of a layer or of a network."""

from collections.abc import Iterable, Iterator
from itertools import islice, product

from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.layer_shape import title_of
from dlcalc.core.network.network import in_layer
from dlcalc.core.network.shape import network_shape
from dlcalc.core.solve.chain import is_chain, solve_chain
from dlcalc.core.solve.graph import solve_graph
from dlcalc.core.solve.layer import solve_layer
from dlcalc.core.solve.output_paddings import solve_output_paddings
from dlcalc.core.solve.question import Inverse, InverseQuestion, Run, Unknown, Values, split
from dlcalc.core.validation import ordinal, spoken


def solve(question: InverseQuestion) -> Inverse:
    """Find all values of the unknown number, along each axis, that give the target, and only those.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, ``usage`` for a network that gives a vector, and what the
            forward rule raises of the other numbers.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import layer_question
    >>> template = layer_question(("w",), (224,), Layer(kernel=7, stride=2))
    >>> list(solve(InverseQuestion(template, "padding", (112,))).solutions())
    [(5,), (6,)]
    """
    template, target = question.template, question.target
    runs: tuple[tuple[Run, ...], ...] = ()
    listed: tuple[Values, ...] | None = None
    if template.network.single is not None:
        runs, listed = solve_layer(template, question.unknown, target)
    else:
        if target:
            _refuse_vectors(question)
        if question.unknown == "output_padding":
            listed = solve_output_paddings(question)
        else:
            runs = (solve_chain if target and is_chain(template) else solve_graph)(template, target)
    return Inverse(question, runs, listed, solution_notices(question, runs, listed))


def _refuse_vectors(question: InverseQuestion) -> None:
    nodes = question.template.network.nodes
    vectors = {"flatten", "linear"}
    for number, node in enumerate(nodes, 1):
        if node is nodes[-1] and node.op.kind in vectors:
            error = DlcalcError("usage", "its output has no axes, and so no size", hint="the layers in front of the fc")
            raise in_layer(error, title_of(number, node))


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
        for notice in network_shape(question.with_values(values), fields=False).warnings:
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
    gives = [f"gives {extent}" for extent in question.target] or ["will do"] * len(runs)
    for name, along_axis, said in zip(question.template.axes, runs, gives, strict=False):
        for run in along_axis:
            if run.last is None:
                along = f" along the {AXES[name]}" if len(runs) > 1 else ""
                every = "every" if run.step == 1 else f"every {ordinal(run.step)}"
                text = f"{every} {spoken(question.unknown)} from {run.first} on {said}{along}"
                yield Notice("unbounded", text + ": the smallest stands for all")


def shown(unknown: Unknown, values: Values) -> str:
    """Write a solution as it is typed: ``3``, ``2:3``, ``2:3x3``.

    >>> shown("padding", (5, 6)), shown("stride", (2,))
    ('2:3x3', '2')
    """
    if unknown != "padding":
        return "x".join(map(str, values))
    return "x".join(":".join(map(str, dict.fromkeys(split(total)))) for total in values)
