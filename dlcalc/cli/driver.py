"""From options to an exit code: what all commands do alike.

words typed, or a line of a batch -> notation makes a question -> core answers -> a writer prints -> exit code
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from dlcalc.cli.arguments import internal_error
from dlcalc.cli.combinations import FEATURES, SHARED, refuse_impossible
from dlcalc.cli.options import FORMATS
from dlcalc.core.errors import DlcalcError
from dlcalc.core.outcome import Outcome
from dlcalc.notation.values import word
from dlcalc.report.writers import WRITERS, Target

if TYPE_CHECKING:
    from dlcalc.report.view import View


class Mode(NamedTuple):
    """Another answer to the same question, and its looks; or to a question of its own, which has more keys.

    Attributes:
        answer: from a question to an answer. One that may be none at all has the ``refusal`` to say after it.
        view: the module of its looks; it is imported when it is asked for.
        features: what more it is, in the table of what goes together.
        question: from raw values to a question, where that is one of its own.
        keys: the keys that such a question has besides.
    """

    answer: Callable[[Any], Any]
    view: str
    features: Sequence[str] = ()
    question: Callable[..., Any] | None = None
    keys: Mapping[str, Sequence[str]] = {}


class Task(NamedTuple):
    """What one command is made of.

    Attributes:
        keys: the keys of a question, each with the short names that are read for it.
        question: from raw values, and of arrays a function that reads files, to a question.
        engine: the front door of core: answer, explain, check, claimable and judge.
        view: how an answer looks.
        arrays: whether values and claims are arrays, which may stand in files.
        merged: the values of one line of a batch over the defaults.
        sweepable: the keys that may have several values.
        restated: some values of a question, as the answer to a sweep repeats them.
        modes: by their option, answers of another kind.
        save: write an answer to a file, replacing one only if that is forced.
        by_rows: of arrays, the options whose values may be larger than memory.
        job: the module whose ``answered`` takes over where they are, so that the question is ``streamed``.
    """

    keys: Mapping[str, Sequence[str]]
    question: Callable[..., Any]
    engine: Any
    view: "View"
    arrays: bool = False
    merged: Callable[[Mapping[str, object], Mapping[str, object]], Mapping[str, object]] = lambda defaults, own: {
        **defaults,
        **own,
    }
    sweepable: frozenset[str] = frozenset()
    restated: Callable[[Any, Sequence[str]], Mapping[str, object]] | None = None
    modes: Mapping[str, Mode] = {}
    save: Callable[[Any, str, bool], None] | None = None
    by_rows: frozenset[str] = frozenset()
    job: str | None = None
    answer: Callable[[Any], Any] | None = None


def run(task: Task, given: Mapping[str, Any]) -> int:
    """Answer what the options ask, and return the exit code."""
    features = _features(task, given)
    for mode in [mode for name, mode in task.modes.items() if name in features]:
        features += mode.features
        task = task._replace(
            answer=mode.answer,
            view=cast("View", import_module(mode.view)),
            question=mode.question or task.question,
            keys={**task.keys, **mode.keys},
        )
    raw = {key: value for key, value in given.items() if key in task.keys and value is not None and value is not False}
    runs: Mapping[str, Any] = {}
    if task.sweepable and _may_sweep(raw):
        from dlcalc.notation.sweeps import swept

        runs = swept(raw, task.sweepable)
    features += _how_to_print(given)
    refuse_impossible([*features, "sweep"] if runs else features)
    if given["batch"] is not None:
        return _batch(task, given, raw)
    if runs:
        return _sweep(task, given, raw, runs)
    return _single(task, given, raw)


def _single(task: Task, given: Mapping[str, Any], raw: Mapping[str, object]) -> int:
    question = _question(task, raw)
    if task.job is not None and question.streamed:
        from dlcalc.cli.on_disk import streamed

        outcome = streamed(task, given, question, given["expect"] or None, given["output"])
        return _print(task, given, iter([outcome]), [question], ())
    outcome = _outcome(task, given, question, given["expect"] or None)
    if outcome.error is not None:
        raise outcome.error
    unproved = outcome.proof is not None and not outcome.proof.passed
    if task.save is not None and given["output"] is not None and not unproved:
        task.save(outcome.answer, given["output"], given["force"])
        outcome = outcome._replace(output=given["output"])
    code = _print(task, given, iter([outcome]), [question], ())
    refusal: DlcalcError | None = getattr(outcome.answer, "refusal", None)
    if refusal is not None:
        raise refusal
    return code


def _format(given: Mapping[str, Any]) -> str:
    if given["quiet"]:
        return "quiet"
    name: str | None = "json" if given["json"] else given["format"]
    if name is not None:
        return word(name, "format", FORMATS)
    return "json" if given["batch"] is not None else "table"


def _may_sweep(raw: Mapping[str, object]) -> bool:
    """Cheap, so that an ordinary question does not import what sweeps need."""
    return any(isinstance(value, str) and ("," in value or ".." in value) for value in raw.values())


def _features(task: Task, given: Mapping[str, Any]) -> list[str]:
    """What is asked for, as far as the table of what goes together speaks of it."""
    features = [name for name in FEATURES if name not in task.keys or name in SHARED]
    return [name for name in features if given.get(name) not in (None, False, ())]


def _how_to_print(given: Mapping[str, Any]) -> list[str]:
    found = ["table"] if given["format"] == "table" else []
    return found + (["data"] if given["json"] or given["quiet"] or given["format"] in FORMATS[1:] else [])


def _question(task: Task, raw: Mapping[str, object]) -> Any:
    if not task.arrays:
        return task.question(raw)
    from dlcalc.cli.on_disk import loader

    return task.question(raw, loader(task))


def _judged(task: Task, answer: Any, raw: object) -> tuple[Any, ...]:
    """The verdicts on all that is claimed of an answer."""
    module = task.engine
    keys = module.claimable(answer)
    if task.arrays:
        from dlcalc.cli.on_disk import loader
        from dlcalc.notation.array_claims import array_claims

        return tuple(module.judge(answer, claim) for claim in array_claims(raw, keys, loader(task)))
    from dlcalc.notation.claims import claims

    return tuple(module.judge(answer, claim) for claim in claims(raw, keys))


def _outcome(task: Task, given: Mapping[str, Any], question: Any, expect: object, **place: Any) -> Outcome:
    """Answer one question, with all that was asked besides; ``place`` tells it from others."""
    try:
        if task.job is not None and question.streamed:
            from dlcalc.cli.on_disk import streamed

            return streamed(task, given, question, expect)._replace(**place)
        answer = task.engine.answer(question) if task.answer is None else task.answer(question)
        verdicts = None if expect is None else _judged(task, answer, expect)
    except DlcalcError as error:
        return Outcome(error=error, **place)
    steps = task.engine.explain(answer) if given["explain"] else None
    proof = task.engine.check(answer) if given["check"] else None
    return Outcome(answer, None, steps, proof, verdicts, **place)


def _sweep(task: Task, given: Mapping[str, Any], raw: Mapping[str, object], runs: Mapping[str, Any]) -> int:
    from dlcalc.notation.sweeps import ends_of_each, how_many, questions

    restated, keys = task.restated, tuple(runs)
    assert restated is not None
    examples: list[Any] | None = []
    for one in ends_of_each(raw, runs):
        try:
            question = _question(task, one)
        except DlcalcError as error:
            if error.code == "usage":  # unreadable: better said before the first answer than in its place
                raise
            examples = None  # these two do not go together, but each may go with another
        else:
            if examples is not None:
                examples.append(question)

    def outcomes() -> Iterator[Outcome]:
        for one in questions(raw, runs):
            try:
                question = _question(task, one)
            except DlcalcError as error:  # values that can be read, but not together
                yield Outcome(error=error, swept={key: one[key] for key in keys})
            else:
                yield _outcome(task, given, question, None, swept=restated(question, keys))

    return _print(task, given, _with_progress(outcomes(), how_many(runs)), examples, keys)


def _batch(task: Task, given: Mapping[str, Any], raw: Mapping[str, object]) -> int:
    from dlcalc.cli.streams import blocks_of_lines
    from dlcalc.notation.batch import BadLineError, read_line

    names = {name: key for key, others in task.keys.items() for name in (key, *others)}

    def outcome(number: int, text: bytes) -> Outcome:
        try:
            line = read_line(text.decode("utf-8-sig" if number == 1 else "utf-8"), names)
        except UnicodeDecodeError:
            return Outcome(error=DlcalcError("usage", "the line is not UTF-8", hint="JSON in UTF-8"), line=number)
        except BadLineError as error:
            return Outcome(error=error, line=number, id=error.id)
        try:
            question = _question(task, task.merged(raw, line.raw) if raw else line.raw)
            wants = {**given, "check": True} if line.check else given
            return _outcome(task, wants, question, line.expect, line=number, id=line.id)
        except DlcalcError as error:
            return Outcome(error=error, line=number, id=line.id)
        except Exception as error:  # a bug in one line is no reason to leave the others unanswered
            return Outcome(error=internal_error(error), line=number, id=line.id)

    def outcomes() -> Iterator[Outcome]:
        answered = 0
        for block in blocks_of_lines(given["batch"]):
            for number, text in enumerate(block, answered + 1):
                if text and not text.isspace():
                    yield outcome(number, text)
            answered += len(block)
            sys.stdout.flush()  # what was asked is answered before more is read

    return _print(task, given, _with_progress(outcomes(), None), None, ("line", "id"))


def _with_progress(outcomes: Iterator[Outcome], total: int | None) -> Iterator[Outcome]:
    """A bar for long work, where somebody sees stderr and the answers go elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        return outcomes
    from dlcalc.report.progress import watched

    return watched(outcomes, total, sys.stderr)


def _print(
    task: Task,
    given: Mapping[str, Any],
    outcomes: Iterator[Outcome],
    examples: Sequence[Any] | None,
    titles: Sequence[str],
) -> int:
    """Print outcomes as they come; the exit code is the worst of theirs."""
    code = 0

    def watched() -> Iterator[Outcome]:
        nonlocal code
        for outcome in outcomes:
            if outcome.exit_code > code:
                code = outcome.exit_code
            yield outcome

    WRITERS[_format(given)](watched(), Target(task.view, sys.stdout, sys.stderr, examples, titles, given["check"]))
    return code
