"""The outcome of ``--check``: what an independent method confirms of an answer."""

from collections.abc import Mapping
from typing import NamedTuple


class Failure(NamedTuple):
    """A number of the answer that the independent method does not confirm.

    Attributes:
        where: the part of the answer that it stands in, e.g. ``{"layer": "conv1", "axis": "w"}``.
        key: its key in the answer.
        answer: what the answer says.
        found: what the independent method finds.
    """

    where: Mapping[str, object]
    key: str
    answer: object
    found: object

    @property
    def text(self) -> str:
        """The failure in a sentence."""
        where = " ".join(map(str, self.where.values()))
        return f"{where}{': ' if where else ''}{self.key} is {self.answer}, and {self.found} by the other road"


class Proof(NamedTuple):
    """The outcome of checking an answer.

    Attributes:
        method: the name of the independent method.
        manner: how it went, to stand behind "confirmed".
        details: what else is to be said of it, by the keys of the JSON.
        failures: what was not confirmed; empty if all was.
    """

    method: str
    manner: str
    details: Mapping[str, object]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was confirmed."""
        return not self.failures
