"""One writer a format: each takes outcomes one by one, as they are found, and keeps none of them."""

from collections.abc import Sequence
from typing import Protocol, TextIO

from dlcalc.core.errors import DlcalcError
from dlcalc.core.outcome import Outcome
from dlcalc.report.view import View


class Writer(Protocol):
    """Where outcomes go."""

    def write(self, outcome: Outcome) -> None:
        """Take one outcome."""

    def close(self) -> None:
        """Put out what is held back."""


def words(error: DlcalcError) -> str:
    """An error in words, for stderr."""
    hint = f"\nhint: {error.hint}" if error.hint else ""
    return f"error: {error.message} [{error.code}]{hint}\n"


class JsonWriter:
    """A line an outcome."""

    def __init__(self, view: View, out: TextIO) -> None:
        from dlcalc.report.json_lines import outcome_line

        self._line, self._view, self._write = outcome_line, view, out.write

    def write(self, outcome: Outcome) -> None:
        self._write(self._line(outcome, self._view) + "\n")

    def close(self) -> None:
        pass


class QuietWriter:
    """The bare answer, a line an outcome; an empty line where there is none."""

    def __init__(self, view: View, out: TextIO, err: TextIO) -> None:
        self._view, self._out, self._err = view, out, err

    def write(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._err.write(words(outcome.error))
        self._out.write(("" if outcome.error else self._view.bare(outcome.answer)) + "\n")

    def close(self) -> None:
        pass


class _Warnings:
    """Warnings on stderr, each once however many answers carry it."""

    def __init__(self, err: TextIO) -> None:
        self._err, self._said = err, set[str]()

    def say(self, outcome: Outcome) -> None:
        """The warnings of an answer that were not said before."""
        for warning in outcome.answer.warnings:
            if warning.message not in self._said:
                self._said.add(warning.message)
                self._err.write(f"warning: {warning.message} [{warning.code}]\n")


class CsvWriter:
    """A header, then a row for each layer of each answer."""

    def __init__(self, view: View, out: TextIO, err: TextIO, axes: Sequence[str], asked: Sequence[str]) -> None:
        import csv

        columns = (*asked, *view.csv_header(axes), "check_passed", "expect_passed", "error")
        self._view, self._err, self._warnings = view, err, _Warnings(err)
        self._rows = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
        self._rows.writeheader()

    def write(self, outcome: Outcome) -> None:
        named: dict[str, object] = {"line": outcome.line, "id": outcome.id}
        named |= {f"question_{key}": _cell(value) for key, value in (outcome.swept or {}).items()}
        if outcome.error is not None:
            self._err.write(words(outcome.error))
            self._rows.writerow({**named, "error": outcome.error.code})
            return
        self._warnings.say(outcome)
        if outcome.proof is not None:
            named["check_passed"] = str(outcome.proof.passed).lower()
        if outcome.verdicts is not None:
            named["expect_passed"] = str(all(verdict.passed for verdict in outcome.verdicts)).lower()
        for row in self._view.csv_rows(outcome.answer):
            self._rows.writerow({**named, **row})

    def close(self) -> None:
        pass


class TableWriter:
    """One answer, as a table on its own."""

    def __init__(self, view: View, out: TextIO, err: TextIO) -> None:
        self._view, self._out, self._warnings = view, out, _Warnings(err)

    def write(self, outcome: Outcome) -> None:
        from dlcalc.report.table import print_outcome

        print_outcome(outcome, self._view, self._out)
        self._out.flush()
        self._warnings.say(outcome)

    def close(self) -> None:
        pass


class RowsWriter:
    """Many answers as the rows of one table, put out in blocks: memory is constant and the columns stay aligned."""

    BLOCK = 500

    def __init__(self, view: View, out: TextIO, err: TextIO, asked: Sequence[str]) -> None:
        self._view, self._out, self._warnings = view, out, _Warnings(err)
        self._header = (*asked, *view.summary_header())
        self._widths = [0] * len(self._header)
        self._rows: list[tuple[str, ...]] = []
        self._first = True

    def write(self, outcome: Outcome) -> None:
        asked = tuple(map(_cell, (outcome.swept or {}).values()))
        if outcome.error is not None:
            blank = ("",) * (len(self._header) - len(asked) - 1)
            self._rows.append((*asked, outcome.error.code, *blank))
        else:
            self._warnings.say(outcome)
            self._rows.append((*asked, *self._view.summary(outcome.answer)))
        if len(self._rows) >= self.BLOCK:
            self.close()

    def close(self) -> None:
        from dlcalc.report.table import print_rows

        if self._rows:
            print_rows(self._header, self._rows, self._widths, self._first, self._out)
            self._first, self._rows = False, []


def _cell(value: object) -> str:
    """A value of a question in one cell: ``3x5``, ``0:1``, ``same``."""
    if isinstance(value, dict):
        return "x".join(map(_cell, value.values()))
    return ":".join(map(_cell, value)) if isinstance(value, list) else str(value)
