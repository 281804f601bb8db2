"""Outcomes as tables for reading, with rich: the answer first, then what was asked, then the rest."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TextIO

from rich.text import Text

from dlcalc.core.conv.layer import AXES
from dlcalc.core.evidence.step import Step
from dlcalc.core.outcome import A, Outcome, V
from dlcalc.report.paragraph import columns
from dlcalc.report.screen import MARGIN, Block, Screen
from dlcalc.report.sheet import Bar, Cell, Drawing, Grid
from dlcalc.report.view import Q, View


def print_outcome(outcome: Outcome[A, V], view: View[Q, A, V], stream: TextIO) -> None:
    """Print one answer on its own: the answer, what was asked about it, and then the details."""
    assert outcome.answer is not None
    sheet, screen = view.sheet(outcome.answer), Screen(stream)
    blocks = [[*screen.lines((sheet.headline, "bold green")), *screen.lines(sheet.caption)]]
    for grid in sheet.grids:
        blocks += _tabulated(grid, screen)
    for drawing in sheet.drawings:
        blocks += _drawn(drawing, screen)
    if outcome.steps is None:
        blocks.append([line for number, rule in enumerate(sheet.rule) for line in _rule(rule, number, screen)])
    blocks += _judgement(outcome, view, screen)
    if outcome.steps is not None:
        blocks.append(list(_explanation(outcome.steps, screen, sheet.digits)))
    for grid in sheet.details:
        blocks += _tabulated(grid, screen)
    screen.show(blocks)


def _rule(rule: str, number: int, screen: Screen) -> Block:
    return screen.lines((rule, "dim" if number else ""))


_INDENT = " "  # of a table, behind the margin
_GAPS = (3, 2, 1)  # characters between columns, as there is room


def _tabulated(grid: Grid, screen: Screen) -> Iterator[Block]:
    """Yield the title of a grid, its table, no wider than its columns need to be, and its note."""
    if grid.title:
        yield screen.lines((grid.title, "bold"))
    fitting, gap = _fitted(grid, screen)
    widths = _widths(fitting, screen)
    lines = [_row(row, widths, " " * gap, screen) for row in (fitting.header, *fitting.rows)]
    for line, name in zip(lines, (fitting.header[0], *(row[0] for row in fitting.rows)), strict=True):
        if line is lines[0] or name == grid.marked:
            line.stylize("bold")
    rule = ("-" if screen.ascii_only else "─") * (sum(widths) + gap * (len(widths) - 1))
    yield [lines[0], Text(_INDENT + rule), *lines[1:]]
    yield [line for note in grid.note.splitlines() for line in screen.lines(note)]


def _fitted(grid: Grid, screen: Screen) -> tuple[Grid, int]:
    """Find a grid that fits: with less between the columns, then without bars, then without what it can do without."""
    narrower = [grid, *(grid.without(Bar, grid.spare[:count]) for count in range(len(grid.spare) + 1))]
    for less in narrower:
        widths = _widths(less, screen)
        for gap in _GAPS:
            if screen.width is None or len(_INDENT) + sum(widths) + gap * (len(widths) - 1) <= screen.width:
                return less, gap
    return narrower[-1], _GAPS[-1]


def _widths(grid: Grid, screen: Screen) -> list[int]:
    rows = (grid.header, *grid.rows)
    return [max(_shown(cell, screen).cell_len for cell in column) for column in zip(*rows, strict=True)]


def _row(row: Sequence[Cell], widths: Sequence[int], gap: str, screen: Screen) -> Text:
    """Write a row: its name and its bars to the left, other cells to the right."""
    cells: list[Text] = []
    for cell, width in zip(row, widths, strict=True):
        shown = _shown(cell, screen)
        blanks = " " * (width - shown.cell_len)
        at_left = not cells or isinstance(cell, Bar)
        cells.append(Text.assemble(shown, blanks) if at_left else Text.assemble(blanks, shown))
    line = Text.assemble(_INDENT, Text(gap).join(cells))
    line.rstrip()
    return line


_BAR_WIDTH = 16
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def _shown(cell: Cell, screen: Screen) -> Text:
    """Show a cell; a share as a bar, to an eighth of a character where there are such characters."""
    if not isinstance(cell, Bar):
        return Text(cell)
    if screen.ascii_only:
        return Text("#" * round(cell.share * _BAR_WIDTH), "green")
    whole, eighths = divmod(round(cell.share * _BAR_WIDTH * 8), 8)
    return Text(f"{_EIGHTHS[-1] * whole}{_EIGHTHS[eighths] if eighths else ''}", "green")


def _drawn(drawing: Drawing, screen: Screen) -> Iterator[Block]:
    """Yield a picture, never wrapped, and its notes."""
    rows, notes, styles = drawing.draw(screen.picture_width, screen.ascii_only)
    yield screen.lines((drawing.title, "bold"))
    room = max(len(row.label) for row in rows) + 2
    lines = []
    for row in rows:
        line = Text(row.label.ljust(room) if row.cells else row.label)
        for style, run in groupby(row.cells, styles.get):
            line.append("".join(run), style)
        lines.append(line)
    yield lines
    yield [line for note in notes for line in screen.lines((note, "dim"))]


def _explanation(steps: Sequence[Step], screen: Screen, digits: int | None) -> Iterator[Text]:
    """Set each term on lines of its own: formula, numbers, value; then its meaning and its source."""
    room = max((len(step.symbol) for step in steps), default=0)

    def lines(symbol: str, sign: str, *parts: str | tuple[str, str]) -> Block:
        front = f"{symbol:{room}}  {sign:1}  "
        return screen.lines((front, "bold"), *parts, hanging=len(front))

    groups = [(dict(where), list(some)) for where, some in groupby(steps, lambda step: tuple(step.where.items()))]
    several = len(groups) > 1
    said: dict[str, set[str]] = {}
    before: tuple[Mapping[str, str | int], list[object]] = {}, []
    for index, (where, some) in enumerate(groups):
        numbers: list[object] = [(step.substituted, step.value) for step in some]
        if "axis" in where and before[1] == numbers and {**before[0], "axis": where["axis"]} == where:
            yield from screen.lines((_title(where), "bold underline"), f": the same as {AXES[str(before[0]['axis'])]}")
            continue
        before = where, numbers
        if (where or index) and (several or "row" in where):  # one row stands for others that are not shown
            yield from screen.lines((_title(where), "bold underline"))
        for step in some:
            known = "layer" in where and step.formula in said.get(step.symbol, ())
            said.setdefault(step.symbol, set()).add(step.formula)
            value = _value(step.value, digits)
            if known:  # said of an earlier layer: here are its numbers
                substituted = f"{step.substituted} = " if step.substituted else ""
                yield from lines(step.symbol, "=", substituted, (value, "bold"))
                continue
            parts = [step.formula, step.substituted, "" if step.value is None and not step.substituted else value]
            for number, part in enumerate(filter(None, dict.fromkeys(parts))):
                yield from lines("" if number else step.symbol, "=", (part, "bold") if part == value else part)
            source = "" if step.source == "by definition" else f" ({step.source})"
            yield from lines("", "", (f"{step.why}{source}", "dim"))


def _title(where: Mapping[str, str | int]) -> str:
    """Name the part of an answer that steps are about: ``conv1, width``, ``row 3``."""
    names = {"axis": AXES.get(str(where.get("axis"))), "layer": where.get("layer")}
    return ", ".join(str(names.get(kind) or f"{kind} {name}") for kind, name in where.items())


def _value(value: object, digits: int | None) -> str:
    """Write the value of a step: a number, or several in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(_value(entry, digits) for entry in value)}]"
    if isinstance(value, float) and digits is not None:
        return f"{value:.{digits}g}"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _judgement(outcome: Outcome[A, V], view: View[Q, A, V], screen: Screen) -> Iterator[Block]:
    if outcome.proof is not None:
        proof = outcome.proof
        word, style = ("confirmed", "green") if proof.passed else ("NOT confirmed", "bold red")
        failures = [screen.lines((f"  {failure.text}", "red"), hanging=4) for failure in proof.failures]
        yield [*screen.lines("check: ", (word, style), f" {proof.manner}"), *(line for of in failures for line in of)]
    for verdict in outcome.verdicts or ():
        yield [line for parts in _verdict(verdict, view) for line in screen.lines(*parts, hanging=4)]
    if outcome.output is not None:
        yield screen.lines(f"written to {outcome.output}")


