"""From options to an exit code: what all commands do alike.

words typed, or a line of a batch -> notation makes a question -> core answers -> a writer prints -> exit code
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dlcalc.cli.combinations import EXCLUSIVE, FEATURES, SHARED, refuse_impossible
from dlcalc.cli.command import C, Command, K, Mode, OnDisk, Raw, Wanted, wanted
from dlcalc.core.errors import DlcalcError, failure, out_of_memory
from dlcalc.core.outcome import A, Outcome, V
from dlcalc.report.view import Q, View
from dlcalc.report.writers import WRITERS, Target

if TYPE_CHECKING:
    from dlcalc.notation.sweeps import Runs


def run(command: Command[Q, A, K, C, V], given: Mapping[str, Any]) -> int:
    """Answer what the options ask, and return the exit code."""
    features = _features(command.keys, given)
    modes = [load() for name, load in command.modes.items() if set(name.split()).issubset(features)]
    keys = set(command.keys).union(*(mode.keys for mode in modes))
    raw = {key: value for key, value in given.items() if key in keys and value is not None and value is not False}
    runs: Runs = {}
    # told cheaply, so that an ordinary question does not import what sweeps need
    if command.sweepable and any(isinstance(value, str) and ("," in value or ".." in value) for value in raw.values()):
        from dlcalc.notation.sweeps import swept

        runs = swept(raw, command.sweepable)
    features += [feature for mode in modes for feature in mode.features]
    refuse_impossible([*features, "sweep"] if runs else features)
    wants = wanted(given)
    if modes:
        return _other_answer(modes[0], wants, raw)
    if wants.batch is not None:
        return _batch(command, wants, wants.batch, raw)
    if runs:
        return _sweep(command, wants, raw, runs)
    question = command.question(raw)
    outcome = _outcome(command, wants, question)
    if outcome.error is not None:
        raise outcome.error
    return _print(command.view, wants, iter([outcome]), [question], ())


def _other_answer(mode: Mode[Q, A], wants: Wanted, raw: Raw) -> int:
    question = mode.question(raw)
    answer = mode.answer(question)
    view = mode.view if isinstance(mode.view, View) else mode.view(question)
    code = _print(view, wants, iter([Outcome(answer)]), [question], ())
    refusal = None if mode.refusal is None else mode.refusal(answer)
    if refusal is not None:
        raise refusal
    return code


def _features(keys: Mapping[str, object], given: Mapping[str, Any]) -> list[str]:
    """List what is asked for, as far as the table of what goes together speaks of it."""
    names = FEATURES.difference(keys).union(SHARED)  # keys of the question are no features, but --framework is both
    features = [name for name in names if given.get(name) not in (None, False, ())]
    if given["format"] == "table":
        features.append("table")
    if given["json"] or given["quiet"] or given["format"] in ("json", "csv"):
        features.append("data")
    return features


def _outcome(
    command: Command[Q, A, K, C, V],
    wants: Wanted,
    question: Q,
    swept: Mapping[str, object] | None = None,
    line: int | None = None,
    name: object = None,
) -> Outcome[A, V]:
    """Answer one question, with all that was asked besides; the rest tells it from others."""
    on_disk, engine = command.on_disk, command.engine
    try:
        if on_disk is not None and (wants.output is not None or on_disk.streamed(question)):
            return _outcome_on_disk(command, on_disk, question, wants)._replace(swept=swept, line=line, id=name)
        answer = engine.answer(question)
        verdicts = None
        if wants.expect is not None:
            claims = command.claims(wants.expect, engine.claimable(answer))
            verdicts = tuple([engine.judge(answer, claim) for claim in claims])
    except DlcalcError as error:
        return Outcome(error=error, swept=swept, line=line, id=name)
    steps = engine.explain(answer) if wants.explain else None
    proof = engine.check(answer) if wants.check else None
    return Outcome(answer, None, steps, proof, verdicts, swept, line, name)


def _outcome_on_disk(
    command: Command[Q, A, K, C, V], on_disk: OnDisk[Q, A, K, C, V], question: Q, wants: Wanted
) -> Outcome[A, V]:
    """Answer a question, judging what is claimed and writing the output on the way."""
    expect = wants.expect
    counting: AbstractContextManager[Callable[[int], object]] = nullcontext(int)  # a bar where stderr is seen
    if sys.stderr.isatty():
        from dlcalc.report.progress import counted

        counting = counted(*on_disk.size(question), sys.stderr)
    with counting as progress:
        return on_disk.job()(
            question,
            None if expect is None else lambda keys: command.claims(expect, keys),
            explain=wants.explain,
            check=wants.check,
            output=wants.output,
            force=wants.force,
            progress=progress,
        )


def _sweep(command: Command[Q, A, K, C, V], wants: Wanted, raw: Raw, runs: "Runs") -> int:
    from dlcalc.notation.sweeps import ends_of_each, how_many, questions

    assert command.restated is not None
    restated, keys = command.restated, tuple(runs)
    examples: list[Q] | None = []
    for values in ends_of_each(raw, runs):
        try:
            question = command.question(values)
        except DlcalcError as error:
            if error.code == "usage":  # unreadable: better said before the first answer than in its place
                raise
            examples = None  # these two do not go together, but each may go with another
        else:
            if examples is not None:
                examples.append(question)

    def outcomes() -> Iterator[Outcome[A, V]]:
        for values in questions(raw, runs):
            try:
                question = command.question(values)
            except DlcalcError as error:  # values that can be read, but not together
                yield Outcome(error=error, swept={key: values[key] for key in keys})
            else:
                yield _outcome(command, wants, question, restated(question, keys))

    return _print(command.view, wants, _with_progress(outcomes(), how_many(runs)), examples, keys)


def _batch(command: Command[Q, A, K, C, V], wants: Wanted, path: str, raw: Raw) -> int:
    from dlcalc.jobs.standard_input import blocks_of_lines
    from dlcalc.notation.batch import BadLineError, is_blank, read_line

    alone = [key for key in command.keys if ("batch", key) in EXCLUSIVE]  # of one question
    names = {name: key for key, others in command.keys.items() if key not in alone for name in (key, *others)}

    def outcome(number: int, text: bytes) -> Outcome[A, V]:
        try:
            line = read_line(text, names)
        except BadLineError as error:
            return Outcome(error=error, line=number, id=error.id)
        except MemoryError:
            return Outcome(error=out_of_memory(), line=number)
        try:
            question = command.question(command.merged(raw, line.raw) if raw else line.raw)
            of_line = wants
            if line.check or line.expect is not None:
                of_line = wants._replace(check=wants.check or line.check, expect=line.expect)
            return _outcome(command, of_line, question, None, number, line.id)
        except DlcalcError as error:
            return Outcome(error=error, line=number, id=line.id)
        except Exception as error:  # a bug, or no memory, in one line is no reason to leave the others unanswered
            return Outcome(error=failure(error), line=number, id=line.id)

    def outcomes() -> Iterator[Outcome[A, V]]:
        answered = 0
        for block in blocks_of_lines(path):
            for number, text in enumerate(block, answered + 1):
                if not is_blank(text):
                    yield outcome(number, text)
            answered += len(block)
            sys.stdout.flush()  # what was asked is answered before more is read

    return _print(command.view, wants, _with_progress(outcomes(), None), None, ("line", "id"))


def _with_progress(outcomes: Iterator[Outcome[A, V]], total: int | None) -> Iterator[Outcome[A, V]]:
    """Show a bar for long work, where stderr is seen and the answers go elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        return outcomes
    from dlcalc.report.progress import watched

    return watched(outcomes, total, sys.stderr)


def _print(
    view: View[Q, A, V],
    wants: Wanted,
    outcomes: Iterator[Outcome[A, V]],
    examples: Sequence[Q] | None,
    titles: Sequence[str],
) -> int:
    """Print outcomes as they come; the exit code is the worst of theirs."""
    code = 0

    def watched() -> Iterator[Outcome[A, V]]:
        nonlocal code
        for outcome in outcomes:
            if outcome.exit_code > code:
                code = outcome.exit_code
            yield outcome

    to_file = wants.output is not None
    WRITERS[wants.format](watched(), Target(view, sys.stdout, sys.stderr, examples, titles, wants.check, to_file))
    return code
