"""The rules of evidence by which a wrong claim is explained, or left unexplained.

A mistake is an edit of the *working*, the numbers and choices from which an answer is computed. Edits compose, so a
pair of mistakes is one edit after another.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

from dlcalc.core.evidence.claim import Claim, Diagnosis, Verdict, compare, reproduces
from dlcalc.core.numeric.ratio import Ratio, as_number

W = TypeVar("W")
A = TypeVar("A")
Numbers = tuple[Ratio, ...]


class Mistake(NamedTuple, Generic[W]):
    """A mistake is one row of a table; its place in the table is its rank.

    Attributes:
        name: the code that scripts see.
        sentence: what was done, to stand before "would give"; or a function that says it of the working that results.
        relevant: whether the option that it is about is not neutral in this working.
        edit: the workings that result from it; usually one.
        fitted: whether a constant is fitted to the claim, so that it counts only where nothing named explains it.
        paired: whether it may be one of two; not where it is about the arithmetic, which each mistake has of its own.
    """

    name: str
    sentence: str | Callable[[W], str]
    relevant: Callable[[W], bool]
    edit: Callable[[W], Iterable[W]]
    fitted: bool = False
    paired: bool = True

    def edits(self, working: W) -> Iterator[W]:
        """Give the workings that result, where the mistake is one."""
        if self.relevant(working):
            yield from self.edit(working)

    def said(self, edited: W) -> str:
        """Say what was done to get a working."""
        return self.sentence if isinstance(self.sentence, str) else self.sentence(edited)


class Explanation(NamedTuple, Generic[W]):
    """An explanation is a mistake, or a pair, that gives a claim; and the working that results from it."""

    diagnosis: Diagnosis
    edited: W


def explained(
    mistakes: Sequence[Mistake[W]],
    working: W,
    answer: Callable[[W], A | None],
    fits: Callable[[A], bool],
    written: Callable[[A], str],
    pairs: bool,
) -> tuple[Explanation[W], ...]:
    """Find the mistakes that reproduce the whole of a claim that failed, fewest first, then by rank.

    Args:
        mistakes: the table, in the order of rank.
        working: how the right answer comes about.
        answer: the answer that a working gives; None where it gives none.
        fits: whether an answer is what is claimed, all of it, within the claim's tolerance, and not the right one,
            which a mistake must change.
        written: an answer in a sentence.
        pairs: whether the claim says enough that two mistakes at once are evidence and not a coincidence.
    """

    def match(edited: Iterable[W]) -> tuple[W, A] | None:
        answers = ((working, answer(working)) for working in edited)
        return next(((working, value) for working, value in answers if value is not None and fits(value)), None)

    named = [mistake for mistake in mistakes if not mistake.fitted]
    for table in (named, [mistake for mistake in mistakes if mistake.fitted]):
        found = []
        for mistake in table:
            if matched := match(mistake.edits(working)):
                edited, value = matched
                text = f"{mistake.said(edited)} would give {written(value)}"
                found.append(Explanation(Diagnosis(mistake.name, text), edited))
        if found:
            return tuple(found)
    paired = [mistake for mistake in named if mistake.paired]
    for first, second in combinations(paired if pairs else [], 2):
        for once in first.edits(working):
            if matched := match(second.edits(once)):
                edited, value = matched
                text = f"{first.said(once)} and {second.said(edited)} would together give {written(value)}"
                found.append(Explanation(Diagnosis(first.name, text, second.name), edited))
                break
    return tuple(found)


def judge(
    claim: Claim,
    right: tuple[Ratio | None, ...],
    working: W,
    mistakes: Sequence[Mistake[W]],
    evaluate: Callable[[W, str], Numbers | None],
) -> Verdict:
    """Compare claimed numbers with the right ones, exactly, and name the mistakes behind them if they are wrong.

    The working and the mistakes are those of ``explained``, and ``evaluate`` gives the answer of a working to a key;
    None where it gives none.
    """
    verdict = compare(claim, right)
    if verdict.passed:
        return verdict
    explanations = explained(
        mistakes,
        working,
        lambda edited: evaluate(edited, claim.key),
        lambda numbers: reproduces(claim, numbers),
        written,
        claim.carries_a_pair,
    )
    return verdict._replace(diagnosis=tuple(explanation.diagnosis for explanation in explanations))


def written(numbers: Numbers) -> str:
    """Write the numbers of an answer, one per axis, as a sentence has them.

    >>> written(((5_000, 1), (1, 2), (14_003, 3)))
    '5,000 x 0.5 x 4,667.6667'
    """
    return " x ".join(map(_written, numbers))


def _written(number: Ratio) -> str:
    """Write a number in groups of three digits, and a fraction to as many places as a person compares."""
    value = as_number(number)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if abs(value) < 0.001 else f"{value:,.4f}".rstrip("0").removesuffix(".")


def phrase(mistake: Mistake[W], working: W | None = None) -> str:
    """Say what was done, to stand before "in layer 3 (3p1)"; in a working, where the sentence depends on that."""
    sentence = mistake.sentence
    if not isinstance(sentence, str):
        assert working is not None
        sentence = sentence(working)
    return sentence
