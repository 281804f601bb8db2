"""When no value gives a size: which sizes near it can be had.

A layer and a network both say it with two functions of the unknown number: ``size_of``, which is monotone and refuses
nothing, and ``output_of``, the forward rule with its refusals.
"""

from collections.abc import Callable

from dlcalc.core.errors import DlcalcError, alternatives
from dlcalc.core.solve.open_axis import refusal
from dlcalc.core.solve.runs import Run, bisect_first


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
