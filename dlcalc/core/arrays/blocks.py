"""Large arrays in blocks of whole rows, on all processors, with results in the order of the rows."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

BLOCK = 1 << 20  # bytes: what a processor keeps near
_AHEAD = 2  # blocks for each processor that are begun before the first is done


def parts(rows: int, row_bytes: int, block: int | None = None) -> list[slice]:
    """Blocks of whole rows, each of at most ``block`` bytes (``BLOCK`` if absent), or of one row.

    >>> parts(5, 10, 25)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, (block or BLOCK) // max(1, row_bytes))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[slice], T], blocks: Sequence[slice]) -> Iterator[T]:
    """What comes of each block, worked on by threads, in order; no more is kept than what is being worked on.

    What is raised of the first block that raises is raised here, and the rest is left undone.

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
