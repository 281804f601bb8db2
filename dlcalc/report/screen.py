"""A stream that answers are shown on: paragraphs that wrap at words, and lines that are as long as they need to be."""

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from dlcalc.report.paragraph import columns, lines_of

MARGIN = "  "

Block = list[Text]  # lines that stand together; before each block is an empty one


class Screen:
    """A stream that answers are shown on.

    Args:
        stream: as it is now.

    Attributes:
        console: it, which never takes typed text for markup.
        width: the columns behind the margin; None in a pipe, which has no end of them.
        picture_width: the columns that a picture may fill, in a pipe too.
        ascii_only: whether it can show nothing else.
    """

    def __init__(self, stream: TextIO) -> None:
        self.console = Console(file=stream, markup=False, highlight=False, emoji=False)
        seen = columns(stream)
        self.width = None if seen is None else max(1, seen - len(MARGIN))
        self.picture_width = (seen or self.console.width) - 2 * len(MARGIN)
        self.ascii_only = self.console.options.ascii_only

    def lines(self, *parts: str | tuple[str, str], hanging: int = 2) -> Block:
        """Set a paragraph, wrapped at words; of its parts some have a style."""
        text = Text.assemble(*parts)
        first, *others = (text[line] for line in lines_of(text.plain, self.width, hanging))
        return [first, *(Text.assemble(" " * hanging, line) for line in others)]

    def show(self, blocks: Iterable[Block]) -> None:
        """Print blocks with a margin, and never cut: lines that are not wrapped are as long as they need to be."""
        out = Text()
        for block in filter(None, blocks):
            out.append("\n")
            for line in block:
                out.append_text(Text.assemble(MARGIN if line else "", line, "\n"))
        self.console.print(out, soft_wrap=True)
