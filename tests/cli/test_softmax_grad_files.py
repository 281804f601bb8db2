"""Bad arrays of every kind, of which nothing is ever written; and what is written, whole or not at all."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.evidence.proof import Failure, Proof
from tests.conftest import Result, Run
from tests.support.bad_files import BAD_ARRAYS, write_bad_files


@pytest.fixture
def softmax(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call softmax-grad with words, in a folder of files, good and bad."""
    monkeypatch.chdir(tmp_path)
    write_bad_files()
    for name, array in ARRAYS.items():
        np.save(name, array)

    def call(*words: str, stdin: str | bytes = "") -> Result:
        return run("softmax-grad", *words, stdin=stdin)

    return call


ARRAYS: dict[str, Any] = {
    "ok.npy": np.arange(6.0).reshape(2, 3),
    "scalar.npy": np.array(1.0),
    "cube.npy": np.ones((2, 3, 4)),
    "one_class.npy": np.ones((3, 1)),
    "nan.npy": np.array([[1, 2, 3], [1, np.nan, 3]]),
    "labels.npy": np.array([0, 2]),
    "bool_labels.npy": np.array([True, False]),
    "half_labels.npy": np.array([0.5, 1]),
    "matrix_labels.npy": np.array([[0, 1], [1, 0]]),
}

# --logits, and what is wrong with it.
BAD_LOGITS = [
    *BAD_ARRAYS,
    ("1,2//3,4", "usage"),
    ("1_0,2", "file-not-found"),
    ("\u0661,\u0662", "file-not-found"),
    ("1" * 50_000 + "x", "file-not-found"),
    ("0.1," * 100 + "1O", "file-not-found"),
    ("1,2/3", "shape-mismatch"),
    ("1", "shape-mismatch"),
    ("1/2/3", "shape-mismatch"),
    ("1e999,1", "invalid-value"),
    ("nan,1", "no-finite-logit"),
    ("inf,1", "no-finite-logit"),
    ("-inf,-inf", "no-finite-logit"),
    ("nan.npy", "no-finite-logit"),
    ("scalar.npy", "shape-mismatch"),
    ("cube.npy", "shape-mismatch"),
    ("one_class.npy", "shape-mismatch"),
    ("ragged.csv", "shape-mismatch"),
    ("ragged.json", "shape-mismatch"),
]


def refused(found: Result, code: str, option: str) -> Any:
    """One line of JSON on stderr with all that helps, and nothing on stdout or on the disk."""
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1), found
    assert (found.error["code"], found.error["option"]) == (code, option), found.error
    assert found.error["message"]
    assert found.error["hint"]
    assert len(found.err) < 700
    assert not os.path.exists("out.npy")
    assert not [name for name in os.listdir() if name.startswith(".")]
    return found.error


@pytest.mark.parametrize(("logits", "code"), BAD_LOGITS)
def test_bad_logits(softmax: Run, logits: str, code: str) -> None:
    rows = 2 if logits in ("nan.npy",) else 1
    label = ",".join(["0"] * rows)
    refused(softmax("--logits", logits, "--label", label, "--json", "-o", "out.npy"), code, "logits")
    words = softmax("--logits", logits, "--label", label, "-o", "out.npy")
    assert (words.code, words.out) == (2, "")
    assert f"[{code}]\nhint: " in words.err


