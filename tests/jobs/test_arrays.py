"""Arrays by the names of their files, and a gradient written back in the format of its logits."""

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest

from dlcalc.core.arrays.stored import stored
from dlcalc.core.errors import DlcalcError
from dlcalc.jobs import arrays
from tests.support import refusals
from tests.support.bad_files import BAD_FILES, write_bad_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(path: str, option: str = "logits") -> DlcalcError:
    error = refusals.refused(arrays.load, path, option)
    assert error.option == option
    return error


def test_every_ending(folder: Path) -> None:
    array = np.arange(6.0).reshape(2, 3)
    np.save("z.npy", array)
    np.save("upper.npy", array)
    os.rename("upper.npy", "Z.NPY")
    np.savez("one.npz", z=array)
    np.savez("two.npz", y=array + 1, z=array)
    (folder / "z.csv").write_text("0,1,2\n3,4,5\n")
    (folder / "z.json").write_text("[[0, 1, 2], [3, 4, 5]]")
    for path in ("z.npy", "Z.NPY", "./z.npy", str(folder / "z.npy"), "one.npz", "one.npz:z", "two.npz:z"):
        np.testing.assert_array_equal(arrays.load(path, "logits"), array)
    for path in ("z.csv", "z.json"):
        assert arrays.load(path, "logits") == [["0", "1", "2"], ["3", "4", "5"]]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[1, 2.50]")))
    assert arrays.load("-", "logits") == ["1", "2.50"]
    assert refused("-", "label").code == "usage"


BAD: list[tuple[str, str, str]] = [
    ("gone.npy", "file-not-found", "neither numbers nor a file"),
    ("gone", "file-not-found", "neither numbers nor a file"),
    ("gone.npz:key", "file-not-found", "gone.npz:key"),
    ("", "file-not-found", ""),
    ("link.npy", "file-not-found", ""),
    ("folder.npy", "file-unreadable", "Is a directory"),
    ("folder.npz", "file-unreadable", "Is a directory"),
    ("folder.csv", "file-unreadable", "Is a directory"),
    ("folder", "file-unreadable", "Is a directory"),
    ("x.txt/z.npy", "file-not-found", "neither numbers nor a file"),
    ("a\0b.npy", "file-unreadable", "null"),
    ("\ud800.npy", "file-unreadable", ""),
    ("y" * 5000 + ".npy", "file-not-found", "neither numbers nor a file"),
    ("x.txt", "unsupported-file", "x.txt"),
    ("x.safetensors", "unsupported-file", "ending"),
    ("x.pt", "unsupported-file", "x.pt"),
    ("x.npy", "malformed-file", "x.npy"),
    ("x.npz", "malformed-file", "x.npz"),
    ("x.csv", "malformed-file", "x.csv"),
    ("x.json", "malformed-file", "x.json"),
    ("two.npz", "usage", "2 arrays"),
    ("two.npz:x", "usage", "'x'"),
]


@pytest.mark.parametrize(("path", "code", "said"), BAD)
def test_bad_files(path: str, code: str, said: str, folder: Path) -> None:
    for name in ("x.txt", "x.safetensors", "x.pt", "x.npy", "x.npz", "x.csv", "x.json"):
        (folder / name).write_text("some words")
    for name in ("folder.npy", "folder.npz", "folder.csv", "folder"):
        (folder / name).mkdir()
    (folder / "link.npy").symlink_to("nowhere")
    np.savez("two.npz", y=np.ones(2), z=np.ones(2))
    error = refused(path, "class_weights")
    assert error.code == code
    assert said in error.message
    assert len(error.message) < 250


@pytest.mark.parametrize(("path", "code"), BAD_FILES)
def test_a_large_bad_file_is_refused_as_a_small_one_is(
    path: str, code: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bad_files()
    small = refused(path, "logits")
    monkeypatch.setattr(arrays, "LARGE", 0)
    large = refusals.refused(arrays.load, path, "logits", by_rows=("logits",))
    assert (large.code, large.message, large.hint) == (code, small.message, small.hint)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    np.save("z.npy", np.ones(2))
    os.chmod("z.npy", 0)
    assert refused("z.npy").code == "file-unreadable"


def test_a_file_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    for name in ("z.npy", "z.npz", "z.csv", "z.json", "z.txt"):
        error = refused(name)
        assert (error.code, "Permission denied" in error.message) == ("file-unreadable", True)


def test_the_hint_for_pytorch_is_python(folder: Path) -> None:
    (folder / "my logits.pt").write_text("")
    command = re.fullmatch(r'python -c "(.*)"', str(refused("my logits.pt").hint))
    assert command
    compile(command[1], "hint", "exec")
    assert "'my logits.npy'" in command[1]


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 3)])
def test_what_is_saved_is_loaded(name: str, shape: tuple[int, ...], folder: Path) -> None:
    values = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(np.float32)
    np.save("out.npy", arrays.encoded(values, name))
    found = stored(np.asarray(arrays.load("out.npy", "logits")), "logits")
    assert (found.format, found.values.shape) == (name, shape)
    np.testing.assert_allclose(found.array, values, rtol=2.0**-8 if name == "bfloat16" else 2.0**-11)


def test_bfloat16_is_written_as_ml_dtypes_writes_it(folder: Path) -> None:
    import ml_dtypes

    values = np.array([[0.1, -2, 3e38]])
    ours, theirs = arrays.encoded(values, "bfloat16"), values.astype(ml_dtypes.bfloat16)
    assert (ours.view(ml_dtypes.bfloat16).tolist(), ours.dtype) == (theirs.tolist(), np.dtype("V2"))
    np.save("theirs.npy", theirs)
    assert stored(np.asarray(arrays.load("theirs.npy", "logits")), "logits").format == "bfloat16"


@pytest.mark.parametrize(
    ("path", "hint"), [("out", "out.npy"), ("out.npz", "out.npy"), ("", "grad.npy"), ("folder/", "folder.npy")]
)
def test_another_ending_is_refused_with_a_hint_that_works(path: str, hint: str) -> None:
    error = refusals.refused(arrays.refuse_other_endings, path)
    assert (error.code, error.option, error.hint) == ("unsupported-file", "output", hint)
    arrays.refuse_other_endings(hint)
