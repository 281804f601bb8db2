"""The values of an open number that give a size along one axis: all of them, at any size.

Along each class of values the size goes up or down and never back, so the values that give one size are an interval,
and bisection finds its ends. What a framework refuses is refused from an end of the interval on, so bisection finds
what is left of it too. The forward rule alone says which size a value gives and whether it is refused.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dlcalc.core.conv.layer import SAME_WORDS
from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.open_axis import OpenAxis, refusal
from dlcalc.core.solve.runs import FAR, LIMIT, Run, first

MAX_BLOCKS = 100_000
_ENDLESS = FAR * FAR  # more than any size of a number up to FAR


class Section(NamedTuple):
    """Values ``start``, ``start + step`` ... ``start + last*step`` along which the size goes one way only."""

    start: int
    step: int
    last: int


def giving(axis: OpenAxis, target: int) -> tuple[Run, ...]:
    """The values that give an output of ``target``, and that the framework takes.

    >>> from dlcalc.core.conv.layer import AxisLayer, Layer
    >>> padded = AxisLayer(kernel=7, stride=2, dilation=1, padding=(0, 0), output_padding=None)
    >>> giving(OpenAxis("pytorch", Layer(7, 2), "w", 224, padded, (), "padding", False), 112)
    (Run(first=6, last=6, step=2), Run(first=5, last=5, step=2))
    """
    size_of, output = axis.size_rule(), axis.forward()
    found = []
    for section in sections(axis, target):
        between = _of_size(section, size_of, target, target)
        run = between and _accepted(section, output, *between)
        if run:
            found.append(run)
    return tuple(found)


def inputs_giving(axis: OpenAxis, targets: Iterable[Run]) -> tuple[Run, ...]:
    """The input sizes from which a layer makes any of the sizes: of a stack, layer by layer from the last to the first.

    Args:
        axis: with its ``input`` open.
        targets: sizes of the output.

    Raises:
        DlcalcError: ``too-many-questions`` where single sizes have to be tried, and there are too many.

    >>> from dlcalc.core.conv.layer import AxisLayer, Layer
    >>> strided = AxisLayer(kernel=3, stride=2, dilation=1, padding=(1, 1), output_padding=None)
    >>> inputs_giving(OpenAxis("pytorch", Layer(3, 2, 1), "w", 1, strided, (), "input", False), [Run(55, 56)])
    (Run(first=109, last=112, step=1),)
    """
    size_of, output = axis.size_rule(), axis.forward()
    # where every output size has inputs that are refused, each has an interval of its own
    torn = axis.framework == "onnx" and axis.layer.kind == "max-pool" and axis.layer.padding in SAME_WORDS
    found: list[Run] = []
    for section in sections(axis, 1):
        for low, high in _ends(targets, torn):
            between = _of_size(section, size_of, low, high)
            run = between and _accepted(section, output, *between)
            if run:
                found.append(run)
    return tuple(found)


def _ends(targets: Iterable[Run], torn: bool) -> Iterator[tuple[int, int]]:
    for run in targets:
        if not torn and run.step == 1:
            yield run.first, _ENDLESS if run.last is None else run.last
        elif run.last is None or run.length > MAX_BLOCKS:
            message = f"the output of one layer may have more than {MAX_BLOCKS:,} sizes, each to be tried"
            raise DlcalcError("too-many-questions", message, hint="fewer layers, or another framework", option="solve")
        else:
            yield from ((value, value) for value in run.values())


def _of_size(section: Section, size_of: Callable[[int], int], low: int, high: int) -> tuple[int, int] | None:
    """Which steps of a section give a size from ``low`` to ``high``, refused or not."""
    start, step, last = section

    def sign(step_number: int) -> int:
        """-1 before these sizes, 1 behind them."""
        size = size_of(start + step_number * step)
        return way * ((size > high) - (size < low))

    way = -1 if size_of(start) > size_of(start + last * step) else 1
    begin = first(lambda number: sign(number) >= 0, 0, last)
    end = first(lambda number: sign(number) > 0, begin, last) - 1
    return (begin, end) if begin <= end else None


def _accepted(section: Section, output: Callable[[int], int], begin: int, end: int) -> Run | None:
    """What the framework takes of the steps from ``begin`` to ``end``."""
    start, step, _ = section
    kept = accepted_steps(lambda number: _code(output, start + number * step), begin, end)
    if kept is None:
        return None
    begin, end = kept
    value, last = start + begin * step, start + end * step
    if value >= LIMIT:
        return None
    if last >= FAR:
        return Run(value, None, step)
    return Run(value, min(last, value + (LIMIT - 1 - value) // step * step), step)


def accepted_steps(code: Callable[[int], str | None], begin: int, end: int) -> tuple[int, int] | None:
    """The steps between that have no code of a refusal; a code goes from an end of the interval to some step."""
    while (found := code(begin)) is not None:
        refused = found
        begin = first(lambda number: code(number) != refused, begin, end)  # noqa: B023
        if begin > end:
            return None
    if code(end) is not None:
        end = first(lambda number: code(number) is not None, begin, end) - 1
    return begin, end


def _code(output: Callable[[int], int], value: int) -> str | None:
    """Why a value is refused. That it has too many digits to be typed is no reason here."""
    error = refusal(output, value)
    return None if error is None or error.code == "invalid-value" else error.code


def sections(axis: OpenAxis, target: int) -> Iterator[Section]:
    """The values of the open number in sections, all of them that can give the target."""
    if axis.solve == "stride" and _is_torn(axis):
        yield from _blocks(axis, target)
        return
    for start, step in axis.classes():
        yield Section(start, step, FAR)


def _is_torn(axis: OpenAxis) -> bool:
    """Whether the size goes up and down with the stride: ONNX Runtime's SAME pools do not count the dilation.

    The size is ceil(i/s) - ceil((ke - k)/s) then, or with the second rounded down.
    """
    pool = axis.framework == "onnx" and axis.layer.family == "pool" and axis.layer.padding in SAME_WORDS
    return pool and axis.numbers.extent > axis.numbers.kernel


def _blocks(axis: OpenAxis, target: int) -> Iterator[Section]:
    """Strides between which no quotient changes, in the range that the difference of the quotients allows."""
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
