"""Start-up is a feature: which modules a call of the program may load, as rules over all of them."""

import fnmatch
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

ONE = ["conv-shape", "--w", "7", "--k", "3"]
COUNT = ["conv-params", "--k", "3", "--c-in", "4", "--c-out", "8"]
NETWORK = ["conv-shape", "--w", "9", "3p1c4", "@a", "bn", "convt3p1c4", "gap", "mul@a", "fc2"]
NETWORK_COUNT = ["conv-params", "--c-in", "3", *NETWORK[1:]]
LOGITS = ["softmax-grad", "--logits", "1,2,3", "--label", "2"]
LOGITS_FILE = ["softmax-grad", "--logits", "{}", "--label", "2"]
LOGITS_TO_FILE = [*LOGITS_FILE, "-o", "{}.npy", "--force"]
NORM = ["bn-fold", "--mean", "0.5", "--var", "4"]
NORM_FILE = ["bn-fold", "--mean", "{}", "--var", "1,2,3"]

CONV = [ONE, COUNT, NETWORK, NETWORK_COUNT]
ARRAYS = [LOGITS, LOGITS_FILE, LOGITS_TO_FILE, NORM, NORM_FILE]
PLAIN = [["-q"], ["--json"]]
ASKED = [["--json", "--explain", "--check"], ["--json", "--expect", "9"]]

# Libraries that cost more than the arithmetic, and what some roads need them for.
HEAVY = {"numpy", "rich", "onnx", "ml_dtypes", "pathlib", "tempfile", "fractions", "decimal", "importlib.metadata"}
HEAVY |= {"csv", "zipfile", "lzma", "hashlib", "secrets", "random", "numpy.ma", "numpy.testing", "numpy.f2py"}
EXACT = {"decimal", "fractions"}  # what bn-fold computes with
DRAWN = {"hashlib", "pathlib", "random", "secrets", "tempfile"}  # what numpy.random brings, which --check draws from

# What only an option asks for: no plain answer loads it.
BESIDES = ("explain", "check", "mistakes", "judge", "working", "diagnosis", "claim", "array_claim", "proof", "step")
ROOMS = ("conv", "network", "params", "solve", "softmax", "batch_norm")


@cache
def modules_after(code: str) -> frozenset[str]:
    """The modules that a bare interpreter has after some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return frozenset(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def loaded(words: list[str]) -> frozenset[str]:
    """The modules that a call of the program loads."""
    quiet = "import sys, io; from dlcalc.cli import main; out, sys.stdout = sys.stdout, io.StringIO()"
    return modules_after(f"{quiet}; main({words!r}); sys.stdout = out")


def own(words: list[str]) -> set[str]:
    """Those of them that are ours."""
    return {name for name in loaded(words) if name.split(".")[0] == "dlcalc"}


def besides(words: list[str]) -> set[str]:
    """Those of ours that only an option asks for."""
    return {name for name in own(words) if any(fnmatch.fnmatch(name, f"*.{one}") for one in BESIDES)}


@pytest.fixture(scope="module")
def vector(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One file for all, so that the same call is made once."""
    path = tmp_path_factory.mktemp("startup") / "vector.npy"
    np.save(path, np.array([1.0, 2, 3]))
    return str(path)


@pytest.mark.parametrize("words", CONV)
@pytest.mark.parametrize("more", [*PLAIN, *ASKED])
def test_convolutions_load_click_and_nothing_heavy(words: list[str], more: list[str]) -> None:
    assert not (HEAVY & loaded([*words, *more])) - modules_after("import click, json")


@pytest.mark.parametrize("words", CONV)
def test_a_table_loads_rich_and_no_numpy(words: list[str]) -> None:
    modules = loaded(words)
    assert "rich" in modules
    assert "numpy" not in modules


@pytest.mark.parametrize("words", ARRAYS)
@pytest.mark.parametrize("more", [*PLAIN, *ASKED])
def test_arrays_load_numpy_and_nothing_else_that_is_heavy(words: list[str], more: list[str], vector: str) -> None:
    modules = loaded([word.format(vector) for word in [*words, *more]])
    assert "numpy" in modules
    allowed = (DRAWN if "--check" in more else set()) | (EXACT if words[0] == "bn-fold" else set())
    assert not (HEAVY & modules) - allowed - modules_after("import click, json, numpy")


@pytest.mark.parametrize("words", [*CONV, *ARRAYS])
@pytest.mark.parametrize("more", PLAIN)
def test_a_plain_answer_loads_nothing_that_was_not_asked_for(words: list[str], more: list[str], vector: str) -> None:
    assert not besides([word.format(vector) for word in [*words, *more]])


@pytest.mark.parametrize("words", [*CONV, *ARRAYS])
@pytest.mark.parametrize("more", ASKED)
def test_what_is_asked_for_is_loaded(words: list[str], more: list[str], vector: str) -> None:
    assert besides([word.format(vector) for word in [*words, *more]])


@pytest.mark.parametrize(
    ("words", "rooms"),
    [
        (ONE, {"conv", "network"}),
        (COUNT, {"conv", "network", "params"}),
        (NETWORK, {"conv", "network"}),
        (NETWORK_COUNT, {"conv", "network", "params"}),
        ([*ONE[:1], "--k", "3", "--target", "5", "--solve", "input"], {"conv", "network", "solve"}),
        (LOGITS, {"softmax"}),
        (NORM, {"batch_norm"}),
    ],
)
@pytest.mark.parametrize("more", PLAIN)
def test_only_the_rooms_of_the_question_are_entered(words: list[str], rooms: set[str], more: list[str]) -> None:
    entered = {name.split(".")[2] for name in own([*words, *more]) if name.startswith("dlcalc.core.")}
    assert entered & set(ROOMS) == rooms


@pytest.mark.parametrize(("words", "most"), [(ONE, 42), (COUNT, 48), (LOGITS, 36), (NORM, 39)])
def test_a_plain_answer_loads_few_modules(words: list[str], most: int) -> None:
    assert len(own([*words, "--json"])) <= most


# What only a network loads, or a picture, or a summary.
OF_NETWORKS = ("networks", "layer_words", "receptive_field", "sight")
OF_WHAT_IS_ASKED = ("blocks", "mends", "input_span", "compare", "drawing", "graph", "chain", "functions")


@pytest.mark.parametrize("words", CONV)
@pytest.mark.parametrize("more", PLAIN)
def test_one_layer_loads_nothing_of_networks(words: list[str], more: list[str]) -> None:
    last = {name.rpartition(".")[2] for name in own([*words, *more])}
    needed = OF_NETWORKS[:2] if words is NETWORK_COUNT else OF_NETWORKS
    assert last & {*OF_NETWORKS} == ({*needed} if words in (NETWORK, NETWORK_COUNT) else set())
    assert not last & {*OF_WHAT_IS_ASKED}


def test_the_version_loads_no_command() -> None:
    names = ("cli", "cli.options", "core", "core.errors")
    assert own(["--version"]) <= {"dlcalc", *(f"dlcalc.{name}" for name in names)}


def test_the_library_loads_neither_click_nor_rich_nor_numpy() -> None:
    assert not modules_after("import dlcalc; dlcalc.conv_output_size(7, 3)") & {"click", "rich", "numpy"}
