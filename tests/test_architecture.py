"""The layout, held by tests: who may import whom, how large a file may grow, and what every name is documented with."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import dlcalc

ROOT = Path(dlcalc.__file__).parent
TREES = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}

# room -> the rooms that it may import
ROOMS = {
    "cli": {"cli", "jobs", "notation", "report", "core"},
    "jobs": {"jobs", "files", "core"},
    "notation": {"notation", "core"},
    "report": {"report", "core"},
    "files": {"files", "core"},
    "core": {"core"},
}
# room of core -> the other rooms of core that it may import, besides the loose files of the ground
CORE = {
    "numeric": set(),
    "tensors": {"evidence", "conv", "network"},
    "arrays": set(),
    "evidence": {"numeric", "arrays"},
    "conv": {"numeric", "evidence"},
    "network": {"numeric", "evidence", "conv", "tensors"},
    "params": {"numeric", "evidence", "conv", "network", "tensors"},
    "solve": {"numeric", "conv", "network"},
    "softmax": {"arrays", "evidence"},
    "batch_norm": {"arrays", "evidence"},
    "weights": {"numeric", "evidence"},
}
GROUND = {"errors", "outcome", "spelling", "validation"}
DOORS = {"conv_shape", "conv_params", "softmax_grad", "bn_fold", "stored_weights"}
THIRD_PARTIES = {"click": {"cli"}, "rich": {"report"}, "numpy": {"core", "files", "jobs", "notation"}}

# What a check may stand on besides other checks and the proof that it returns, and why that is no step of the answer.
FIRM_GROUND = {
    "dlcalc.core.arrays.formats": "the machine epsilon and the smallest number of a format are facts, not results",
    "dlcalc.core.batch_norm.weighted_layer": "the folded layer is proved exactly; float64 evaluates both layers alike",
}


# Messages, and no hints, that quote an option as it was typed.
QUOTED = {
    "the size of its input is not known: an fc needs --w",
    "the size of its input is not known: a flatten needs --w",
    "no transposed layer is without an output padding, and --solve output-padding is to find it",
    "--compare sets forms of one convolution side by side, and LAYERS are given",
    "--compare sets forms of a convolution side by side, and a linear layer has none",
}


class Import(NamedTuple):
    """One imported module or name, by its full name, and whether that is only for annotations."""

    name: str
    annotation: bool


def name_of(path: Path) -> str:
    """The dotted name of a file."""
    return ".".join((ROOT.name, *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {name_of(path): tree for path, tree in TREES.items()}


def imports(node: ast.AST, annotation: bool = False) -> Iterator[Import]:
    """Every import in the tree, in functions and under TYPE_CHECKING too."""
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, annotation) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative import"
        yield from (Import(f"{node.module}.{alias.name}", annotation) for alias in node.names)
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        yield from (one for child in node.body for one in imports(child, True))
        yield from (one for child in node.orelse for one in imports(child, annotation))
    else:
        for child in ast.iter_child_nodes(node):
            yield from imports(child, annotation)


IMPORTS = {module: list(imports(tree)) for module, tree in MODULES.items()}


def module_of(name: str) -> str:
    """The module that an imported name lives in."""
    return name if name in MODULES else name.rpartition(".")[0]


OURS = {  # the modules of this package that a module imports, ever
    module: {module_of(one.name) for one in found if one.name.startswith("dlcalc.")} - {"dlcalc"}
    for module, found in IMPORTS.items()
}


def place(module: str) -> list[str]:
    """The folders and the file below the package."""
    return module.split(".")[1:]


IN_ROOMS = [module for module in MODULES if place(module) and place(module)[0] in ROOMS]
IN_CORE = [module for module in IN_ROOMS if place(module)[0] == "core" and place(module) != ["core"]]
CHECKS = [module for module in IN_CORE if place(module)[-1].startswith("check")]


def test_every_file_stands_in_a_room() -> None:
    assert {place(module)[0] for module in MODULES if place(module)} - {"__main__"} == set(ROOMS)
    loose = {place(module)[1] for module in IN_CORE}
    assert loose == set(CORE) | GROUND | DOORS


def test_a_room_imports_only_what_it_may() -> None:
    wrong = []
    for module in IN_ROOMS:
        own = place(module)[0]
        wrong += [(module, other) for other in OURS[module] if place(other)[0] not in ROOMS[own]]
        libraries = {one.name.split(".")[0] for one in IMPORTS[module]} & set(THIRD_PARTIES)
        wrong += [(module, library) for library in libraries if own not in THIRD_PARTIES[library]]
    assert not wrong, "\n".join(map(str, wrong))


def test_a_room_of_core_imports_only_what_it_may() -> None:
    """So nothing in core enters by a front door, but conv-params, which has sizes judged by conv-shape."""
    may = {room: others | GROUND | {room} for room, others in CORE.items()}
    may |= dict.fromkeys(GROUND, GROUND) | {"outcome": GROUND | {"evidence"}}  # whose types it carries
    may |= {door: set(CORE) | GROUND for door in DOORS}
    may["conv_params"] |= {"conv_shape"}
    wrong = [
        (module, other) for module in IN_CORE for other in OURS[module] if place(other)[1] not in may[place(module)[1]]
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_files_import_in_no_circle() -> None:
    """Lazy imports and those under TYPE_CHECKING count: a reader follows them too."""
    try:
        TopologicalSorter(OURS).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_a_check_is_independent() -> None:
    """What proves an answer computes nothing with what gave it: only the standard library, NumPy, and other checks."""
    firm = {*CHECKS, "dlcalc.core.evidence.proof", *FIRM_GROUND}
    libraries = (sys.stdlib_module_names | {"numpy"}) - {"importlib"}
    for module in CHECKS:
        needed = {one.name for one in IMPORTS[module] if not one.annotation}
        needed = {name for name in needed if name.split(".")[0] not in libraries}
        assert {module_of(name) for name in needed} <= firm, module


def test_every_room_that_answers_has_a_check() -> None:
    rooms = {"conv", "network", "params", "tensors", "softmax", "batch_norm", "weights"}
    assert {place(module)[1] for module in CHECKS} == rooms


def test_the_command_line_names_no_module_in_a_string() -> None:
    for module in IN_ROOMS:
        if place(module)[0] == "cli":
            assert "importlib" not in {one.name.split(".")[0] for one in IMPORTS[module]}, module
            named = [text for text in strings(MODULES[module]) if re.fullmatch(r"dlcalc(\.\w+)+", text)]
            assert not named, (module, named)


def test_core_reads_and_writes_nothing() -> None:
    for module in IN_CORE:
        names = {node.id for node in ast.walk(MODULES[module]) if isinstance(node, ast.Name)}
        assert not names & {"open", "print"}, module


def test_core_writes_no_flags() -> None:
    """How an option is spelled is for the command line and the library to say; a few messages quote what was typed."""
    flags = []
    for module in IN_CORE:
        docstrings = {text for _, text in documented(MODULES[module])}
        texts = [text for text in strings(MODULES[module]) if text not in docstrings and text not in QUOTED]
        flags += [(module, text) for text in texts if re.search(r"(?<![\w-])--[a-z]", text)]
    assert not flags, "\n".join(map(str, flags))


def test_files_and_folders_stay_small() -> None:
    long = {str(path): len(path.read_text().splitlines()) for path in TREES}
    assert not {path: lines for path, lines in long.items() if lines > 300}
    folders = Counter(path.parent for path in TREES)
    assert not {folder: files for folder, files in folders.items() if files > 18}
    assert folders[ROOT / "core"] <= 10


def strings(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def documented(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """The module, its classes and functions, each with its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield getattr(node, "name", "module"), ast.get_docstring(node, clean=False)


