"""Outcomes as tables for reading, with rich: the answer first, then how it comes about."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from dlcalc.core.conv.layer import AXES
from dlcalc.core.evidence.step import Step
from dlcalc.core.outcome import A, Outcome, V
from dlcalc.report.sheet import Bar, Cell, Drawing, Grid
from dlcalc.report.view import Q, View

_MARGIN = "  "
_ASCII = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)  # SIMPLE_HEAD, in minus signs


def console(stream: TextIO) -> Console:
    """Make a console on the stream as it is now, which never takes typed text for markup."""
    return Console(file=stream, markup=False, highlight=False, emoji=False, soft_wrap=False)


def show(screen: Console, content: RenderableType) -> None:
    """Print with a margin, and never cut: lines that cannot be wrapped are as long as they need to be."""
    screen.width -= 2 * len(_MARGIN)
    needed = Measurement.get(screen, screen.options.update(max_width=1_000_000), content)
    screen.width = max(screen.width, needed.minimum if screen.is_terminal else needed.maximum)
    with screen.capture() as capture:
        screen.print(content)
    lines = [f"{_MARGIN}{line}".rstrip() for line in capture.get().splitlines()]
    screen.file.write("\n".join(("", *lines, "", "")))


def print_outcome(outcome: Outcome[A, V], view: View[Q, A, V], stream: TextIO) -> None:
    """Print one answer on its own."""
    assert outcome.answer is not None
    sheet = view.sheet(outcome.answer)
    screen = console(stream)
    parts: list[RenderableType] = [Text(sheet.headline, "bold green"), Text(sheet.caption)]
    for number, grid in enumerate(sheet.grids):
        if grid.title:
            parts.append(Text(grid.title if number else f"\n{grid.title}", "bold"))
        parts.append(_grid(grid, screen))
    for drawing in sheet.drawings:
        parts += _drawn(drawing, screen)
    if outcome.steps is None:
        parts += [Text(line, "dim" if number else "") for number, line in enumerate(sheet.rule)]
    else:
        parts.append(_explanation(outcome.steps))
    parts += _judgement(outcome, view)
    show(screen, Group(*parts))


_GAPS = {3: (0, 1, 0, 1), 2: (0, 1, 0, 0), 1: (0, 0, 0, 0)}  # characters between columns -> the padding of cells


def _grid(grid: Grid, screen: Console) -> Table:
    grid, gap = _fitted(grid, screen.width - 2 * len(_MARGIN) - 2 if screen.is_terminal else None)
    box = _ASCII if screen.options.ascii_only else SIMPLE_HEAD
    table = Table(*grid.header, box=box, pad_edge=False, header_style="bold", padding=_GAPS[gap])
    for number, column in enumerate(table.columns):
        bars = any(isinstance(row[number], Bar) for row in grid.rows)
        column.no_wrap = True
        column.min_width = max(_width(cell) for cell in (grid.header[number], *(row[number] for row in grid.rows)))
        if number and not bars:
            column.justify = "right"
    for row in grid.rows:
        cells = [_bar(cell, screen) if isinstance(cell, Bar) else cell for cell in row]
        table.add_row(*cells, style="bold" if row[0] == grid.marked else None)
    return table


def _fitted(grid: Grid, room: int | None) -> tuple[Grid, int]:
    """Find a grid that fits: with less between the columns, then without bars, then without what it can do without."""
    narrower = [grid, *(grid.without(Bar, grid.spare[:count]) for count in range(len(grid.spare) + 1))]
    for less in narrower:
        wide = sum(max(map(_width, column)) for column in zip(less.header, *less.rows, strict=True))
        for gap in _GAPS:
            if room is None or wide + gap * (len(less.header) - 1) <= room:
                return less, gap
    return narrower[-1], 1


def _width(cell: Cell) -> int:
    return _BAR_WIDTH if isinstance(cell, Bar) else cell_len(cell)


def _drawn(drawing: Drawing, screen: Console) -> Iterable[RenderableType]:
    """Yield a picture, never wrapped, and its notes."""
    rows, notes, styles = drawing.draw(screen.width - 2 * len(_MARGIN), screen.options.ascii_only)
    yield Text(f"\n{drawing.title}\n", "bold")
    room = max(len(row.label) for row in rows) + 2
    for row in rows:
        line = Text(no_wrap=True, overflow="ignore").append(row.label.ljust(room))
        for style, run in groupby(row.cells, styles.get):
            line.append("".join(run), style)
        yield line
    yield Text("")
    for note in notes:
        yield Text(note, "dim")


_BAR_WIDTH = 16
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def _bar(bar: Bar, screen: Console) -> Text:
    """Draw a share as a bar, to an eighth of a character where there are such characters."""
    if screen.options.ascii_only:
        return Text("#" * round(bar.share * _BAR_WIDTH), "green")
    whole, eighths = divmod(round(bar.share * _BAR_WIDTH * 8), 8)
    return Text(f"{_EIGHTHS[-1] * whole}{_EIGHTHS[eighths] if eighths else ''}", "green")


def _explanation(steps: Sequence[Step]) -> Table:
    """Set each term on lines of its own: formula, numbers, value; then its meaning and its source."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    several = len({tuple(step.where.items()) for step in steps}) > 1
    where: Mapping[str, str | int] = {}
    said: dict[str, set[str]] = {}
    for step in steps:
        known = "layer" in step.where and step.formula in said.get(step.symbol, ())
        said.setdefault(step.symbol, set()).add(step.formula)
        if several and step.where != where:
            where = step.where
            table.add_row(Text(_title(where), "bold underline"), "", "")
        if known:  # said of an earlier layer: here are its numbers
            table.add_row(step.symbol, "=", Text.assemble(step.substituted, " = ", (_value(step.value), "bold")))
            continue
        table.add_row(step.symbol, "=", step.formula)
        if step.substituted:
            table.add_row("", "=", step.substituted)
        if step.value is not None or step.substituted:
            table.add_row("", "=", Text(_value(step.value), "bold"))
        table.add_row("", "", Text(f"{step.why} ({step.source})", "dim"))
    return table


