"""The command as a script sees it: the edge cases of the rules, every form of source, ranks, formats, claims."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Run
from tests.support import matrix_sources

GRADIENT = [0.09003057317038046, 0.24472847105479767, -0.33475904422517816]


def test_the_example_of_the_interface(softmax: Run) -> None:
    found = softmax("--logits 1,2,3 --label 2 --json")
    assert (found.code, found.err, found.out.count("\n")) == (0, "", 1)
    assert list(found.json) == [
        "command", "rows", "classes", "reduction", "loss", "softmax", "target", "grad_softmax", "grad_logits"
    ]  # fmt: skip
    assert found.json["loss"] == pytest.approx(0.4076059644443803, rel=1e-15)
    assert found.json["grad_logits"] == pytest.approx(GRADIENT, rel=1e-15)
    assert (found.json["target"], found.json["rows"], found.json["classes"]) == ([0, 0, 1], 1, 3)
    assert '"target":[0,0,1]' in found.out


# Every row of the table of edge cases; what the answer has, and its warnings.
EDGES: list[tuple[str, dict[str, object], list[str]]] = [
    ("--logits 1,-inf,1 --label 0", {"softmax": [0.5, 0, 0.5], "grad_logits": [-0.5, 0, 0.5], "loss": math.log(2)}, []),
    ("--logits 1,-inf,1 --target 1,0,0", {"grad_softmax": [-2, 0, 0], "loss": math.log(2)}, []),
    ("--logits 1,1,-inf --label 2", {"loss": "Infinity", "grad_logits": [0.5, 0.5, -1]}, ["infinite-loss"]),
    ("--logits 1,-inf --label 0 --label-smoothing 0.1", {"loss": "Infinity"}, ["infinite-loss"]),
    ("--logits nan,inf/1,1 --label -100,0", {"loss": math.log(2), "grad_logits": [[0, 0], [-0.5, 0.5]]}, []),
    ("--logits nan,1/1,1 --label 7,0 --ignore-index 7", {"softmax": [["NaN", "NaN"], [0.5, 0.5]]}, []),
    ("--logits -inf,-inf/1,1 --label -1,0 --ignore-index -1 --reduction none", {"loss": [0, math.log(2)]}, []),
    ("--logits 1,2/3,4 --label -100,-100 --reduction sum", {"loss": 0, "grad_logits": [[0, 0], [0, 0]]}, []),
    ("--logits 1,2/3,4 --label -100,-100", {"loss": "NaN", "grad_logits": [[0, 0], [0, 0]]}, ["no-valid-rows"]),
    ("--logits nan,2 --label 7 --ignore-index 7 --label-smoothing 0.1", {"grad_logits": [0, 0]}, ["no-valid-rows"]),
    ("--x 1,nan --weight 1,0/0,1 --label -100", {"grad_weight": [[0, 0], [0, 0]], "grad_x": [0, 0]}, ["no-valid-rows"]),
    ("--logits 1,1 --target 1,1", {"loss": 2 * math.log(2), "grad_logits": [0, 0]}, ["target-not-normalized"]),
    ("--logits 1,1 --target -1,2", {"grad_logits": [1.5, -1.5]}, ["target-negative"]),
    ("--logits 0.25,0.75 --label 0", {"target": [1, 0]}, ["logits-look-like-probabilities"]),
    ("--logits 40,0 --label 0", {"loss": 4.248354255291589e-18}, []),
    ("--logits 0,-720 --label 1", {"loss": 720}, []),
    ("--logits 1000,1001,1002 --label 2", {"grad_logits": GRADIENT}, []),
    ("--logits -1001,-1000,-999 --label 2", {"grad_logits": GRADIENT}, []),
]


@pytest.mark.parametrize(("words", "keys", "warnings"), EDGES)
def test_the_table_of_edge_cases(softmax: Run, words: str, keys: dict[str, Any], warnings: list[str]) -> None:
    found = softmax(words + " --json --check")
    assert found.code == 0, found
    for key, value in keys.items():
        assert leaves(found.json[key]) == pytest.approx(leaves(value), rel=1e-12, abs=1e-15), key
    assert [warning["code"] for warning in found.json.get("warnings", [])] == warnings
    assert not re.search(r"-0\.0(?!\d)", found.out)
    assert softmax(words).code == 0
    assert ("warning: " in softmax(words).err) == bool(warnings)


def leaves(value: Any) -> list[Any]:
    """The numbers in lists, words among them as what they stand for."""
    if isinstance(value, list):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [float(value) if value != "NaN" else -12345.0]


REFUSED_EDGES = [
    ("--logits -inf,-inf --label 0", "no-finite-logit", "logits", "row 0"),
    ("--logits 1,2/inf,1 --label 0,0", "no-finite-logit", "logits", "row 1"),
    ("--logits 1,2/nan,1 --label 0,0", "no-finite-logit", "logits", "row 1"),
    ("--logits 1,2 --label 0 --class-weights 0,1", "no-valid-rows", "class_weights", "weight"),
    ("--logits 1,2 --label -1", "label-out-of-range", "label", "row 0"),
    ("--logits 1,2/1,2 --label 0,2", "label-out-of-range", "label", "row 1"),
]


@pytest.mark.parametrize(("words", "code", "option", "said"), REFUSED_EDGES)
def test_edge_cases_without_an_answer(softmax: Run, words: str, code: str, option: str, said: str) -> None:
    found = softmax(words + " --json")
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1)
    assert (found.error["code"], found.error["option"]) == (code, option)
    assert said in found.error["message"]
    assert found.error["hint"]


@pytest.mark.parametrize("path", matrix_sources.PATHS)
def test_every_source_of_a_matrix(softmax: Run, path: str) -> None:
    matrix_sources.write_files()
    expected = softmax(f"--logits {matrix_sources.TYPED} --label 2,0 --json").out
    assert softmax(f"--logits {path} --label 2,0 --json", stdin=matrix_sources.TEXT).out == expected
    line = json.dumps({"logits": path, "label": [2, 0]})
    if path != "-":
        assert softmax("--batch -", stdin=line).out.replace('"line":1,', "") == expected


@pytest.mark.parametrize("logits", ["1,2,3", [1, 2, 3], ["1", 2, "3"], "z.npy", "z.csv"])
@pytest.mark.parametrize("label", [2, "2", [2], "l.npy", "l.json", [0, 0, 1], "0,0,1"])
def test_a_line_of_a_batch(softmax: Run, logits: object, label: object) -> None:
    np.save("z.npy", np.array([1.0, 2, 3]))
    np.save("l.npy", np.array(2))
    Path("l.json").write_text("2")
    Path("z.csv").write_text("1,2,3\n")
    key = "target" if label in ([0, 0, 1], "0,0,1") else "label"
    (found,) = softmax("--batch -", stdin=json.dumps({"logits": logits, key: label})).lines
    assert leaves(found["grad_logits"]) == pytest.approx(GRADIENT, rel=1e-15)


def test_the_labels_and_weights_may_be_files_too(softmax: Run) -> None:
    for name, array in {"label": [2, 0], "w": [1, 2, 3], "y": [[0, 0, 1], [1, 0, 0]]}.items():
        np.save(f"{name}.npy", np.array(array, np.uint8))
    wanted = softmax("--logits 1,2,3/4,5,6 --label 2,0 --class-weights 1,2,3 --json").out
    assert softmax("--logits 1,2,3/4,5,6 --label label.npy --class-weights w.npy --json").out == wanted
    given = softmax("--logits 1,2,3/4,5,6 --target y.npy --json").json["target"]
    assert given == [[0, 0, 1], [1, 0, 0]]


def test_answers_have_the_rank_of_the_question(softmax: Run) -> None:
    np.save("row.npy", np.array([1.0, 2, 3]))
    np.save("matrix.npy", np.array([[1.0, 2, 3]]))
    for source, rank in (("1,2,3", 1), ("row.npy", 1), ("matrix.npy", 2), ("1,2,3/4,5,6", 2)):
        label = "2" if "/" not in source else "2,0"
        found = softmax(f"--logits {source} --label {label} --jacobian --json").json
        for key in ("softmax", "target", "grad_softmax", "grad_logits"):
            assert np.ndim(found[key]) == rank, key
        assert np.ndim(found["jacobian"]) == rank + 1
        assert np.ndim(found["loss"]) == 0
        none = softmax(f"--logits {source} --label {label} --reduction none --json").json["loss"]
        assert np.ndim(none) == 1


def test_a_linear_layer(softmax: Run) -> None:
    found = softmax("--x 1,2 --weight 1,0/0,1/1,1 --bias 0,1,0 --label 2 --check --json").json
    assert found["logits"] == [1, 3, 3]
    assert [np.shape(found[key]) for key in ("grad_weight", "grad_bias", "grad_x")] == [(3, 2), (3,), (2,)]
    assert found["check"]["passed"]


def test_quiet(softmax: Run) -> None:
    found = softmax("--logits 0,0/-inf,0 --label 0,1 --reduction sum -q")
    assert (found.code, found.out, found.err) == (0, "-0.5,0.5\n0.0,0.0\n", "")
    again = softmax("--logits 0,0/-inf,0 --label 0,1 --reduction sum --json --expect " + "/".join(found.out.split()))
    assert again.code == 0


def test_csv(softmax: Run) -> None:
    found = softmax("--logits 1,-inf/2,3 --label 1,0 --format csv --reduction sum")
    rows = found.rows
    assert [(row["row"], row["class"]) for row in rows] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert [row["logit"] for row in rows] == ["1.0", "-Infinity", "2.0", "3.0"]
    assert [row["row_loss"] for row in rows[:2]] == ["Infinity", "Infinity"]
    assert float(rows[3]["grad_logits"]) == pytest.approx(1 / (1 + math.exp(-1)))
    assert "-0.0," not in found.out


def test_table(softmax: Run) -> None:
    found = softmax("--logits 1,2,3/0,0,0 --label 2,-100 --explain")
    assert found.code == 0
    assert "row 0, loss 0.407606" in found.out
    assert "row 1, ignored" in found.out
    assert "\u2588" in found.out
    one = softmax("--logits 1,2,3 --label 2 --jacobian --check --expect loss=0.41").out
    assert "row 0" not in one
    assert "Jacobian" in one
    assert "confirmed" in one
    assert "right" in one


def test_large_arrays_are_left_out_and_named(softmax: Run) -> None:
    rng = np.random.default_rng(1)
    np.save("z.npy", rng.normal(size=(334, 3)).astype(np.float32))
    np.save("y.npy", rng.integers(0, 3, 334))
    found = softmax("--logits z.npy --label y.npy --json --reduction none").json
    assert found["omitted"] == ["softmax", "target", "grad_softmax", "grad_logits"]
    assert len(found["loss"]) == 334
    assert len(found["worst_rows"]) == 10
    worst = max(range(334), key=found["loss"].__getitem__)
    assert found["worst_rows"][0] == {"row": worst, "loss": found["loss"][worst]}
    full = np.loadtxt(softmax("--logits z.npy --label y.npy -q").out.split(), delimiter=",")
    mean = softmax("--logits z.npy --label y.npy --json").json
    assert mean["grad_norm"] == pytest.approx(np.linalg.norm(full), rel=1e-6)
    assert mean["max_abs_grad"] == pytest.approx(np.abs(full).max(), rel=1e-12)
    table = softmax("--logits z.npy --label y.npy")
    assert "largest losses" in table.out
    assert f"row {worst}" in table.out
    np.save("z.npy", np.ones((333, 3)))
    assert "omitted" not in softmax(f"--logits z.npy --label {','.join(['0'] * 333)} --json").json


def test_the_table_shows_the_t_of_the_formula(softmax: Run) -> None:
    """Where it is not the target itself: t = w ((1 - 0.1) y + 0.1/2), by hand."""
    rows = [line.split() for line in softmax("--logits 0,0 --label 1 --label-smoothing 0.1").out.splitlines()]
    assert ["class", "logit", "softmax", "target", "t", "dC/da", "dC/dz"] in rows
    assert [row[-4:-2] for row in rows if row[:1] in (["0"], ["1"]) and len(row) == 8] == [["0", "0.05"], ["1", "0.95"]]
    words = "--logits 0,0 --label 1 --class-weights 1,3"
    assert ["t", "=", "w*y"] in [line.split() for line in softmax(words).out.splitlines()]
    both = softmax(words + " --label-smoothing 0.1").out
    assert "t = w*((1 - 0.1)*y + 0.1/2)" in both
    assert "2.85" in both
    assert "t = " not in softmax("--logits 0,0 --label 1").out


def test_no_row_counts(softmax: Run) -> None:
    """NaN is then the right loss, 0 the right gradient; and no other."""
    words = "--logits 1,2/3,4 --label -100,-100 --json"
    assert softmax(words + " --expect loss=nan --expect 0,0/0,0").code == 0
    wrong = softmax(words + " --expect loss=0").json["expect"]["claims"][0]
    names = [one["mistake"] for one in wrong["diagnosis"]]
    assert (wrong["actual"], names) == ("NaN", ["ignored-rows-counted", "sum-instead-of-mean"])
    assert softmax(words + " --expect nan,nan/nan,nan").code == 1
    steps = softmax(words + " --explain").json["explain"]
    assert [(step["symbol"], step["value"]) for step in steps] == [("t_i", 0), ("D", 0), ("C", "NaN"), ("dC/dz_i", 0)]
    assert "D = 0" in softmax("--logits 1,2/3,4 --label -100,-100").out
    assert softmax("--logits 1,2/3,4 --label -100,-100 --reduction sum --explain").code == 0


def test_an_explanation_names_its_row_and_has_the_digits_of_the_table(softmax: Run) -> None:
    out = softmax("--logits 1,2/3,4/0,1 --label -100,1,0 --explain").out
    assert "\n  row 1\n" in out.partition("dC/dz")[2]
    assert not re.search(r"\d\.\d{8}", out)
    assert "row 0" not in softmax("--logits 1,2 --label 1 --explain").out
    exact = softmax("--logits 1,2 --label 1 --explain --json").json["explain"][1]["value"]
    assert exact == pytest.approx(0.2689414213699951, rel=1e-15)


def test_the_largest_losses_stand_behind_the_verdict(softmax: Run) -> None:
    np.save("large.npy", np.arange(90.0).reshape(30, 3))
    out = softmax("--logits large.npy --label " + ",".join(["0"] * 30) + " --expect loss=1").out
    assert out.index("loss 1: wrong") < out.index("largest losses")


def test_quiet_with_a_file_prints_nothing(softmax: Run) -> None:
    found = softmax("--logits 1,2 --label 1 -o g.npy -q")
    assert (found.code, found.out, found.err) == (0, "", "")
    wrong = softmax("--logits 1,2 --label 1 -o g.npy --force -q --expect loss=7")
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (1, "", 1)
    assert np.load("g.npy").tolist() == pytest.approx([0.2689414213699951, -0.2689414213699951])
