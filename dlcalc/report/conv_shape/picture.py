"""A picture made of characters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One line of a picture."""

    label: str
    cells: str


class Picture(NamedTuple):
    """A drawing, and what is to be said below it: what was left out, and what the characters mean.

    Attributes:
        rows: the lines; their cells begin in the same column.
        notes: sentences.
        styles: how a character of the cells looks where there are colours.
    """

    rows: Sequence[Row]
    notes: Sequence[str]
    styles: Mapping[str, str]


def ends(count: int, first: int, last: int) -> list[int]:
    """Choose which of ``count`` rows are drawn: some at each end, and all where that leaves out no more than one.

    >>> ends(9, 2, 3), ends(6, 2, 3)
    ([0, 1, 6, 7, 8], [0, 1, 2, 3, 4, 5])
    """
    if first + last + 1 >= count:
        return list(range(count))
    return [*range(first), *range(count - last, count)]


def in_lines(parts: Iterable[str], width: int) -> list[str]:
    """Set the parts of a legend side by side, as many per line as fit.

    >>> in_lines(["# tap", "- hole", "o input"], 16)
    ['# tap   - hole', 'o input']
    """
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 3 + len(part) <= width:
            lines[-1] += f"   {part}"
        else:
            lines.append(part)
    return lines
