"""One line of an explanation: the list that the table and the JSON of ``--explain`` are printed from."""

from typing import NamedTuple


class Step(NamedTuple):
    """One line of an explanation.

    Attributes:
        symbol: what is computed.
        formula: from what, in symbols.
        substituted: the same with the numbers in it.
        value: the result: a number, a nested list of numbers, or None where there is none.
        source: where the formula is given.
        why: what it means, in a few words.
        place: which part of the answer it is about, where there are several: ``("axis", "w")``, ``("row", 0)``; names
            and what they say in turn, ``("layer", "conv1", "axis", "w")``.
    """

    symbol: str
    formula: str
    substituted: str
    value: object
    source: str
    why: str
    place: tuple[object, ...] | None = None
