"""Options with several values: ``7,14,28``, ``7..64``, ``7..64..7``, and the product of several such options."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import prod

from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import spoken
from dlcalc.notation.values import flag, integer, unreadable

MAX_QUESTIONS = 10_000_000
_BRACKETS = frozenset("()[]{}")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+")  # 1,024

Values = Sequence[object]
Runs = Mapping[str, list[Values]]


def swept(raw: Mapping[str, object], sweepable: frozenset[str]) -> dict[str, list[Values]]:
    """Find the options that have several values, in the order typed, and read each as a list of runs of values.

    >>> swept({"w": "7..9,20", "kernel": "3"}, frozenset(["w", "kernel"]))
    {'w': [range(7, 10), ('20',)]}

    Raises:
        DlcalcError: ``usage`` for a range that cannot be read, ``invalid-value`` for an empty one,
            ``too-many-questions``.
    """
    runs: dict[str, list[Values]] = {}
    for key, value in raw.items():
        if key in sweepable and isinstance(value, str) and _has_several(value):
            if _GROUPED.fullmatch(value) and ",0" in value:
                hint = f"{flag(key)} {value.replace(',', '')}, or values without a 0 in front"
                raise DlcalcError("usage", f"{spoken(key)} {value} is one number or several", hint=hint, option=key)
            runs[key] = [_run(part, key) for part in value.split(",")]
    total = how_many(runs)
    if total > MAX_QUESTIONS:
        message = f"{total} questions are more than {MAX_QUESTIONS:,}"
        raise DlcalcError("too-many-questions", message, hint="a coarser range, like 1..1000..10")
    return runs


def _has_several(value: str) -> bool:
    """Tell several values from one in brackets, ``(3, 3)``, which is none of either and is refused whole."""
    return ("," in value or ".." in value) and not _BRACKETS.intersection(value)


def how_many(runs: Runs) -> int:
    """Count the combinations of the swept values.

    >>> how_many({"w": [range(7, 10), ("20",)], "kernel": [("1",), ("3",)]})
    8
    """
    return prod(sum(map(len, run)) for run in runs.values())


def questions(raw: Mapping[str, object], runs: Runs) -> Iterator[dict[str, object]]:
    """Yield the raw values of each question: the product of the swept options, the last typed turning fastest.

    >>> [values["w"] for values in questions({"w": "7..9", "kernel": "3"}, {"w": [range(7, 10)]})]
    [7, 8, 9]
    """
    if not runs:
        yield dict(raw)
        return
    (key, run), *others = runs.items()
    for value in chain.from_iterable(run):  # nested, and not itertools.product, which would hold every value
        yield from questions({**raw, key: value}, dict(others))


def ends_of_each(raw: Mapping[str, object], runs: Runs) -> Iterator[dict[str, object]]:
    """Yield a question per listed value and per end of a range, the other options at their first value."""
    first = {key: run[0][0] for key, run in runs.items()}
    for key, run in runs.items():
        for values in run:
            for value in {values[0], values[-1]}:
                yield {**raw, **first, key: value}


def _run(text: str, option: str) -> Values:
    if ".." not in text:
        return (text,)
    ends = text.split("..")
    if len(ends) > 3 or not all(end.strip("+-").isalnum() for end in ends):
        raise unreadable(option, text, "a range", f"first..last or first..last..step, like {flag(option)} 7..64..7")
    first, last = integer(ends[0], option), integer(ends[1], option)
    step = integer(ends[2], option) if len(ends) == 3 else 1
    if step < 1:
        message = f"the step {step} of a range is less than 1"
        raise DlcalcError("invalid-value", message, hint="a step of 1", option=option)
    if last < first:
        message = f"the range {text} is empty: it counts up"
        raise DlcalcError("invalid-value", message, hint=f"{flag(option)} {last}..{first}", option=option)
    return range(first, last + 1, step)
