"""--draw as a person sees it: in a pipe, on a terminal, where only ASCII can be written, in colours and without."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import Run

GOLDEN = """
  4
  a 10 x 10 input gives 4 x 4  (conv, pytorch)

  width, each window gives an output: 10 inputs, 4 outputs

              0         5       9
  input     ░ × ○ × ○ × ○ × ○ × ○ ░
  window 0  ▒───█───█
  window 1      █───█───█
  window 2          █───█───█
  window 3              █───█───█

  5 of 10 inputs are read by no window
  █ tap   ▒ tap on padding   ─ hole   ○ input   × input that no window reads
  ░ padding

"""  # noqa: RUF001
TO_ASCII = str.maketrans("█▒─○×░", "#+-ox:")  # noqa: RUF001
WORDS = ("conv-shape", "--w", "10", "--k", "3", "--s", "2", "--d", "2", "--p", "1", "--draw")


Draw = Callable[..., str]


@pytest.fixture
def drawn(run: Run, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Call the program with these environment variables, into a pipe."""

    def call(*words: str, **environment: str) -> str:
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR"):
                patch.delenv(name, raising=False)
            for name, value in {"COLUMNS": "80", **environment}.items():
                patch.setenv(name, value)
            found = run(*words)
        assert (found.code, found.err) == (0, "")
        return found.out

    return call


def test_in_a_pipe(drawn: Draw) -> None:
    assert drawn(*WORDS) == GOLDEN


def test_where_only_ascii_can_be_written() -> None:
    """In a process of its own, whose stdout has that encoding."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    found = subprocess.run([sys.executable, "-m", "dlcalc", *WORDS], capture_output=True, env=environment, check=True)
    assert found.stderr == b""
    assert found.stdout.decode("ascii") == GOLDEN.translate(TO_ASCII)


def test_colours_where_they_are_asked_for(drawn: Draw) -> None:
    coloured = drawn(*WORDS, FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b[32m█" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == GOLDEN
    assert "\x1b[3" not in drawn(*WORDS, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color")


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_it_is_as_wide_as_it_may_be(drawn: Draw, columns: int) -> None:
    out = drawn("conv-shape", "--size", "1000", "--k", "7", "--s", "2", "--p", "3", "--draw", COLUMNS=str(columns))
    picture = [line for line in out.splitlines() if re.match(r"  (input|window)", line)]
    assert columns - 6 <= max(map(len, picture)) <= columns - 2
    assert "left out: windows " in out


def test_axes_that_are_the_same_have_one_picture(conv_shape: Run) -> None:
    out = conv_shape("--size 9x9 --k 3 --draw").out
    assert "height and width, each window gives an output: 9 inputs, 7 outputs" in out
    assert out.count("window 0 ") == 1
    out = conv_shape("--size 5x9x9 --k 1x3x3 --draw").out
    assert "depth, each window" in out
    assert out.count("window 0 ") == 2
    assert conv_shape("--size 9x9 --k 3 --s 1x2 --draw").out.count("window 0 ") == 2


def test_a_transposed_layer_shows_where_each_input_goes(conv_shape: Run) -> None:
    out = conv_shape("--w 3 --k 3 --s 2 --p 1 --kind transposed --draw").out
    assert "width, each input adds to outputs: 3 inputs, 5 outputs" in out
    rows = {
        line.split("  ")[1]: line[11:].rstrip() for line in out.splitlines() if "input " in line or "output  " in line
    }
    assert rows["input 0"] == "▒ █ █"
    assert rows["input 2"] == "        █ █ ▒"
    assert "2 of 4 inputs reach no output" in conv_shape("--w 4 --k 1 --s 3 --p 1 --kind transposed --draw").out
    assert "1 of 2 inputs reaches no output" in conv_shape("--w 2 --k 2 --s 3 --p 0:3 --kind transposed --draw").out


def test_unread_input_is_counted(conv_shape: Run) -> None:
    assert "1 of 224 inputs is read by no window" in conv_shape("--w 224 --k 11 --s 4 --draw").out
    assert "read by no window" not in conv_shape("--w 227 --k 11 --s 4 --draw").out


def test_refusals_and_warnings_are_as_ever(conv_shape: Run) -> None:
    found = conv_shape("--w 3 --k 5 --draw")
    assert (found.code, found.out) == (2, "")
    assert "[kernel-exceeds-input]" in found.err
    assert "[needs-pad-layer]" in conv_shape("--w 7 --k 3 --p 0:1 --draw").err


def test_the_error_is_json_where_json_was_asked_for(conv_shape: Run) -> None:
    found = conv_shape("--w 7 --k 3 --draw --json")
    assert (found.code, found.out, found.error["code"], found.error["option"]) == (2, "", "usage", "draw")
