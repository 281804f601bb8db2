"""The rules of evidence by which a wrong claim is explained, or left unexplained.

A mistake is an edit of the *working*, the numbers and choices from which an answer is computed. Edits compose, so a
pair of mistakes is one edit after another.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

from dlcalc.core.ratio import Ratio
from dlcalc.core.verdict import Claim, Diagnosis, TypedNumber, agrees, equals

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


def diagnose(
    claim: Claim,
    right: tuple[Ratio | None, ...],
    exact: bool,
    working: W,
    mistakes: Sequence[Mistake[W]],
    evaluate: Callable[[W, str], Numbers | None],
    write: Callable[[Numbers], str],
) -> tuple[Diagnosis, ...]:
    """The mistakes that reproduce the whole claim, fewest first, then by rank.

    Args:
        claim: a claim that failed.
        right: the right answer to it; a mistake that does not change it explains nothing.
        exact: whether the key's numbers are whole, so that a whole candidate must be equal to the claim.
        working: how the right answer comes about.
        mistakes: the table, in the order of rank.
        evaluate: the answer that a working gives to a key; None where it gives none.
        write: an answer as text.
    """

    def reproduces(number: TypedNumber, candidate: Ratio) -> bool:
        whole = exact and (candidate[1] == 1 or number.exponent >= 0)
        return equals(number, candidate) if whole else agrees(number, candidate)

    def explains(numbers: Numbers | None) -> bool:
        return numbers is not None and numbers != right and all(map(reproduces, claim.numbers, numbers))

    found = []
    for mistake in mistakes:
        answers = (evaluate(edited, claim.key) for edited in _edits(mistake, working))
        match = next((numbers for numbers in answers if explains(numbers)), None)
        if match is not None:
            found.append(Diagnosis(mistake.name, f"{mistake.sentence} would give {write(match)}"))
    if found or not _carries_a_pair(claim):
        return tuple(found)
    for first, second in combinations(mistakes, 2):
        both = (twice for once in _edits(first, working) for twice in _edits(second, once))
        match = next((numbers for edited in both if explains(numbers := evaluate(edited, claim.key))), None)
        if match is not None:
            text = f"{first.sentence} and {second.sentence} would together give {write(match)}"
            found.append(Diagnosis(first.name, text, second.name))
    return tuple(found)


def _edits(mistake: Mistake[W], working: W) -> Iterator[W]:
    if mistake.relevant(working):
        yield from mistake.edit(working)


def _carries_a_pair(claim: Claim) -> bool:
    """Whether the claim says enough that two mistakes at once are evidence and not a coincidence."""
    return len(claim.numbers) >= 4 or any(number.significant >= 5 for number in claim.numbers)