# A first line begins with its own subject or verb, and not with a reference to a line that is not there.
RIDDLE = re.compile(
    r"(Those|These|This|That|Such|It|They|Them|The same|The others?|What comes|Likewise|Behind|As|And|But"
    r"|For (these|those|it|them|each)|Of (the|each|it|them)|With (it|them|the)|From (the|it)|In (it|them))\b"
)


def test_first_lines_are_sentences() -> None:
    riddles = []
    for module, tree in MODULES.items():
        for name, text in documented(tree):
            first = (text or ".").split("\n\n")[0].strip()
            if not first.endswith((".", ":")) or RIDDLE.match(first):
                riddles.append((module, name, first))
    assert not riddles, "\n".join(map(str, riddles))


def overloads(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether it only types a function, which follows with its docstring."""
    return any(isinstance(name, ast.Name) and name.id == "overload" for name in node.decorator_list)


def test_what_is_public_has_a_docstring() -> None:
    def bare(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
                if ast.get_docstring(child) is None and not overloads(child):
                    yield child.name
                if isinstance(child, ast.ClassDef):
                    yield from bare(child)

    assert all(ast.get_docstring(tree) for tree in MODULES.values())
    assert not {module: list(bare(tree)) for module, tree in MODULES.items() if any(bare(tree))}


def test_it_is_typed() -> None:
    assert (ROOT / "py.typed").exists()
