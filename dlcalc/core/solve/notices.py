"""What the reader of solutions should know: which need a layer more, and which go on for ever."""

from collections.abc import Iterable
from itertools import islice, product
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import Notice
from dlcalc.core.network.forward import forward
from dlcalc.core.solve.open_axis import split
from dlcalc.core.solve.runs import Run
from dlcalc.core.validation import spoken

if TYPE_CHECKING:
    from dlcalc.core.solve.layer import InverseQuestion, Values

_LOOKED_AT = 200


def remarks(
    question: "InverseQuestion", runs: tuple[tuple[Run, ...], ...], listed: "tuple[Values, ...] | None"
) -> tuple[Notice, ...]:
    """The warnings of the forward rule, each with the solution that it is about if it is not about all."""
    ends: Iterable[Values]
    if listed is None:
        of_axes = [sorted({value for run in of_axis for value in _ends(run)}) for of_axis in runs]
        ends = product(*of_axes)
    else:
        ends = listed
    looked_at = list(islice(ends, _LOOKED_AT))
    warned: dict[Notice, list[Values]] = {}
    for values in looked_at:
        for warning in forward(question.put(values)).warnings:
            warned.setdefault(warning, []).append(values)
    found = []
    for (code, message), concerned in warned.items():
        if len(concerned) < len(looked_at):
            some = ", ".join(shown(question.solve, values) for values in concerned[:3])
            more = " and others" if len(concerned) > 3 else ""
            message = f"with {spoken(question.solve)} {some}{more}: {message}"
        found.append(Notice(code, message))
    return (*found, *_endless(question, runs))


def _ends(run: Run) -> tuple[int, ...]:
    return (run.first,) if run.last is None else (run.first, run.last)


def _endless(question: "InverseQuestion", runs: tuple[tuple[Run, ...], ...]) -> Iterable[Notice]:
    for name, of_axis, extent in zip(question.asked.axes, runs, question.target, strict=True):
        for run in of_axis:
            if run.last is None:
                along = f" along the {AXES[name]}" if len(runs) > 1 else ""
                every = "every" if run.step == 1 else "every second"
                text = f"{every} {spoken(question.solve)} from {run.first} on gives {extent}{along}"
                yield Notice("unbounded", text + ": the smallest stands for all")


def shown(solve: str, values: "Values") -> str:
    """A solution as it is typed: ``3``, ``2:3``, ``2:3x3``.

    >>> shown("padding", (5, 6)), shown("stride", (2,))
    ('2:3x3', '2')
    """
    if solve != "padding":
        return "x".join(map(str, values))
    return "x".join(":".join(map(str, dict.fromkeys(split(total)))) for total in values)
