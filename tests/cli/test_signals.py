"""The program is ended from outside: nothing is left behind, and the exit code says by what.

It is held at a place in its work by a file of the name sitecustomize, which Python runs first: it puts a door in front
of a function. The program says by a pipe that it stands there, and waits for a file, in steps of Python, because a
signal that comes just before a call of the system would not interrupt it. No test waits for a time.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

PROGRAM = [sys.executable, "-m", "dlcalc"]
GRADIENT = ["softmax-grad", "--logits", "z.npy", "--label", "0", "-o", "g.npy"]
DOOR = """
import os
def door():
    with open("ready", "w"):
        pass
    while not os.path.exists("go"):
        pass
"""
AT_THE_END = "real = os.fsync\ndef fsync(number):\n    door()\n    real(number)\nos.fsync = fsync\n"
ENDS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


@contextmanager
def held(
    folder: Path, before: str, words: list[str], ignored: signal.Signals | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that stands at the door."""
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(DOOR + before)
    os.mkfifo(folder / "ready")
    np.save(folder / "z.npy", np.array([1.0, 2, 3]))
    ignore: Callable[[], object] = int if ignored is None else lambda: signal.signal(ignored, signal.SIG_IGN)
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, env=environment, stderr=subprocess.PIPE, preexec_fn=ignore
    ) as program:
        at_the_door(folder)
        yield program
        if program.poll() is None:
            program.kill()


def at_the_door(folder: Path) -> None:
    """Wait until the program stands there, its end of the pipe closed."""
    with open(folder / "ready") as pipe:
        pipe.read()


def let_in(folder: Path) -> None:
    """Open the door."""
    (folder / "go").touch()


def left(folder: Path) -> set[str]:
    """The files that there are besides those of the test."""
    return set(os.listdir(folder)) - {"site", "ready", "go", "z.npy"}


def ended(program: "subprocess.Popen[bytes]") -> tuple[int, bytes]:
    """The exit code, and what is said: at Ctrl-C a new line, for the prompt that follows."""
    assert program.stderr is not None
    return program.wait(), program.stderr.read().strip()


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_left(tmp_path: Path, number: signal.Signals, force: bool) -> None:
    if force:
        (tmp_path / "g.npy").write_bytes(b"old")
    with held(tmp_path, AT_THE_END, [*GRADIENT, *(["--force"] if force else [])]) as program:
        assert len(left(tmp_path)) == 1 + force
        program.send_signal(number)
        assert ended(program) == (128 + number, b"")
    assert left(tmp_path) == ({"g.npy"} if force else set())
    assert not force or (tmp_path / "g.npy").read_bytes() == b"old"


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_a_second_signal_while_all_is_put_in_order(
    tmp_path: Path, first: signal.Signals, second: signal.Signals
) -> None:
    held_again = (
        "end = os.unlink\ndef unlink(path):\n    os.unlink = end\n    door()\n    end(path)\nos.unlink = unlink\n"
    )
    with held(tmp_path, AT_THE_END + held_again, GRADIENT) as program:
        program.send_signal(first)
        at_the_door(tmp_path)
        assert len(left(tmp_path)) == 1
        program.send_signal(second)
        assert ended(program) == (128 + second, b"")
    assert left(tmp_path) == set()


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """As under nohup."""
    with held(tmp_path, AT_THE_END, GRADIENT, ignored=signal.SIGHUP) as program:
        program.send_signal(signal.SIGHUP)
        let_in(tmp_path)
        assert ended(program) == (0, b"")
    assert left(tmp_path) == {"g.npy"}


@pytest.mark.parametrize("force", [False, True])
def test_a_kill_leaves_the_old_file_or_none(tmp_path: Path, force: bool) -> None:
    if force:
        (tmp_path / "g.npy").write_bytes(b"old")
    with held(tmp_path, AT_THE_END, [*GRADIENT, *(["--force"] if force else [])]) as program:
        program.kill()
        program.wait()
    assert (tmp_path / "g.npy").exists() == force
    assert not force or (tmp_path / "g.npy").read_bytes() == b"old"


def test_of_two_programs_one_writes(tmp_path: Path) -> None:
    """Both have looked and found no file of that name."""
    with held(tmp_path, AT_THE_END, GRADIENT) as program:
        other = subprocess.run([*PROGRAM, *GRADIENT], cwd=tmp_path, check=False)
        content = (tmp_path / "g.npy").read_bytes()
        let_in(tmp_path)
        code, said = ended(program)
    assert (other.returncode, code) == (0, 2)
    assert b"output-exists" in said
    assert (tmp_path / "g.npy").read_bytes() == content
    assert left(tmp_path) == {"g.npy"}


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("module", ["click", "numpy"])
def test_while_modules_are_loaded(tmp_path: Path, number: signal.Signals, module: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / f"{module}.py").write_text("import sitecustomize\nsitecustomize.door()\n")
    with held(tmp_path, "", GRADIENT) as program:
        program.send_signal(number)
        assert ended(program) == (128 + number, b"")


@pytest.mark.parametrize("number", ENDS)
def test_before_anything_is_read(tmp_path: Path, number: signal.Signals) -> None:
    """The program waits for what is piped in."""
    answered = b'{"command":"conv-shape","line":1,'
    command = [*PROGRAM, "conv-shape", "--batch", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b'{"w":7,"k":3}\n')
        program.stdin.flush()
        assert program.stdout.readline().startswith(answered)
        program.send_signal(number)
        assert ended(program) == (128 + number, b"")
