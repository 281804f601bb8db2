"""One question, answered and judged or refused: what a report prints and an exit code is derived from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dlcalc.core.errors import DlcalcError


class Outcome(NamedTuple):
    """What came of one question.

    Attributes:
        answer: the command's answer; None if there is an error.
        error: why there is none.
        steps: the explanation, if it was asked for.
        proof: the outcome of ``--check``, if it was asked for.
        verdicts: the claims, judged.
        swept: the values that a sweep gave to this question, by long option name.
        line: its number in a batch.
        id: what the line of a batch calls itself.
        output: the file that the answer was written to.
    """

    answer: Any = None
    error: DlcalcError | None = None
    steps: tuple[Any, ...] | None = None
    proof: Any = None
    verdicts: tuple[Any, ...] | None = None
    swept: Mapping[str, object] | None = None
    line: int | None = None
    id: object = None
    output: str | None = None

    @property
    def exit_code(self) -> int:
        """0 done, 1 a verification failed, 2 it could not be answered."""
        if self.error is not None:
            return 2
        if self.proof is not None and not self.proof.passed:
            return 1
        return int(self.verdicts is not None and not all(verdict.passed for verdict in self.verdicts))
