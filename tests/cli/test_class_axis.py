"""--class-axis: answers, claims and files have the shape that was asked for, and the numbers of rows x classes."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.softmax import class_axis, row_values
from dlcalc.jobs import arrays
from tests.conftest import Run

RNG = np.random.default_rng(41)
N, C, D1, D2 = 3, 5, 4, 2
Z = RNG.standard_normal((N, D1, D2, C))
Y = RNG.integers(0, C, (N, D1, D2))
Y[1, 2, 0] = -100
Q = RNG.dirichlet(np.ones(C), (N, D1, D2))


@pytest.fixture
def by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are large here, and are read in blocks of a few rows, a run for each class."""
    monkeypatch.setattr(blocks, "BLOCK", 300)
    monkeypatch.setattr(class_axis, "_APART", 20)
    monkeypatch.setattr(row_values, "WHOLE", 400)
    monkeypatch.setattr(arrays, "LARGE", 1)


def save(axis: int, form: str = "float64") -> None:
    """The same question twice: rows x classes, and with the classes along an axis."""
    np.save("rows.npy", Z.reshape(-1, C).astype(form))
    np.save("row_labels.npy", Y.reshape(-1))
    np.save("row_targets.npy", Q.reshape(-1, C))
    z = np.moveaxis(Z, -1, axis).astype(form)
    np.save("z.npy", np.asfortranarray(z) if form == "f4" else z)
    np.save("y.npy", Y)
    np.save("q.npy", np.moveaxis(Q, -1, axis))


def rows_of(values: Any, axis: int) -> Any:
    return np.moveaxis(np.array(values, float), axis, -1).reshape(-1, C)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("words", ["--label y.npy", "--target q.npy", "--label y.npy --label-smoothing 0.1"])
def test_every_array_has_the_shape_of_the_question(softmax: Run, axis: int, words: str) -> None:
    save(axis)
    row_words = words.replace("y.npy", "row_labels.npy").replace("q.npy", "row_targets.npy")
    wanted = softmax(f"--logits rows.npy {row_words} --reduction none --json").json
    found = softmax(f"--logits z.npy {words} --reduction none --class-axis {axis} --json --check").json
    for key in ("softmax", "target", "grad_softmax", "grad_logits"):
        np.testing.assert_array_equal(rows_of(found[key], axis), np.array(wanted[key]), key)
    assert np.shape(found["loss"]) == (N, D1, D2)
    np.testing.assert_array_equal(np.array(found["loss"]).reshape(-1), wanted["loss"])
    assert (found["class_axis"], found["check"]["passed"]) == (axis % 4, True)


@pytest.mark.usefixtures("by_rows")
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("form", ["f8", "f4", ">f4", "f2"])  # f4 stored by column
def test_files_are_read_and_written_along_the_axis(softmax: Run, axis: int, form: str) -> None:
    save(axis, form)
    assert softmax("--logits rows.npy --label row_labels.npy -o rows_grad.npy -q").code == 0
    found = softmax(f"--logits z.npy --label y.npy --class-axis {axis} -o grad.npy -q --expect loss=1.88 --force")
    assert found.out == ""
    written, wanted = np.load("grad.npy"), np.load("rows_grad.npy")
    assert (written.shape, written.dtype) == (np.load("z.npy").shape, wanted.dtype)
    np.testing.assert_array_equal(np.moveaxis(written, axis, -1).reshape(-1, C), wanted)
    assert not [name for name in os.listdir() if name.endswith(".tmp")]


@pytest.mark.usefixtures("by_rows")
@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_claims_are_judged_and_explained(
    softmax: Run, monkeypatch: pytest.MonkeyPatch, axis: int, streamed: bool
) -> None:
    if not streamed:
        monkeypatch.setattr(arrays, "LARGE", 1 << 30)
    save(axis)
    words = f"--logits z.npy --label y.npy --class-axis {axis} --json"
    assert softmax(words + " -o grad.npy --check").code == 0
    right = np.load("grad.npy")
    np.save("negative.npy", -right)
    off = right.copy()
    worst = (1, 2, 1, 0)
    off[worst] += 1
    np.save("off.npy", off)
    assert softmax(words + " --expect grad.npy").code == 0
    (flipped,) = softmax(words + " --expect negative.npy").json["expect"]["claims"]
    assert [one["mistake"] for one in flipped["diagnosis"]] == ["sign-flipped"]
    assert np.shape(flipped["expected"]) == right.shape
    if not streamed:
        np.testing.assert_allclose(flipped["actual"], right)
    (wrong,) = softmax(words + " --expect off.npy").json["expect"]["claims"]
    assert (wrong["failed"], wrong["worst"]["index"]) == (1, list(worst))
    losses = softmax(words + " --reduction none").json["loss"]
    np.save("losses.npy", np.array(losses) * 2)
    (claim,) = softmax(words + " --reduction none --expect loss=losses.npy").json["expect"]["claims"]
    assert (claim["diagnosis"][0]["mistake"], len(claim["worst"]["index"])) == ("scaled", 3)


