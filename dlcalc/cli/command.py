"""The records that the driver works with: what a command is made of, and what one call of the command wants."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from dlcalc.cli.options import FORMATS, Format
from dlcalc.core.outcome import A, V
from dlcalc.notation.values import word
from dlcalc.report.view import Q, View

if TYPE_CHECKING:
    from typing import Protocol

    from dlcalc.core.errors import DlcalcError
    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.claim import Claim
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step
    from dlcalc.core.outcome import Judged, Outcome
    from dlcalc.notation.arrays import Load

K = TypeVar("K")  # the keys that can be claimed, each with its axes or its shape
C = TypeVar("C")  # a claim, as V is the verdict on one

Raw = Mapping[str, object]

if TYPE_CHECKING:
    Asked = TypeVar("Asked", contravariant=True)
    Keys = TypeVar("Keys", covariant=True)
    Claimed = TypeVar("Claimed", contravariant=True)
    Verdict = TypeVar("Verdict", bound=Judged, covariant=True)

    class Engine(Protocol[Asked, A, Keys, Claimed, Verdict]):
        """A front door of core; a module is one."""

        def answer(self, question: Asked, /) -> A:
            """Answer a question."""

        def explain(self, result: A, /) -> tuple[Step, ...]:
            """Explain an answer."""

        def check(self, result: A, /) -> Proof:
            """Prove an answer."""

        def claimable(self, result: A, /) -> Keys:
            """List the keys that can be claimed of an answer."""

        def judge(self, result: A, claim: Claimed, /) -> Verdict:
            """Judge a claim about an answer."""

    class Job(Protocol[Asked, A, Keys, Claimed, V]):
        """A function that answers a question file to file."""

        def __call__(
            self,
            question: Asked,
            claims: Callable[[Keys], tuple[Claimed, ...]] | None,
            *,
            explain: bool,
            check: bool,
            output: str | None,
            force: bool,
            progress: Callable[[int], object],
        ) -> Outcome[A, V]:
            """Answer the question, writing the output on the way."""


def number_claims(raw: object, keys: "Mapping[str, Sequence[str]]") -> "tuple[Claim, ...]":
    """Read claims about whole numbers and ratios."""
    from dlcalc.notation.claims import claims

    return claims(raw, keys)


def reading_arrays(
    question: "Callable[[Raw, Load], Q]", by_rows: Collection[str]
) -> "tuple[Callable[[Raw], Q], Callable[[object, Mapping[str, tuple[int, ...]]], tuple[ArrayClaim, ...]]]":
    """Give the readers of questions and of claims that load arrays from files.

    Args:
        question: from raw values and what loads a file to a question.
        by_rows: the options whose arrays may stay in their files.
    """

    def load(path: str, option: str) -> Any:
        from dlcalc.jobs.arrays import load

        return load(path, option, by_rows)

    def claims(raw: object, keys: Mapping[str, tuple[int, ...]]) -> "tuple[ArrayClaim, ...]":
        from dlcalc.notation.array_claims import array_claims

        return array_claims(raw, keys, load)

    return lambda raw: question(raw, load), claims


class Mode(Generic[Q, A]):
    """Another answer to the same question, or to one of its own; it is shown alone.

    Args:
        question: from raw values to a question.
        answer: from a question to an answer.
        view: how the answer looks, or the function that says it of a question.
        keys: the keys that such a question has besides the command's.
        features: what else the mode is, in the table of what goes together.
        refusal: the error that is raised after the answer is printed, if the answer is that there is none.
    """

    def __init__(
        self,
        question: Callable[[Raw], Q],
        answer: Callable[[Q], A],
        view: View[Q, A, Any] | Callable[[Q], View[Q, A, Any]],
        keys: Mapping[str, Sequence[str]] | None = None,
        features: Sequence[str] = (),
        refusal: "Callable[[A], DlcalcError | None] | None" = None,
    ) -> None:
        self.question, self.answer, self.view = question, answer, view
        self.keys, self.features, self.refusal = keys or {}, features, refusal


class OnDisk(Generic[Q, A, K, C, V]):
    """How a command answers what is larger than memory, and writes its answer to a file.

    Args:
        streamed: tells whether a question is about arrays that stay in their files.
        size: gives how many rows a question has, and how many bytes each.
        job: loads what answers file to file.
    """

    def __init__(
        self,
        streamed: Callable[[Q], bool],
        size: Callable[[Q], tuple[int, int]],
        job: "Callable[[], Job[Q, A, K, C, V]]",
    ) -> None:
        self.streamed, self.size, self.job = streamed, size, job


class Command(Generic[Q, A, K, C, V]):
    """The parts of one command.

    Args:
        keys: the keys of a question, each with the short names that are read for it.
        question: from raw values to a question.
        merged: puts the values of one line of a batch over the defaults.
        claims: from what was claimed and the keys that can be claimed to claims.
        engine: the front door of core.
        view: how an answer looks.
        modes: answers of another kind, by their options, several together before each alone; each is loaded when it is
            asked for.
        sweepable: the keys that may have several values.
        restated: gives some values of a question, as the answer to a sweep repeats them.
        on_disk: how it works on files, if it can.
    """

    def __init__(
        self,
        keys: Mapping[str, Sequence[str]],
        question: Callable[[Raw], Q],
        merged: Callable[[Raw, Raw], Raw],
        claims: Callable[[object, K], tuple[C, ...]],
        engine: "Engine[Q, A, K, C, V]",
        view: View[Q, A, V],
        modes: Mapping[str, Callable[[], Mode[Any, Any]]] | None = None,
        sweepable: frozenset[str] = frozenset(),
        restated: Callable[[Q, Sequence[str]], Mapping[str, object]] | None = None,
        on_disk: OnDisk[Q, A, K, C, V] | None = None,
    ) -> None:
        self.keys, self.question, self.merged, self.claims = keys, question, merged, claims
        self.engine, self.view = engine, view
        self.modes, self.on_disk = modes or {}, on_disk
        self.sweepable, self.restated = sweepable, restated


class Wanted(NamedTuple):
    """The wishes of one call besides an answer.

    Attributes:
        format: how to print.
        explain: whether to explain the answer.
        check: whether to prove it.
        expect: what is claimed of it, as it was typed or as a line of a batch says it; None where nothing is.
        batch: the file of questions, if there is one.
        output: the file that the answer is to be written to.
        force: whether that file may be replaced.
    """

    format: Format
    explain: bool
    check: bool
    expect: object
    batch: str | None
    output: str | None
    force: bool


def wanted(given: Mapping[str, Any]) -> Wanted:
    """Read what a call wants from the values of its options.

    Raises:
        DlcalcError: ``usage`` for a format that does not exist.
    """
    return Wanted(
        _format(given),
        bool(given["explain"]),
        bool(given["check"]),
        given["expect"] or None,
        given["batch"],
        given.get("output"),
        bool(given.get("force")),
    )


def _format(given: Mapping[str, Any]) -> Format:
    if given["quiet"]:
        return "quiet"
    if given["json"] or given["format"] is None:
        return "json" if given["json"] or given["batch"] is not None else "table"
    return word(given["format"], "format", FORMATS)
