"""The table as a person sees it: nothing is cut, nothing is lost to markup, the answer stands first."""

import io
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network.network import ShapeQuestion, layer_question
from dlcalc.core.outcome import Outcome
from dlcalc.report.conv_shape.view import VIEW
from dlcalc.report.table import print_outcome
from tests.conftest import Run
from tests.support.streams import Ascii, Terminal

QUESTION = layer_question(("h", "w"), (160, 224), Layer(7, 2, 3))

GOLDEN = """
  80 x 112
  a 160 x 224 input gives 80 x 112  (conv, pytorch)

             height   width
   ────────────────────────
   input        160     224
   kernel         7       7
   stride         2       2
   padding      3:3     3:3
   output        80     112

  unread 0, field 7, jump 2, centre 0

  W2 = floor((W1 - K_e + P_l + P_r)/S) + 1
  H2 = floor((160 - 7 + 3 + 3)/2) + 1 = 80
  W2 = floor((224 - 7 + 3 + 3)/2) + 1 = 112

"""


def printed(question: ShapeQuestion, stream: io.StringIO) -> str:
    print_outcome(Outcome(conv_shape(question)), VIEW, stream)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_in_a_pipe_the_columns_of_a_terminal_cut_nothing(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert printed(QUESTION, io.StringIO()) == GOLDEN


def test_18_digits_in_a_pipe_stand_on_one_line() -> None:
    size = 10**18 - 1
    text = printed(layer_question(("w",), (size,), Layer(1)), io.StringIO())
    assert f"input {size:,}" in " ".join(text.split())


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_on_a_terminal_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    size = 10**17
    styled = printed(layer_question(("w",), (size,), Layer(1)), Terminal())
    text = re.sub(r"\x1b\[[\d;]*m", "", styled)
    rows = [line for line in text.splitlines() if re.search(r"\S {2,}\S", line)]
    assert max(map(len, text.splitlines())) <= max(columns, 43)  # at last the table runs over
    assert "…" not in text
    assert [line.split()[-1] for line in rows if line.split()[0] in ("input", "output")] == [f"{size:,}"] * 2


def test_colours_on_a_terminal_and_none_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in printed(QUESTION, Terminal())
    assert "\x1b[" not in printed(QUESTION, io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in printed(QUESTION, io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b[3" not in printed(QUESTION, Terminal())


def test_in_an_ascii_locale() -> None:
    assert printed(QUESTION, Ascii()) == GOLDEN.replace("─", "-")


def test_brackets_are_not_markup(conv_shape: Run) -> None:
    out = conv_shape("--w 9 --k 4 --s 4 --p 2 --kind max-pool --ceil-mode --explain --expect 4").out
    assert "[ceil((9 - 4 + 2 + 2)/4)*4 >= 9 + 2]" in out
    assert "[last-window-starts-in-padding]" in out


def test_the_textbook_formula_where_it_is_all_there_is_to_it(conv_shape: Run) -> None:
    assert "W2 = (W1 - K + 2P)/S + 1\n     = (7 - 3 + 2*0)/1 + 1 = 5\n" in conv_shape("--w 7 --k 3").out
    assert "floor" in conv_shape("--w 224 --k 7 --s 2 --p 3").out
    assert "K_e" in conv_shape("--w 224 --k 3 --d 2").out


def test_one_number_is_a_square_image(conv_shape: Run) -> None:
    assert "a 7 x 7 input gives 5 x 5" in conv_shape("--w 7 --k 3").out
    assert "an input of 7 gives 5" in conv_shape("--h 7 --k 3").out


def test_a_long_sweep_keeps_its_columns_aligned(conv_shape: Run) -> None:
    lines = [line for line in conv_shape("--w 1..1200 --k 1").out.splitlines() if line.strip()]
    assert len(lines) == 1202
    assert {len(line) for line in lines} == {len(lines[0])}
    assert lines[0].split() == ["w", "output", "unread", "field", "jump", "centre"]
    assert sum("w" in line for line in lines) == 1


def test_a_sweep_shows_a_refusal_in_its_row(conv_shape: Run) -> None:
    out = conv_shape("--w 7..8 --k 8").out
    assert "kernel-exceeds-input" in out
    assert [line.split()[0] for line in out.splitlines() if line.strip()][2:] == ["7", "8"]


def test_five_lines_and_more_only_of_what_is_not_neutral(conv_shape: Run) -> None:
    def names(words: str) -> list[str]:
        table = conv_shape(words).out.split("\n\n")[1]
        return [line[3:].split("  ")[0] for line in table.splitlines()[2:]]

    assert names("--w 9 --k 3") == ["input", "kernel", "stride", "padding", "output"]
    assert names("--size 9 --k 3 --d 1x2") == ["input", "kernel", "stride", "dilation", "padding", "output"]
    assert names("--w 9 --k 3 --kind transposed") == ["input", "kernel", "stride", "padding", "output"]
    transposed = "--w 9 --k 3 --s 2 --kind transposed --output-padding 1"
    assert names(transposed) == ["input", "kernel", "stride", "padding", "output padding", "output"]


def in_order(out: str, *parts: str) -> bool:
    places = [out.index(part) for part in parts]
    return places == sorted(places)


def test_the_answer_then_what_was_asked_then_the_rest(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.arange(90.0).reshape(30, 3))
    out = run("softmax-grad", "--logits", f"{tmp_path}/z.npy", "--label", ",".join("0" * 30), "--expect", "loss=1").out
    assert in_order(out, "loss 2.40", "loss 1: wrong", "|dC/dz|, the norm", "largest losses")
    words = "conv-params --k 3 --c-in 4 --c-out 4 --w 9 --expect 1 --check --explain"
    out = run(*shlex.split(words)).out
    assert in_order(out, "144 parameters", "check:", "params 1: wrong", "the weight tensor", "work on", "activations")


@pytest.mark.parametrize(("size", "article"), [(8, "an"), (7, "a"), (11, "an"), (180, "a"), (8_000, "an")])
def test_articles(conv_shape: Run, conv_params: Run, size: int, article: str) -> None:
    said = f"{article} {size:,} x {size:,} input"
    assert said in conv_shape(f"--size {size} --k 3").out
    assert said in conv_shape(f"--size {size} 3 relu").out
    assert said in conv_params(f"--size {size} --c-in 3 3c4").out
    assert said in conv_params(f"--size {size} --k 3 --c-in 3 --c-out 3").out
