"""When no value gives a size: why, and which sizes near it can be had."""

from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import DlcalcError, alternatives
from dlcalc.core.solve.axis import Section, accepted_steps, sections
from dlcalc.core.solve.open_axis import NO_OUTPUT, OpenAxis, refusal
from dlcalc.core.solve.runs import LIMIT, first
from dlcalc.core.validation import spoken

if TYPE_CHECKING:
    from dlcalc.core.solve.layer import InverseQuestion

_TRIED = 20  # sizes on each side, where none was found at an edge


def no_solution(question: "InverseQuestion", every: list[tuple[OpenAxis, ...]], number: int) -> DlcalcError:
    """The error for an axis without a solution; a layer that nobody builds, whatever the value, has one of its own."""
    axes = [of_company[number] for of_company in every]
    axis, target = axes[0], question.target[number]
    open_number = "input" if question.solve == "input" else spoken(question.solve)
    name = AXES[axis.name]
    message = f"no {open_number} gives an output {name} of {target}"
    sizes = sorted({size for each in axes for size in _sizes_near(each, target)}, key=lambda size: abs(size - target))
    if sizes:
        nearest = [size for size in sizes if abs(size - target) == abs(sizes[0] - target)]
        targets = [_target(question.target, number, size) for size in sorted(nearest)]
        hint = (*alternatives("target", targets), ", the nearest that can be had")
        return DlcalcError("no-solution", message, hint=hint, option="target")
    start, _ = axis.classes()[0]
    error = refusal(axis.forward(), start)
    if error is None or error.code in NO_OUTPUT:
        reason = f": {error.message}" if error else ""
        advice = (error and error.advice) or "another layer"
        return DlcalcError("no-solution", message + reason, hint=advice, option="target")
    return error


def _target(target: tuple[int, ...], number: int, size: int) -> int | tuple[int, ...]:
    wanted = (*target[:number], size, *target[number + 1 :])
    return size if len(set(wanted)) == 1 else wanted


def _sizes_near(axis: OpenAxis, target: int) -> set[int]:
    """Sizes that can be had: those at the edges of where the target would stand, or else some close by."""
    found = {size for section in sections(axis, target) for size in _at_edges(axis, section, target)}
    if not found:
        from dlcalc.core.solve.axis import giving

        for distance in range(1, _TRIED):
            for size in (target - distance, target + distance):
                if size >= 1 and giving(axis, size):
                    found.add(size)
            if found:
                break
    return found


def _at_edges(axis: OpenAxis, section: Section, target: int) -> set[int]:
    """The sizes on both sides of the step where the section passes the target, as far as the framework takes them."""
    start, step, last = section
    size_of, output = axis.size_rule(), axis.forward()

    def code(number: int) -> str | None:
        error = refusal(output, start + number * step)
        return None if error is None or error.code in NO_OUTPUT else error.code

    kept = accepted_steps(code, 0, last)
    if kept is None:
        return set()
    low, high = kept
    falls = size_of(start + low * step) > size_of(start + high * step)

    def reached(number: int) -> bool:
        size = size_of(start + number * step)
        return size <= target if falls else size >= target

    def positive(number: int) -> bool:
        return (size_of(start + number * step) >= 1) != falls

    edges = first(reached, low, high), first(positive, low, high)  # the smallest size is 1, whatever is asked for
    highest = min(high, (LIMIT - 1 - start) // step)
    steps = {max(low, min(highest, edge - back)) for edge in edges for back in (0, 1)}
    values = [start + number * step for number in steps if number <= highest]
    return {output(value) for value in values if refusal(output, value) is None} - {target}
