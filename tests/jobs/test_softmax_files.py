"""Logits in a file: the same answers as in memory, bit for bit; claims judged on the way; nothing left behind."""

import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.stored import bfloat16_bits
from dlcalc.core.errors import DlcalcError
from dlcalc.core.softmax.answer import Block, softmax_grad, visited
from dlcalc.core.softmax.question import checked
from dlcalc.files.atomic import Replacement
from dlcalc.jobs import arrays, softmax_files
from dlcalc.notation.softmax_grad import question
from tests.conftest import Result, Run

ROWS, CLASSES = 160, 33
RNG = np.random.default_rng(4)
LOGITS = RNG.standard_normal((ROWS, CLASSES)) * 4
LABELS = RNG.integers(0, CLASSES, ROWS)
Array = NDArray[Any]


@pytest.fixture
def by_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Small files are large here, and are read in blocks of a few rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(blocks, "BLOCK", 2000)
    monkeypatch.setattr(arrays, "LARGE", 1)
    monkeypatch.delattr(os, "pwrite", raising=False)  # which some systems have not
    np.save("y.npy", LABELS)
    return monkeypatch


def saved(values: Array, form: str, name: str = "z") -> str:
    """A file of a format, by its name."""
    path = f"{name}.npy"
    if form == "bfloat16":
        np.save(path, bfloat16_bits(values).view("V2"))
    elif form == "by column":
        np.save(path, np.asfortranarray(values.astype("float32")))
    elif form in ("stored", "compressed"):
        path = f"{name}.npz"
        write = np.savez if form == "stored" else np.savez_compressed
        write(path, other=np.arange(3), z=values.astype("float32"))
        return f"{path}:z"
    else:
        np.save(path, values.astype(form))
    return path


FORMS = ["float64", "float32", "float16", "bfloat16", ">f4", ">f8", "by column", "stored", "compressed"]
WEIGHTS = ",".join(map(str, RNG.choice([0, 0.5, 1, 2, 3], CLASSES)))
OPTIONS: list[list[str]] = [
    [],
    ["--reduction", "sum", "--temperature", "0.7"],
    ["--reduction", "none", "--ignore-index", "3"],
    ["--label-smoothing", "0.1", "--class-weights", WEIGHTS, "--ignore-index", "0"],
    ["--class-weights", WEIGHTS],
]


def both(run: Run, by_rows: pytest.MonkeyPatch, *words: str) -> tuple[Result, Result]:
    """The question answered from the file, and in memory."""
    streamed = run("softmax-grad", *words, "-o", "streamed.npy", "--force", "--json")
    by_rows.setattr(arrays, "LARGE", 1 << 40)
    whole = run("softmax-grad", *words, "-o", "whole.npy", "--force", "--json")
    by_rows.setattr(arrays, "LARGE", 1)
    return streamed, whole


@pytest.mark.parametrize(
    ("form", "options"), [*((form, OPTIONS[3]) for form in FORMS), *(("float32", options) for options in OPTIONS)]
)
def test_the_answer_is_that_of_memory_bit_for_bit(
    run: Run, by_rows: pytest.MonkeyPatch, form: str, options: list[str]
) -> None:
    called: list[str] = []
    right = softmax_files.answered

    def answered(*args: Any, **options: Any) -> Any:
        if args[0].streamed:
            called.append(options["output"])
        return right(*args, **options)

    by_rows.setattr(softmax_files, "answered", answered)
    streamed, whole = both(run, by_rows, "--logits", saved(LOGITS, form), "--label", "y.npy", "--check", *options)
    assert called == ["streamed.npy"]
    assert (streamed.code, streamed.err) == (0, whole.err)
    if form == "by column":
        assert streamed.json["warnings"][-1]["code"] == "stored-by-column"
    assert Path("streamed.npy").read_bytes() == Path("whole.npy").read_bytes()
    found, wanted = streamed.json, whole.json
    assert (found.pop("output"), wanted.pop("output")) == ("streamed.npy", "whole.npy")
    slow = "stored-by-column"
    found["warnings"] = [one for one in found.get("warnings", []) if one["code"] != slow] or wanted.get("warnings")
    wanted.setdefault("warnings", None)
    for name in ("keys", "entries", "max_abs_error"):  # in memory the sum of all losses is proved too
        found["check"].pop(name), wanted["check"].pop(name)
    assert found == wanted
    assert sorted(os.listdir()) == sorted({"y.npy", "streamed.npy", "whole.npy", saved(LOGITS, form).partition(":")[0]})


