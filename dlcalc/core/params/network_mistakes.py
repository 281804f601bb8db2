"""The mistakes that are made about the counts of a stack: each in every layer, then each in one, which is named."""

from collections.abc import Iterator

from dlcalc.core.evidence.claim import Claim, Diagnosis, Verdict, compare, reproduces
from dlcalc.core.evidence.diagnosis import Mistake
from dlcalc.core.network.mistakes import either, phrase
from dlcalc.core.numeric.ratio import Ratio, as_number, ratio
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.mistakes import MISTAKES
from dlcalc.core.params.working import Working, evaluate, layer_working

_WITH_WEIGHTS = ("conv", "transposed", "linear")
_STATISTICS = "batch-norm-with-statistics"
_UNITS = ("flops-not-macs", "macs-not-flops", "forward-plus-backward", "bytes-not-count", "mib-not-mb")


def judge_totals(answer: ConvParams, claim: Claim) -> Verdict:
    """Judge one claim about the totals of all layers, and explain it if it is wrong."""
    key, numbers = claim.key, answer.amounts.by_key()
    verdict = compare(claim, ((numbers[key], 1),), True)
    return verdict if verdict.passed else verdict._replace(diagnosis=_diagnosis(answer, claim, numbers[key]))


def _diagnosis(answer: ConvParams, claim: Claim, right: int) -> tuple[Diagnosis, ...]:
    layers = [number for number, layer in enumerate(answer.layers) if layer.kind in _WITH_WEIGHTS]
    norms = [number for number, layer in enumerate(answer.layers) if layer.kind == "batch-norm"]
    found: list[Diagnosis] = []
    alone: list[Diagnosis] = []
    for mistake in MISTAKES:
        if mistake.name in _UNITS:
            found += _in_units(mistake, answer, claim, right)
            continue
        if norms and mistake.name == _STATISTICS:  # of those that are there
            changes = {number: _statistics(answer, claim.key, number) for number in norms}
        else:
            changes = {number: _changes(mistake, answer, claim.key, number) for number in layers}
        relevant = {number: each for number, each in changes.items() if each}
        for where, several in _together(mistake, answer, relevant):
            total = next(filter(lambda total: _fits(claim, (total, 1), right), _totals(right, several)), None)
            if total is not None:
                found.append(Diagnosis(mistake.name, f"{phrase(mistake)} {where} would give {total}"))
                break
        fitting = [
            number for number, each in relevant.items() if any(_fits(claim, (right + one, 1), right) for one in each)
        ]
        if fitting:
            where = either(answer.layers[number].place for number in fitting)
            text = f"{phrase(mistake)} in {where} would give {claim.values[0]}"
            alone.append(Diagnosis(mistake.name, text))
    return tuple(found + alone)


def _together(
    mistake: Mistake[Working], answer: ConvParams, changes: dict[int, list[int]]
) -> Iterator[tuple[str, list[list[int]]]]:
    """The layers in which a mistake is made at once: in all, or with a bias that some of them have, in those."""
    if len(changes) > 1:
        yield "in every layer", list(changes.values())
    biased = [each for number, each in changes.items() if answer.layers[number].asked.bias]
    if mistake.name == "bias-included" and 1 < len(biased) < len(changes):
        yield "in every layer that has one", biased


def _totals(right: int, several: list[list[int]]) -> list[int]:
    """The totals with a mistake in several layers, for each way to make it that is the same in all."""
    ways = max(map(len, several))
    return [right + sum([each[min(way, len(each) - 1)] for each in several]) for way in range(ways)]


def _statistics(answer: ConvParams, key: str, number: int) -> list[int]:
    """By how much the parameters change if the statistics of a batch norm are taken for some."""
    amounts = answer.layers[number].amounts
    return {"params": [amounts.buffers], "param_bytes": [amounts.param_bytes]}.get(key, [])


def _changes(mistake: Mistake[Working], answer: ConvParams, key: str, number: int) -> list[int]:
    """By how much each way to make the mistake in one layer changes the total."""
    work = layer_working(answer, key, number)
    if key == "peak_activation_bytes":
        return []
    right = evaluate(work, key)
    each = [evaluate(edited, key) for edited in mistake.edits(work)]
    if right is None:
        return []
    return [numbers[0][0] - right[0][0] for numbers in each if numbers is not None and numbers[0][1] == 1]


def _in_units(mistake: Mistake[Working], answer: ConvParams, claim: Claim, right: int) -> list[Diagnosis]:
    """The total in other units: nobody takes the wrong ones in one layer alone."""
    work = layer_working(answer, claim.key, 0)
    for edited in mistake.edits(work):
        number = ratio(right * edited.scale[0], edited.scale[1])
        if edited.rounding != "exact" and number[1] != 1:
            down = number[0] // number[1]
            number = (down if edited.rounding == "down" else down + 1, 1)
        if _fits(claim, number, right):
            return [Diagnosis(mistake.name, f"{mistake.said(edited)} would give {as_number(number)}")]
    return []


def _fits(claim: Claim, number: Ratio, right: int) -> bool:
    return number != (right, 1) and reproduces(claim, (number,), True)
