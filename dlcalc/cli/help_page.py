"""The layout of a help page: wrapped at words, and no wider than the terminal."""

import re
import sys
from collections.abc import Iterable, Sequence

import click

from dlcalc.report.paragraph import columns, wrapped

Section = Sequence[tuple[str, str] | str]  # terms with their meanings, and what is said between them

_WIDEST = 80  # columns of a page, and of one in a pipe
# The words of a command line, an option with its value and what stands in quotes each in one piece.
_WORD = r"(?:--[\w-]+ (?=[^-|]))?(?:'[^']*'|[^\s'])+"


class HelpPage(click.HelpFormatter):
    """A page of help for a terminal as wide as stdout is, or for a pipe, in which examples stand on one line."""

    def __init__(self) -> None:
        seen = columns(sys.stdout)
        super().__init__(width=min(seen or _WIDEST, _WIDEST))
        self.room = None if seen is None else self.width

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        self.write(wrapped(f"Usage: {prog} {args}", self.width, hanging=4) + "\n")

    def write_heading(self, heading: str) -> None:
        """Write the title of a section."""
        self.write(wrapped(f"{heading}:", self.width, hanging=1) + "\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, which an empty line divides."""
        indent = " " * self.current_indent
        paragraphs = (indent + " ".join(each.split()) for each in text.split("\n\n"))
        self.write("\n\n".join(wrapped(each, self.width, hanging=len(indent)) for each in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms with their meanings, which stand beside a short term and below a long one."""
        rows = list(rows)
        limit = min(col_max, self.width // 2)
        column = self.current_indent + min(limit, max(len(term) for term, _ in rows)) + col_spacing
        for term, meaning in rows:
            front = f"{' ' * self.current_indent}{term}"
            if len(front) + col_spacing > column:
                self.write(front + "\n")
                front = ""
            self.write(wrapped(front.ljust(column) + meaning, self.width, hanging=column) + "\n")

    def write_section(self, section: Section) -> None:
        """Write a list of terms, and indented less what is said between them."""
        widest = max(len(entry[0]) for entry in section if not isinstance(entry, str))
        for entry in section:
            if isinstance(entry, str):
                self.write(wrapped(f" {entry}", self.width, hanging=1) + "\n")
            else:
                self.write_dl([(entry[0].ljust(widest), entry[1])])

    def write_example(self, command: str) -> None:
        """Write a command line, which goes on behind a backslash where it is too long for a terminal."""
        indent = " " * self.current_indent
        lines = [indent + command]
        if self.room is not None and len(lines[0]) > self.room:
            first, *words = re.findall(_WORD, command)
            lines = [indent + first]
            for word in words:
                if len(f"{lines[-1]} {word} \\") > self.room:
                    lines.append(f"{indent}    {word}")
                else:
                    lines[-1] += f" {word}"
        self.write(" \\\n".join(lines) + "\n")


def help_of(command: click.Command, ctx: click.Context) -> str:
    """Give the help page of a command."""
    page = HelpPage()
    command.format_help(ctx, page)
    return page.getvalue().rstrip("\n")
