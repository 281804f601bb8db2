"""Mistakes about the sizes of a network: each in every layer, then each in one, which is named."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, TypeVar

from dlcalc.core.conv.judge import WHOLE_KEYS, facts
from dlcalc.core.conv.mistakes import MISTAKES
from dlcalc.core.conv.shape import ConvShape, Place
from dlcalc.core.conv.working import Working, evaluate, layer_working
from dlcalc.core.evidence.claim import Claim, Diagnosis, Verdict, compare, reproduces
from dlcalc.core.evidence.diagnosis import Mistake, Numbers, written
from dlcalc.core.numeric.ratio import ratio

W = TypeVar("W")

_MOST_VARIANTS = 6  # of one mistake: axes are swapped in three ways, and their inputs in three


def judge_network(answer: ConvShape, claim: Claim) -> Verdict:
    """Judge one claim about the last layer, and explain it if it is wrong."""
    exact = claim.key in WHOLE_KEYS
    verdict = compare(claim, facts(answer, claim.key), exact)
    if verdict.passed or not answer.output:
        return verdict
    stack = _Stack(answer, claim.key)
    found: list[Diagnosis] = []
    alone: list[Diagnosis] = []

    def fits(numbers: Numbers | None) -> bool:
        return numbers is not None and reproduces(claim, numbers, exact)

    for mistake in MISTAKES:
        relevant = [number for number in stack.windows if mistake.relevant(layer_working(answer, number))]
        ones = [(number, one) for number in relevant for one in stack.with_one(mistake, number) if fits(one)]
        if ones:
            text = f"{phrase(mistake)} in {either(answer.layers[number].place for number, _ in ones)}"
            alone.append(Diagnosis(mistake.name, f"{text} would give {written(ones[0][1])}"))
        if len(stack.windows) < 2 or not relevant or (ones and len(relevant) == 1):
            continue  # where there is one layer to make it in, that is named
        numbers = next(filter(fits, stack.with_all(mistake)), None)
        if numbers is not None:
            found.append(Diagnosis(mistake.name, f"{phrase(mistake)} in every layer would give {written(numbers)}"))
    return verdict._replace(diagnosis=tuple(found + alone))


def phrase(mistake: Mistake[W]) -> str:
    """Say what was done, to stand before "in layer 3 (3p1)"."""
    assert isinstance(mistake.sentence, str)
    return mistake.sentence.removesuffix(",")


def either(places: Iterable[Place | None]) -> str:
    """Name the layers in any one of which a mistake would do, each once."""
    titles = [place.title for place in dict.fromkeys(places) if place is not None]
    if len(titles) > 3:
        return f"{titles[0]}, {titles[1]} or {len(titles) - 2:,} others"
    return " or ".join(titles)


class _Seen(NamedTuple):
    """The numbers in front of a layer along each axis, as far as the claim depends on them.

    Attributes:
        sizes: positions; not whole behind a quotient that was not rounded.
        jumps, extents, centers: of what an output sees.
        last: the claimed number of the last layer with windows, where it is said of that alone.
    """

    sizes: Numbers
    jumps: Numbers
    extents: tuple[int, ...]
    centers: Numbers
    last: Numbers | None = None


class _Stack:
    """Works out the claimed number layer by layer, right or with mistakes on the way."""

    def __init__(self, answer: ConvShape, key: str) -> None:
        self.answer, self.key = answer, key
        self.windows = [number for number, layer in enumerate(answer.layers) if layer.place and layer.place.windows]
        count = len(answer.question.size)
        sizes = tuple([(extent, 1) for extent in answer.question.size])
        self.start = _Seen(sizes, ((1, 1),) * count, (1,) * count, ((0, 1),) * count)
        self.in_front: list[_Seen] = []  # of each layer, when all is right
        seen: _Seen | None = self.start
        for number in range(len(answer.layers)):
            if seen is None:
                break
            self.in_front.append(seen)
            seen = self._behind(number, seen, None)
        self.known: dict[tuple[int, _Seen], Numbers | None] = {}

    def with_one(self, mistake: Mistake[Working], number: int) -> list[Numbers]:
        """Work out what the mistake in one layer gives, for each way to make it."""
        if number >= len(self.in_front):
            return []
        seen, found = self.in_front[number], []
        for edited in islice(mistake.edits(layer_working(self.answer, number, seen.sizes)), _MOST_VARIANTS):
            behind = self._behind(number, seen, edited)
            numbers = None if behind is None else self._goes_on(number + 1, behind)
            found += [] if numbers is None else [numbers]
        return found

    def with_all(self, mistake: Mistake[Working]) -> list[Numbers]:
        """Work out what the mistake in every layer gives, for each way to make it that is the same in all."""
        found = []
        for variant in range(_MOST_VARIANTS):
            seen: _Seen | None = self.start
            made = False
            for number in range(len(self.answer.layers)):
                if seen is None:
                    break
                edited = None
                if number in self.windows:
                    edits = mistake.edits(layer_working(self.answer, number, seen.sizes))
                    edited = next(islice(edits, variant, None), None)
                    made = made or edited is not None
                seen = self._behind(number, seen, edited)
            if not made:
                break
            numbers = None if seen is None else self._number(seen)
            found += [] if numbers is None else [numbers]
        return found

    def _goes_on(self, number: int, seen: _Seen) -> Numbers | None:
        """Work out the claimed number from the numbers in front of a layer, without a further mistake."""
        passed: list[tuple[int, _Seen]] = []
        found: Numbers | None = None
        while True:
            place = number, seen
            if place in self.known:
                found = self.known[place]
                break
            passed.append(place)
            if number == len(self.answer.layers):
                found = self._number(seen)
                break
            behind = self._behind(number, seen, None)
            if behind is None:
                break
            number, seen = number + 1, behind
        self.known |= dict.fromkeys(passed, found)
        return found

    def _number(self, seen: _Seen) -> Numbers | None:
        if self.key == "output":
            return seen.sizes
        if self.key == "unread":
            return seen.last
        if self.key == "jump":
            return seen.jumps
        return seen.centers if self.key == "center" else tuple([(extent, 1) for extent in seen.extents])

    def _behind(self, number: int, seen: _Seen, edited: Working | None) -> _Seen | None:
        """Work out the numbers behind a layer; None where the layer has no output."""
        place = self.answer.layers[number].place
        if place is None or not place.windows:  # behind a gap every output is the same
            return seen._replace(last=None) if place is not None and place.kind == "batch-norm" else None
        working = layer_working(self.answer, number, seen.sizes) if edited is None else edited
        outputs = evaluate(working, "output")
        if outputs is None or any(size[0] < size[1] for size in outputs):
            return None
        if self.key == "output":
            return seen._replace(sizes=outputs)
        if self.key == "unread":
            last = evaluate(working, "unread") if all(size[1] == 1 for size in outputs) else None
            return seen._replace(sizes=outputs, last=last)
        steps = evaluate(working, "jump") or ()
        jumps = tuple([ratio(a * c, b * d) for (a, b), (c, d) in zip(seen.jumps, steps, strict=True)])
        if self.key == "jump":
            return seen._replace(sizes=outputs, jumps=jumps)
        if any(axis.family == "transposed" for axis in working):
            return None
        extents, centers = [], []
        for axis, (jump, _), extent, center in zip(working, seen.jumps, seen.extents, seen.centers, strict=True):
            extents.append(extent + (axis.extent - 1) * jump)
            shift = (axis.extent - 1 - 2 * axis.before) * jump  # twice the way from centre to centre
            centers.append(ratio(2 * center[0] + shift * center[1], 2 * center[1]))
        return _Seen(outputs, jumps, tuple(extents), tuple(centers))
