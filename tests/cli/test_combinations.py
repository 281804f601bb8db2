"""Every subset of the features that can meet on a command line, against the rule in words."""

from itertools import product
from pathlib import Path

import pytest

from tests.conftest import Run

OUTPUTS = ["", "--json", "-q", "--format table", "--format json", "--format csv"]


def allowed(source: str, explain: bool, expect: bool, outputs: list[str]) -> bool:
    """One output at most; a sweep or a batch has no --explain and no --expect, nor both; a batch is no table."""
    if len(outputs) > 1 or source == "sweep and batch":
        return False
    if source != "single" and (explain or expect):
        return False
    return not (source == "batch" and outputs == ["--format table"])


SOURCES = {"single": "--w 7", "sweep": "--w 7,8", "batch": "--batch {} --w 7", "sweep and batch": "--batch {} --w 7,8"}
FLAGS = [*product(SOURCES, (False, True), (False, True), (False, True), ["", *OUTPUTS[1:]], ["", *OUTPUTS[1:3]])]


@pytest.mark.parametrize(("source", "explain", "check", "expect", "first", "second"), FLAGS)
def test_every_combination(
    conv_shape: Run, tmp_path: Path, source: str, explain: bool, check: bool, expect: bool, first: str, second: str
) -> None:
    path = tmp_path / "batch"
    path.write_text('{"k":3}\n')
    words = [SOURCES[source].format(path), "" if "batch" in source else "--k 3"]
    words += ["--explain"] * explain + ["--check"] * check + ["--expect 5"] * expect
    outputs = sorted({first, second} - {""})
    found = conv_shape(" ".join([*words, *outputs]))
    if allowed(source, explain, expect, outputs):
        assert found.code == 0, found
        assert found.out
    else:
        assert found.code == 2
        assert found.out == ""
        assert "usage" in found.err


SOLVING = [*product(("", "sweep", "batch"), *[(False, True)] * 5, ["", *OUTPUTS[1:]])]


@pytest.mark.parametrize(("source", "solve", "target", "explain", "check", "expect", "output"), SOLVING)
def test_every_combination_with_an_inverse(
    conv_shape: Run,
    tmp_path: Path,
    source: str,
    solve: bool,
    target: bool,
    explain: bool,
    check: bool,
    expect: bool,
    output: str,
) -> None:
    """--solve and --target need each other, and --solve stands alone."""
    path = tmp_path / "batch"
    path.write_text("{}\n")
    words = ["--w 7,8" if source == "sweep" else "--w 7", f"--batch {path}" if source == "batch" else ""]
    words += ["--solve stride"] * solve + ["--target 5"] * target + ["--explain"] * explain
    words += ["--check"] * check + ["--expect 5"] * expect
    found = conv_shape(" ".join([*words, "--k 3", output]))
    if solve or target:
        possible = solve and target and not (source or explain or check or expect)
    else:
        possible = allowed(source or "single", explain, expect, [output] if output else [])
    assert (found.code, bool(found.out)) == ((0, True) if possible else (2, False)), found
    assert possible or "usage" in found.err


MODES = {"compare": "--compare", "draw": "--draw"}
MODED = [*product(SOURCES, ([*MODES], [*MODES][:1], [*MODES][1:]), *[(False, True)] * 4, OUTPUTS)]


@pytest.mark.parametrize(("source", "modes", "explain", "check", "expect", "framework", "how"), MODED)
def test_every_combination_with_another_answer(
    conv_shape: Run,
    tmp_path: Path,
    source: str,
    modes: list[str],
    explain: bool,
    check: bool,
    expect: bool,
    framework: bool,
    how: str,
) -> None:
    """One mode, of one question, and no questions about the answer; --draw is text, --compare asks all frameworks."""
    path = tmp_path / "batch"
    path.write_text('{"k":3}\n')
    words = [SOURCES[source].format(path), "" if "batch" in source else "--k 3", *(MODES[mode] for mode in modes)]
    words += ["--explain"] * explain + ["--check"] * check + ["--expect 5"] * expect
    words += ["--framework onnx"] * framework
    found = conv_shape(" ".join([*words, how]))
    possible = source == "single" and len(modes) == 1 and not (explain or check or expect)
    possible &= how in ("", "--format table") if modes == ["draw"] else not framework
    if possible:
        assert (found.code, bool(found.out), found.err) == (0, True, "")
    else:
        assert (found.code, found.out) == (2, "")
        assert "usage" in found.err


FILES = [*product((False, True), repeat=6)]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(("explain", "check", "expect", "output", "force", "exists"), FILES)
@pytest.mark.parametrize("how", OUTPUTS)
def test_every_combination_with_a_file(
    run: Run,
    tmp_path: Path,
    batch: bool,
    explain: bool,
    check: bool,
    expect: bool,
    output: bool,
    force: bool,
    exists: bool,
    how: str,
) -> None:
    """A file is for one answer, --force for a file; and one that exists needs it."""
    questions, path = tmp_path / "batch", tmp_path / "out.npy"
    questions.write_text('{"label": 0}\n')
    if exists:
        path.write_bytes(b"old")
    words = ["--logits", "1,1", *(["--batch", str(questions)] if batch else ["--label", "0"])]
    words += ["--explain"] * explain + ["--check"] * check + ["--expect", "-0.5,0.5"] * expect
    words += ["--output", str(path)] * output + ["--force"] * force
    found = run("softmax-grad", *words, *how.split())
    possible = allowed("batch" if batch else "single", explain, expect, [how] if how else [])
    if not possible or (batch and output) or (force and not output):
        code = "usage"
    else:
        code = "output-exists" if output and exists and not force else ""
    assert (found.code, bool(found.out)) == ((2, False) if code else (0, True)), found
    assert code in found.err
    assert path.exists() == (exists or (output and not code))
    if exists:
        assert (path.read_bytes() == b"old") == (not output or bool(code))