def _title(where: Mapping[str, str | int]) -> str:
    return ", ".join(AXES[str(name)] if kind == "axis" else f"{kind} {name}" for kind, name in where.items())


def _value(value: object) -> str:
    """Write the value of a step: a number, or several in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _judgement(outcome: Outcome[A, V], view: View[Q, A, V]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    if outcome.proof is not None:
        proof = outcome.proof
        word, style = ("confirmed", "green") if proof.passed else ("NOT confirmed", "bold red")
        lines.append(Text.assemble("\ncheck: ", (word, style), f" {proof.manner}"))
        lines += [Text(f"  {failure.text}", "red") for failure in proof.failures]
    for verdict in outcome.verdicts or ():
        lines += _verdict(verdict, view)
    if outcome.output is not None:
        lines.append(Text(f"\nwritten to {outcome.output}"))
    return lines


def _verdict(verdict: V, view: View[Q, A, V]) -> Iterable[RenderableType]:
    assert view.in_words is not None
    key, words = verdict.claim.key, view.in_words(verdict)
    if verdict.passed:
        manner = f", {words.manner}" if words.manner else ""
        yield Text.assemble(f"\n{key} {words.claimed}: ", ("right", "green"), manner)
    else:
        yield Text.assemble(f"\n{key} {words.claimed}: ", ("wrong", "bold red"), f", {words.right}")
    for diagnosis in verdict.diagnosis:
        yield Text.assemble("  ", diagnosis.text, (f"  [{diagnosis.codes}]", "dim"))
    if not verdict.passed and not verdict.diagnosis and words.distance is not None:
        yield Text(f"  no known mistake gives it; it is off by {words.distance}")
    if words.tolerance:
        yield Text(f"  {words.tolerance}", "dim")


def print_head(titles: Sequence[str], widths: Sequence[int], stream: TextIO) -> None:
    """Print the head of a table that is too long to hold."""
    screen = console(stream)
    rule = ("-" if screen.options.ascii_only else "─") * (sum(widths) + len(_GAP) * (len(widths) - 1))
    screen.width = len(_MARGIN) + len(rule)
    screen.print(Text(f"\n{_MARGIN}{row_text(titles, widths)}", "bold"), Text(f"{_MARGIN}{rule}"), sep="\n")


_GAP = "   "


def row_text(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Write one row, its cells to the right."""
    return _GAP.join(cell.rjust(width) for cell, width in zip(cells, widths, strict=False))


def print_rows(rows: Iterable[Sequence[str]], widths: Sequence[int], stream: TextIO) -> None:
    """Print rows of a long table, without rich, which takes half a millisecond to lay out each."""
    stream.write("".join(f"{_MARGIN}{row_text(row, widths)}\n" for row in rows))
