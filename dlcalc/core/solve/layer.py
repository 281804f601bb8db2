"""Every value of one unknown number of a layer that gives an output of the size asked for."""

from collections.abc import Callable
from functools import partial

from dlcalc.core.conv.layer import AXES, per_axis
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.network.shape import network_shape
from dlcalc.core.solve.axis import (
    Section,
    accepted_steps,
    confirm,
    nearest_targets,
    sections,
    sizes_at_edges,
    sizes_close_by,
    values_giving,
)
from dlcalc.core.solve.open_axis import NO_OUTPUT, OpenAxis, axes_are_coupled, open_axes, refusal
from dlcalc.core.solve.question import FAR, InverseQuestion, Run, Unknown, Values, combined, limit_of, refuse_too_many
from dlcalc.core.validation import MAX_DIGITS, legal, spoken

_MOST_COUPLED = 20_000  # combinations that are put through the rule of the layer as a whole
_FURTHEST = 20  # distance at which sizes are tried, where none was found at an edge


def solve_layer(
    template: ShapeQuestion, unknown: Unknown, target: tuple[int, ...]
) -> tuple[tuple[tuple[Run, ...], ...], tuple[Values, ...] | None]:
    """Find the values along each axis, and the solutions where the axes are coupled.

    Args:
        template: the layer and its input, with an arbitrary legal value in place of the unknown number.
        unknown: which number is unknown.
        target: the output's extent along each axis.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, and all that ``layer_shape`` raises of the other numbers.
    """
    for name, extent, pixels in zip(template.axes, target, template.size, strict=True):
        legal(extent, "target", 1)
        if unknown != "input":
            legal(pixels, "depth" if name == "d" else name, 1)
    framework, axes, size = template.framework, template.axes, template.size
    single = template.network.single
    assert single is not None
    assert single.layer is not None
    layer = single.layer
    numbers = per_axis(layer, len(axes))
    # where axes are coupled: once beside axes that decide nothing, and once beside some that do
    coupled = len(axes) > 1 and axes_are_coupled(framework, layer, unknown)
    problems = [
        open_axes(framework, layer, axes, size, numbers, unknown, special)
        for special in ((False, True) if coupled else (False,))
    ]
    runs = tuple(
        tuple(run for axis in alike for run in values_giving(axis, extent))
        for alike, extent in zip(zip(*problems, strict=True), target, strict=True)
    )
    if () in runs:
        index = runs.index(())
        raise _no_solution([axes[index] for axes in problems], target, index)
    refuse_too_many(runs)
    if len(problems) > 1:
        refuse_too_many(runs, _MOST_COUPLED)
        question = InverseQuestion(template, unknown, target)
        listed = tuple(values for values in combined(runs) if _gives(question, values))
        if not listed:
            wanted = "x".join(map(str, target))
            message = f"no {spoken(unknown)} along one axis goes with one along another to give {wanted}"
            raise DlcalcError("no-solution", message, hint="another target, or one axis at a time", option="target")
        return runs, listed
    for axis, along_axis, extent in zip(problems[0], runs, target, strict=True):
        confirm(along_axis, axis.output_function(), extent, unknown)
    return runs, None


def _gives(question: InverseQuestion, values: Values) -> bool:
    try:
        return network_shape(question.with_values(values)).output == question.target
    except DlcalcError:
        return False


def _no_solution(problems: list[OpenAxis], target: tuple[int, ...], index: int) -> DlcalcError:
    """Make the error for an axis without a solution; a layer that is refused whatever the value has one of its own."""
    axis = problems[0]
    unknown = "input" if axis.unknown == "input" else spoken(axis.unknown)
    if any(values_giving(problem, target[index], FAR) for problem in problems):
        unknown += f" of at most {MAX_DIGITS} digits"
    message = f"no {unknown} gives an output {AXES[axis.name]} of {target[index]}"
    sizes: set[int] = set()
    for problem in problems:
        edges = [_sizes_of_section(problem, section, target[index]) for section in sections(problem, target[index])]
        sizes |= set().union(*edges) or sizes_close_by(partial(values_giving, problem), target[index], _FURTHEST)
    nearest = nearest_targets(message, target, index, sizes)
    if nearest is not None:
        return nearest
    start, _ = axis.classes()[0]
    error = refusal(axis.output_function(), start)
    if error is not None and error.code not in NO_OUTPUT:
        return error
    reason = f": {error.message}" if error else ""
    advice = (error and error.advice) or "another layer"
    return DlcalcError("no-solution", message + reason, hint=advice, option="target")


def _sizes_of_section(axis: OpenAxis, section: Section, target: int) -> set[int]:
    """Find the sizes on both sides of where a section passes the target, as far as the framework takes its values."""
    size_of, output_of = axis.size_function(), axis.output_function()

    def code(number: int) -> str | None:
        error = refusal(output_of, section.value(number))
        return None if error is None or error.code in NO_OUTPUT else error.code

    accepted = accepted_steps(code, 0, section.last)
    if accepted is None:
        return set()
    low, high = accepted
    high = min(high, (limit_of(axis.unknown) - 1 - section.start) // section.step)
    if low > high:
        return set()

    def along(function: Callable[[int], int]) -> Callable[[int], int]:
        return lambda number: function(section.value(number))

    return sizes_at_edges(along(size_of), along(output_of), target, low, high)
