"""A bar on stderr for work that takes more than a second."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
    with _shown(total, None, stream, clock) as progress:
        for count, item in enumerate(items, 1):
            yield item
            if count % _STEP == 0:
                progress(count)


def counted(
    rows: int, row_bytes: int, stream: TextIO, clock: Callable[[], float] = monotonic
) -> AbstractContextManager[Callable[[int], None]]:
    """Give a function to tell how many rows are done; the bar shows rows, bytes and the time that is left.

    >>> import sys
    >>> with counted(10, 4000, sys.stderr) as progress:
    ...     progress(5)
    """
    return _shown(rows, row_bytes, stream, clock)


@contextmanager
def _shown(
    total: int | None, row_bytes: int | None, stream: TextIO, clock: Callable[[], float]
) -> Iterator[Callable[[int], None]]:
    """Give a function that moves a bar of questions, or of rows of so many bytes; it appears when work takes long."""
    start, move = clock(), None
    with ExitStack() as stack:

        def progress(done: int) -> None:
            nonlocal move
            if move is None and clock() - start > _PATIENCE:
                move = _bar(total, row_bytes, stream, stack)
            if move is not None:
                move(done)

        yield progress


def _bar(total: int | None, row_bytes: int | None, stream: TextIO, stack: ExitStack) -> Callable[[int], None]:
    """Show a bar, and return the function that moves it to a count; it goes when the stack is closed."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    by_rows, size = row_bytes is not None, row_bytes or 1
    label = TextColumn("{task.fields[done]:,} of {task.fields[rows]:,} rows" if by_rows else "questions")
    amount = DownloadColumn(binary_units=True) if by_rows else MofNCompleteColumn()
    columns = label, BarColumn(), amount, TimeRemainingColumn()
    bar = stack.enter_context(Progress(*columns, console=Console(file=stream), transient=True))
    task = bar.add_task("", total=None if total is None else total * size, done=0, rows=total)
    return lambda done: bar.update(task, completed=done * size, done=done)
