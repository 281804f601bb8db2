"""One line of an explanation: the list that the table and the JSON of ``--explain`` are printed from."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, SupportsFloat


class Step(NamedTuple):
    """One line of an explanation.

    Attributes:
        symbol: what is computed.
        formula: from what, in symbols.
        substituted: the same with the numbers in it.
        value: the result: a number, a nested list of numbers, or None where there is none.
        source: where the formula is given.
        why: what it means, in a few words.
        where: the part of the answer that it is about, where there are several: ``{"layer": "conv1", "axis": "w"}``.
    """

    symbol: str
    formula: str
    substituted: str
    value: object
    source: str
    why: str
    where: Mapping[str, str | int] = {}


class Steps:
    """Collects the steps about one part of an answer, in the order in which they are computed.

    Args:
        where: that part, where there are several.
    """

    def __init__(self, where: Mapping[str, str | int] | None = None) -> None:
        self.where = where or {}
        self.steps: list[Step] = []

    def add(self, symbol: str, formula: str, substituted: str, value: object, source: str, why: str) -> None:
        """Append a step."""
        self.steps.append(Step(symbol, formula, substituted, value, source, why, self.where))


def in_formula(value: SupportsFloat, digits: int = 6) -> str:
    """Write a number in a formula: a negative one in parentheses, no zero with a sign."""
    text = f"{float(value) + 0.0:.{digits}g}"
    return f"({text})" if text.startswith("-") else text


def sum_in_formula(terms: Sequence[str], most: int = 8, first: int = 4) -> str:
    """Write a sum in a formula; of more than ``most`` terms the ``first`` and the last."""
    return " + ".join([*terms[:first], "...", terms[-1]] if len(terms) > most else terms)
