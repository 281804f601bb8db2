"""Bad arrays of every kind, of which nothing is ever written; and what is written, whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.evidence.proof import Failure, Proof
from tests.conftest import Result, Run, refusals
from tests.support.bad_files import BAD_ARRAYS, by_code, write_bad_files


@pytest.fixture
def files(softmax: Run) -> Run:
    """Call softmax-grad with the words of one string, in a folder of files, good and bad."""
    write_bad_files()
    for name, array in ARRAYS.items():
        np.save(name, array)
    return softmax


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

BAD_LOGITS = [
    *BAD_ARRAYS,
    *by_code(
        {
            "usage": "1,2//3,4",
            "file-not-found": f"1_0,2 \u0661,\u0662 {'1' * 50_000}x {'0.1,' * 100}1O",
            "shape-mismatch": "1,2/3 1 1/2/3 scalar.npy one_class.npy ragged.csv ragged.json",
            "invalid-value": "1e999,1",
            "no-finite-logit": "nan,1 inf,1 -inf,-inf nan.npy",
        }
    ),
]


def refused(found: Result, code: str, option: str | None) -> None:
    """Refused in a short line, and nothing on the disk."""
    found.refused(code, option)
    assert len(found.err) < 700
    assert not [name for name in os.listdir() if name.startswith(".") or name == "out.npy"]


@pytest.mark.parametrize(("logits", "code"), BAD_LOGITS)
@pytest.mark.usefixtures("files")
def test_bad_logits(run: Run, logits: str, code: str) -> None:
    call = ("softmax-grad", "--logits", logits, "--label", "0,0" if logits == "nan.npy" else "0", "-o", "out.npy")
    refused(run(*call, "--json"), code, "logits")
    words = run(*call)
    assert (words.code, words.out) == (2, "")
    assert f"[{code}]\nhint: " in words.err


# More words, the error code, and the option that is to blame.
ROW = "--logits 1,2"
ONE = f"{ROW} --label 0"
BAD_CALLS = refusals(
    f"""
    usage label: --logits 1,2 | {ROW} --label 0.5 | {ROW} --label nan | --logits ok.npy --label half_labels.npy
    usage label: --logits - --label -
    usage logits: --label 0 | {ONE} --logits 1,2
    usage target: {ONE} --target 1,0
    usage x: {ROW} --x 1 --weight 1/2 --label 0 | --weight 1/2 --label 0
    usage bias: {ROW} --bias 1,2 --label 0
    usage weight: --x 1 --label 0
    usage ignore_index: {ROW} --target 1,0 --ignore-index 0 | {ONE} --ignore-index 1.5
    file-not-found label: {ROW} --label zero
    invalid-value label: {ROW} --label 1e999
    label-out-of-range label: {ROW} --label 2 | {ROW} --label -1 | {ROW} --label 99999999999999999999
    shape-mismatch label: {ROW} --label 0,1 | --logits ok.npy --label 0 | --logits ok.npy --label matrix_labels.npy
    unsupported-dtype label: --logits ok.npy --label bool_labels.npy | --logits ok.npy --label strings.npy
    unsafe-file label: --logits ok.npy --label objects.npy
    shape-mismatch target: {ROW} --target 1 | {ROW} --target 1,0/0,1
    invalid-value target: {ROW} --target nan,1 | {ROW} --target inf,1
    unsupported-dtype target: --logits ok.npy --target bools.npy
    shape-mismatch class_weights: {ONE} --class-weights 1
    invalid-value class_weights: {ONE} --class-weights 1,-1 | {ONE} --class-weights 1,nan | {ONE} --class-weights 1,inf
    file-not-found class_weights: {ONE} --class-weights heavy
    invalid-value label_smoothing: {ONE} --label-smoothing 1.5 | {ONE} --label-smoothing -0.1
    invalid-value label_smoothing: {ONE} --label-smoothing nan
    usage label_smoothing: {ONE} --label-smoothing some
    invalid-value temperature: {ONE} --temperature 0 | {ONE} --temperature -1 | {ONE} --temperature inf
    usage temperature: {ONE} --temperature 1_0
    usage reduction: {ONE} --reduction median
    invalid-value rtol: {ONE} --expect 1,0 --rtol -1
    invalid-value atol: {ONE} --expect 1,0 --atol nan
    shape-mismatch expect: {ONE} --expect 1,0,0
    usage expect: {ONE} --expect accuracy=1 | {ONE} --expect 1,0 --expect | {ONE} --expect - --expect -
    file-not-found expect: {ONE} --expect gone.npy | {ONE} --expect jacobian=gone.npy
    malformed-file expect: {ONE} --expect short.npy
    unsupported-dtype expect: {ONE} --expect complex.npy
    shape-mismatch weight: --x 1,2 --weight 1,2,3/4,5,6 --label 0 | --x 1,2 --weight 1,2 --label 0
    invalid-value weight: --x 1 --weight 1/nan --label 0
    shape-mismatch bias: --x 1 --weight 1/2 --bias 1,2,3 --label 0
    invalid-value bias: --x 1 --weight 1/2 --bias inf,1 --label 0
    """
)


@pytest.mark.parametrize(("words", "code", "option"), BAD_CALLS)
def test_bad_calls(files: Run, words: str, code: str, option: str | None) -> None:
    refused(files(f"--json -o out.npy {words}", stdin="[0.1, -0.1]"), code, option)


def test_stdin_cannot_be_the_batch_and_an_array(files: Run) -> None:
    found = files("--batch - --logits -", stdin='{"label": 0}\n{"label": 0, "logits": [1, 2]}\n')
    assert found.code == 2
    assert (found.lines[0]["error"]["code"], found.lines[0]["error"]["option"]) == ("usage", "logits")
    assert "loss" in found.lines[1]


BAD_LINES = refusals(
    r"""
    invalid-value logits: {"logits": [1, 1e999], "label": 0} | {"logits": [1, -1e999], "label": 0}
    no-finite-logit logits: {"logits": [1, NaN], "label": 0} | {"logits": [1, "Infinity"], "label": 0}
    shape-mismatch logits: {"logits": [[1, 2], [3]], "label": 0} | {"logits": [], "label": 0}
    usage logits: {"logits": [1, true], "label": 0} | {"logits": {"a": 1}, "label": 0} | {"logits": null, "label": 0}
    usage label: {"logits": [1, 2], "label": true} | {"logits": [1, 2], "label": 0.5}
    invalid-value temperature: {"logits": [1, 2], "label": 0, "temperature": 1e999}
    invalid-value temperature: {"logits": [1, 2], "label": 0, "temperature": Infinity}
    usage jacobian: {"logits": [1, 2], "label": 0, "jacobian": 1}
    usage -: {"logits": [1, 2], "label": 0, "output": "out.npy"}
    invalid-value expect: {"logits": [1, 2], "label": 0, "expect": [0.1, 1e999]}
    usage expect: {"logits": [1, 2], "label": 0, "expect": {"loss": {}}}
    file-unreadable logits: {"logits": "\ud800", "label": 0} | {"logits": "a\u0000b", "label": 0}
    """
)
NINES, DEEP = "9" * 5000, f"{'[' * 60}1{']' * 60}"
BAD_LINES += [(f'{{"logits": [1, {NINES}], "label": 0}}', "invalid-value", "logits")]
BAD_LINES += [(f'{{"logits": {DEEP}, "label": 0}}', "shape-mismatch", "logits")]


@pytest.mark.parametrize(("line", "code", "option"), BAD_LINES)
def test_a_bad_line(files: Run, line: str, code: str, option: str | None) -> None:
    found = files("--batch -", stdin=line + '\n{"logits": [1, 2], "label": 0}\n')
    assert (found.code, found.err) == (2, "")
    assert (found.lines[0]["error"]["code"], found.lines[0]["error"].get("option")) == (code, option), found.lines[0]
    assert found.lines[0]["error"]["hint"]
    assert "loss" in found.lines[1]


GOOD = "--logits ok.npy --label 0,1 --json -o out.npy"


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("rank", [1, 2])
def test_the_gradient_has_the_format_and_rank_of_the_logits(files: Run, name: str, rank: int) -> None:
    import ml_dtypes

    dtype: Any = ml_dtypes.bfloat16 if name == "bfloat16" else name
    logits = np.array([[1.0, 2, 3], [0.5, -1, 0.25]])[: rank if rank > 1 else 1]
    np.save("z.npy", (logits if rank > 1 else logits[0]).astype(dtype))
    words = f"--logits z.npy --label {'2,0'[: 2 * rank - 1]} --json"
    found = files(f"{words} -o out.npy")
    assert (found.code, found.json["output"]) == (0, "out.npy")
    written = np.load("out.npy")
    assert written.dtype.itemsize == np.dtype(dtype).itemsize
    numbers = (written.view(dtype) if name == "bfloat16" else written).astype(float)
    assert numbers.shape == logits.shape[2 - rank :]
    np.testing.assert_allclose(numbers, np.array(found.json["grad_logits"]), rtol=2.0**-8)
    assert files(f"{words} --expect out.npy").code == 0
    if name == "bfloat16":
        np.save("z.npy", np.load("z.npy").view(np.uint16))
        warned = files(words)
        assert [warning["code"] for warning in warned.json["warnings"]] == ["uint16-read-as-bfloat16"]
        assert warned.json["grad_logits"] == found.json["grad_logits"]


def test_typed_logits_are_written_as_float64(files: Run) -> None:
    files("--logits 1,2,3 --label 2 -o out.npy -q")
    assert (np.load("out.npy").dtype, np.load("out.npy").shape) == (np.float64, (3,))
    shown = files("--logits 1,2,3 --label 2 -o again.npy").out
    assert "written to again.npy" in shown


def test_an_existing_file(files: Run) -> None:
    Path("out.npy").write_bytes(b"old")
    found = files(GOOD)
    assert (found.code, found.out, found.error["code"], found.error["option"]) == (2, "", "output-exists", "output")
    assert Path("out.npy").read_bytes() == b"old"
    assert files(f"{GOOD} --force").code == 0
    assert np.load("out.npy").shape == (2, 3)


def test_over_a_link_and_over_the_logits_themselves(files: Run) -> None:
    os.symlink("ok.npy", "out.npy")
    assert files(f"{GOOD} --force").code == 0
    assert os.path.islink("out.npy")
    assert abs(np.load("ok.npy").sum()) < 1e-12  # a gradient, not logits


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("output", "code"),
    [("folder.npy", "write-failed"), ("gone/out.npy", "write-failed"), ("out.txt", "unsupported-file"),
     ("/dev/full", "unsupported-file"), ("", "unsupported-file"), ("notes.txt/out.npy", "write-failed")],
)  # fmt: skip
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_where_nothing_can_be_written(run: Run, output: str, code: str, force: list[str]) -> None:
    refused(run("softmax-grad", *GOOD.split()[:-1], output, *force), code, "output")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_device_is_not_replaced(files: Run) -> None:
    os.symlink("/dev/full", "full.npy")
    for force in ("", "--force"):
        refused(files(f"{GOOD.replace('out.npy', 'full.npy')} {force}"), "write-failed", "output")
    assert Path("/dev/full").is_char_device()


def test_force_alone(files: Run) -> None:
    refused(files(f"{ONE} --force --json"), "usage", "force")


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("function", ["os.fsync", "os.replace", "dlcalc.jobs.softmax_files.write_at"])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_write_that_fails(files: Run, function: str, old: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if old is not None:
        Path("out.npy").write_bytes(old)
    before = sorted(os.listdir())
    for error, code in ((OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)):
        with monkeypatch.context() as patch:
            patch.setattr(function, failing(error))
            found = files(f"{GOOD} --force")
        assert (found.code, found.out) == (code, "")
        assert code == 130 or found.error["code"] == "write-failed"
        assert sorted(os.listdir()) == before
        assert old is None or Path("out.npy").read_bytes() == old


def test_nothing_is_written_when_the_proof_fails(files: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcalc.core.softmax import check as complex_step

    real = complex_step.check

    def broken(answer: Any) -> Proof:
        return real(answer)._replace(failures=(Failure({"row": 0}, "loss", 1.0, 2.0),))

    monkeypatch.setattr(complex_step, "check", broken)
    found = files(f"{GOOD} --check")
    assert found.code == 1
    assert "output" not in found.json
    assert not os.path.exists("out.npy")


def test_a_wrong_claim_keeps_nothing_from_being_written(files: Run) -> None:
    found = files(f"{GOOD} --check --expect loss=0.1")
    assert (found.code, found.json["output"], os.path.exists("out.npy")) == (1, "out.npy", True)
