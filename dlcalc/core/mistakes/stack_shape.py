"""The mistakes that are made about the sizes of a stack: each in every layer, then each in one, which is named."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dlcalc.core.mistakes.conv_shape import MISTAKES, facts
from dlcalc.core.mistakes.conv_working import Working, evaluate, layer_working
from dlcalc.core.mistakes.engine import Mistake, Numbers
from dlcalc.core.ratio import Ratio, as_number, ratio
from dlcalc.core.shape import ConvShape
from dlcalc.core.verdict import Claim, Diagnosis, Verdict, compare, reproduces


class _Stack(NamedTuple):
    """How the sizes come about: a working for each layer with windows, the edited ones by their numbers."""

    answer: ConvShape
    edits: dict[int, Mistake[Working]]
    variant: int  # a mistake may be made in several ways: one way in all layers


def judge_stack(answer: ConvShape, claim: Claim, exact: bool) -> Verdict:
    """Judge one claim about the last layer, and explain it if it is wrong."""
    right = facts(answer, claim.key)
    verdict = compare(claim, right, exact)
    if verdict.passed or not answer.output:
        return verdict
    found: list[Diagnosis] = []
    alone: list[Diagnosis] = []
    windows = [number for number, layer in enumerate(answer.layers) if layer.place and layer.place.windows]
    for mistake in MISTAKES:
        relevant = [number for number in windows if mistake.relevant(layer_working(answer, number))]
        numbers = _fitting(answer, claim, exact, mistake, relevant) if len(relevant) > 1 else None
        if numbers is not None:
            found.append(Diagnosis(mistake.name, f"{_said(mistake)} in every layer would give {_written(numbers)}"))
        titles = []
        for number in relevant:
            one = _fitting(answer, claim, exact, mistake, [number])
            if one is not None:
                titles.append(_title(answer, number))
                numbers = one
        if titles and numbers is not None:
            text = f"{_said(mistake)} in {_either(titles)} would give {_written(numbers)}"
            alone.append(Diagnosis(mistake.name, text))
    return verdict._replace(diagnosis=tuple(found + alone))


def _said(mistake: Mistake[Working]) -> str:
    assert isinstance(mistake.sentence, str)
    return mistake.sentence.removesuffix(",")


def _title(answer: ConvShape, number: int) -> str:
    place = answer.layers[number].place
    return place.title if place else ""


def _either(titles: list[str]) -> str:
    if len(titles) > 3:
        return f"{titles[0]}, {titles[1]} or {len(titles) - 2:,} others"
    return " or ".join(titles)


def _written(numbers: Numbers) -> str:
    return " x ".join(str(as_number(number)) for number in numbers)


def _fitting(
    answer: ConvShape, claim: Claim, exact: bool, mistake: Mistake[Working], layers: list[int]
) -> Numbers | None:
    """What the mistake in these layers gives, if that is what is claimed."""
    for variant in range(_MOST_VARIANTS):
        numbers = _evaluated(_Stack(answer, dict.fromkeys(layers, mistake), variant), claim.key)
        if numbers is not None and reproduces(claim, numbers, exact):
            return numbers
    return None


_MOST_VARIANTS = 6  # of one mistake: axes are swapped in three ways, and their inputs in three


def _evaluated(stack: _Stack, key: str) -> Numbers | None:
    """The answer of the last layer, each layer working on what the one before it gives."""
    answer = stack.answer
    sizes = list(answer.question.size)
    jumps: list[Ratio] = [(1, 1)] * len(sizes)
    extents, centers = [1] * len(sizes), [(0, 1)] * len(sizes)
    last: Numbers | None = None
    fresh = False
    for number, layer in enumerate(answer.layers):
        assert layer.place is not None
        if not layer.place.windows:
            if layer.place.kind != "batch-norm":
                return None  # behind which every output is the same
            last = None if key == "unread" else last
            continue
        working: Working | None = layer_working(answer, number, tuple(sizes))
        if number in stack.edits and working is not None:
            working = _nth(stack.edits[number].edits(working), stack.variant)
            fresh = fresh or working is not None
        if working is None:
            working = layer_working(answer, number, tuple(sizes))
        outputs = evaluate(working, "output")
        if outputs is None or any(size[0] < size[1] for size in outputs):
            return None
        exact = all(size[1] == 1 for size in outputs)
        if key not in ("output", "jump"):
            if any(axis.family == "transposed" for axis in working):
                return None
            for index, axis in enumerate(working):
                jump = jumps[index]
                extents[index] += (axis.extent - 1) * jump[0]
                centers[index] = _plus(centers[index], (axis.extent - 1 - 2 * axis.before) * jump[0], 2)
        steps = evaluate(working, "jump") or ()
        jumps = [ratio(a * c, b * d) for (a, b), (c, d) in zip(jumps, steps, strict=True)]
        last = evaluate(working, "unread") if key == "unread" and exact else outputs
        if not exact and number + 1 < len(answer.layers):
            outputs = tuple((size[0] // size[1], 1) for size in outputs)  # nobody goes on with a fraction
        sizes = [size[0] for size in outputs]
    if not fresh:
        return None
    found = {"output": last, "unread": last, "jump": tuple(jumps), "center": tuple(centers)}
    return found.get(key, tuple((extent, 1) for extent in extents))


def _nth(edited: Iterable[Working], number: int) -> Working | None:
    iterator: Iterator[Working] = iter(edited)
    for _ in range(number):
        next(iterator, None)
    return next(iterator, None)


def _plus(number: Ratio, numerator: int, denominator: int) -> Ratio:
    return ratio(number[0] * denominator + numerator * number[1], number[1] * denominator)
