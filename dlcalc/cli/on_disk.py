"""Arrays that may be larger than memory: how they are loaded, and how a question about them is answered."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dlcalc.core.outcome import Outcome

if TYPE_CHECKING:
    from dlcalc.cli.driver import Task


def loader(task: "Task") -> Callable[[str, str], Any]:
    """What reads the files of a command; large ones are left where they are, if it can work on them by rows."""
    from dlcalc.jobs.arrays import load

    return lambda path, option: load(path, option, task.by_rows)


def streamed(
    task: "Task", given: Mapping[str, Any], question: Any, expect: object, output: str | None = None
) -> Outcome:
    """Answer a question that is larger than memory; what is claimed and written is dealt with on the way."""
    from dlcalc.notation.array_claims import array_claims

    assert task.job is not None
    with _ending_in_order(), _rows_counted(question) as progress:
        outcome: Outcome = import_module(task.job).answered(
            question,
            None if expect is None else lambda keys: array_claims(expect, keys, loader(task)),
            task.engine.check if given["check"] else None,
            task.engine.explain if given["explain"] else None,
            output,
            force=given["force"],
            progress=progress,
        )
    return outcome


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Whoever ends the program from outside leaves no half-written file behind."""
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


def _rows_counted(question: Any) -> AbstractContextManager[Callable[[int], object]]:
    """A bar that counts rows, where somebody sees stderr."""
    if not sys.stderr.isatty():
        return nullcontext(int)
    from dlcalc.report.progress import counted

    return counted(question.rows, question.row_bytes, sys.stderr)
