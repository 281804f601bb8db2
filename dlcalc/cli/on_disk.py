"""Questions that are answered file to file: with a progress bar, and with nothing half-written left behind."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from dlcalc.cli.command import C, Command, K, OnDisk, Q, Wanted
from dlcalc.core.outcome import A, Outcome, V


def outcome_of(
    command: Command[Q, A, K, C, V], on_disk: OnDisk[Q, A, K, C, V], question: Q, wants: Wanted
) -> Outcome[A, V]:
    """Answer a question, judging what is claimed and writing the output on the way."""
    expect = wants.expect
    with _ending_in_order(), _rows_counted(*on_disk.size(question)) as progress:
        return on_disk.job()(
            question,
            None if expect is None else lambda keys: command.claims(expect, keys),
            explain=wants.explain,
            check=wants.check,
            output=wants.output,
            force=wants.force,
            progress=progress,
        )


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Turn a signal that ends the program into SystemExit, so that a half-written file is removed on the way out."""
    import signal

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _rows_counted(rows: int, row_bytes: int) -> AbstractContextManager[Callable[[int], object]]:
    """Count rows in a bar, where stderr is seen."""
    if not sys.stderr.isatty():
        return nullcontext(int)
    from dlcalc.report.progress import counted

    return counted(rows, row_bytes, sys.stderr)
