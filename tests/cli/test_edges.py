"""Memory, warnings and temporary files: what is at the edge of the program, and not about its answers."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.errors import out_of_memory
from dlcalc.jobs import arrays
from tests.conftest import Run

SIGNALLING = {"float16": 0x7D00, "float32": 0x7FA00000, "float64": 0x7FF4000000000000, "bfloat16": 0x7FA0}
SOFTMAX = {"logits": "1,2,3", "label": "2", "class-weights": "1,1,1"}
OPTIONS: list[tuple[str, dict[str, str], str]] = [
    *(("softmax-grad", SOFTMAX, name) for name in (*SOFTMAX, "expect")),
    ("softmax-grad", {"logits": "1,2,3", "target": "0,0,1"}, "target"),
    *(
        ("softmax-grad", {"x": "1,2,3", "weight": "1,2,3/4,5,6/7,8,9", "bias": "1,2,3", "label": "2"}, name)
        for name in ("x", "weight", "bias")
    ),
    *(
        ("bn-fold", {**dict.fromkeys(("gamma", "beta", "mean", "var"), "1,2,3"), "weight": "1,2,3/4,5,6/7,8,9"}, name)
        for name in ("gamma", "beta", "mean", "var", "weight", "bias", "x", "expect")
    ),
    ("bn-fold", {"batches": "1,2,3"}, "batches"),
]


def call(run: Run, command: str, options: dict[str, str], *more: str) -> Any:
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return run(command, *words, *more, "--json")


@pytest.mark.parametrize("number_format", SIGNALLING)
@pytest.mark.parametrize(("command", "options", "name"), OPTIONS)
@pytest.mark.parametrize("more", [(), ("--check", "--explain")])
def test_a_signalling_nan_is_no_warning(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number_format: str,
    command: str,
    options: dict[str, str],
    name: str,
    more: tuple[str, ...],
) -> None:
    """Warnings are errors here: one would be an internal error."""
    monkeypatch.chdir(tmp_path)
    size = {"float16": "u2", "bfloat16": "u2", "float32": "u4", "float64": "u8"}[number_format]
    bits = np.full((3, 3) if name == "weight" else 1 if name == "label" else 3, SIGNALLING[number_format], size)
    np.save("n.npy", bits.view("V2" if number_format == "bfloat16" else number_format))
    for large in (arrays.LARGE, 1):
        monkeypatch.setattr(arrays, "LARGE", large)
        found = call(run, command, {**options, name: "n.npy"}, *more)
        assert found.code in (0, 1, 2)
        assert "internal-error" not in found.err, found.err


@pytest.mark.parametrize("value", [np.float32(0.5), np.int8(0), np.uint64(2**64 - 1), np.array(True), np.array(1j)])
@pytest.mark.parametrize(("command", "options", "name"), OPTIONS)
def test_a_file_of_a_single_number(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    value: Any,
    command: str,
    options: dict[str, str],
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("n.npy", value)
    for large in (arrays.LARGE, 1):
        monkeypatch.setattr(arrays, "LARGE", large)
        found = call(run, command, {**options, name: "n.npy"})
        assert found.code in (0, 1, 2)
        assert "internal-error" not in found.err, found.err
        assert found.code != 2 or found.error["option"].replace("_", "-") in {*options, name}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("99999999999999999999", "99999999999999999999"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("9007199254740993", "9007199254740993"),
        (np.array([2**64 - 1], np.uint64), "18446744073709551615"),
        (np.array([1e20]), "100000000000000000000"),
        (np.array([np.inf], np.float16), "inf"),
    ],
)
def test_a_label_is_named_as_typed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words, typed = ["softmax-grad", "--logits", "1,2,3", "--json"], value
    if not isinstance(value, str):
        np.save("y.npy", value)
        typed = "y.npy"
    found = [run(*words, "--label", typed).error]
    if isinstance(value, str):
        found += [run(*words[:-1], "--batch", "-", stdin=f'{{"label":{value}}}').lines[0]["error"]]
        Path("y.json").write_text(f"[{value}]")
        found += [run(*words, "--label", "y.json").error]
    for error in found:
        assert error["code"] == "label-out-of-range"
        assert error["message"].startswith(f"label {named} of row 0 is not one of")


def test_an_ignored_label_beyond_64_bits_is_none(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As int64 it would be another number."""
    monkeypatch.chdir(tmp_path)
    np.save("y.npy", np.array([2**64 - 100], np.uint64))
    words = ["softmax-grad", "--logits", "1,2,3", "--label", "y.npy", "--json", "--reduction", "sum"]
    for index in ("-100", str(2**64 - 100)):
        run(*words, "--ignore-index", index).refused("label-out-of-range", "label")


