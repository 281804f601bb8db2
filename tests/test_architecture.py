"""Who may import whom, and how large a file may grow: the layout, held by a test."""

import ast
from pathlib import Path

import pytest

import dlcalc

ROOT = Path(dlcalc.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# room -> the rooms that it may import
ROOMS = {
    "cli": {"cli", "jobs", "notation", "report", "core"},
    "jobs": {"jobs", "files", "core"},
    "notation": {"notation", "core"},
    "report": {"report", "core"},
    "files": {"files", "core"},
    "core": {"core"},
}
THIRD_PARTIES = {"click": {"cli"}, "rich": {"report"}, "numpy": {"core", "files", "jobs", "notation"}}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in ROOMS], ids=str)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    own = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "dlcalc" and parts[1:] not in ([], ["__version__"]):
            assert parts[1] in ROOMS[own], f"{own} imports {name}"
        if parts[0] in THIRD_PARTIES:
            assert own in THIRD_PARTIES[parts[0]], f"{own} imports {name}"


def test_every_file_stands_in_a_room() -> None:
    assert {room(path) for path in FILES} - {"__init__", "__main__"} <= set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_stays_readable(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_core_reads_and_writes_nothing() -> None:
    for path in FILES:
        if room(path) == "core":
            names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
            assert not names & {"open", "print"}, path


def test_it_is_typed() -> None:
    assert (ROOT / "py.typed").exists()
