"""Arrays, and judged claims about arrays, as JSON shows them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcalc.report.numbers import json_safe

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_claim import ArrayVerdict

MAX_ENTRIES = 1000  # of an array that is shown


def with_arrays(arrays: Mapping[str, Any]) -> dict[str, object]:
    """Convert arrays to nested lists by key; arrays with too many entries are only named, in ``omitted``."""
    found: dict[str, object] = {}
    omitted = []
    for key, array in arrays.items():
        if array is None:
            continue
        if array.size > MAX_ENTRIES:
            omitted.append(key)
        else:
            found[key] = json_safe((array[:] if array.ndim else array).tolist())
    return found | ({"omitted": omitted} if omitted else {})


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
    found = with_arrays({"expected": claim.values, "actual": verdict.right})
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
