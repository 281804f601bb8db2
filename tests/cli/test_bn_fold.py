"""The command as a script sees it: sources, ranks, statistics, layers, formats, claims, proofs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Run
from tests.support import matrix_sources

AFFINE = "--mean 0.5,2 --var 4,0.25 --gamma 2,-1 --beta 1,0 --eps 0"
BATCHES = "--batches 1,2,3,4/2,4,6,8"


def test_the_affine(fold: Run) -> None:
    found = fold("--mean 0.5 --var 4 --json")
    assert (found.code, found.err, found.out.count("\n")) == (0, "", 1)
    assert list(found.json) == ["command", "framework", "eps", "eps_source", "scale", "shift"]
    assert found.json["scale"] == [0.49999937500117186]
    assert found.json["shift"] == [-0.24999968750058593]
    assert fold(f"{AFFINE} --json").json["scale"] == [1, -2]
    assert fold(f"{AFFINE} --json").json["shift"] == [0.5, 4]


@pytest.mark.parametrize(
    ("words", "eps", "source"),
    [
        ("", 1e-5, "default"),
        ("--eps 1e-4", 1e-4, "option"),
        ("--framework paper", 1e-5, "framework"),
        ("--framework pytorch", 1e-5, "framework"),
        ("--framework tensorflow", 1e-3, "framework"),
        ("--framework onnx", 1e-5, "framework"),
        ("--framework tensorflow --eps 0", 0, "option"),
    ],
)
def test_the_eps_and_where_it_comes_from(fold: Run, words: str, eps: float, source: str) -> None:
    found = fold(f"--mean 0 --var 1 {words} --json").json
    assert (found["eps"], found["eps_source"]) == (eps, source)
    table = fold(f"--mean 0 --var 1 {words}").out
    said = {"option": "as typed", "default": "assumed", "framework": "the default of"}[source]
    assert f"eps {eps:g}, {said}" in table


@pytest.mark.parametrize("path", matrix_sources.PATHS)
@pytest.mark.parametrize("words", [f"{AFFINE} --weight", "--layout BN --batches"])
def test_every_source_of_a_matrix(fold: Run, words: str, path: str) -> None:
    matrix_sources.write_files()
    expected = fold(f"{words} {matrix_sources.TYPED} --json").out
    assert fold(f"{words} {path} --json", stdin=matrix_sources.TEXT).out == expected


@pytest.mark.parametrize("key", ["gamma", "beta", "mean", "var", "bias", "x"])
@pytest.mark.parametrize("form", ["v.npy", "column.npy", "v.npz", "v.json", "v.csv", "-"])
def test_the_parameters_may_be_files_too(fold: Run, key: str, form: str) -> None:
    typed = {"gamma": "2,3", "beta": "1,1", "mean": "0,1", "var": "4,9", "weight": "1,0/0,1", "bias": "1,2", "x": "3,4"}
    values = [float(part) for part in typed[key].split(",")]
    np.save("v.npy", np.array(values, np.float32))
    np.save("column.npy", np.array(values if key == "x" else [[value] for value in values]))
    np.savez("v.npz", v=np.array(values))
    Path("v.json").write_text(json.dumps(values))
    Path("v.csv").write_text(typed[key] + "\n")
    words = " ".join(f"--{name} {value}" for name, value in typed.items())
    changed = " ".join(f"--{name} {form if name == key else value}" for name, value in typed.items())
    expected = fold(words + " --json").json
    found = fold(changed + " --json", stdin=json.dumps(values)).json
    if key == "x" and form == "v.csv":  # a file of one row is a row
        assert np.ravel(found.pop("evaluated")["folded"]).tolist() == expected.pop("evaluated")["folded"]
    assert found == expected


STATISTICS: list[tuple[str, dict[str, object]]] = [
    ("", {"mean": [3.75], "var": [25 / 6]}),
    ("--framework paper", {"mean": [3.75], "var": [25 / 6]}),
    ("--framework pytorch", {"mean": [0.725], "var": [0.81 + 0.09 * 5 / 3 + 0.1 * 20 / 3], "start_value_left": 0.81}),
    (
        "--framework pytorch --momentum 0.5",
        {"mean": [3.125], "var": [0.25 + 5 / 12 + 10 / 3], "start_value_left": 0.25},
    ),
    ("--framework pytorch --momentum none", {"mean": [3.75], "var": [25 / 6]}),
    ("--framework tensorflow", {"mean": [0.07475], "var": [1.0301 + 0.0099 * 1.25], "start_value_left": 0.9801}),
    ("--framework onnx", {"mean": [0.725], "var": [0.81 + 0.09 * 1.25 + 0.5], "start_value_left": 0.81}),
    ("--framework onnx --momentum 0", {"mean": [5], "var": [5], "start_value_left": 0}),
]


@pytest.mark.parametrize(("words", "keys"), STATISTICS)
def test_statistics(fold: Run, words: str, keys: dict[str, Any]) -> None:
    found = fold(f"{BATCHES} {words} --json --check")
    assert found.code == 0, found
    statistics = found.json["statistics"]
    assert (statistics["batches"], statistics["samples_per_batch"]) == (2, 4)
    for key, value in keys.items():
        assert statistics[key] == pytest.approx(value, rel=1e-14), key
    assert ("momentum" in statistics) == ("start_value_left" in statistics) == ("start_value_left" in keys)
    warned = [warning["code"] for warning in found.json.get("warnings", [])]
    assumed = ["layout-assumed"] if words and "paper" not in words else []
    left = ["start-value-left"] if keys.get("start_value_left") else []
    looks = ["momentum-looks-reversed"] if words.endswith("--momentum 0") else []
    assert warned == assumed + left + looks
    table = fold(f"{BATCHES} {words}")
    assert ("start value left" in table.out) == bool(left)
    assert ("warning: " in table.err) == bool(warned)
    assert "statistics of 2 mini-batches of 4 samples, 1 channel (BN), by " in table.out


def test_ragged_batches(fold: Run) -> None:
    found = fold("--batches 1,2,3,4/2,4,6 --json --check").json
    statistics = found["statistics"]
    assert statistics["samples_per_batch"] == [4, 3]
    assert statistics["var"] == pytest.approx([(4 / 3 * 1.25 + 3 / 2 * 8 / 3) / 2])
    samples = [1, 2, 3, 4, 2, 4, 6]
    assert statistics["pooled_mean"] == pytest.approx([np.mean(samples)])
    assert statistics["pooled_var"] == pytest.approx([np.var(samples, ddof=1)])
    assert [np.shape(batch["output"]) for batch in found["batches"]] == [(4,), (3,)]
    assert "all samples together" in fold("--batches 1,2,3,4/2,4,6").out
    assert "pooled_var" not in fold(f"{BATCHES} --json").json["statistics"]
    assert "statistics of 2 mini-batches of 3 to 4 samples, 1 channel (BN)" in fold("--batches 1,2,3,4/2,4,6").out
    Path("ragged.csv").write_text("1,2,3,4\n2,4,6\n")
    assert fold("--batches ragged.csv --json").json["statistics"] == statistics


@pytest.mark.parametrize("layout", ["BN", "BNC", "BCN", "BNCL", "BNCHW", "BNHWC", "BNHW", "BCDNHW"])
def test_batches_have_the_rank_in_which_they_were_given(fold: Run, layout: str) -> None:
    sizes = {"B": 2, "N": 4, "C": 3, "D": 2, "H": 2, "W": 3, "L": 5}
    shape = tuple(sizes[letter] for letter in layout)
    batches = np.random.default_rng(11).normal(size=shape) * 3
    np.save("b.npy", batches)
    twos = "2,2,2" if "C" in layout else "2"
    found = fold(f"--batches b.npy --layout {layout} --json --gamma {twos} --check").json
    assert (found["layout"], found["check"]["passed"]) == (layout, True)
    axes = tuple(axis for axis, letter in enumerate(layout) if letter not in "BC")
    for batch, mean, var in zip(found["batches"], batches.mean(axes), batches.var(axes), strict=True):
        assert np.shape(batch["normalized"]) == np.shape(batch["output"]) == shape[1:]
        assert batch["mean"] == pytest.approx(np.atleast_1d(mean))
        assert batch["var"] == pytest.approx(np.atleast_1d(var))
        np.testing.assert_allclose(batch["output"], 2 * np.array(batch["normalized"]))


def test_the_effect(fold: Run) -> None:
    found = fold("--batches -9,-6,6,9/-8,-7,7,8 --json").json["effect"]
    before, after = found["before"], found["after"]
    assert list(before) == ["mean", "var", "saturated", "sigmoid_slope", "sigmoid_slope_10_layers"] == list(after)
    assert (before["mean"], before["var"], before["saturated"]) == ([0], [57.5], [1])
    assert (after["mean"], after["saturated"]) == ([0], [0])
    assert after["var"] == pytest.approx([1], rel=1e-4)
    slope = np.array([1 / (1 + np.exp(-x)) * (1 - 1 / (1 + np.exp(-x))) for x in (6, 7, 8, 9)]).mean()
    assert before["sigmoid_slope"] == pytest.approx([slope])
    assert before["sigmoid_slope_10_layers"] == pytest.approx([slope**10])
    assert "share of |x| > 4" in fold(BATCHES).out


def test_quiet(fold: Run) -> None:
    assert fold(f"{AFFINE} -q").out == "1.0,-2.0\n"
    found = fold(f"{AFFINE} --weight 1,2/3,4 -q")
    assert (found.code, found.out, found.err) == (0, "1.0,2.0\n-6.0,-8.0\n", "")
    again = fold(f"{AFFINE} --weight 1,2/3,4 --expect " + "/".join(found.out.split()))
    assert again.code == 0


def test_csv(fold: Run) -> None:
    found = fold(f"{AFFINE} --format csv --check --expect 1,-2")
    rows = found.rows
    assert [row["channel"] for row in rows] == ["0", "1"]
    assert [float(row["scale"]) for row in rows] == [1, -2]
    assert [float(row["shift"]) for row in rows] == [0.5, 4]
    assert {(row["check_passed"], row["expect_passed"]) for row in rows} == {("true", "true")}


def test_table(fold: Run) -> None:
    found = fold(f"{AFFINE} --explain --check --expect 1,-2")
    lines = found.out.splitlines()
    assert lines[1] == "  scale 1, -2, shift 0.5, 4"  # the answer first
    assert "eps 0, as typed" in lines[2]
    for text in ("channel", "gamma/sqrt(Var + eps)", "check: confirmed", "right"):
        assert text in found.out
    layer = fold(f"{AFFINE} --weight 1,2/3,4 --explain").out
    assert layer.splitlines()[1] == "  folded into a linear layer, 2 x 2"
    assert "(b - E)*s + beta" in layer
    assert "claim" in fold(f"{BATCHES} --explain").out


def test_a_long_table_says_what_it_leaves_out(fold: Run) -> None:
    np.savez("bn.npz", zeros=np.zeros(40), ones=np.ones(40))
    np.save("w.npy", np.ones((40, 3, 3, 3)))
    found = fold("--mean bn.npz:zeros --var bn.npz:ones --weight w.npy").out
    assert found.count("... 24 more") == 3
    assert "the first 4 of 27 a row" in found


def test_warnings(fold: Run) -> None:
    found = fold("--gamma 0,1,1 --mean 0,0,1e300 --var 1,1e-6,1e-200 --eps 0 --framework onnx --json")
    assert [warning["code"] for warning in found.json["warnings"]] == ["gamma-zero", "affine-overflow"]
    assert found.json["shift"][2] == "-Infinity"
    low = fold("--mean 0 --var 1e-6 --json")
    assert [warning["code"] for warning in low.json["warnings"]] == ["variance-below-eps"]
    np.save("w.npy", np.array([[60000, 1e-6]], np.float16))
    half = fold("--mean -60000 --var 0.25 --eps 0 --weight w.npy --json")
    assert [warning["code"] for warning in half.json["warnings"]] == ["folded-overflow"] * 2 + ["folded-subnormal"]
    assert (half.json["weight"][0][0], half.json["bias"]) == ("Infinity", ["Infinity"])


def test_large_arrays_are_left_out_and_named(fold: Run) -> None:
    rng = np.random.default_rng(13)
    np.save("w.npy", rng.normal(size=(2, 501)).astype(np.float32))
    np.save("x.npy", np.ones((501, 501)))
    found = fold("--mean 0,1 --var 1,2 --weight w.npy --x x.npy --json --check").json
    assert found["omitted"] == ["weight", "evaluated"]
    assert (len(found["bias"]), found["check"]["passed"]) == (2, True)
    np.save("b.npy", rng.normal(size=(3, 334, 1)))
    assert fold("--batches b.npy --json").json["omitted"] == ["batches"]
    np.save("wide.npy", np.ones(1001))
    assert fold("--mean wide.npy --var wide.npy --json").json["omitted"] == ["scale", "shift"]
    assert len(fold("--mean wide.npy --var wide.npy -q").out.split(",")) == 1001


def test_several_channels_have_a_table_each_and_fit_a_terminal(fold: Run) -> None:
    np.save("b.npy", np.random.default_rng(19).normal(size=(3, 5, 5)) - 0.01)
    found = fold("--batches b.npy --framework pytorch --check --explain").out
    assert "statistics of 3 mini-batches of 5 samples, 5 channels (BNC), by PyTorch" in found
    tables = found.partition("  channel 0\n  mu_0")
    assert max(map(len, [*tables[0].splitlines(), *tables[2].partition("what normalising")[2].splitlines()])) <= 80
    assert found.count("running, momentum 0.1 ") == found.count("mean slope of a sigmoid") == 3
    assert "and 2 more channels, in JSON" in found
    assert "more channels" not in fold("--batches b.npy --layout BCN --framework pytorch --gamma 1,1,1,1,1 -q").out
