"""From options to an exit code: what all commands do alike.

    words typed, or a line of a batch -> notation makes a question -> core answers -> a writer prints -> exit code
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dlcalc.cli.combinations import refuse_impossible
from dlcalc.cli.options import FORMATS
from dlcalc.core.errors import DlcalcError
from dlcalc.core.outcome import Outcome
from dlcalc.core.verdict import Verdict
from dlcalc.notation.values import unreadable
from dlcalc.report.view import View
from dlcalc.report.writers import CsvWriter, JsonWriter, QuietWriter, RowsWriter, TableWriter, Writer


class Task(NamedTuple):
    """What one command is made of.

    Attributes:
        keys: the keys of a question, each with the short names that are read for it.
        sweepable: the keys that may have several values.
        question: from raw values to a question.
        restated: some values of a question, as the answer to a sweep repeats them.
        answer: from a question to an answer.
        explain, check: the steps of an answer, and its proof; imported when they are asked for.
        judge: the verdicts on claims.
        view: how an answer looks.
    """

    keys: Mapping[str, Sequence[str]]
    sweepable: frozenset[str]
    question: Callable[[Mapping[str, object]], Any]
    restated: Callable[[Any, Sequence[str]], Mapping[str, object]]
    answer: Callable[[Any], Any]
    explain: Callable[[Any], tuple[Any, ...]]
    check: Callable[[Any], Any]
    judge: Callable[[Any, object], tuple[Verdict, ...]]
    view: View


class Asked(NamedTuple):
    """What was asked for beside the question."""

    explain: bool
    check: bool
    expect: tuple[str, ...]
    batch: str | None
    format: str


def run(task: Task, given: Mapping[str, Any]) -> int:
    """Answer what the options ask, and return the exit code."""
    raw = {key: value for key, value in given.items() if key in task.keys and value is not None and value is not False}
    asked = Asked(given["explain"], given["check"], given["expect"], given["batch"], _format(given))
    runs: Mapping[str, Any] = {}
    if _may_sweep(raw):
        from dlcalc.notation.sweeps import swept

        runs = swept(raw, task.sweepable)
    refuse_impossible(_features(given, bool(runs)))
    if asked.batch is not None:
        return _batch(task, asked, raw, asked.batch)
    if runs:
        return _sweep(task, asked, raw, runs)
    outcome = _outcome(task, asked, raw, asked.expect or None)
    if outcome.error is not None:
        raise outcome.error
    return _print(_writer(task, asked, outcome.answer.question, None), iter([outcome]))


def _format(given: Mapping[str, Any]) -> str:
    if given["quiet"]:
        return "quiet"
    name: str | None = "json" if given["json"] else given["format"]
    if name is not None and name not in FORMATS:
        raise unreadable("format", name, "a format", "one of " + ", ".join(FORMATS))
    return name or ("json" if given["batch"] is not None else "table")


def _may_sweep(raw: Mapping[str, object]) -> bool:
    """Cheap, so that an ordinary question does not import what sweeps need."""
    return any(isinstance(value, str) and ("," in value or ".." in value) for value in raw.values())


def _features(given: Mapping[str, Any], sweep: bool) -> list[str]:
    found = [name for name in ("explain", "check", "expect", "json", "quiet") if given[name]]
    found += [name for name in ("format", "batch") if given[name] is not None]
    found += ["table"] if given["format"] == "table" else []
    return [*found, "sweep"] if sweep else found


def _outcome(task: Task, asked: Asked, raw: Mapping[str, object], expect: object, **place: Any) -> Outcome:
    """Answer one question, with all that was asked besides."""
    try:
        answer = task.answer(task.question(raw))
        verdicts = None if expect is None else task.judge(answer, expect)
    except DlcalcError as error:
        return Outcome(error=error, **place)
    steps = task.explain(answer) if asked.explain else None
    proof = task.check(answer) if asked.check else None
    return Outcome(answer, None, steps, proof, verdicts, **place)


def _sweep(task: Task, asked: Asked, raw: Mapping[str, object], runs: Mapping[str, Any]) -> int:
    from dlcalc.notation.sweeps import first_of_each, questions

    first = [task.question(one) for one in first_of_each(raw, runs)][0]
    keys = tuple(runs)

    def outcomes() -> Iterator[Outcome]:
        for one in questions(raw, runs):
            restated = task.restated(task.question(one), keys)
            yield _outcome(task, asked, one, None, swept=restated)

    return _print(_writer(task, asked, first, keys), outcomes())


def _batch(task: Task, asked: Asked, raw: Mapping[str, object], name: str) -> int:
    from dlcalc.cli.streams import blocks_of_lines
    from dlcalc.notation.batch import BadLine, read_line

    names = {name: key for key, others in task.keys.items() for name in (key, *others)}

    def outcome(number: int, text: bytes) -> Outcome:
        try:
            line = read_line(text.decode(), names)
        except UnicodeDecodeError:
            return Outcome(error=DlcalcError("usage", "the line is not UTF-8", hint="JSON in UTF-8"), line=number)
        except BadLine as error:
            return Outcome(error=error, line=number, id=error.id)
        wants = asked._replace(check=True) if line.check else asked
        question = {**raw, **line.raw} if raw else line.raw
        return _outcome(task, wants, question, line.expect, line=number, id=line.id)

    writer = _writer(task, asked, None, ("line", "id"))
    code, number = 0, 0
    for block in blocks_of_lines(name):
        for text in block:
            number += 1
            if text.strip():
                found = outcome(number, text)
                writer.write(found)
                code = max(code, found.exit_code)
        sys.stdout.flush()
    writer.close()
    return code


def _print(writer: Writer, outcomes: Iterator[Outcome]) -> int:
    code = 0
    for outcome in outcomes:
        writer.write(outcome)
        code = max(code, outcome.exit_code)
    writer.close()
    return code


def _writer(task: Task, asked: Asked, question: Any, many: Sequence[str] | None) -> Writer:
    """The writer for the format; ``many`` names what tells the questions apart where there are several."""
    view, out, err = task.view, sys.stdout, sys.stderr
    if asked.format == "json":
        return JsonWriter(view, out)
    if asked.format == "quiet":
        return QuietWriter(view, out, err)
    if asked.format == "csv":
        columns = [] if many is None else [name if asked.batch else f"question_{name}" for name in many]
        return CsvWriter(view, out, err, question.axes if question else ("d", "h", "w"), columns)
    return TableWriter(view, out, err) if many is None else RowsWriter(view, out, err, many)
