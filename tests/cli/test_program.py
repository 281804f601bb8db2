"""The program as a process: any words at all, signals, pipes and full disks."""

import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcalc import __version__
from dlcalc.cli import main
from tests.conftest import Run

PROGRAM = [sys.executable, "-m", "dlcalc"]
LONG = ["conv-shape", "--w", "1..9000000", "--k", "1", "-q"]


def test_version(run: Run) -> None:
    assert run("--version")[:2] == (0, f"dlcalc {__version__}\n")


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    found = run()
    assert found.code == 2
    assert "Usage: dlcalc" in found.out + found.err


def test_an_unknown_command(run: Run) -> None:
    found = run("conv-shap", "--json")
    assert (found.code, found.error["code"]) == (2, "usage")
    assert "conv-shape" in found.error["hint"]


SHARED = "--w --h --k --s --p --d --size --dims --kind -q --explain --check --expect --format --framework --json"
VALUES = "7 3x3 same 0:1 7..9 1,2 -1 csv onnx output=5 x"
# What a call begins with, and more words that it may go on with.
CALLS = [
    ("conv-shape", "--ceil-mode --output-padding -h --compare --draw max-pool"),
    ("conv-shape --target 3 --solve i", "--solve --target --ceil-mode --output-padding max-pool p w k s d o stride"),
    ("conv-shape --w 7 --target 3 --solve p", "--k 3"),
    ("conv-params", "--c-in --c-out --g --n --bias --compare linear macs=5"),
    ("conv-params --k 3 --c-in 4 --c-out 6", "--g --n --bias --compare macs=5"),
    ("conv-params --kind linear --c-in 2", "--c-out --n --bias --compare macs=5"),
]


@pytest.mark.parametrize(("begin", "more"), CALLS)
def test_any_words_never_end_in_a_bug(capsys: pytest.CaptureFixture[str], begin: str, more: str) -> None:
    known = [st.sampled_from([*group.split(), ""]) for group in (SHARED, VALUES, more)]

    @given(st.lists(st.one_of(*known, st.text(max_size=5)), max_size=12))
    @settings(max_examples=200)
    def never(words: list[str]) -> None:
        assert main([*begin.split(), *words]) in (0, 1, 2)
        assert "internal-error" not in capsys.readouterr().err

    never()


def test_a_closed_pipe_is_quiet() -> None:
    with subprocess.Popen([*PROGRAM, *LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == b"1\n"
        program.stdout.close()
        assert program.wait() == 141
        assert program.stderr.read() == b""


def test_ctrl_c_is_130_and_no_traceback() -> None:
    with subprocess.Popen([*PROGRAM, *LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.send_signal(signal.SIGINT)
        program.stdout.read()
        assert program.wait() == 130
        assert b"Traceback" not in program.stderr.read()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["--json"], ["-q"], ["--format", "csv"], []])
def test_a_full_disk_is_an_error(words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        command = [*PROGRAM, "conv-shape", "--w", "7", "--k", "3", *words]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert found.returncode == 2
    assert b"write-failed" in found.stderr
    assert b"Traceback" not in found.stderr
    assert b"Exception" not in found.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
@pytest.mark.parametrize("words", [["--batch", "-"], ["--batch", "-", "-q"], ["--batch", "-", "--format", "csv"]])
def test_memory_does_not_grow_with_the_batch(words: list[str]) -> None:
    """Peak memory after 1,000 and after 20,000 questions, in KiB: no more than the allocator's noise apart."""
    code = (
        f"import sys; from dlcalc.cli import main; main({['conv-shape', *words]!r});"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0], file=sys.stderr)"
    )
    peaks = []
    for count in (1_000, 20_000):
        lines = b"".join(b'{"w":%d,"k":%d}\n' % (i + 20, i % 17 + 1) for i in range(count))
        command = [sys.executable, "-c", code]
        found = subprocess.run(command, input=lines, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
        peaks.append(int(found.stderr))
    assert peaks[1] < peaks[0] + 1_000


def test_the_first_answer_comes_before_the_last_question_is_read() -> None:
    command = [*PROGRAM, "conv-shape", "--batch", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for size in (7, 8):
            program.stdin.write(json.dumps({"w": size, "k": 3}).encode() + b"\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["output"] == {"w": size - 2}
        program.stdin.close()
        assert program.wait() == 0


def test_closed_streams_are_errors_and_not_bugs() -> None:
    def code(words: str, closed: str) -> int:
        command = f"{sys.executable} -m dlcalc conv-shape {words} {closed}"
        return subprocess.run(command, shell=True, capture_output=True, check=False).returncode

    assert code("--w 7 --k 3 --json", ">&-") == 2
    assert code("--batch -", "<&-") == 2
    assert code("--k 3", "2>&-") == 2
    assert code("--w 5 --k 3 --p 0:1", "2>&-") == 0


def test_completion_knows_the_words() -> None:
    environment = {**os.environ, "_DLCALC_COMPLETE": "bash_complete"}
    environment |= {"COMP_WORDS": "dlcalc conv-shape --kind ", "COMP_CWORD": "3"}
    code = "from dlcalc.__main__ import run; run()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "max-pool" in found.stdout
