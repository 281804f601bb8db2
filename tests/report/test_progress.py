import os
import pty
import subprocess
import sys
import threading
from itertools import count

import pytest

from dlcalc.report.progress import counted, watched
from tests.support.streams import Terminal


def test_quick_work_shows_nothing() -> None:
    stream = Terminal()
    assert list(watched(range(10_000), 10_000, stream, clock=lambda: 0.0)) == list(range(10_000))
    assert stream.getvalue() == ""


def test_slow_work_shows_how_far_it_is() -> None:
    stream, seconds = Terminal(), count()
    assert list(watched(range(2_000), 2_000, stream, clock=lambda: float(next(seconds)))) == list(range(2_000))
    assert "questions" in stream.getvalue()
    assert "2000" in stream.getvalue()


def test_the_bar_is_taken_away_when_the_reader_stops() -> None:
    stream, seconds = Terminal(), count()
    items = watched(range(2_000), None, stream, clock=lambda: float(next(seconds)))
    for item in items:
        if item == 1_000:
            break
    items.close()  # type: ignore[attr-defined]
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is shown again


def test_rows_are_counted_with_bytes_and_the_time_left() -> None:
    stream, seconds = Terminal(), count()
    with counted(50_000, 1 << 20, stream, clock=lambda: float(next(seconds))) as progress:
        for done in range(0, 50_001, 10_000):
            progress(done)
    assert "50,000 of 50,000 rows" in stream.getvalue()
    assert "/48.8 GiB" in stream.getvalue()
    assert "\x1b[?25h" in stream.getvalue()


def test_the_rows_counted_so_far_are_taken_away_when_work_fails() -> None:
    stream, seconds = Terminal(), count()

    def interrupted() -> None:
        with counted(10, 1, stream, clock=lambda: float(next(seconds))) as progress:
            progress(1)
            progress(2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "\x1b[?25h" in stream.getvalue()


def test_quick_rows_are_not_counted() -> None:
    stream = Terminal()
    with counted(10, 1, stream, clock=lambda: 0.0) as progress:
        progress(5)
    assert stream.getvalue() == ""


def test_a_bar_stands_on_a_terminal_and_never_in_the_answers() -> None:
    """A sweep into a file, with stderr on a terminal: the file has the answers and nothing else."""
    words = ["conv-shape", "--w", "1..70000", "--k", "1", "-q"]
    main_side, side = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(main_side, 4096):
                seen.append(piece)
        except OSError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    command = [sys.executable, "-m", "dlcalc", *words]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=side, check=True)
    os.close(side)
    reader.join()
    os.close(main_side)
    assert found.stdout.count(b"\n") == 70_000
    assert b"questions" not in found.stdout
    assert b"questions" in b"".join(seen)