@pytest.mark.parametrize("form", ["float64", "float32", "bfloat16", "by column"])
def test_distributions_too(run: Run, by_rows: pytest.MonkeyPatch, form: str) -> None:
    target = np.abs(RNG.standard_normal((ROWS, CLASSES)))
    target /= target.sum(axis=1, keepdims=True)
    words = ["--logits", saved(LOGITS, form), "--target", saved(target, form, "t"), "--class-weights", WEIGHTS]
    streamed, whole = both(run, by_rows, *words)
    assert Path("streamed.npy").read_bytes() == Path("whole.npy").read_bytes()
    slow = {"output": "", "warnings": []}
    assert streamed.json | slow == whole.json | slow


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", ">i4", "uint64", "float32"])
def test_labels_of_any_integer_type(run: Run, by_rows: pytest.MonkeyPatch, kind: str) -> None:
    np.save("y.npy", LABELS.astype(kind).reshape(-1, 1))
    streamed, whole = both(run, by_rows, "--logits", saved(LOGITS, "float32"), "--label", "y.npy")
    assert (streamed.code, streamed.json | {"output": ""}) == (0, whole.json | {"output": ""})


def gradient(run: Run, path: str, *options: str) -> Array:
    assert run("softmax-grad", "--logits", path, "--label", "y.npy", *options, "-o", "g.npy", "--force", "-q").code == 0
    found: Array = np.load("g.npy").astype(np.float64)
    return found


def claim_of(found: Result) -> dict[str, Any]:
    (claim,) = found.json["expect"]["claims"]
    return dict(claim)


WRONG: dict[str, tuple[str | None, Any]] = {
    "right": (None, lambda g: g),
    "zeros": ("scaled", lambda g: 0 * g),
    "a thousandth off": ("scaled", lambda g: 1.001 * g),
    "turned": ("sign-flipped", lambda g: -g),
    "a sum": ("sum-instead-of-mean", lambda g: g * ROWS),
    "reversed": ("rows-permuted", lambda g: g[::-1]),
    "shuffled": ("rows-permuted", lambda g: g[np.random.default_rng(1).permutation(ROWS)]),
    "two rows exchanged": ("rows-permuted", lambda g: g[[1, 0, *range(2, ROWS)]]),
    "a row twice": ("", lambda g: g[[1, *range(1, ROWS)]]),
    "one wrong row": ("", lambda g: np.where(np.arange(ROWS)[:, None] == 123, 0, g)),
    "transposed": ("transposed", lambda g: g.T.copy()),
    "transposed and turned": ("sign-flipped", lambda g: -g.T),
}


