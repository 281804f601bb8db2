"""The program on terminals: fake ones in this process, and real ones."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

import pytest

from dlcalc.cli import main
from tests.support.streams import Terminal


def plain(text: str) -> str:
    """A text without its colours."""
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text)


def seen(
    words: Sequence[str], columns: int | None, monkeypatch: pytest.MonkeyPatch, **environment: str
) -> tuple[str, str]:
    """What the program writes on stdout and on stderr, on terminals of so many columns, or in pipes."""
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    if columns is not None:
        environment["COLUMNS"] = str(columns)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out, err = (io.StringIO() if columns is None else Terminal() for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        main(words)
    return plain(out.getvalue()), plain(err.getvalue())


def seen_really(words: Sequence[str], columns: int) -> str:
    """What the program shows in a pseudo-terminal of so many columns, stdout and stderr together."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    for name in ("COLUMNS", "FORCE_COLOR"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "dlcalc", *words]
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env=environment)
    os.close(its)
    pieces = []
    try:
        while piece := os.read(ours, 1 << 16):
            pieces.append(piece)
    except OSError:  # as Linux says that nobody has it open any more
        pass
    program.wait()
    os.close(ours)
    return plain(b"".join(pieces).decode()).replace("\r", "")
