"""A bar on stderr for work that takes more than a second."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TextIO, TypeVar

T = TypeVar("T")

_PATIENCE = 1.0  # seconds before a bar appears
_STEP = 256  # items between two looks at the clock


def watched(
    items: Iterable[T], total: int | None, stream: TextIO, clock: Callable[[], float] = monotonic
) -> Iterator[T]:
    """The items, while a bar on the stream counts them; its library is loaded when the bar appears, and not before.

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


def _bar(total: int | None, stream: TextIO) -> Callable[[int | None], None]:
    """A function that moves the bar to a count, and takes it away at None."""
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