@pytest.mark.parametrize("words", [["--json"], []])
@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(12, "Cannot allocate memory"), RuntimeError("can't start new thread")]
)
def test_no_memory_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("dlcalc.cli.driver._outcome", fail)
    found = run("conv-shape", "--w", "7", "--k", "3", *words)
    assert (found.code, found.out, out_of_memory().message in found.err) == (2, "", True)


def test_a_line_without_memory_is_an_error_in_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcalc.core import conv_shape

    real = conv_shape.answer

    def fail(question: Any) -> Any:
        if question.size == (8,):
            raise MemoryError
        return real(question)

    monkeypatch.setattr(conv_shape, "answer", fail)
    found = run("conv-shape", "--k", "3", "--batch", "-", stdin='{"w":7}\n{"w":8}\n{"w":9}\n')
    assert [line.get("error", {}).get("code") for line in found.lines] == [None, "out-of-memory", None]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_folder_for_temporary_files(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez_compressed("z.npz", z=np.ones((100, 3)))
    np.save("y.npy", np.zeros(100, int))
    monkeypatch.setattr(arrays, "LARGE", 1)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: open("/dev/full", "w+b"))
    found = run("softmax-grad", "--logits", "z.npz", "--label", "y.npy", "--json")
    found.refused("write-failed", "logits")
    assert "No space left" in found.error["message"]


def test_no_warning_reaches_stderr() -> None:
    """Not of the process, in any of its threads, even where Python is asked for warnings."""
    code = (
        "from dlcalc import __main__; __main__._prepare()\n"
        "import threading, warnings, numpy\n"
        "def warn():\n"
        "    warnings.warn('careless', stacklevel=1)\n"
        "    numpy.array([1e300]).astype('f4') / 0\n"
        "thread = threading.Thread(target=warn); thread.start(); thread.join(); warn()\n"
    )
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert found.stderr == ""


LONG = 1 << 24
LINES = {
    "integers without end in broken JSON": b'{"w":' + b"9" * 5000 + b",",
    "integers without end": b'{"w":' + b"9" * 5000 + b',"k":3}',
    "depth": b"[" * 100_000,
    "depth that is closed": b'{"w":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "depth and integers": b'{"w":' + b"9" * 5000 + b',"k":' + b"[" * 100_000,
    "depth of a claim": b'{"w":7,"k":3,"expect":' + b"[" * 900 + b"]" * 900 + b"}",
    "length": b'{"w":"' + b"7" * LONG + b'","k":3}',
    "blanks": b" " * (LONG + 1) + b"{}",
    "NUL": b'{"w":\0 7,"k":3}',
    "NUL in a text": b'{"w":"\\u0000","k":3}',
    "half a pair": b'{"w":"\\ud800","k":3}',
    "no UTF-8": b'{"w":"\xff","k":3}',
    "UTF-16": '{"w":7,"k":3}'.encode("utf-16-le"),
    "a key twice": b'{"w":7,"w":8,"k":3}',
    "NaN": b'{"w":NaN,"k":3}',
    "an exponent": b'{"w":1e999999999,"k":3}',
    "another exponent": b'{"w":7,"k":-1e-999999999}',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_batch_survives_any_line(run: Run, line: bytes) -> None:
    found = run("conv-shape", "--batch", "-", stdin=b'{"w":7,"k":3}\n' + line + b'\n\xef\xbb\xbf{"w":8,"k":3}\n')
    first, bad, last = found.lines
    assert (first["output"], last["output"], bad["line"]) == ({"w": 5}, {"w": 6}, 2)
    assert bad["error"]["code"] in ("usage", "invalid-value", "shape-mismatch"), bad
    assert (found.code, found.err) == (2, "")


def test_the_limit_of_a_line_is_said(run: Run) -> None:
    line = b'{"w":7,"k":3' + b" " * (LONG - 13) + b"}"
    assert len(line) == LONG
    found = run("conv-shape", "--batch", "-", stdin=line + b"\n" + line.replace(b"}", b" }") + b"\n")
    assert found.lines[0]["output"] == {"w": 5}
    assert "more than 16,777,216 bytes" in found.lines[1]["error"]["message"]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
def test_memory_does_not_grow_with_a_line() -> None:
    code = (
        "from dlcalc.cli import main; main(['conv-shape', '--batch', '-']);"
        "import sys; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0], file=sys.stderr)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdin is not None
        for _ in range(200):
            program.stdin.write(b"7" * 1_000_000)
        out, err = program.communicate(b'\n{"w":7,"k":3}')
    assert [b"more than" in line for line in out.splitlines()] == [True, False]
    assert int(err) < 100_000


def test_a_compressed_member_without_memory_is_not_malformed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.chdir(tmp_path)
    np.savez("z.npz", z=np.ones(3))
    monkeypatch.setattr(zipfile.ZipExtFile, "read", fail)
    assert run("softmax-grad", "--logits", "z.npz", "--label", "0", "--json").error["code"] == "out-of-memory"
