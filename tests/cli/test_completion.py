"""Completion in a shell: file names wherever a file is taken, and the words of options."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from dlcalc.cli import COMMANDS, dlcalc


def completed(text: str) -> list[tuple[str, str]]:
    """What a shell is told of the last word of a line: how to complete it, and with what."""
    *words, last = text.split(" ")
    shell = ShellComplete(dlcalc, {}, "dlcalc", "_DLCALC_COMPLETE")
    return [(item.type, item.value) for item in shell.get_completions(words, last)]


FILES = """
softmax-grad: --logits --x --weight --bias --label --target --class-weights --batch -o --output --expect
bn-fold: --gamma --beta --mean --var --batches --weight --bias --x --batch --expect
conv-shape: --batch
conv-params: --batch
"""


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (command, option)
        for command, options in (line.split(": ") for line in FILES.strip().splitlines())
        for option in options.split()
    ],
)
def test_a_file_name(command: str, option: str) -> None:
    assert completed(f"{command} {option} be") == [("file", "be")]
    assert completed(f"{command} {option} ") == [("file", "")]


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_takes_an_array_or_a_file_completes_it(command: str) -> None:
    found = dlcalc.get_command(dlcalc.make_context("dlcalc", [command]), command)
    assert found is not None
    for parameter in found.params:
        if getattr(parameter, "metavar", None) in ("ARRAY", "FILE"):
            assert completed(f"{command} {parameter.opts[0]} x") == [("file", "x")]


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("loss=", ["loss=losses.npy", "loss=right/"]),
        ("loss=l", ["loss=losses.npy"]),
        ("right/", None),
        ("scale=right/", ["scale=right/one.npy"]),
        ("loss=right/t", []),
        ("loss=nowhere/", []),
    ],
)
def test_a_file_behind_a_key(
    typed: str, values: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "one.npy").touch()
    (tmp_path / "losses.npy").touch()
    monkeypatch.chdir(tmp_path)
    plain = [("file", typed)] if values is None else [("plain", value) for value in values]
    assert completed(f"softmax-grad --expect {typed}") == plain


def test_bash_parts_a_claim_at_the_sign() -> None:
    assert completed("softmax-grad --logits 1,2 --expect loss = lo") == [("file", "lo")]
    assert completed("softmax-grad --logits 1,2 --expect loss =") == [("file", "")]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("conv-s", "conv-shape"),
        ("softmax-grad --reduction m", "mean"),
        ("softmax-grad --red", "--reduction"),
        ("conv-shape --framework ", "pytorch tensorflow onnx"),
        ("conv-shape --solve p", "padding"),
        ("conv-params --dtype flo", "float64 float32 float16 float8"),
        ("conv-shape --format j", "json"),
        ("conv-shape --w 7 3", ""),
        ("conv-shape --nothing", ""),
    ],
)
def test_words(text: str, values: str) -> None:
    assert sorted(completed(text)) == sorted(("plain", value) for value in values.split())


def test_the_program_answers_a_shell(tmp_path: Path) -> None:
    environment = {
        "_DLCALC_COMPLETE": "bash_complete",
        "COMP_WORDS": "dlcalc softmax-grad --logits be",
        "COMP_CWORD": "3",
    }
    command = [sys.executable, "-m", "dlcalc"]
    found = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("file,be\n", "")