def _verdict(verdict: V, view: View[Q, A, V]) -> Iterator[tuple[str | tuple[str, str], ...]]:
    """Say a verdict, and below it, indented, what explains a wrong claim."""
    assert view.in_words is not None
    key, words = verdict.claim.key, view.in_words(verdict)
    if verdict.passed:
        manner = f", {words.manner}" if words.manner else ""
        yield f"{key} {words.claimed}: ", ("right", "green"), manner
    else:
        yield f"{key} {words.claimed}: ", ("wrong", "bold red"), f", {words.right}"
    for diagnosis in verdict.diagnosis:
        yield "  ", diagnosis.text, (f"  [{diagnosis.codes}]", "dim")
    if verdict.could_be:
        yield from _could_be(verdict)
    elif not verdict.passed and not verdict.diagnosis and words.distance is not None:
        yield (f"  no known mistake gives it; it is off by {words.distance}",)
    if words.tolerance:
        yield ((f"  {words.tolerance}", "dim"),)


_MOST_SLIPS = 4  # that a table lists of those that are no evidence


def _could_be(verdict: V) -> Iterator[tuple[str | tuple[str, str], ...]]:
    """Say that many slips would give a claim, and the first of each kind."""
    count = len(verdict.could_be)
    begin = "and so would" if verdict.diagnosis else "no mistake stands out:"
    yield (f"  {begin} each of {count:,} slips in one layer{'' if verdict.diagnosis else ' would give it'}, like",)
    first = {one.mistake: one for one in reversed(verdict.could_be)}
    for slip in list(first.values())[::-1][:_MOST_SLIPS]:
        yield "  ", slip.text, (f"  [{slip.mistake}]", "dim")


