"""Numbers as JSON can hold them."""

from math import isfinite


def plain(value: object) -> object:
    """A value with every float in it as JSON has it: no NaN and no infinity but as words, and no minus zero.

    >>> plain([1.5, -0.0, float("nan"), [float("-inf"), 2]])
    [1.5, 0.0, 'NaN', ['-Infinity', 2]]
    """
    if isinstance(value, float):
        if isfinite(value):
            return value + 0.0
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return value