def test_a_typed_matrix_of_columns(softmax: Run) -> None:
    """Two rows in columns: the answer goes back in, transposed it does not."""
    words = "--logits 1,0.5/2,-1/3,0.25 --label 2,0 --class-axis 0"
    gradient = "/".join(softmax(words + " -q").out.split())
    assert softmax(words + f" --expect {gradient} --json").code == 0
    rows = softmax("--logits 1,2,3/0.5,-1,0.25 --label 2,0 -q").out.split()
    (claim,) = softmax(words + f" --expect {'/'.join(rows)} --json").json["expect"]["claims"]
    assert [one["mistake"] for one in claim["diagnosis"]] == ["transposed"]
    right = np.array([row.split(",") for row in gradient.split("/")], float)
    right[1:, 1] = [3.5, 4.5]  # of the second row
    spoilt = "/".join(",".join(map(repr, row)) for row in right.tolist())
    (claim,) = softmax(words + f" --expect {spoilt} --json").json["expect"]["claims"]
    assert (claim["failed"], claim["only_column"], "only_row" in claim) == (2, 1, False)
    line = {"logits": [[1, 0.5], [2, -1], [3, 0.25]], "label": [2, 0], "class_axis": 0}
    assert softmax("--batch -", stdin=json.dumps(line)).json["grad_logits"][2][0] == pytest.approx(-0.1673795221)
    assert np.shape(softmax(words + " --jacobian --json").json["jacobian"]) == (2, 3, 3)


def test_the_table_says_how_the_axes_were_read(softmax: Run) -> None:
    save(1)
    out = softmax("--logits z.npy --label y.npy --class-axis 1").out
    assert f"24 rows of 5 classes along axis 1 of {N} x {C} x {D1} x {D2}" in out
    assert ", at [" in out
    worst = softmax("--logits z.npy --label y.npy --class-axis 1 --reduction none --json").json
    assert "worst_rows" not in worst


HINTS = [
    ("--logits z.npy --label y.npy", "shape-mismatch", "--class-axis 1"),
    ("--logits z.npy --target q.npy", "usage", "--class-axis 0 or --class-axis 1"),
    ("--logits 1,2/3,4/5,6 --label 1,0", "shape-mismatch", "3 numbers, or --class-axis 0"),
    ("--logits z.npy --label y.npy --class-axis 2", "shape-mismatch", "--class-axis"),
    ("--logits z.npy --label y.npy --class-axis 4", "invalid-value", "--class-axis -1"),
    ("--x 1,2 --weight 1,2/3,4 --label 0 --class-axis 0", "usage", "--logits"),
]


@pytest.mark.parametrize(("words", "code", "hint"), HINTS)
def test_shapes_that_suggest_an_axis(softmax: Run, words: str, code: str, hint: str) -> None:
    save(1)
    found = softmax(words + " --json")
    assert (found.code, found.error["code"]) == (2, code)
    assert hint in found.error["hint"]


@pytest.mark.usefixtures("by_rows")
def test_reading_in_short_runs_is_said_to_be_slow(softmax: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save(1)
    assert "warnings" not in softmax("--logits z.npy --label y.npy --class-axis 1 --json").json
    monkeypatch.setattr(class_axis, "WHOLE", 40)
    monkeypatch.setattr(class_axis, "_MANY", 4)
    found = softmax("--logits z.npy --label y.npy --class-axis 1 --json").json
    assert [one["code"] for one in found["warnings"]] == ["stored-by-column"]


@pytest.mark.usefixtures("by_rows")
def test_files_in_which_no_row_counts(softmax: Run) -> None:
    """From file to file the mean of no rows is NaN too, and the gradient zeros."""
    save(1)
    np.save("y.npy", np.full((N, D1, D2), -100))
    words = "--logits z.npy --label y.npy --class-axis 1 -o zeros.npy --json --check --explain --expect loss=nan"
    found = softmax(words)
    assert (found.code, found.json["loss"]) == (0, "NaN")
    assert "no-valid-rows" in [one["code"] for one in found.json["warnings"]]
    assert not np.load("zeros.npy").any()
    assert Path("zeros.npy").exists()
    (wrong,) = softmax(words + " --force --expect loss=0").json["expect"]["claims"][1:]
    assert [one["mistake"] for one in wrong["diagnosis"]] == ["ignored-rows-counted", "sum-instead-of-mean"]