@pytest.mark.parametrize("form", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", WRONG)
def test_a_claim_is_judged_and_explained(run: Run, by_rows: pytest.MonkeyPatch, form: str, name: str) -> None:
    if form in ("float16", "bfloat16") and name == "a thousandth off":
        pytest.skip("half precision cannot tell")
    mistake, wrong = WRONG[name]
    path = saved(LOGITS, "float64")
    claim = saved(wrong(gradient(run, path)), form, "claim")
    found = run("softmax-grad", "--logits", path, "--label", "y.npy", "--expect", claim, "--json")
    if mistake is None:
        assert (found.code, claim_of(found)["failed"]) == (0, 0)
        return
    assert found.code == 1
    diagnosis = claim_of(found)["diagnosis"]
    assert [one["mistake"] for one in diagnosis] == ([mistake] if mistake else [])
    if name == "transposed and turned":
        assert diagnosis[0]["and"] == "transposed"
    if name == "one wrong row":
        assert claim_of(found)["worst"]["index"][0] == 123
        assert claim_of(found)["failed"] <= CLASSES


@pytest.mark.parametrize("form", ["float64", "float32"])
def test_the_verdict_is_that_of_memory(run: Run, by_rows: pytest.MonkeyPatch, form: str) -> None:
    path = saved(LOGITS, "float32")
    right = gradient(run, path)
    for wrong in (right, right * 1.01, -right, RNG.standard_normal(right.shape), right + np.inf, right * np.nan):
        claim = saved(wrong, form, "claim")
        streamed, whole = both(run, by_rows, "--logits", path, "--label", "y.npy", "--expect", claim)
        assert streamed.code == whole.code
        assert claim_of(streamed) == claim_of(whole)


@pytest.mark.parametrize("key", ["softmax", "grad_softmax", "jacobian", "loss"])
def test_other_arrays_can_be_claimed(run: Run, by_rows: pytest.MonkeyPatch, key: str) -> None:
    path = saved(LOGITS, "float64")
    options = ["--reduction", "none", "--jacobian"]
    answer = softmax_grad(replace(checked(LOGITS, LABELS, None, reduction="none"), jacobian=True))
    for wrong, code in ((0.0, 0), (0.1, 1)):
        np.save("claim.npy", answer.array(key) + wrong)
        words = ["softmax-grad", "--logits", path, "--label", "y.npy", *options, "--expect", f"{key}=claim.npy"]
        assert run(*words, "--json").code == code


def test_a_claim_may_be_large_where_the_logits_are_not(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    words = ["softmax-grad", "--logits", "1,2,3/4,5,7", "--label", "2,0", "--jacobian"]
    for key, spoilt in (("jacobian", 0.0), ("grad_logits", 1e-3)):
        np.save("claim.npy", np.array(run(*words, "--json").json[key]) + spoilt)
        assert run(*words, "--expect", f"{key}=claim.npy", "--json").code == (1 if spoilt else 0)


def test_a_single_loss_is_judged_and_explained(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    path = saved(LOGITS, "float32")
    words = ["softmax-grad", "--logits", path, "--label", "y.npy", "--temperature", "2", "--json"]
    loss = run(*words).json["loss"]
    assert run(*words, "--expect", f"loss={loss:.5f}").code == 0
    summed = run(*words, "--expect", f"loss={loss * ROWS:.3f}")
    assert claim_of(summed)["diagnosis"][0]["mistake"] == "sum-instead-of-mean"
    plain = run(*words[:-3], "--json").json["loss"]
    forgotten = run(*words, "--expect", f"loss={plain:.6f}")
    assert claim_of(forgotten)["diagnosis"][0]["mistake"] == "temperature-ignored"
    unknown = claim_of(run(*words, "--expect", "loss=17.25"))
    assert (unknown["diagnosis"], unknown["not_tried"]) == ([], ["pairs"])


def test_bad_rows_are_named_and_nothing_is_left(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    labels, logits, target = LABELS.copy(), LOGITS.copy(), np.full((ROWS, CLASSES), 1 / CLASSES)
    labels[122], logits[[122, 130], 1], target[122, 3] = CLASSES, np.nan, np.nan
    np.save("bad.npy", labels)
    np.save("g.npy", np.zeros(3))
    bad, good = saved(logits, "float32", "bad_logits"), saved(LOGITS, "float32")
    before = sorted([*os.listdir(), "t.npy"])
    for words, code in (
        (["--logits", good, "--label", "bad.npy"], "label-out-of-range"),
        (["--logits", good, "--target", saved(target, "float32", "t")], "invalid-value"),
        (["--logits", bad, "--label", "y.npy"], "no-finite-logit"),
    ):
        found = run("softmax-grad", *words, "-o", "g.npy", "--force", "--json")
        assert (found.code, found.error["code"], "row 122" in found.error["message"]) == (2, code, True)
    assert np.load("g.npy").tolist() == [0, 0, 0]
    assert sorted(os.listdir()) == before


def test_blocks_are_written_in_any_order_and_by_several_at_once(tmp_path: Path) -> None:
    path, values = tmp_path / "values", np.arange(4000, dtype=np.int32).reshape(400, 10)
    path.write_bytes(b"head")
    rows = np.random.default_rng(5).permutation(400).tolist()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda row: softmax_files.write_at(str(path), [(4 + row * 40, values[row])]), rows))
    assert path.read_bytes() == b"head" + values.tobytes()


def test_a_block_is_written_by_another_process(by_rows: pytest.MonkeyPatch) -> None:
    """A writer is copied with nothing but the path; what it cannot write it says of the file as it was named."""
    logits = np.asarray(LOGITS, np.float32)
    question = checked(logits, LABELS, None)
    whole = visited(question, ())[0].gradient[:]
    with Replacement("g.npy", force=False) as replacement:
        writer = softmax_files.Writer.begin(replace(question, format="float32"), replacement)
        for start in (80, 0):
            rows = slice(start, start + 80)
            pickle.loads(pickle.dumps(writer))(Block(rows, logits[rows], whole[rows], np.zeros(80)))
        replacement.publish()
    assert np.array_equal(np.load("g.npy"), whole)
    with pytest.raises(DlcalcError, match=r"g\.npy cannot be written") as caught:
        writer(Block(slice(0, 80), logits[:80], whole[:80], np.zeros(80)))
    assert caught.value.code == "write-failed"


def test_losses_of_every_row_in_a_table(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    words = ["softmax-grad", "--logits", saved(LOGITS, "float32"), "--label", "y.npy", "--reduction", "none"]
    found = run(*words)
    assert (found.code, "loss of 160 rows" in found.out) == (0, True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_whatever_happens_nothing_is_left(by_rows: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    def stop(done: int) -> None:
        if done > ROWS / 2:
            raise error

    raw = {"logits": saved(LOGITS, "float32"), "label": "y.npy"}
    asked = question(raw, lambda path, option: arrays.load(path, option, ("logits",)))
    with pytest.raises(error):
        softmax_files.answered(asked, output="g.npy", progress=stop)
    assert sorted(os.listdir()) == ["y.npy", "z.npy"]


def test_a_failed_proof_writes_nothing(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    by_rows.setattr("dlcalc.core.softmax.row_values.scale_of_gradient", lambda question: 2.0)
    words = ["softmax-grad", "--logits", saved(LOGITS, "float32"), "--label", "y.npy", "--check", "-o", "h.npy"]
    assert (run(*words).code, Path("h.npy").exists()) == (1, False)


def test_one_long_row_is_one_row(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    np.save("z.npy", LOGITS[0])
    found = run("softmax-grad", "--logits", "z.npy", "--label", "5", "--json").json
    assert (found["rows"], found["classes"]) == (1, CLASSES)


def test_a_stored_member_with_a_wrong_checksum_is_refused(run: Run, by_rows: pytest.MonkeyPatch) -> None:
    path = saved(LOGITS, "stored").partition(":")[0]
    content = bytearray(Path(path).read_bytes())
    place = content.index(LOGITS.astype("float32")[100].tobytes())
    content[place] ^= 1
    Path(path).write_bytes(content)
    found = run("softmax-grad", "--logits", f"{path}:z", "--label", "y.npy", "--json", "-o", "g.npy")
    assert (found.code, found.error["code"], Path("g.npy").exists()) == (2, "malformed-file", False)


@pytest.mark.parametrize("large", [1, 1 << 40])
def test_a_gradient_beyond_its_format_is_said_to_be(run: Run, by_rows: pytest.MonkeyPatch, large: int) -> None:
    by_rows.setattr(arrays, "LARGE", large)
    words = ["--label", "y.npy", "--reduction", "sum", "--temperature", "1e-6", "-o", "g.npy", "--json"]
    found = run("softmax-grad", "--logits", saved(LOGITS, "float16"), *words)
    assert (found.code, found.err) == (0, "")
    assert "gradient-overflows" in [warning["code"] for warning in found.json["warnings"]]
    assert np.isinf(np.load("g.npy")).any()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_program_that_is_ended_from_outside_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with open(tmp_path / "z.npy", "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (5_000_000, 1_000)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 20_000_000_000)
    np.save(tmp_path / "y.npy", np.zeros(5_000_000, np.int8))
    words = ["softmax-grad", "--logits", "z.npy", "--label", "y.npy", "-o", "g.npy"]
    process = subprocess.Popen([sys.executable, "-m", "dlcalc", *words], cwd=tmp_path)
    while not list(tmp_path.glob(".g.npy.*")):
        assert process.poll() is None
    process.send_signal(number)
    assert process.wait() == 128 + number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["y.npy", "z.npy"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not say what a process took")
def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong claim about 160 MB of logits, in a process of its own, takes less than 150 MB."""
    monkeypatch.chdir(tmp_path)
    with open("z.npy", "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (40_000, 1_000)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 160_000_000)
    np.save("y.npy", np.zeros(40_000, np.int8))
    words = ["softmax-grad", "--logits", "z.npy", "--label", "y.npy", "--expect", "z.npy", "-o", "g.npy", "--json"]
    program = f"from dlcalc.cli import main; print(main({words})); print(open('/proc/self/status').read())"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    answer, code, *status = found.stdout.splitlines()
    assert code == "1"
    assert json.loads(answer)["loss"] == pytest.approx(np.log(1000), rel=1e-12)
    (most,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    assert most < 150_000