class LongTable:
    """A table that is too long to hold: its head, then its rows, some at a time.

    Args:
        titles: of the columns.
        stream: where it is printed.
    """

    def __init__(self, titles: Sequence[str], stream: TextIO) -> None:
        self.titles, self.stream = titles, stream
        self.widths = [max(len(title), _LEAST) for title in titles]
        self.gap: str | None = None

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Print rows, without rich, which takes half a millisecond to lay out each; a column may grow with them."""
        for row in rows:
            self.widths[: len(row)] = map(max, self.widths, map(len, row))
        if self.gap is None:
            self._head()
        self.stream.write("".join(f"{MARGIN}{self._line(row)}\n" for row in rows))

    def _head(self) -> None:
        between, room = len(self.widths) - 1, columns(self.stream)
        needed = len(MARGIN) + sum(self.widths)
        fitting = [gap for gap in _GAPS if room is None or needed + gap * between <= room]
        self.gap = " " * max(fitting, default=_GAPS[-1])
        screen, titles = Screen(self.stream), self._line(self.titles)
        rule = ("-" if screen.ascii_only else "─") * len(titles)
        screen.console.print(Text(f"\n{MARGIN}{titles}", "bold"), f"{MARGIN}{rule}", sep="\n", soft_wrap=True)

    def _line(self, cells: Sequence[str]) -> str:
        assert self.gap is not None
        return self.gap.join(cell.rjust(width) for cell, width in zip(cells, self.widths, strict=False))


_LEAST = 6  # characters of a column, so that numbers may grow in the rows to come
