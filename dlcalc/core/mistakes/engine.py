"""The rules of evidence by which a wrong claim is explained, or left unexplained.

A mistake is an edit of the *working*, the numbers and choices from which an answer is computed. Edits compose, so a
pair of mistakes is one edit after another.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

from dlcalc.core.ratio import Ratio, as_number
from dlcalc.core.verdict import Claim, Diagnosis, TypedNumber, Verdict, agrees, compare, equals

W = TypeVar("W")
Numbers = tuple[Ratio, ...]


class Mistake(NamedTuple, Generic[W]):
    """One row of a table; its place in the table is its rank.

    Attributes:
        name: the code that scripts see.
        sentence: what was done, to stand before "would give".
        rank: why it stands where it stands.
        relevant: whether the option that it is about is not neutral in this working.
        edit: the workings that result from it; usually one.
    """

    name: str
    sentence: str
    rank: str
    relevant: Callable[[W], bool]
    edit: Callable[[W], Iterable[W]]


def judge(
    claim: Claim,
    right: tuple[Ratio | None, ...],
    exact: bool,
    working: W,
    mistakes: Sequence[Mistake[W]],
    evaluate: Callable[[W, str], Numbers | None],
) -> Verdict:
    """Compare a claim with the right answer, and name the mistakes behind it if it is wrong.

    Args:
        claim: what was claimed.
        right: the right numbers of its key.
        exact: whether the key's numbers are whole, so that a claim must be equal to them.
        working: how the right answer comes about.
        mistakes: the table, in the order of rank.
        evaluate: the answer that a working gives to a key; None where it gives none.
    """
    verdict = compare(claim, right, exact)
    return (
        verdict if verdict.passed else verdict._replace(diagnosis=diagnose(claim, exact, working, mistakes, evaluate))
    )


def diagnose(
    claim: Claim,
    exact: bool,
    working: W,
    mistakes: Sequence[Mistake[W]],
    evaluate: Callable[[W, str], Numbers | None],
) -> tuple[Diagnosis, ...]:
    """The mistakes that reproduce the whole of a claim that failed, fewest first, then by rank.

    The right answer reproduces no claim that failed, so a mistake that does not change it is never named.
    """

    def reproduces(number: TypedNumber, candidate: Ratio) -> bool:
        whole = exact and (candidate[1] == 1 or number.exponent >= 0)
        return equals(number, candidate) if whole else agrees(number, candidate)

    def explains(numbers: Numbers | None) -> bool:
        return numbers is not None and all(map(reproduces, claim.numbers, numbers))

    found = []
    for mistake in mistakes:
        answers = (evaluate(edited, claim.key) for edited in _edits(mistake, working))
        match = next((numbers for numbers in answers if explains(numbers)), None)
        if match is not None:
            found.append(Diagnosis(mistake.name, f"{mistake.sentence} would give {_written(match)}"))
    if found or not _carries_a_pair(claim):
        return tuple(found)
    for first, second in combinations(mistakes, 2):
        both = (twice for once in _edits(first, working) for twice in _edits(second, once))
        match = next((numbers for edited in both if explains(numbers := evaluate(edited, claim.key))), None)
        if match is not None:
            text = f"{first.sentence} and {second.sentence} would together give {_written(match)}"
            found.append(Diagnosis(first.name, text, second.name))
    return tuple(found)


def _edits(mistake: Mistake[W], working: W) -> Iterator[W]:
    if mistake.relevant(working):
        yield from mistake.edit(working)


def _carries_a_pair(claim: Claim) -> bool:
    """Whether the claim says enough that two mistakes at once are evidence and not a coincidence."""
    return len(claim.numbers) >= 4 or any(number.significant >= 5 for number in claim.numbers)


def _written(numbers: Numbers) -> str:
    return " x ".join(str(as_number(number)) for number in numbers)