# More words, the error code, and the option that is to blame.
BAD_CALLS = [
    ("--logits 1,2", "usage", "label"),
    ("--label 0", "usage", "logits"),
    ("--logits 1,2 --label 0 --target 1,0", "usage", "target"),
    ("--logits 1,2 --x 1 --weight 1/2 --label 0", "usage", "x"),
    ("--logits 1,2 --bias 1,2 --label 0", "usage", "bias"),
    ("--x 1 --label 0", "usage", "weight"),
    ("--weight 1/2 --label 0", "usage", "x"),
    ("--logits 1,2 --target 1,0 --ignore-index 0", "usage", "ignore_index"),
    ("--logits 1,2 --label 0 --logits 1,2", "usage", "logits"),
    ("--logits 1,2 --label zero", "file-not-found", "label"),
    ("--logits 1,2 --label 0.5", "usage", "label"),
    ("--logits 1,2 --label nan", "usage", "label"),
    ("--logits 1,2 --label 1e999", "invalid-value", "label"),
    ("--logits 1,2 --label 2", "label-out-of-range", "label"),
    ("--logits 1,2 --label -1", "label-out-of-range", "label"),
    ("--logits 1,2 --label 99999999999999999999", "label-out-of-range", "label"),
    ("--logits 1,2 --label 0,1", "shape-mismatch", "label"),
    ("--logits ok.npy --label 0", "shape-mismatch", "label"),
    ("--logits ok.npy --label bool_labels.npy", "unsupported-dtype", "label"),
    ("--logits ok.npy --label half_labels.npy", "usage", "label"),
    ("--logits ok.npy --label matrix_labels.npy", "shape-mismatch", "label"),
    ("--logits ok.npy --label strings.npy", "unsupported-dtype", "label"),
    ("--logits ok.npy --label objects.npy", "unsafe-file", "label"),
    ("--logits 1,2 --target 1", "shape-mismatch", "target"),
    ("--logits 1,2 --target 1,0/0,1", "shape-mismatch", "target"),
    ("--logits 1,2 --target nan,1", "invalid-value", "target"),
    ("--logits 1,2 --target inf,1", "invalid-value", "target"),
    ("--logits ok.npy --target bools.npy", "unsupported-dtype", "target"),
    ("--logits 1,2 --label 0 --class-weights 1", "shape-mismatch", "class_weights"),
    ("--logits 1,2 --label 0 --class-weights 1,-1", "invalid-value", "class_weights"),
    ("--logits 1,2 --label 0 --class-weights 1,nan", "invalid-value", "class_weights"),
    ("--logits 1,2 --label 0 --class-weights 1,inf", "invalid-value", "class_weights"),
    ("--logits 1,2 --label 0 --class-weights heavy", "file-not-found", "class_weights"),
    ("--logits 1,2 --label 0 --label-smoothing 1.5", "invalid-value", "label_smoothing"),
    ("--logits 1,2 --label 0 --label-smoothing -0.1", "invalid-value", "label_smoothing"),
    ("--logits 1,2 --label 0 --label-smoothing nan", "invalid-value", "label_smoothing"),
    ("--logits 1,2 --label 0 --label-smoothing some", "usage", "label_smoothing"),
    ("--logits 1,2 --label 0 --temperature 0", "invalid-value", "temperature"),
    ("--logits 1,2 --label 0 --temperature -1", "invalid-value", "temperature"),
    ("--logits 1,2 --label 0 --temperature inf", "invalid-value", "temperature"),
    ("--logits 1,2 --label 0 --temperature 1_0", "usage", "temperature"),
    ("--logits 1,2 --label 0 --ignore-index 1.5", "usage", "ignore_index"),
    ("--logits 1,2 --label 0 --reduction median", "usage", "reduction"),
    ("--logits 1,2 --label 0 --expect 1,0 --rtol -1", "invalid-value", "rtol"),
    ("--logits 1,2 --label 0 --expect 1,0 --atol nan", "invalid-value", "atol"),
    ("--logits 1,2 --label 0 --expect 1,0,0", "shape-mismatch", "expect"),
    ("--logits 1,2 --label 0 --expect accuracy=1", "usage", "expect"),
    ("--logits 1,2 --label 0 --expect gone.npy", "file-not-found", "expect"),
    ("--logits 1,2 --label 0 --expect jacobian=gone.npy", "file-not-found", "expect"),
    ("--logits 1,2 --label 0 --expect short.npy", "malformed-file", "expect"),
    ("--logits 1,2 --label 0 --expect complex.npy", "unsupported-dtype", "expect"),
    ("--logits 1,2 --label 0 --expect 1,0 --expect", "usage", "expect"),
    ("--x 1,2 --weight 1,2,3/4,5,6 --label 0", "shape-mismatch", "weight"),
    ("--x 1,2 --weight 1,2 --label 0", "shape-mismatch", "weight"),
    ("--x 1 --weight 1/nan --label 0", "invalid-value", "weight"),
    ("--x 1 --weight 1/2 --bias 1,2,3 --label 0", "shape-mismatch", "bias"),
    ("--x 1 --weight 1/2 --bias inf,1 --label 0", "invalid-value", "bias"),
    ("--logits - --label -", "usage", "label"),
    ("--logits 1,2 --label 0 --expect - --expect -", "usage", "expect"),
]


