"""The examples of the README and of the help pages run, and say what they are said to say."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from dlcalc.cli import COMMANDS
from tests.conftest import Run

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def console_examples() -> list[tuple[str, str]]:
    """Each command behind a dollar sign, with the lines that follow it."""
    blocks = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    return [
        (command, output)
        for block in blocks
        for command, output in re.findall(r"^\$ (.*)\n((?:[^$\n].*\n|\n)*)", block, re.M)
    ]


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """An environment in which ``dlcalc`` and ``python`` are this project's."""
    script = tmp_path / "dlcalc"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dlcalc "$@"\n')
    script.chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(README.parent)}
    environment |= {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    for name in ("FORCE_COLOR", "COLUMNS"):
        environment.pop(name, None)
    return environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples run, one after another: what one writes the next may read."""
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(("command", "output"), console_examples())
def test_console_example(command: str, output: str, program: dict[str, str], folder: Path) -> None:
    found = subprocess.run(command, shell=True, capture_output=True, text=True, env=program, cwd=folder, check=False)
    assert (found.stdout, found.stderr) == (output, "")


def test_there_are_examples() -> None:
    assert len(console_examples()) >= 8


def test_python_examples() -> None:
    found = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert found.attempted >= 2
    assert found.failed == 0


def test_the_two_commands_stand_word_for_word() -> None:
    assert "\npip install . && dlcalc conv-shape --w 7 --k 3 --s 1\n" in TEXT
    assert "\npip install -e '.[dev]' && pytest\n" in TEXT


def help_examples() -> list[tuple[str, str]]:
    """Each command with each of its examples."""
    modules = {name: import_module("dlcalc.cli." + name.replace("-", "_")) for name in COMMANDS}
    return [(name, example) for name, module in modules.items() for example in module.EXAMPLES]


def test_every_command_has_help_examples() -> None:
    assert {name for name, _ in help_examples()} == set(COMMANDS)


@pytest.mark.parametrize(("name", "example"), help_examples())
def test_help_example(run: Run, name: str, example: str, program: dict[str, str]) -> None:
    found = subprocess.run(example, shell=True, capture_output=True, text=True, env=program, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout
    assert example in run(name, "--help").out
