"""Random and broken inputs by the thousand: ``python -m tests.fuzz 100000 --seed 1``.

Whatever is typed, piped in or stands in a file, there is an answer or a ``DlcalcError``: no bug, no warning of Python,
no file that is left behind, and with JSON one line of it for an error. Each case is drawn from the seed and its number
alone, so that one can be run again: ``python -m tests.fuzz 1 --seed 1 --first 4711``.
"""

import argparse
import io
import json
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from dlcalc.cli import COMMANDS, main
from dlcalc.notation.batch import is_blank
from dlcalc.report.errors import wants_json
from tests.support.hostile import VALUES, Hostile

PATIENCE = 5.0  # seconds of a processor that a question may take
OUTPUT = "out.npy"


class Case(NamedTuple):
    """One call of the program.

    Attributes:
        words: the command line.
        stdin: what is piped in.
        files: the files that lie in the working folder.
        lines: how many lines of a batch ask something; None for no batch.
        large: bytes from which on an array is left in its file.
    """

    words: list[str]
    stdin: bytes = b""
    files: tuple[tuple[str, bytes], ...] = ()
    lines: int | None = None
    large: int = 1 << 23


class Found(NamedTuple):
    """What a call left: its exit code, streams, and the names in the working folder."""

    code: object
    out: str
    err: str
    left: list[str]


# The last line of every batch, which must be answered.
GOOD = {
    "conv-shape": b'{"w":7,"k":3}',
    "conv-params": b'{"c_in":2,"c_out":3,"k":3}',
    "softmax-grad": b'{"logits":[1,2],"label":0}',
    "bn-fold": b'{"mean":[0],"var":[1]}',
}


def drawn(seed: int, number: int) -> Case:
    """Draw a case: arguments, a batch, or files."""
    hostile = Hostile(f"{seed}:{number}")
    kind = hostile.random.choice(("arguments", "arguments", "batch", "files"))
    command = hostile.random.choice(COMMANDS[2:] if kind == "files" else COMMANDS)
    if kind == "batch":
        lines = [*(hostile.line(command) for _ in range(hostile.random.randint(1, 4))), GOOD[command]]
        return Case([command, "--batch", "-"], b"\n".join(lines), lines=sum(not is_blank(line) for line in lines))
    words = hostile.words(command)
    if kind == "arguments":
        return Case(words)
    options = {opt: str(one.name) for one in hostile.options(command).values() for opt in one.opts}
    places = [(place, options.get(words[place - 1], "")) for place in range(2, len(words))]
    places = [(place, name) for place, name in places if name and name not in VALUES]
    files: list[tuple[str, bytes]] = []
    for place, name in hostile.random.sample(places, min(len(places), hostile.random.choice((1, 1, 2, 3)))):
        files.append(hostile.file(name, len(files)))
        words[place] = files[-1][0]
        if words[place].endswith("npz"):
            words[place] += hostile.random.choice(("", "", ":a", ":"))
    if command == "softmax-grad" and hostile.random.random() < 0.2:
        words += ["-o", OUTPUT]
    return Case(words, files=tuple(files), large=hostile.random.choice((1 << 23, 1)))


class SlowError(BaseException):
    """A question took longer than ``PATIENCE``."""


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt what takes too long, where the system can."""

    def give_up(*_: object) -> None:
        raise SlowError

    signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # one may be on its way, and would end the process


def run(case: Case) -> Found:
    """Run a case in this process and in the working folder, which is empty before and after."""
    for name, content in case.files:
        with open(name, "wb") as file:
            file.write(content)
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(case.stdin))
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    sys.stderr.reconfigure(errors="backslashreplace")  # as that of every process
    code: object
    try:
        with warnings.catch_warnings(), limited(), patch("dlcalc.jobs.arrays.LARGE", case.large):
            warnings.simplefilter("error")
            code = main(case.words)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        code = "".join(traceback.format_exception(error)[-6:])
    finally:
        out, err = (stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr))
        sys.stdin, sys.stdout, sys.stderr = streams
    left = sorted(os.listdir())
    for name in left:
        os.unlink(name)
    return Found(code, out, err, left)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _object(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line, parse_constant=_no_constant)
    if not isinstance(found, dict):
        raise ValueError(f"{line[:40]} is no object")
    return found


def faults(case: Case, found: Found) -> list[str]:
    """Say all that is wrong with what a call left."""
    wrong = []
    if found.code not in (0, 1, 2):
        wrong.append(f"the exit code is {found.code}")
    said = found.out + found.err
    wrong += [f"{text} is said" for text in ("internal-error", "out-of-memory", "Traceback", "Warning") if text in said]
    may_stay = {name for name, _ in case.files} | ({OUTPUT} if found.code in (0, 1) else set())
    wrong += [f"{name} is left behind" for name in found.left if name not in may_stay]
    if found.code == 2 and not (found.err or case.lines is not None or found.out):
        wrong.append("nothing is said")
    if wants_json(case.words) and not {"-h", "--help"}.intersection(case.words):
        wrong += _not_json(case, found)
    return wrong


def _not_json(case: Case, found: Found) -> list[str]:
    try:
        answers, errors = ([_object(line) for line in text.splitlines()] for text in (found.out, found.err))
    except ValueError as error:
        return [f"a stream is not JSON: {error}"]
    wrong = []
    if len(errors) > 1 or any(set(error["error"]) - {"code", "message", "hint", "option"} for error in errors):
        wrong.append("stderr is not one error")
    if case.lines is not None and len(answers) != case.lines:
        wrong.append(f"{len(answers)} of {case.lines} lines are answered")
    return wrong


def run_cases(count: int, seed: int, first: int = 0, shown: int = 20) -> int:
    """Run cases, print those with faults, and return how many there are."""
    failed, slowest = 0, (0.0, 0)
    start = time.process_time()
    for number in range(first, first + count):
        case, before = drawn(seed, number), time.process_time()
        found = run(case)
        slowest = max(slowest, (time.process_time() - before, number))
        wrong = faults(case, found)
        if wrong:
            failed += 1
            if failed <= shown:
                print(
                    f"case {number}: {'; '.join(wrong)}\n  {case!r:.2000}\n  {found.err[:600]} {found.out[-300:]}",
                    flush=True,
                )
        if (number - first) % 10_000 == 9_999:
            print(f"{number + 1 - first:,} in {time.process_time() - start:.0f} s, {failed} with faults", flush=True)
    print(f"{count:,} cases, {failed} with faults; the slowest, {slowest[1]}, took {slowest[0]:.2f} s")
    return failed


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line of this script."""
    parser = argparse.ArgumentParser(description="Run the program on random and broken inputs.")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    return parser.parse_args(words)


if __name__ == "__main__":
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        failures = run_cases(given.count, given.seed, given.first)
        os.chdir("/")
    sys.exit(failures > 0)
