"""When no value gives a size: why, and which sizes near it can be had."""

from typing import TYPE_CHECKING

from dlcalc.core.errors import DlcalcError
from dlcalc.core.inverse.axis import Section, accepted_steps, sections
from dlcalc.core.inverse.open_axis import OpenAxis, refusal
from dlcalc.core.inverse.runs import FAR, first
from dlcalc.core.layer import AXES, brief, spoken

if TYPE_CHECKING:
    from dlcalc.core.inverse.solve import InverseQuestion

_TRIED = 20  # sizes on each side, where none was found at an edge
_SIZES = ("kernel-exceeds-input", "empty-output", "invalid-value")


def no_solution(question: "InverseQuestion", every: list[tuple[OpenAxis, ...]], number: int) -> DlcalcError:
    """The error for an axis without a solution; a layer that nobody builds, whatever the value, has one of its own."""
    axes = [of_company[number] for of_company in every]
    axis, target = axes[0], question.target[number]
    open_number = "input" if question.solve == "input" else spoken(question.solve)
    name = AXES[axis.name]
    message = f"no {open_number} gives an output {name} of {brief(target)}"
    sizes = sorted({size for each in axes for size in _sizes_near(each, target)}, key=lambda size: abs(size - target))
    if sizes:
        nearest = [size for size in sizes if abs(size - target) == abs(sizes[0] - target)]
        hint = " or ".join(f"--target {_typed(question, number, size)}" for size in sorted(nearest))
        hint += ", the nearest that can be had"
        return DlcalcError("no-solution", message, hint=hint, option="target")
    start, _ = axis.classes()[0]
    error = refusal(axis.forward(), start)
    if error is None or error.code in _SIZES:
        reason = f": {error.message}" if error else ""
        hint = (error and error.hint) or "another layer"
        return DlcalcError("no-solution", message + reason, hint=hint, option="target")
    return error


def _typed(question: "InverseQuestion", number: int, size: int) -> str:
    target = list(question.target)
    target[number] = size
    return "x".join(map(brief, target[:1] if len(set(target)) == 1 else target))


def _sizes_near(axis: OpenAxis, target: int) -> set[int]:
    """Sizes that can be had: those at the edges of where the target would stand, or else some close by."""
    found = {size for section in sections(axis, target) for size in _at_edges(axis, section, target)}
    if not found:
        from dlcalc.core.inverse.axis import giving

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
        return None if error is None or error.code in _SIZES else error.code

    kept = accepted_steps(code, 0, last)
    if kept is None:
        return set()
    low, high = kept
    falls = size_of(start + low * step) > size_of(start + high * step)

    def reached(number: int) -> bool:
        size = size_of(start + number * step)
        return size <= target if falls else size >= target

    edge = first(reached, low, high)
    found = set()
    for number in {max(low, min(high, edge - 1)), max(low, min(high, edge))}:
        value = start + number * step
        # a value without end is one of many that give the same, and the first of those has fewer digits
        value = min(value, start + step * 10**299) if number >= FAR else value
        if refusal(output, value) is None:
            found.add(output(value))
    # the next larger size but none: the smallest output is 1
    positive = first(lambda number: size_of(start + number * step) >= 1, low, high)
    if not falls and positive <= high and refusal(output, start + positive * step) is None:
        found.add(output(start + positive * step))
    if falls:
        gone = first(lambda number: size_of(start + number * step) < 1, low, high)
        if gone > low and refusal(output, start + (gone - 1) * step) is None:
            found.add(output(start + (gone - 1) * step))
    return found
