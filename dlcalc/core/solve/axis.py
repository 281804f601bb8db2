"""All values of the unknown number that give a size along one axis, at any size.

Along each class of values the size goes up or down and never back, so the values that give one size are an interval,
and bisection finds its ends. What a framework refuses is refused from an end of the interval on, so bisection finds
what is left of it too. The forward rule alone says which size a value gives and whether it is refused.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import inf
from typing import NamedTuple

from dlcalc.core.errors import DlcalcError, alternatives
from dlcalc.core.solve.open_axis import OpenAxis, inputs_are_refused_between, refusal, size_zigzags_with_stride
from dlcalc.core.solve.question import FAR, LIMIT, Run, bisect_first, limit_of
from dlcalc.core.validation import spoken

MAX_BLOCKS = 100_000


class Section(NamedTuple):
    """The values ``start``, ``start + step`` ... ``start + last*step``, along which the size is monotone."""

    start: int
    step: int
    last: int

    def value(self, number: int) -> int:
        """The value after ``number`` steps."""
        return self.start + number * self.step


def values_giving(axis: OpenAxis, target: int, limit: int | None = None) -> tuple[Run, ...]:
    """Find the values that give an output of ``target``, and that the framework takes, below what cannot be typed.

    >>> from dlcalc.core.conv.layer import AxisLayer, Layer
    >>> padded = AxisLayer(kernel=7, stride=2, dilation=1, padding=(0, 0), output_padding=None)
    >>> values_giving(OpenAxis("pytorch", Layer(7, 2), "w", 224, padded, (), "padding"), 112)
    (Run(first=6, last=6, step=2), Run(first=5, last=5, step=2))
    """
    return _runs(axis, sections(axis, target), ((target, target),), limit or limit_of(axis.unknown))


def inputs_giving(axis: OpenAxis, targets: Iterable[Run], limit: int = LIMIT) -> tuple[Run, ...]:
    """Find the inputs from which a layer makes any of the sizes: one layer of a network that is solved backwards.

    Args:
        axis: with its ``input`` unknown.
        targets: sizes of the output.
        limit: inputs from here on are left out: ``LIMIT`` if the input is typed, ``FAR`` if a layer computes it.

    Raises:
        DlcalcError: ``too-many-questions`` where single sizes have to be tried, and there are too many.

    >>> from dlcalc.core.conv.layer import AxisLayer, Layer
    >>> strided = AxisLayer(kernel=3, stride=2, dilation=1, padding=(1, 1), output_padding=None)
    >>> inputs_giving(OpenAxis("pytorch", Layer(3, 2, 1), "w", 1, strided, (), "input"), [Run(55, 56)])
    (Run(first=109, last=112, step=1),)
    """
    one_by_one = inputs_are_refused_between(axis.framework, axis.layer)
    return _runs(axis, sections(axis, 1), list(_intervals(targets, one_by_one)), limit)


def _runs(
    axis: OpenAxis, monotone: Iterable[Section], intervals: Iterable[tuple[int, int | float]], limit: int
) -> tuple[Run, ...]:
    size_of, output_of = axis.size_function(), axis.output_function()
    runs = []
    for section in monotone:
        for low, high in intervals:
            steps = _steps_of_size(section, size_of, low, high)
            run = steps and _accepted_run(section, output_of, *steps, limit)
            if run:
                runs.append(run)
    return tuple(runs)


def _intervals(targets: Iterable[Run], one_by_one: bool) -> Iterator[tuple[int, int | float]]:
    """Divide the sizes into intervals, each of which one search finds the inputs of."""
    for run in targets:
        if not one_by_one and run.step == 1:
            yield run.first, inf if run.last is None else run.last
        elif run.last is None or run.length > MAX_BLOCKS:
            message = f"the output of one layer may have more than {MAX_BLOCKS:,} sizes, each to be tried"
            raise DlcalcError("too-many-questions", message, hint="fewer layers, or another framework", option="solve")
        else:
            yield from ((value, value) for value in run.values())


def _steps_of_size(
    section: Section, size_of: Callable[[int], int], low: int, high: int | float
) -> tuple[int, int] | None:
    """Find the first and the last step of a section that give a size from ``low`` to ``high``, refused or not."""
    last = section.last
    falls = size_of(section.value(0)) > size_of(section.value(last))

    def side(number: int) -> int:
        """-1 before the steps of these sizes, 0 among them, 1 behind them."""
        size = size_of(section.value(number))
        above = (size > high) - (size < low)
        return -above if falls else above

    begin = bisect_first(lambda number: side(number) >= 0, 0, last)
    end = bisect_first(lambda number: side(number) > 0, begin, last) - 1
    return (begin, end) if begin <= end else None


def _accepted_run(section: Section, output_of: Callable[[int], int], begin: int, end: int, limit: int) -> Run | None:
    """Find the values below ``limit`` of the steps from ``begin`` to ``end``, as far as the framework takes them."""

    def code(number: int) -> str | None:
        """Get the code of a refusal; that a value has too many digits to be typed is none."""
        error = refusal(output_of, section.value(number))
        return None if error is None or error.code == "invalid-value" else error.code

    accepted = accepted_steps(code, begin, end)
    if accepted is None:
        return None
    first, last = map(section.value, accepted)
    if first >= limit:
        return None
    if last >= FAR:
        return Run(first, None, section.step)
    return Run(first, min(last, first + (limit - 1 - first) // section.step * section.step), section.step)


def accepted_steps(code: Callable[[int], str | None], begin: int, end: int) -> tuple[int, int] | None:
    """Find the first and the last step without the code of a refusal, or None.

    Args:
        code: of a step; each code reaches from one end of the interval to some step.
        begin: the first step of the interval.
        end: its last step.
    """
    while (refused := code(begin)) is not None:
        begin = bisect_first(lambda number: code(number) != refused, begin, end)
        if begin > end:
            return None
    if code(end) is not None:
        end = bisect_first(lambda number: code(number) is not None, begin, end) - 1
    return begin, end


def sections(axis: OpenAxis, target: int) -> Iterator[Section]:
    """Cut the values of the unknown number that can give the target into sections along which the size is monotone."""
    if axis.unknown == "stride" and size_zigzags_with_stride(axis.framework, axis.layer, axis.numbers):
        yield from _blocks(axis, target)
        return
    for start, step in axis.classes():
        yield Section(start, step, FAR)


def _blocks(axis: OpenAxis, target: int) -> Iterator[Section]:
    """Divide the strides where a quotient changes, in the range that the difference of the quotients allows."""
    size, more = axis.size, axis.numbers.extent - axis.numbers.kernel
    difference = size - more
    stride = max(1, difference // (target + 1))
    end = difference // (target - 2) + 1 if target > 2 else None
    for _ in range(MAX_BLOCKS):
        quotients = ((number, number // stride) for number in (size - 1, more, more - 1))
        ends = [number // quotient for number, quotient in quotients if quotient]
        if not ends:
            yield Section(stride, 1, FAR)
            return
        yield Section(stride, 1, min(ends) - stride)
        stride = min(ends) + 1
        if end is not None and stride > end:
            return
    message = f"the stride may be one of more than {MAX_BLOCKS:,} ranges, each to be tried"
    raise DlcalcError("too-many-questions", message, hint="a smaller input, or another framework", option="solve")


_CONFIRMED = 100_000


def confirm(runs: tuple[Run, ...], output_of: Callable[[int], int], target: int, unknown: str) -> None:
    """Put the values through the forward rule: of a run of more than ``_CONFIRMED`` so many, both ends among them.

    Raises:
        AssertionError: where one does not give the target: a bug, and never an answer.
    """
    for run in runs:
        step = max(1, run.length // _CONFIRMED)
        for value in (*islice(run.values(), 0, None, step), *(() if run.last is None else (run.last,))):
            if output_of(value) != target:
                raise AssertionError(f"{spoken(unknown)} {value} gives {output_of(value)}, not {target}")


def nearest_targets(message: str, target: tuple[int, ...], index: int, sizes: set[int]) -> DlcalcError | None:
    """Make the error that names the sizes nearest to the target along one axis; None without any size.

    Args:
        message: that there is no solution.
        target: the output's extent along each axis.
        index: the axis without a solution.
        sizes: what can be had along it.
    """
    if not sizes:
        return None
    least = min(abs(size - target[index]) for size in sizes)
    nearest = [size for size in sorted(sizes) if abs(size - target[index]) == least]
    wanted = [(*target[:index], size, *target[index + 1 :]) for size in nearest]
    targets = [extents[0] if len(set(extents)) == 1 else extents for extents in wanted]
    hint = (*alternatives("target", targets), ", the nearest that can be had")
    return DlcalcError("no-solution", message, hint=hint, option="target")


def sizes_at_edges(
    size_of: Callable[[int], int], output_of: Callable[[int], int], target: int, low: int, high: int
) -> set[int]:
    """Find the sizes that can be had on both sides of where ``size_of`` passes the target, and where it passes 1."""
    falls = size_of(low) > size_of(high)

    def reached(value: int) -> bool:
        return size_of(value) <= target if falls else size_of(value) >= target

    def positive(value: int) -> bool:
        return (size_of(value) >= 1) != falls

    edges = bisect_first(reached, low, high), bisect_first(positive, low, high)
    values = {max(low, min(high, edge - back)) for edge in edges for back in (0, 1)}
    return {output_of(value) for value in values if refusal(output_of, value) is None} - {target}


def sizes_close_by(solutions: Callable[[int], tuple[Run, ...]], target: int, furthest: int) -> set[int]:
    """Find the sizes that can be had at the smallest distance from the target, which is less than ``furthest``."""
    for distance in range(1, furthest):
        sizes = {size for size in (target - distance, target + distance) if size >= 1 and solutions(size)}
        if sizes:
            return sizes
    return set()
