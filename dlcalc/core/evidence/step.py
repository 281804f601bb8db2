"""One line of an explanation, which the table and the JSON of ``--explain`` are printed from, and its sources."""

from collections.abc import Mapping
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


GUIDE = "Dumoulin & Visin 2016"
FIELDS = "Araujo et al. 2019"
WAVENET = "van den Oord et al. 2016"

BIBLIOGRAPHY = {
    GUIDE: "A guide to convolution arithmetic for deep learning, https://arxiv.org/abs/1603.07285",
    FIELDS: "Computing Receptive Fields of Convolutional Neural Networks, https://doi.org/10.23915/distill.00021",
    WAVENET: "WaveNet: A Generative Model for Raw Audio, https://arxiv.org/abs/1609.03499",
}
