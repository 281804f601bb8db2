"""Large arrays in blocks of whole rows, on all processors, with results in the order of the rows."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

BLOCK = 1 << 20  # bytes: what a processor keeps near
_AHEAD = 2  # blocks per processor that are begun before the first is done


def parts(rows: int, row_bytes: int, block: int | None = None) -> list[slice]:
    """Cut rows into blocks of whole rows, each of at most ``block`` bytes (``BLOCK`` if None), or of one row.

    Args:
        rows: how many there are.
        row_bytes: the size of each.
        block: the size of a block, in bytes.

    >>> parts(5, 10, 25)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, (block or BLOCK) // max(1, row_bytes))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[slice], T], blocks: Sequence[slice]) -> Iterator[T]:
    """Work on blocks in threads, and give the results in the order of the blocks.

    Only some blocks more than there are processors are begun before the result of the first is taken. What the first
    block that fails raises is raised here, and the rest is left undone.

    Args:
        work: what is done to a block; it carries no closure, so that other processes could do it.
        blocks: to be worked on.

    >>> list(in_order(lambda part: part.stop, parts(5, 10, 25)))
    [2, 4, 5]
    """
    count = min(processors(), len(blocks))
    if count < 2:
        yield from map(work, blocks)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(count) as pool:
        try:
            for part in blocks:
                waiting.append(pool.submit(work, part))
                if len(waiting) > _AHEAD * count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
