"""One question, answered and judged or refused: what a report prints and an exit code is derived from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from dlcalc.core.errors import DlcalcError, Notice

if TYPE_CHECKING:
    from typing import Protocol

    from dlcalc.core.evidence.claim import Diagnosis
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

    class Answer(Protocol):
        """What every command's answer has."""

        @property
        def warnings(self) -> Sequence[Notice]:
            """The caveats that are printed with the answer."""

    class Keyed(Protocol):
        """What every claim has."""

        @property
        def key(self) -> str:
            """The key of the answer that it is about."""

    class Judged(Protocol):
        """What every command's verdict on a claim has."""

        @property
        def claim(self) -> "Keyed":
            """What was claimed."""

        @property
        def passed(self) -> bool:
            """Whether the claim is right."""

        @property
        def diagnosis(self) -> "Sequence[Diagnosis]":
            """The mistakes that would give the claim, likeliest first."""

        @property
        def could_be(self) -> "Sequence[Diagnosis]":
            """Slips that would give the claim, too many for any of them to be evidence."""


A = TypeVar("A", bound="Answer")
V = TypeVar("V", bound="Judged")


class Outcome(NamedTuple, Generic[A, V]):
    """The outcome of one question.

    Attributes:
        answer: the command's answer; None if there is an error.
        error: why there is no answer.
        steps: the explanation, if it was asked for.
        proof: the outcome of ``--check``, if it was asked for.
        verdicts: the claims, judged.
        swept: the values that a sweep gave to this question, by long option name.
        line: the number of the question in a batch.
        id: what the line of a batch calls itself.
        output: the file that the answer was written to.
    """

    answer: A | None = None
    error: DlcalcError | None = None
    steps: "tuple[Step, ...] | None" = None
    proof: "Proof | None" = None
    verdicts: tuple[V, ...] | None = None
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
