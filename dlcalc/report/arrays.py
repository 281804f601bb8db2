"""Arrays, and judged claims about arrays, as JSON shows them."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from dlcalc.report.view import ClaimInWords

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_claim import ArrayVerdict

MAX_ENTRIES = 1000  # of an array that is shown


def as_lists(arrays: Mapping[str, Any]) -> tuple[dict[str, object], list[str]]:
    """Convert arrays to nested lists by key, and name those left out because they have too many entries."""
    found: dict[str, object] = {}
    omitted: list[str] = []
    for key, array in arrays.items():
        if array is None:
            continue
        if array.size > MAX_ENTRIES:
            omitted.append(key)
        else:
            found[key] = json_safe((array[:] if array.ndim else array).tolist())
    return found, omitted


def short(number: float, digits: int = 6) -> str:
    """Write a number for a table, with six digits unless told otherwise.

    >>> short(0.09003057317038045), short(-0.0), short(3.0)
    ('0.0900306', '0', '3')
    """
    return f"{number + 0.0:.{digits}g}"


def bare(array: Any) -> str:
    r"""Write an array as it can be typed again, a row per line; of one number, that number.

    >>> import numpy
    >>> bare(numpy.array([[1.0, 0.5], [2.0, -0.0]]))
    '1.0,0.5\n2.0,0.0'
    """
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    return "\n".join(",".join(repr(number + 0.0) for number in row.tolist()) for row in rows)


def judged(answer: Any, verdict: "ArrayVerdict") -> dict[str, object]:
    """Say what is expected and what is right, and how far they are apart."""
    claim = verdict.claim
    found, omitted = as_lists({"expected": claim.values, "actual": verdict.right})
    if omitted:
        found["omitted"] = omitted
    apart = verdict.distance
    found |= {"max_abs_error": json_safe(apart.max_abs_error), "max_rel_error": json_safe(apart.max_rel_error)}
    found["failed"] = apart.failed
    if not verdict.decidable:
        found["decidable"] = False
    if claim.format is not None:
        found["format"] = claim.format
    if verdict.not_tried:
        found["not_tried"] = list(verdict.not_tried)
    if claim.transposed:
        return found
    worst = {"index": list(apart.worst), "expected": apart.expected, "actual": apart.actual}
    return found | {"worst": json_safe(worst)}


def in_words(verdict: "ArrayVerdict") -> ClaimInWords:
    """Say a claim about an array: its numbers where they are few, else the worst of them."""
    claim, right, apart = verdict.claim, verdict.right, verdict.distance
    if claim.values.size <= 6:
        claimed, shown = _numbers(claim.values), _numbers(right)
        if claimed == shown and not verdict.passed:  # six digits are too few to tell them apart
            claimed, shown = _numbers(claim.values, repr), _numbers(right, repr)
        said = f"it is {shown}"
    else:
        claimed = f"({' x '.join(map(str, claim.values.shape))})"
        said = f"in {apart.failed:,} of {claim.values.size:,} entries"
        if not claim.transposed:
            where = ", ".join(map(str, apart.worst))
            said += f"; the worst, at [{where}], is {short(apart.actual)} and not {short(apart.expected)}"
    if not verdict.decidable:
        return claimed, f"or right: it is not decidable in {claim.format}, where zeros would pass too", None
    return claimed, said, f"up to {short(apart.max_abs_error)}"


def _numbers(values: Any, written: Callable[[float], str] = short) -> str:
    rows = values.reshape(-1, values.shape[-1]) if values.ndim else values.reshape(1, 1)
    return " / ".join(", ".join(map(written, row)) for row in rows.tolist())


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
