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


MODES = {"compare": "--compare", "draw": "--draw", "solve": "--target 5 --solve input"}
SOME = [*product((False, True), repeat=len(MODES))]
ASKED = {"one layer": ("--k 3", '{"k":3}'), "a stack": ("3", '{"layers":"3"}')}


@pytest.mark.parametrize("chosen", SOME)
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("source", SOURCES)
def test_every_combination_with_another_answer(
    conv_shape: Run, tmp_path: Path, source: str, asked: str, chosen: tuple[bool, ...]
) -> None:
    """One mode, of one question, and no questions about the answer; --draw is text, --compare asks all frameworks."""
    path = tmp_path / "batch"
    options, line = ASKED[asked]
    path.write_text(line + "\n")
    modes = [mode for mode, on in zip(MODES, chosen, strict=True) if on]
    size = SOURCES[source].format(path)
    if modes == ["solve"]:  # which finds the size
        size = size.replace("--w 7,8", "--d 1,2").replace("--w 7", "")
    words = [size, "" if "batch" in source else options, *(MODES[mode] for mode in modes)]
    for explain, check, expect, framework in product((False, True), repeat=4):
        asides = ["--explain"] * explain + ["--check"] * check + ["--expect 5"] * expect
        asides += ["--framework onnx"] * framework
        for how in OUTPUTS:
            found = conv_shape(" ".join([*words, *asides, how]))
            if modes:
                possible = source == "single" and len(modes) == 1 and not (explain or check or expect)
                possible &= modes != ["draw"] or how in ("", "--format table")
                possible &= not framework or modes != ["compare"]
            else:
                possible = allowed(source, explain, expect, [how] if how else [])
            if possible:
                assert (found.code, bool(found.out), found.err) == (0, True, ""), found
            else:
                assert (found.code, found.out) == (2, "")
                assert "usage" in found.err


def test_a_target_and_what_is_solved_for_need_each_other(conv_shape: Run) -> None:
    for words in ("--target 5", "--solve stride", "--target 5 --draw", "--solve stride --compare"):
        for how in OUTPUTS:
            for asked, _ in ASKED.values():
                found = conv_shape(f"--w 7 {words} {how} {asked}")
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
