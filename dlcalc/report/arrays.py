"""Arrays, and judged claims about arrays, as JSON shows them."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from dlcalc.report.view import ClaimInWords

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_verdict import ArrayVerdict

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
    """Say what is expected and what is right, how far they are apart, and by what that was judged."""
    claim, apart = verdict.claim, verdict.distance
    found, omitted = as_lists({"expected": claim.values, "actual": verdict.right})
    if omitted:
        found["omitted"] = omitted
    found |= {"max_abs_error": json_safe(apart.max_abs_error), "max_rel_error": json_safe(apart.max_rel_error)}
    found["failed"] = apart.failed
    if not verdict.decidable:
        found["decidable"] = False
    if claim.format is not None or verdict.printed is not None:
        found["format"] = claim.format or verdict.printed
    if verdict.tolerance is not None:
        allowed = verdict.tolerance
        sizes = {"relative": allowed.relative, "absolute": allowed.absolute} if allowed.ulp is None else {}
        found["tolerance"] = {
            "format": allowed.format,
            **sizes,
            **({"of": allowed.of} if allowed.of else {}),
            **({} if allowed.ulp is None else {"ulp": allowed.ulp}),
        }
    if verdict.within_tolerance:
        found["within_tolerance"] = True
    if verdict.quality is not None:
        found |= {"max_ulp": json_safe(verdict.quality.max_ulp), "not_nearest": verdict.quality.share}
    if verdict.not_tried:
        found["not_tried"] = list(verdict.not_tried)
    if claim.transposed:
        return found
    if apart.only_row is not None:
        found["only_row"] = apart.only_row
    if apart.only_column is not None:
        found["only_column"] = apart.only_column
    worst = {"index": list(apart.worst), "expected": apart.expected, "actual": apart.actual}
    return found | {"worst": json_safe(worst)}


def in_words(verdict: "ArrayVerdict") -> ClaimInWords:
    """Say a claim about an array: its numbers where they are few, else the worst of them."""
    claim, right = verdict.claim, verdict.right
    if claim.values.size <= 6:
        right = right[:] if right.ndim else right  # in memory, where it is computed row by row
        digits = _telling_apart(_flat(claim.values), _flat(right)) if not verdict.passed else _DIGITS
        claimed, said = _numbers(claim.values, digits), f"it is {_numbers(right, digits)}"
    else:
        claimed, said = f"({text(claim.values.shape)})", _worst(verdict)
    if verdict.within_tolerance:
        said = "though it lies within the tolerance: it is no rounding of what is right"
    if not verdict.decidable:
        said = f"or right: it is not decidable in {claim.format}, where zeros would pass too"
        return ClaimInWords(claimed, said, None, tolerance=_tolerance(verdict))
    distance = f"up to {short(verdict.distance.max_abs_error)}"
    return ClaimInWords(claimed, said, distance, _manner(verdict), _tolerance(verdict))


def _worst(verdict: "ArrayVerdict") -> str:
    """Say how many entries of an array are wrong, where, and what the worst of them is."""
    claim, apart = verdict.claim, verdict.distance
    said = f"in {apart.failed:,} of {claim.values.size:,} entries"
    if claim.transposed:
        return said
    if apart.only_row is not None or apart.only_column is not None:
        line = f"row {apart.only_row:,}" if apart.only_row is not None else f"column {apart.only_column:,}"
        said += f", all in {line}"
    digits = _telling_apart([apart.expected], [apart.actual])
    where = ", ".join(map(str, apart.worst))
    numbers = f"is claimed as {short(apart.expected, digits)} and is {short(apart.actual, digits)}"
    return f"{said}; the worst, at [{where}], {numbers}"


def _manner(verdict: "ArrayVerdict") -> str:
    """Say how good a right claim is."""
    if verdict.printed is not None:
        return f"as a {verdict.printed}"
    good = verdict.quality
    if good is None:
        return ""
    if not good.not_nearest:
        return f"each the nearest {verdict.claim.format}"
    share = f"{100 * good.share:.1f} % of the entries are not the nearest {verdict.claim.format}"
    return f"the largest error is {good.max_ulp:.3g} ulp; {share}"


def _tolerance(verdict: "ArrayVerdict") -> str:
    """Say by what a claim was judged."""
    allowed = verdict.tolerance
    if allowed is None or verdict.printed is not None:
        return ""
    if allowed.ulp is not None:
        return f"tolerance: half an ulp of {allowed.format}"
    size = f"({allowed.of})" if allowed.of else "|r|"
    parts = [f"{allowed.relative:.3g}*{size}"] if allowed.relative else []
    parts += [f"{allowed.absolute:.3g}"] if allowed.absolute >= _FELT or not parts else []
    return f"tolerance of {allowed.format}: {' + '.join(parts)}"


_FELT = 1e-30  # a tolerance below is that of zeros alone: half the smallest number of a wide format

_DIGITS = 6  # of a number in a sentence, unless more are needed ...
_MOST_DIGITS = 17  # ... and so many tell every float64 from its neighbours


def _telling_apart(claimed: Sequence[float], right: Sequence[float]) -> int:
    """Find how many digits tell what is claimed from what is right."""
    pairs = list(zip(claimed, right, strict=False))
    for digits in range(_DIGITS, _MOST_DIGITS):
        if all(short(one, digits) != short(other, digits) for one, other in pairs if one != other):
            return digits
    return _MOST_DIGITS


def _flat(values: Any) -> list[float]:
    flat: list[float] = values.reshape(-1).tolist()
    return flat


def _numbers(values: Any, digits: int) -> str:
    rows = values.reshape(-1, values.shape[-1]) if values.ndim else values.reshape(1, 1)
    return " / ".join(", ".join(short(number, digits) for number in row) for row in rows.tolist())


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


def article(number: int) -> str:
    """Choose the article in front of a number, as it is read: an eight, an eleven thousand, an eighteen.

    >>> [article(number) for number in (7, 8, 11, 18, 81, 110, 800, 1_100, 8_000, 18_000_000)]
    ['a', 'an', 'an', 'an', 'an', 'a', 'an', 'a', 'an', 'an']
    """
    leading = f"{number:,}".partition(",")[0]
    return "an" if leading in ("11", "18") or leading.startswith("8") else "a"


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