@pytest.mark.parametrize(("words", "code", "option"), BAD_CALLS)
def test_bad_calls(softmax: Run, words: str, code: str, option: str) -> None:
    refused(softmax("--json", "-o", "out.npy", *words.split(), stdin="[0.1, -0.1]"), code, option)


def test_stdin_cannot_be_the_batch_and_an_array(softmax: Run) -> None:
    found = softmax("--batch", "-", "--logits", "-", stdin='{"label": 0}\n{"label": 0, "logits": [1, 2]}\n')
    assert found.code == 2
    assert (found.lines[0]["error"]["code"], found.lines[0]["error"]["option"]) == ("usage", "logits")
    assert "loss" in found.lines[1]


BAD_LINES = [
    ('{"logits": [1, 1e999], "label": 0}', "invalid-value"),
    ('{"logits": [1, -1e999], "label": 0}', "invalid-value"),
    ('{"logits": [1, ' + "9" * 5000 + '], "label": 0}', "invalid-value"),
    ('{"logits": [1, NaN], "label": 0}', "no-finite-logit"),
    ('{"logits": [1, "Infinity"], "label": 0}', "no-finite-logit"),
    ('{"logits": [[1, 2], [3]], "label": 0}', "shape-mismatch"),
    ('{"logits": [], "label": 0}', "shape-mismatch"),
    ('{"logits": ' + "[" * 60 + "1" + "]" * 60 + ', "label": 0}', "shape-mismatch"),
    ('{"logits": [1, true], "label": 0}', "usage"),
    ('{"logits": {"a": 1}, "label": 0}', "usage"),
    ('{"logits": null, "label": 0}', "usage"),
    ('{"logits": [1, 2], "label": true}', "usage"),
    ('{"logits": [1, 2], "label": 0.5}', "usage"),
    ('{"logits": [1, 2], "label": 0, "temperature": 1e999}', "invalid-value"),
    ('{"logits": [1, 2], "label": 0, "temperature": Infinity}', "invalid-value"),
    ('{"logits": [1, 2], "label": 0, "jacobian": 1}', "usage"),
    ('{"logits": [1, 2], "label": 0, "output": "out.npy"}', "usage"),
    ('{"logits": [1, 2], "label": 0, "expect": [0.1, 1e999]}', "invalid-value"),
    ('{"logits": [1, 2], "label": 0, "expect": {"loss": {}}}', "usage"),
    (r'{"logits": "\ud800", "label": 0}', "file-unreadable"),
    (r'{"logits": "a\u0000b", "label": 0}', "file-unreadable"),
]


@pytest.mark.parametrize(("line", "code"), BAD_LINES)
def test_a_bad_line(softmax: Run, line: str, code: str) -> None:
    found = softmax("--batch", "-", stdin=line + '\n{"logits": [1, 2], "label": 0}\n')
    assert (found.code, found.err) == (2, "")
    assert found.lines[0]["error"]["code"] == code, found.lines[0]
    assert found.lines[0]["error"]["hint"]
    assert "loss" in found.lines[1]


GOOD = ("--logits", "ok.npy", "--label", "0,1", "--json", "-o", "out.npy")


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("rank", [1, 2])
def test_the_gradient_has_the_format_and_rank_of_the_logits(softmax: Run, name: str, rank: int) -> None:
    import ml_dtypes

    dtype: Any = ml_dtypes.bfloat16 if name == "bfloat16" else name
    logits = np.array([[1.0, 2, 3], [0.5, -1, 0.25]])[: rank if rank > 1 else 1]
    np.save("z.npy", (logits if rank > 1 else logits[0]).astype(dtype))
    words = ("--logits", "z.npy", "--label", "2,0"[: 2 * rank - 1], "--json")
    found = softmax(*words, "-o", "out.npy")
    assert (found.code, found.json["output"]) == (0, "out.npy")
    written = np.load("out.npy")
    assert written.dtype.itemsize == np.dtype(dtype).itemsize
    numbers = (written.view(dtype) if name == "bfloat16" else written).astype(float)
    assert numbers.shape == logits.shape[2 - rank :]
    np.testing.assert_allclose(numbers, np.array(found.json["grad_logits"]), rtol=2.0**-8)
    assert softmax(*words, "--expect", "out.npy").code == 0
    if name == "bfloat16":
        np.save("z.npy", np.load("z.npy").view(np.uint16))
        warned = softmax(*words)
        assert [warning["code"] for warning in warned.json["warnings"]] == ["uint16-read-as-bfloat16"]
        assert warned.json["grad_logits"] == found.json["grad_logits"]


