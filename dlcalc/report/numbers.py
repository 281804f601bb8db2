"""Numbers as a table, a sentence or JSON shows them."""

from collections.abc import Sequence
from math import isfinite


def json_safe(value: object) -> object:
    """Replace the floats that JSON has not: NaN and the infinities become words, minus zero becomes zero.

    >>> json_safe([1.5, -0.0, float("nan"), [float("-inf"), 2]])
    [1.5, 0.0, 'NaN', ['-Infinity', 2]]
    """
    if isinstance(value, float):
        if isfinite(value):
            return value + 0.0
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list | tuple):
        return [json_safe(entry) for entry in value]
    if isinstance(value, dict):
        return {key: json_safe(entry) for key, entry in value.items()}
    return value


def text(values: Sequence[int | float | None]) -> str:
    """Write numbers in a sentence, like ``80 x 112``."""
    return " x ".join(written(value) for value in values)


def written(value: object) -> str:
    """Write a value in a table: thousands separated, a padding as ``begin:end``.

    >>> written(1204224), written([0, 1]), written(0.5), written(None)
    ('1,204,224', '0:1', '0.5', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, list):
        return ":".join(map(written, value))
    return f"{value:,}" if isinstance(value, int) else repr(value)
