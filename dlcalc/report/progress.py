"""A bar on stderr for work that takes more than a second."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO, TypeVar

T = TypeVar("T")

_PATIENCE = 1.0  # seconds before a bar appears
_STEP = 256  # items between two looks at the clock


def watched(
    items: Iterable[T], total: int | None, stream: TextIO, clock: Callable[[], float] = monotonic
) -> Iterator[T]:
    """Yield the items while a bar on the stream counts them; rich is loaded when the bar appears.

    >>> import sys
    >>> list(watched([1, 2, 3], 3, sys.stderr))
    [1, 2, 3]
    """
    start, bar = clock(), None
    try:
        for count, item in enumerate(items, 1):
            yield item
            if count % _STEP == 0:
                if bar is None and clock() - start > _PATIENCE:
                    bar = _bar(total, stream)
                if bar is not None:
                    bar(count)
    finally:
        if bar is not None:
            bar(None)


@contextmanager
def counted(
    rows: int, row_bytes: int, stream: TextIO, clock: Callable[[], float] = monotonic
) -> Iterator[Callable[[int], None]]:
    """Give a function to tell how many rows are done; the bar shows rows, bytes and the time that is left.

    >>> import sys
    >>> with counted(10, 4000, sys.stderr) as progress:
    ...     progress(5)
    """
    start, bar = clock(), None

    def progress(done: int) -> None:
        nonlocal bar
        if bar is None and clock() - start > _PATIENCE:
            bar = _bar_of_rows(rows, row_bytes, stream)
        if bar is not None:
            bar(done)

    try:
        yield progress
    finally:
        if bar is not None:
            bar(None)


def _bar_of_rows(rows: int, row_bytes: int, stream: TextIO) -> Callable[[int | None], None]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    counter = TextColumn("{task.fields[done]:,} of {task.fields[rows]:,} rows")
    columns = (counter, BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn())
    shown = Progress(*columns, console=Console(file=stream), transient=True)
    task = shown.add_task("rows", total=rows * row_bytes, done=0, rows=rows)
    shown.start()

    def move(done: int | None) -> None:
        if done is None:
            shown.stop()
        else:
            shown.update(task, completed=done * row_bytes, done=done)

    return move


def _bar(total: int | None, stream: TextIO) -> Callable[[int | None], None]:
    """Make a function that moves the bar to a count, and takes it away at None."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("questions"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(file=stream), transient=True)
    task = progress.add_task("questions", total=total)
    progress.start()

    def move(count: int | None) -> None:
        if count is None:
            progress.stop()
        else:
            progress.update(task, completed=count)

    return move
