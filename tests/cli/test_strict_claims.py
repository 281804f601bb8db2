"""Claims about arrays from the shell: printed numbers, tolerances that are told, and how good a right array is."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run

SOFTMAX = "softmax-grad --logits 1,2,3 --label 2"

# What frameworks print of 0.4076059644, of 0.0900305732,0.2447284711,0.6652409558, and of ln 2.
PRINTED = [
    (f"{SOFTMAX} --expect loss=0.40760597586631775", "float32"),
    (f"{SOFTMAX} --expect loss=0.40760595", "float32"),
    (f"{SOFTMAX} --expect softmax=0.09003057,0.24472848,0.66524094", "float32"),
    (f"{SOFTMAX} --expect softmax=0.09003057,0.24472846,0.66524099", "float32"),
    (f"{SOFTMAX} --expect 0.09003057,0.24472848,-0.33475906", "float32"),
    ("softmax-grad --logits 1,1 --label 1 --expect loss=0.6931471824645996", "float32"),
    ("bn-fold --mean 0.5 --var 3 --eps 0 --expect 0.5773502588272095", "float32"),
    ("bn-fold --mean 0.5 --var 3 --eps 0 --expect 0.57735026", None),
    ("bn-fold --mean 0.5 --var 3 --eps 0 --expect 0.5773503184318542", "float32"),
    ("bn-fold --mean 0.5 --var 3 --eps 0 --weight 1.1 --bias 0.3 --expect bias=-0.11547008901834488", "float32"),
]


@pytest.mark.parametrize(("words", "name"), PRINTED)
def test_what_frameworks_print_is_right(run: Run, words: str, name: str | None) -> None:
    found = run(*words.split(), "--json")
    claim = found.json["expect"]["claims"][0]
    assert (found.code, claim["passed"], claim.get("format")) == (0, True, name)
    table = run(*words.split()).out
    assert ("right, as a float32" in table) is (name is not None)


WRONG = [
    f"{SOFTMAX} --expect loss=0.40760695934295654",
    f"{SOFTMAX} --expect loss=0.40760795",
    f"{SOFTMAX} --expect softmax=0.09003057,0.24472948,0.66524094",
    "bn-fold --mean 0.5 --var 3 --eps 0 --expect 0.57735157",
    f"{SOFTMAX} --expect loss=0.407607",
]


@pytest.mark.parametrize("words", WRONG)
def test_what_is_farther_off_is_wrong(run: Run, words: str) -> None:
    found = run(*words.split(), "--json")
    assert (found.code, found.json["expect"]["passed"]) == (1, False)


def test_a_mistake_is_named_before_a_printed_number_is_taken_for_right(run: Run) -> None:
    """0.81521195: 1 off in 2 ** 24 from twice the loss, as a float32 prints it."""
    claim = run(*f"{SOFTMAX} --expect loss=0.81521195".split(), "--json").json["expect"]["claims"][0]
    assert (claim["passed"], claim["diagnosis"][0]["mistake"]) == (False, "scaled")


def test_digits_enough_to_differ(run: Run) -> None:
    words = ["bn-fold", "--mean", "0", "--var", "0.3265", "--eps", "0", "--expect", "1.7500810"]
    assert "scale 1.750081: wrong, it is 1.750082" in run(*words).out  # of six digits both are 1.75008
    out = run(*f"{SOFTMAX} --expect loss=0.4076059".split()).out
    assert "right" in out
    out = run(*f"{SOFTMAX} --expect loss=0.4076064".split()).out
    assert "loss 0.4076064: wrong, it is 0.407606" in out


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(31)
    logits, labels = rng.normal(size=(40, 5)), rng.integers(0, 5, 40)
    np.save("z.npy", logits)
    np.save("y.npy", labels)
    a = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    a[np.arange(40), labels] -= 1
    np.save("g32.npy", (a / 40).astype("f4"))
    np.save("g16.npy", (a / 40).astype("f2"))
    spoilt = (a / 40).astype("f2")
    spoilt[17] *= 2
    np.save("row.npy", spoilt)


@pytest.mark.usefixtures("files")
def test_the_tolerance_and_the_quality_are_told(run: Run) -> None:
    asked = ("softmax-grad", "--logits", "z.npy", "--label", "y.npy")
    claim = run(*asked, "--expect", "g16.npy", "--json").json["expect"]["claims"][0]
    assert claim["tolerance"] == {"format": "float16", "relative": 0.01, "absolute": 8 * 2**-10 / 40 + 2**-25}
    assert (claim["max_ulp"], claim["not_nearest"]) == (0.0, 0.0)
    assert "tolerance of float16: 0.01*|r| + 0.000195" in run(*asked, "--expect", "g16.npy").out
    claim = run(*asked, "--expect", "g32.npy", "--rtol", "1e-3", "--atol", "1e-9", "--json").json["expect"]["claims"][0]
    assert claim["tolerance"] == {"format": "float32", "relative": 1e-3, "absolute": 1e-9}
    found = run(*asked, "--expect", "g32.npy", "--exact", "--json")
    assert (found.code, found.json["expect"]["claims"][0]["tolerance"]) == (0, {"format": "float32", "ulp": 0.5})
    claim = run(*asked, "--expect", "row.npy", "--json").json["expect"]["claims"][0]
    assert (claim["only_row"], claim["failed"], claim["passed"]) == (17, 5, False)
    assert "in 5 of 200 entries, all in row 17" in run(*asked, "--expect", "row.npy").out
    np.save("g64.npy", np.load("g32.npy").astype("f8"))
    run(*asked, "--expect", "g64.npy", "--exact", "--json").refused("usage", "exact")


@pytest.mark.usefixtures("files")
def test_a_fold_is_judged_as_closely_as_is_asked(run: Run) -> None:
    """float32 arithmetic is right by itself, and not exact."""
    rng = np.random.default_rng(32)
    weight, var = rng.normal(size=(20, 6)).astype("f4"), rng.uniform(0.1, 2, 20).astype("f4")
    np.save("w.npy", weight)
    np.save("v.npy", var)
    np.save("m.npy", np.zeros(20))
    np.save("c.npy", weight * (1 / np.sqrt(var + np.float32(1e-5)))[:, None])
    asked = ("bn-fold", "--mean", "m.npy", "--var", "v.npy", "--weight", "w.npy", "--expect", "c.npy")
    found = run(*asked, "--json")
    claim = found.json["expect"]["claims"][0]
    assert (found.code, claim["tolerance"]["format"], claim["tolerance"]["relative"]) == (0, "float32", 8 * 2**-24)
    assert 0.5 < claim["max_ulp"] < 4
    assert 0 < claim["not_nearest"] < 0.9
    assert "ulp; " in run(*asked).out
    found = run(*asked, "--exact", "--json")
    assert (found.code, found.json["expect"]["claims"][0]["tolerance"]) == (1, {"format": "float32", "ulp": 0.5})
    assert run(*asked, "--rtol", "1e-3").code == 0
    assert run(*asked, "--rtol", "1e-9").code == 1