def test_typed_logits_are_written_as_float64(softmax: Run) -> None:
    softmax("--logits", "1,2,3", "--label", "2", "-o", "out.npy", "-q")
    assert (np.load("out.npy").dtype, np.load("out.npy").shape) == (np.float64, (3,))
    shown = softmax("--logits", "1,2,3", "--label", "2", "-o", "again.npy").out
    assert "written to again.npy" in shown


def test_an_existing_file(softmax: Run) -> None:
    Path("out.npy").write_bytes(b"old")
    found = softmax(*GOOD)
    assert (found.code, found.out, found.error["code"], found.error["option"]) == (2, "", "output-exists", "output")
    assert Path("out.npy").read_bytes() == b"old"
    assert softmax(*GOOD, "--force").code == 0
    assert np.load("out.npy").shape == (2, 3)


def test_over_a_link_and_over_the_logits_themselves(softmax: Run) -> None:
    os.symlink("ok.npy", "out.npy")
    assert softmax(*GOOD, "--force").code == 0
    assert os.path.islink("out.npy")
    assert abs(np.load("ok.npy").sum()) < 1e-12  # a gradient, not logits


@pytest.mark.parametrize(
    ("output", "code"),
    [("folder.npy", "write-failed"), ("gone/out.npy", "write-failed"), ("out.txt", "unsupported-file"),
     ("/dev/full", "unsupported-file"), ("", "unsupported-file"), ("notes.txt/out.npy", "write-failed")],
)  # fmt: skip
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_where_nothing_can_be_written(softmax: Run, output: str, code: str, force: list[str]) -> None:
    refused(softmax(*GOOD[:-1], output, *force), code, "output")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_device_is_not_replaced(softmax: Run) -> None:
    os.symlink("/dev/full", "full.npy")
    for force in ([], ["--force"]):
        refused(softmax(*GOOD[:-1], "full.npy", *force), "write-failed", "output")
    assert Path("/dev/full").is_char_device()


def test_force_alone(softmax: Run) -> None:
    refused(softmax("--logits", "1,2", "--label", "0", "--force", "--json"), "usage", "force")


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("function", ["os.fsync", "os.replace", "dlcalc.jobs.softmax_files.write_at"])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_write_that_fails(softmax: Run, function: str, old: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if old is not None:
        Path("out.npy").write_bytes(old)
    before = sorted(os.listdir())
    for error, code in ((OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)):
        with monkeypatch.context() as patch:
            patch.setattr(function, failing(error))
            found = softmax(*GOOD, "--force")
        assert (found.code, found.out) == (code, "")
        assert code == 130 or found.error["code"] == "write-failed"
        assert sorted(os.listdir()) == before
        assert old is None or Path("out.npy").read_bytes() == old


def test_nothing_is_written_when_the_proof_fails(softmax: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcalc.core.softmax import check as complex_step

    real = complex_step.check

    def broken(answer: Any) -> Proof:
        return real(answer)._replace(failures=(Failure({"row": 0}, "loss", 1.0, 2.0),))

    monkeypatch.setattr(complex_step, "check", broken)
    found = softmax(*GOOD, "--check")
    assert found.code == 1
    assert "output" not in found.json
    assert not os.path.exists("out.npy")


def test_a_wrong_claim_keeps_nothing_from_being_written(softmax: Run) -> None:
    found = softmax(*GOOD, "--check", "--expect", "loss=0.1")
    assert (found.code, found.json["output"], os.path.exists("out.npy")) == (1, "out.npy", True)


def test_a_real_process_and_a_full_device() -> None:
    command = [sys.executable, "-m", "dlcalc", "softmax-grad", "--logits", "1,2", "--label", "0"]
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
        assert found.returncode == 2
        assert re.search(rb"write-failed", found.stderr)
        assert b"Traceback" not in found.stderr
