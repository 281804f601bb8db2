"""The program as a process: signals, pipes, full disks, and the modules that each road loads."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dlcalc import __version__
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


def loaded(*words: str) -> set[str]:
    """The modules that a call of the program loads."""
    code = (
        "import sys, io; from dlcalc.cli import main; out, sys.stdout = sys.stdout, io.StringIO();"
        f"main({list(words)!r}); print(*sys.modules, file=out)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


BASE = {"dlcalc", "dlcalc.cli", "dlcalc.cli.arguments", "dlcalc.cli.options", "dlcalc.core", "dlcalc.core.errors"}
CONV_SHAPE = BASE | {
    "dlcalc.cli.combinations",
    "dlcalc.cli.conv_shape",
    "dlcalc.cli.driver",
    "dlcalc.core.conv.coverage",
    "dlcalc.core.conv.receptive_field",
    "dlcalc.core.conv.frameworks",
    "dlcalc.core.numeric.lattice",
    "dlcalc.core.conv.layer",
    "dlcalc.core.outcome",
    "dlcalc.core.numeric.ratio",
    "dlcalc.core.conv.refusals",
    "dlcalc.core.conv.shape",
    "dlcalc.core.conv.window",
    "dlcalc.notation",
    "dlcalc.notation.conv_shape",
    "dlcalc.notation.layers",
    "dlcalc.notation.values",
    "dlcalc.report",
    "dlcalc.report.conv_shape.view",
    "dlcalc.report.writers",
}
WRITTEN = {"dlcalc.report.json_lines", "dlcalc.report.numbers"}
JSON = CONV_SHAPE | WRITTEN
ONE = ["conv-shape", "--w", "7", "--k", "3"]
# What conv-shape loads, but for its command and its question, and what is its own.
CONV_PARAMS = CONV_SHAPE - {"dlcalc.cli.conv_shape", "dlcalc.notation.conv_shape"} | {
    "dlcalc.cli.conv_params",
    "dlcalc.core.params.count",
    "dlcalc.core.conv.taps",
    "dlcalc.notation.conv_params",
    "dlcalc.report.conv_params.view",
}
COUNT = ["conv-params", "--k", "3", "--c-in", "4", "--c-out", "8"]


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (["--version"], BASE),
        ([*ONE, "-q"], CONV_SHAPE),
        ([*ONE, "--json"], JSON),
        ([*ONE, "--json", "--explain"], JSON | {"dlcalc.core.evidence.step", "dlcalc.core.conv.explain"}),
        ([*ONE, "--json", "--check"], JSON | {"dlcalc.core.conv.check", "dlcalc.core.evidence.proof"}),
        (
            [*ONE, "--json", "--expect", "5"],
            JSON
            | {"dlcalc.notation.claims", "dlcalc.core.mistakes", "dlcalc.core.evidence.claim"}
            | {
                "dlcalc.core.conv.padding",
                "dlcalc.core.conv.mistakes",
                "dlcalc.core.conv.working",
                "dlcalc.core.evidence.diagnosis",
            },
        ),
        (["conv-shape", "--w", "7,8", "--k", "3", "--json"], JSON | {"dlcalc.notation.sweeps"}),
        (
            ["conv-shape", "--batch", "/dev/null"],
            JSON
            | {"dlcalc.cli.streams", "dlcalc.notation.batch", "dlcalc.notation.claims", "dlcalc.core.evidence.claim"},
        ),
        (
            ["conv-shape", "--k", "3", "--target", "5", "--solve", "input", "--json"],
            JSON
            | {"dlcalc.notation.solve", "dlcalc.core.inverse", "dlcalc.report.conv_shape.solutions"}
            | {f"dlcalc.core.inverse.{name}" for name in ("axis", "open_axis", "remarks", "runs", "solve")},
        ),
        ([*ONE, "--compare", "--json"], JSON | {"dlcalc.core.network.compare", "dlcalc.report.conv_shape.frameworks"}),
        (ONE, CONV_SHAPE | {"dlcalc.report.table", "dlcalc.report.view", "dlcalc.core.evidence.step"}),
        ([*COUNT, "-q"], CONV_PARAMS),
        ([*COUNT, "--w", "9", "--json"], CONV_PARAMS | WRITTEN),
        (
            [*COUNT, "--json", "--compare"],
            CONV_PARAMS | WRITTEN | {"dlcalc.core.params.variants", "dlcalc.report.conv_params.variants"},
        ),
        (
            [*COUNT, "--json", "--explain"],
            CONV_PARAMS
            | WRITTEN
            | {"dlcalc.core.params.explain", "dlcalc.core.evidence.step", "dlcalc.core.conv.explain"},
        ),
        (
            [*COUNT, "--json", "--w", "9", "--check"],
            CONV_PARAMS
            | WRITTEN
            | {"dlcalc.core.params.check", "dlcalc.core.conv.check", "dlcalc.core.evidence.proof"},
        ),
        ([*COUNT, "--json", "--groups", "3"], CONV_PARAMS | {"dlcalc.core.numeric.divisors"} | WRITTEN),
    ],
)
def test_each_road_loads_its_own_modules_and_no_more(words: list[str], own: set[str]) -> None:
    modules = loaded(*words)
    assert {name for name in modules if name.split(".")[0] == "dlcalc"} == own
    heavy = {"numpy", "rich", "pathlib", "tempfile", "fractions", "importlib.metadata", "decimal", "onnx", "csv"}
    allowed = {"rich", "fractions", "decimal", "pathlib", "importlib.metadata"} if words == ONE else set()
    click_alone = loaded_by("import click, json")
    assert (heavy & modules) - click_alone <= allowed


@pytest.mark.parametrize("words", [["conv-shape", "--w", "9"], ["conv-params", "--c-in", "3", "--w", "9"]])
@pytest.mark.parametrize("more", [["--json"], ["--json", "--check", "--explain", "--expect", "9"], ["-q"]])
def test_a_stack_loads_nothing_heavy(words: list[str], more: list[str]) -> None:
    modules = loaded(*words, *more, "3p1c4", "bn", "convt2s2c3", "gap", "fc2")
    assert "dlcalc.core.network.network" in modules
    assert not {"numpy", "rich", "pathlib", "tempfile", "fractions", "decimal", "csv"} & (
        modules - loaded_by("import click, json")
    )


def test_a_thousand_layers_take_not_three_times_as_long_as_one() -> None:
    def seconds(*words: str) -> float:
        start = time.perf_counter()
        subprocess.run([*PROGRAM, *words, "--json"], capture_output=True, check=True)
        return time.perf_counter() - start

    stack = ["conv-shape", "--w", "2048", *["3p1", "5p2c64", "bn", "dw3p1"] * 250]
    assert min(seconds(*stack) for _ in range(5)) <= 3 * min(seconds(*ONE) for _ in range(5))


SOFTMAX_GRAD = BASE | {
    "dlcalc.cli.combinations",
    "dlcalc.cli.driver",
    "dlcalc.cli.softmax_grad",
    "dlcalc.core.arrays.stored",
    "dlcalc.core.arrays.double_double",
    "dlcalc.core.conv.layer",
    "dlcalc.core.numeric.text",
    "dlcalc.core.outcome",
    "dlcalc.core.softmax",
    "dlcalc.core.arrays.blocks",
    "dlcalc.core.arrays.row_source",
    "dlcalc.core.softmax.row_values",
    "dlcalc.core.softmax.notices",
    "dlcalc.cli.on_disk",
    "dlcalc.core.softmax.summary",
    "dlcalc.core.arrays.formats",
    "dlcalc.core.softmax.answer",
    "dlcalc.core.softmax.question",
    "dlcalc.core.softmax.kernel",
    "dlcalc.core.softmax.targets",
    "dlcalc.jobs",
    "dlcalc.jobs.arrays",
    "dlcalc.jobs.standard_input",
    "dlcalc.notation",
    "dlcalc.notation.arrays",
    "dlcalc.notation.softmax_grad",
    "dlcalc.notation.values",
    "dlcalc.report",
    "dlcalc.report.arrays",
    "dlcalc.report.numbers",
    "dlcalc.report.softmax_grad",
    "dlcalc.report.writers",
}
SOFTMAX_JSON = SOFTMAX_GRAD | {"dlcalc.report.json_lines"}
TYPED = ["softmax-grad", "--logits", "1,2,3", "--label", "2"]
CLAIMS = {
    "dlcalc.core.evidence.array_claim",
    "dlcalc.core.mistakes",
    "dlcalc.core.evidence.diagnosis",
    "dlcalc.core.softmax.mistakes.blockwise",
    "dlcalc.core.softmax.mistakes.edits",
    "dlcalc.core.softmax.mistakes.table",
    "dlcalc.core.softmax.mistakes.judge",
    "dlcalc.core.softmax.mistakes.tolerance",
    "dlcalc.core.softmax.mistakes.working",
    "dlcalc.core.arrays.formats",
    "dlcalc.core.numeric.ratio",
    "dlcalc.core.evidence.claim",
    "dlcalc.notation.array_claims",
    "dlcalc.notation.claims",
}
FILES = {"dlcalc.files", "dlcalc.files.npy", "dlcalc.files.row_file", "dlcalc.files.text"}


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ([*TYPED, "-q"], SOFTMAX_GRAD),
        ([*TYPED, "--json"], SOFTMAX_JSON),
        ([*TYPED, "--json", "--explain"], SOFTMAX_JSON | {"dlcalc.core.evidence.step", "dlcalc.core.softmax.explain"}),
        (
            [*TYPED, "--json", "--check"],
            SOFTMAX_JSON | {"dlcalc.core.arrays.formats", "dlcalc.core.evidence.proof", "dlcalc.core.softmax.check"},
        ),
        ([*TYPED, "--json", "--expect", "loss=0.41"], SOFTMAX_JSON | CLAIMS),
        (["softmax-grad", "--logits", "{}", "--label", "2", "--json"], SOFTMAX_JSON | FILES),
        ([*TYPED, "--json", "-o", "{}", "--force"], SOFTMAX_JSON | {"dlcalc.files", "dlcalc.files.atomic"}),
    ],
)
def test_typed_logits_load_numpy_and_nothing_else_that_is_heavy(
    words: list[str], own: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "z.npy"
    np.save(path, np.array([1.0, 2, 3]))
    modules = loaded(*(word.format(path) for word in words))
    assert {name for name in modules if name.split(".")[0] == "dlcalc"} == own
    heavy = {"rich", "onnx", "ml_dtypes", "pathlib", "tempfile", "fractions", "importlib.metadata", "decimal", "csv"}
    heavy |= {"zipfile", "lzma", "hashlib", "secrets", "random", "numpy.ma", "numpy.testing", "numpy.f2py"}
    assert "numpy" in modules
    drawn = {"hashlib", "pathlib", "random", "secrets", "tempfile"} if "--check" in words else set()  # numpy.random
    assert not (heavy & modules) - loaded_by("import click, json, numpy") - drawn


BN_FOLD = BASE | {
    "dlcalc.cli.bn_fold",
    "dlcalc.cli.combinations",
    "dlcalc.cli.driver",
    "dlcalc.cli.on_disk",
    "dlcalc.core.arrays.row_source",
    "dlcalc.core.arrays.stored",
    "dlcalc.core.batch_norm",
    "dlcalc.core.batch_norm.affine",
    "dlcalc.core.batch_norm.answer",
    "dlcalc.core.batch_norm.fold",
    "dlcalc.core.batch_norm.weighted_layer",
    "dlcalc.core.batch_norm.question",
    "dlcalc.core.batch_norm.statistics",
    "dlcalc.core.arrays.double_double",
    "dlcalc.core.conv.layer",
    "dlcalc.core.arrays.formats",
    "dlcalc.core.numeric.text",
    "dlcalc.core.outcome",
    "dlcalc.jobs",
    "dlcalc.jobs.arrays",
    "dlcalc.jobs.standard_input",
    "dlcalc.notation",
    "dlcalc.notation.arrays",
    "dlcalc.notation.bn_fold",
    "dlcalc.notation.values",
    "dlcalc.report",
    "dlcalc.report.arrays",
    "dlcalc.report.bn_fold",
    "dlcalc.report.numbers",
    "dlcalc.report.writers",
}
BN_JSON = BN_FOLD | {"dlcalc.report.json_lines"}
NORM = ["bn-fold", "--mean", "0.5", "--var", "4"]
BN_CLAIMS = {name for name in CLAIMS if ".softmax_" not in name} | {
    "dlcalc.core.batch_norm.mistakes",
    "dlcalc.core.batch_norm.judge",
    "dlcalc.core.batch_norm.working",
}


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ([*NORM, "-q"], BN_FOLD),
        ([*NORM, "--json"], BN_JSON),
        ([*NORM, "--json", "--explain"], BN_JSON | {"dlcalc.core.evidence.step", "dlcalc.core.batch_norm.explain"}),
        ([*NORM, "--json", "--check"], BN_JSON | {"dlcalc.core.evidence.proof", "dlcalc.core.batch_norm.check"}),
        ([*NORM, "--json", "--expect", "0.5"], BN_JSON | BN_CLAIMS),
        (["bn-fold", "--mean", "{}", "--var", "1,2,3", "--json"], BN_JSON | FILES),
    ],
)
def test_a_typed_batch_norm_loads_numpy_and_no_rich(words: list[str], own: set[str], tmp_path: Path) -> None:
    path = tmp_path / "mean.npy"
    np.save(path, np.array([1.0, 2, 3]))
    modules = loaded(*(word.format(path) for word in words))
    assert {name for name in modules if name.split(".")[0] == "dlcalc"} == own
    heavy = {"rich", "onnx", "ml_dtypes", "pathlib", "tempfile", "importlib.metadata", "csv"}
    heavy |= {"zipfile", "lzma", "hashlib", "secrets", "random", "numpy.ma", "numpy.testing", "numpy.f2py"}
    assert "numpy" in modules
    drawn = {"hashlib", "pathlib", "random", "secrets", "tempfile"} if "--check" in words else set()  # numpy.random
    assert not (heavy & modules) - loaded_by("import click, json, numpy") - drawn


def loaded_by(code: str) -> set[str]:
    """The modules that a bare interpreter has after some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_library_loads_neither_click_nor_rich_nor_numpy() -> None:
    assert not loaded_by("import dlcalc; dlcalc.conv_output_size(7, 3)") & {"click", "rich", "numpy"}


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
@pytest.mark.parametrize("words", [["--batch", "-"], ["--batch", "-", "-q"], ["--batch", "-", "--format", "csv"]])
def test_memory_does_not_grow_with_the_batch(words: list[str]) -> None:
    """Peak memory after 2,000 and after 40,000 questions, in KiB: no more than the allocator's noise apart."""
    code = (
        f"import sys; from dlcalc.cli import main; main({['conv-shape', *words]!r});"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0], file=sys.stderr)"
    )
    peaks = []
    for count in (2_000, 40_000):
        lines = b"".join(b'{"w":%d,"k":%d}\n' % (i + 20, i % 17 + 1) for i in range(count))
        command = [sys.executable, "-c", code]
        found = subprocess.run(command, input=lines, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
        peaks.append(int(found.stderr))
    assert peaks[1] < peaks[0] + 2_000


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
