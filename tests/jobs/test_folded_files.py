"""What bn-fold writes: the arrays of its answer in the format of the weight, whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import bfloat16_bits, rounded, stored
from dlcalc.core.batch_norm import affine as affine_of
from tests.conftest import Run
from tests.files.test_safetensors import read

WEIGHT = np.random.default_rng(191).normal(size=(2, 3, 2))
AFFINE = ["bn-fold", "--mean", "0.5,2", "--var", "4,0.25", "--beta", "1,0"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(form: str) -> str:
    numbers: Any = bfloat16_bits(WEIGHT).view("V2") if form == "bfloat16" else WEIGHT.astype(form)
    np.save("w.npy", numbers)
    return "w.npy"


def written(path: str) -> dict[str, tuple[str, Any]]:
    """The format and the numbers of each array in a file."""
    if path.endswith(".safetensors"):
        names = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
        found = read(Path(path).read_bytes())
        raw = {name: values.view("V2") if dtype == "BF16" else values for name, (dtype, values) in found.items()}
        assert {names[dtype] for dtype, _ in found.values()} == {stored(next(iter(raw.values())), "w").format}
    else:
        with np.load(path) as archive:
            raw = dict(archive)
    return {
        name: (stored(values, name).format, np.asarray(stored(values, name).values)) for name, values in raw.items()
    }


@pytest.mark.parametrize("path", ["out.npz", "out.safetensors", "OUT.NPZ"])
@pytest.mark.parametrize("form", ["float64", "float32", "float16", "bfloat16"])
def test_the_folded_layer_in_its_own_format(run: Run, folder: Path, path: str, form: str) -> None:
    words = [*AFFINE, "--weight", saved(form), "--json"]
    right = run(*words).json
    found = run(*words, "-o", path)
    assert (found.code, found.json["output"], found.json["weight"]) == (0, path, right["weight"])
    arrays = written(path)
    assert sorted(arrays) == ["bias", "weight"]
    for name, (number_format, values) in arrays.items():
        assert number_format == form
        np.testing.assert_array_equal(values, right[name])
        np.testing.assert_array_equal(values, rounded(np.array(right[name]), form))


@pytest.mark.parametrize("path", ["out.npz", "out.safetensors"])
def test_the_affine_without_a_layer(run: Run, folder: Path, path: str) -> None:
    found = run(*AFFINE, "-o", path, "--json", "--check").json
    arrays = written(path)
    assert {name: values.tolist() for name, (_, values) in arrays.items()} == {
        "scale": found["scale"],
        "shift": found["shift"],
    }
    assert {number_format for number_format, _ in arrays.values()} == {"float64"}


def test_a_layer_of_keras_is_written_in_its_layout(run: Run, folder: Path) -> None:
    np.save("k.npy", np.moveaxis(WEIGHT, (0, 1), (2, 1)))
    words = [*AFFINE, "--weight", "k.npy", "--framework", "tensorflow"]
    assert run(*words, "-o", "out.npz").code == 0
    np.testing.assert_array_equal(written("out.npz")["weight"][1], run(*words, "--json").json["weight"])


def test_one_array_in_a_npy_file(run: Run, folder: Path) -> None:
    plain = ["bn-fold", "--mean", "0,0", "--var", "4,0.25", "--eps", "0"]
    assert run(*plain, "-o", "scale.npy").code == 0
    assert np.load("scale.npy").tolist() == [0.5, 2]
    assert run(*plain, "--weight", saved("bfloat16"), "-o", "weight.npy").code == 0
    assert np.load("weight.npy").dtype == np.dtype("V2")
    two = run(*AFFINE, "-o", "two.npy", "--json")
    assert (two.code, two.error["code"], two.error["option"]) == (2, "unsupported-file", "output")
    assert "scale and shift" in two.error["message"]
    assert not os.path.exists("two.npy")


@pytest.mark.parametrize(("path", "hint"), [("out", "out.npz"), ("a/out.txt", "a/out.npz"), ("dir/", "dir.npz")])
def test_another_ending(run: Run, folder: Path, path: str, hint: str) -> None:
    found = run(*AFFINE, "-o", path, "--json")
    assert (found.error["code"], found.error["hint"]) == ("unsupported-file", hint)


def test_a_file_that_is_there_is_replaced_by_force_alone(run: Run, folder: Path) -> None:
    Path("out.npz").write_text("mine")
    refusal = run(*AFFINE, "-o", "out.npz", "--json")
    assert (refusal.code, refusal.error["code"]) == (2, "output-exists")
    assert Path("out.npz").read_text() == "mine"
    assert run(*AFFINE, "-o", "out.npz", "--force").code == 0
    assert len(written("out.npz")) == 2
    assert os.listdir() == ["out.npz"]


def test_what_is_not_proved_is_not_written(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = affine_of._over_root
    monkeypatch.setattr(affine_of, "_over_root", lambda gamma, square: right(gamma, square) * 3)
    found = run(*AFFINE, "-o", "out.npz", "--check", "--json")
    assert (found.code, "output" in found.json, os.listdir()) == (1, False, [])


def test_nothing_on_stdout_where_it_is_quiet(run: Run, folder: Path) -> None:
    found = run(*AFFINE, "-o", "out.npz", "-q")
    assert (found.code, found.out, found.err) == (0, "", "")
    wrong = run(*AFFINE, "-o", "out.npz", "--force", "-q", "--expect", "7,7")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("scale 7, 7: wrong")


def test_a_folder_that_is_not_there(run: Run, folder: Path) -> None:
    found = run(*AFFINE, "-o", "none/out.npz", "--json")
    assert (found.code, found.error["code"]) == (2, "write-failed")


def test_it_is_explained_and_judged_as_without_a_file(run: Run, folder: Path) -> None:
    words = [*AFFINE, "--explain", "--expect", "shift=9,9", "--json"]
    right, found = run(*words).json, run(*words, "-o", "out.npz").json
    assert found.pop("output") == "out.npz"
    assert json.dumps(found) == json.dumps(right)
