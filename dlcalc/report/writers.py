"""One writer per format: it takes outcomes as they are found, prints each, and keeps none."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TextIO

from dlcalc.core.outcome import A, Outcome, V
from dlcalc.report.view import Q, View


class Target(Generic[Q, A, V]):
    """The streams that outcomes go to, and what is known of all outcomes.

    Args:
        view: how the command's answers look.
        out: for results.
        err: for everything else.
        examples: questions that show all the columns of the answers; None if any may come.
        asked: what tells the questions apart, as titles; empty where there is one question.
        checked: whether every answer was to be proved.
        to_file: whether the answers go to a file.
    """

    def __init__(
        self,
        view: View[Q, A, V],
        out: TextIO,
        err: TextIO,
        examples: Sequence[Q] | None,
        asked: Sequence[str],
        checked: bool,
        to_file: bool = False,
    ) -> None:
        self.view, self.out, self.err = view, out, err
        self.examples, self.asked, self.checked, self.to_file = examples, asked, checked, to_file


def write_json(outcomes: Iterable[Outcome[A, V]], target: Target[Q, A, V]) -> None:
    """Write a line of JSON per outcome."""
    from dlcalc.report.json_lines import outcome_line

    for outcome in outcomes:
        for piece in outcome_line(outcome, target.view):
            target.out.write(piece)


def write_bare(outcomes: Iterable[Outcome[A, V]], target: Target[Q, A, V]) -> None:
    """Write the bare answers; an empty line where there is no answer. A wrong claim is told on stderr.

    An answer that was written to a file is not written again.
    """
    for outcome in outcomes:
        _complain(outcome, target.err)
        _contradict(outcome, target.view, target.err)
        if target.to_file:
            continue
        for line in ("",) if outcome.answer is None else target.view.bare(outcome.answer):
            target.out.write(line + "\n")


def write_csv(outcomes: Iterable[Outcome[A, V]], target: Target[Q, A, V]) -> None:
    """Write a header, then the rows of each answer."""
    import csv

    swept = target.asked != ("line", "id")  # whose names the columns of the answer may have too
    asked = [f"question_{title}" for title in target.asked] if swept else target.asked
    columns = (*asked, *target.view.csv_header(target.examples), "check_passed", "expect_passed", "error")
    rows = csv.DictWriter(target.out, columns, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    said: set[str] = set()
    for outcome in outcomes:
        named = dict(zip(asked, _identity(outcome), strict=False))
        if outcome.answer is None:
            _complain(outcome, target.err)
            rows.writerow({**named, "error": outcome.error.code if outcome.error else ""})
            continue
        _warn(outcome, said, target.err)
        if outcome.proof is not None:
            named["check_passed"] = str(outcome.proof.passed).lower()
        if outcome.verdicts is not None:
            named["expect_passed"] = str(all(verdict.passed for verdict in outcome.verdicts)).lower()
        for row in target.view.csv_rows(outcome.answer):
            rows.writerow({**named, **row})


def write_table(outcomes: Iterable[Outcome[A, V]], target: Target[Q, A, V]) -> None:
    """Write an answer as a table on its own; several as the rows of one."""
    if target.asked:
        _write_rows(outcomes, target)
        return
    from dlcalc.report.table import print_outcome

    for outcome in outcomes:
        print_outcome(outcome, target.view, target.out)
        target.out.flush()
        _warn(outcome, set(), target.err)


_BLOCK = 500  # rows laid out at a time, so that memory is constant


def _write_rows(outcomes: Iterable[Outcome[A, V]], target: Target[Q, A, V]) -> None:
    from itertools import islice

    from dlcalc.report.table import LongTable

    summary = target.view.summary
    assert summary is not None
    titles = (*target.asked, *target.view.summary_header, *(("check",) if target.checked else ()))
    table, said, remaining = LongTable(titles, target.out), set[str](), iter(outcomes)
    while block := list(islice(remaining, _BLOCK)):
        table.add([_row(outcome, summary) for outcome in block])
        for outcome in block:
            _warn(outcome, said, target.err)
    target.out.write("\n")


def _row(outcome: Outcome[A, V], summary: Callable[[A], tuple[str, ...]]) -> tuple[str, ...]:
    asked = tuple(_identity(outcome, "{:,}".format))
    if outcome.answer is None:
        return (*asked, outcome.error.code if outcome.error else "")
    proof = () if outcome.proof is None else ("ok" if outcome.proof.passed else "FAILED",)
    return (*asked, *summary(outcome.answer), *proof)


def _warn(outcome: Outcome[A, V], said: set[str], err: TextIO) -> None:
    """Write warnings on stderr, each once however many answers carry it."""
    for warning in () if outcome.answer is None else outcome.answer.warnings:
        if warning.message not in said:
            said.add(warning.message)
            _say(f"warning: {warning.message} [{warning.code}]", err)


def _identity(outcome: Outcome[A, V], number: Callable[[int], str] = str) -> list[str]:
    """Give the cells that tell an outcome from others: the swept values, or the line and its name."""
    if outcome.swept is not None:
        return [_cell(value, number) for value in outcome.swept.values()]
    return [] if outcome.line is None else [str(outcome.line), "" if outcome.id is None else str(outcome.id)]


def _cell(value: object, number: Callable[[int], str]) -> str:
    """Write a value of a question in one cell: ``3x5``, ``0:1``, ``same``."""
    if isinstance(value, dict):
        return "x".join(_cell(entry, number) for entry in value.values())
    if isinstance(value, list):
        return ":".join(_cell(entry, number) for entry in value)
    return number(value) if isinstance(value, int) else str(value)


def _complain(outcome: Outcome[A, V], err: TextIO) -> None:
    """Write the error of one outcome among many, with what tells that outcome from others."""
    if outcome.error is not None:
        from dlcalc.report.errors import in_words
        from dlcalc.report.paragraph import columns

        err.write(in_words(outcome.error, columns(err), _where(outcome)))


def _contradict(outcome: Outcome[A, V], view: View[Q, A, V], err: TextIO) -> None:
    """Write the verdict on each wrong claim, and what explains it best, in a line."""
    for verdict in outcome.verdicts or ():
        if not verdict.passed:
            assert view.in_words is not None
            words = view.in_words(verdict)
            why = "no mistake stands out" if verdict.could_be else "no known mistake gives it"
            said = f"; {why}, off by {words.distance}" if words.distance is not None else ""
            for diagnosis in verdict.diagnosis[:1]:
                said = f"; {diagnosis.text} [{diagnosis.codes}]"
            _say(f"{_where(outcome)}{verdict.claim.key} {words.claimed}: wrong, {words.right}{said}", err)


def _say(text: str, err: TextIO) -> None:
    """Write a paragraph on stderr."""
    from dlcalc.report.paragraph import columns, wrapped

    err.write(wrapped(text, columns(err)) + "\n")


def _where(outcome: Outcome[A, V]) -> str:
    """Write what tells one outcome from others."""
    if outcome.swept is not None:
        return " ".join(f"{key} {_cell(value, str)}" for key, value in outcome.swept.items()) + ": "
    return "" if outcome.line is None else f"line {outcome.line}: "


WRITERS = {"table": write_table, "json": write_json, "csv": write_csv, "quiet": write_bare}
