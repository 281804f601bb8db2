"""Every example of the README, of the pages in docs/ and of the help pages runs, and says what it is said to say."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from dlcalc.cli import COMMANDS
from dlcalc.core.errors import ErrorCode, NoticeCode
from docs import codes, generate
from tests.conftest import Result, Run
from tests.oracle.recorded_models import unpacked
from tests.support.weight_files import gpt2, safetensors_header, write_safetensors
from tests.test_architecture import CORE, ROOMS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
WIDTH = 80  # of an example, in columns
MODELS = {"resnet.pt2": "resnet.pt2", "unet.pt2": "unet-open.pt2", "nested.keras": "keras-nested.keras"}
SHELL = set("|<>;&$`*")  # a command with one of these needs a shell; all others run in this process


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def console_examples(page: Path) -> Iterator[tuple[str, str]]:
    """Each command behind a dollar sign, which a backslash continues on the next line, with what follows it."""
    for block in blocks(page, "console"):
        for command, output in re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            yield command.replace("\\\n", ""), output


def table_examples(page: Path) -> Iterator[tuple[str, str]]:
    """Each row of a table whose second cell is a command and whose third is its answer."""
    found = re.findall(r"^\|[^|]*\| `(dlcalc [^`]*)` \| `([^`]*)` \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return ((command, answer + "\n") for command, answer in found)


def unbroken(output: str) -> str:
    """An output in which long lines of JSON are broken after a comma, as the program prints it."""
    return re.sub(r",\n (?=\S)", ",", output)


def visible(output: str) -> str:
    """An output without the blanks at the ends of its lines, which `fold` leaves and editors take away."""
    return re.sub(r" +$", "", output, flags=re.MULTILINE)


def map_of(page: Path) -> dict[str, set[str]]:
    """Each row of a table whose first cell is a room, and whose last the rooms that it may import."""
    rows = re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {room: set(re.findall(r"`(\w+)`", cell)) for room, cell in rows if room in ROOMS or room in CORE}


EXAMPLES = [
    pytest.param(command, output, id=f"{page.name}: {command}")
    for page in PAGES
    for examples in (console_examples, table_examples)
    for command, output in examples(page)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples run, one after another: what one writes the next may read."""
    found = tmp_path_factory.mktemp("docs")
    (found / "shapes.jsonl").write_text(
        '{"w": 224, "k": 7, "s": 2, "p": 3, "expect": 112}\n{"w": 7, "k": 3, "expect": 4}\n'
    )
    write_safetensors(found / "gpt2.safetensors", safetensors_header(gpt2()))
    for name, recorded in MODELS.items():
        unpacked(recorded, found).rename(found / name)
    return found


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which ``dlcalc`` and ``python`` are this project's."""
    programs = tmp_path_factory.mktemp("programs")
    script = programs / "dlcalc"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dlcalc "$@"\n')
    script.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment |= {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    for name in ("FORCE_COLOR", "COLUMNS"):
        environment.pop(name, None)
    return environment


@pytest.fixture
def say(run: Run, program: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Result]:
    """Run a command line."""

    def call(command: str) -> Result:
        if command.startswith("dlcalc ") and not SHELL & set(command):
            monkeypatch.chdir(folder)
            monkeypatch.setenv("NO_COLOR", "1")
            for name in ("FORCE_COLOR", "COLUMNS"):
                monkeypatch.delenv(name, raising=False)
            return run(*shlex.split(command)[1:])
        shell = subprocess.run(
            command, shell=True, capture_output=True, encoding="utf-8", env=program, cwd=folder, check=False
        )
        return Result(shell.returncode, shell.stdout, shell.stderr)

    return call


@pytest.mark.parametrize(("command", "output"), EXAMPLES)
def test_console_example(command: str, output: str, say: Callable[[str], Result]) -> None:
    found = say(command)
    assert (visible(found.out), found.err) == (unbroken(output), "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert doctest.testfile(str(page), module_relative=False, encoding="utf-8").failed == 0
    for block in blocks(page, "python"):
        if ">>>" not in block:
            names: dict[str, object] = {}
            exec(compile(block, str(page), "exec"), names)
            tests = [value for name, value in names.items() if name.startswith("test_") and callable(value)]
            assert tests, "an example that runs nothing"
            for test in tests:
                test()


def test_every_command_has_examples_on_its_page() -> None:
    for command in COMMANDS:
        said = [example for example, _ in console_examples(ROOT / "docs" / f"{command}.md")]
        assert sum(example.startswith(f"dlcalc {command} ") for example in said) >= 4, command
    assert list(table_examples(README))
    assert doctest.testfile(str(README), module_relative=False, encoding="utf-8").attempted >= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_example_fits_the_screen(page: Path) -> None:
    for language in ("console", "python", "sh", "text"):
        for block in blocks(page, language):
            for line in block.splitlines():
                assert len(line) <= WIDTH, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_prose_is_broken_where_an_editor_shows_it(page: Path) -> None:
    for line in page.read_text(encoding="utf-8").splitlines():
        assert line.startswith("|") or len(line) <= 105, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]*)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, link


def test_the_readme_is_a_front_page() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= set(re.findall(r"\]\((.*?)\)", text))


def test_the_two_commands_stand_word_for_word() -> None:
    text = README.read_text(encoding="utf-8")
    assert "\npip install . && dlcalc conv-shape --w 7 --k 3 --s 1\n" in text
    assert "\npip install -e '.[dev]' && pytest\n" in text


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_what_the_tables_say(name: str) -> None:
    said = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert said == generate.PAGES[name](), "run: python -m docs.generate"


def test_every_code_has_a_sentence() -> None:
    assert list(codes.ERRORS) == list(get_args(ErrorCode))
    assert list(codes.NOTICES) == list(get_args(NoticeCode))


def test_the_map_is_the_one_that_is_held() -> None:
    said = map_of(ROOT / "docs" / "development.md")
    assert said == {room: others - {room} for room, others in {**ROOMS, **CORE}.items()}


def help_examples() -> list[tuple[str, str]]:
    """Each command with each of its examples."""
    modules = {name: import_module("dlcalc.cli." + name.replace("-", "_")) for name in COMMANDS}
    return [(name, example) for name, module in modules.items() for example in module.EXAMPLES]


def test_every_command_has_help_examples() -> None:
    assert {name for name, _ in help_examples()} == set(COMMANDS)


@pytest.mark.parametrize(("name", "example"), help_examples())
def test_help_example(run: Run, name: str, example: str, say: Callable[[str], Result]) -> None:
    found = say(example)
    assert (found.code, bool(found.out), found.err) == (0, True, "")
    assert example in run(name, "--help").out
