"""Layers with a batch norm folded in, as a script sees them: kinds, borders, inputs to evaluate."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run

AFFINE = "--mean 0.5,2 --var 4,0.25 --gamma 2,-1 --beta 1,0 --eps 0"
BATCHES = "--batches 1,2,3,4/2,4,6,8"


def test_a_linear_layer(fold: Run) -> None:
    found = fold(f"{AFFINE} --weight 1,2/3,4 --bias 0.5,-1 --json --check").json
    assert found["weight"] == [[1, 2], [-6, -8]]
    assert found["bias"] == [1, 6]
    assert (found["check"]["passed"], found["check"]["method"]) == (True, "rational")
    first = fold(f"{AFFINE} --weight 1,2/3,4 --bias 0.5,-1 --bn-first --json --check").json
    assert first["weight"] == [[1, -4], [3, -8]]
    assert first["bias"] == [0.5 + 0.5 + 8, -1 + 1.5 + 16]
    one = fold("--mean 0 --var 4 --eps 0 --weight 1,2 --json").json
    assert (one["weight"], one["bias"]) == ([[0.5, 1]], [0])


@pytest.mark.parametrize("kind", ["conv", "transposed"])
@pytest.mark.parametrize("space", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_layer_with_windows(fold: Run, kind: str, space: int, groups: int) -> None:
    kernel = (2, 3, 2)[:space]
    weight = np.random.default_rng(12).normal(size=(4, 2, *kernel))
    outputs = 4 if kind == "conv" else 2 * groups
    np.save("w.npy", weight)
    scale = np.arange(1.0, outputs + 1)
    np.savez("bn.npz", gamma=scale, zeros=np.zeros(outputs), ones=np.ones(outputs))
    words = "--gamma bn.npz:gamma --mean bn.npz:zeros --var bn.npz:ones --eps 0 --weight w.npy --stride 2 --padding 1"
    found = fold(f"{words} --kind {kind} --groups {groups} --json --check")
    assert found.code == 0, found
    grouped = weight.reshape(groups, -1, *weight.shape[1:])
    along = scale.reshape(groups, -1, 1, *(1,) * space)
    scaled = grouped * (along if kind == "conv" else np.swapaxes(along, 1, 2))
    assert np.array(found.json["weight"]).tolist() == scaled.reshape(weight.shape).tolist()
    assert len(found.json["bias"]) == outputs


@pytest.mark.parametrize("extra", ["--stride 1000000000", "--dilation 1000000000", "--padding 1000000000"])
def test_a_proof_of_a_layer_with_an_absurd_window(fold: Run, extra: str) -> None:
    np.save("w.npy", np.ones((2, 3, 3)))
    for kind in ("conv", "transposed"):
        channels = "0,1" if kind == "conv" else "0,1,2"
        found = fold(
            f"--mean {channels} --var {channels.replace('0', '3')} --weight w.npy --kind {kind} {extra} --check"
        )
        assert found.code == 0, found


def test_the_batch_norm_first(fold: Run) -> None:
    np.save("w.npy", np.arange(24.0).reshape(3, 2, 4) + 1)
    conv = fold(f"{AFFINE} --weight w.npy --bn-first --json --check --explain")
    assert conv.code == 0
    weight = np.load("w.npy")
    assert conv.json["bias"] == pytest.approx((weight * [[0.5], [4]]).sum(axis=(1, 2)).tolist())
    assert "b'[0]" in [step["symbol"] for step in conv.json["explain"]]
    three = "--mean 1,2,3 --var 1,4,9 --eps 0 --weight w.npy --kind transposed --bn-first"
    assert fold(f"{three} --padding 3 --check").code == 0
    assert fold(f"{three} --beta 1,1,1 --stride 2 --check").code == 0  # no shift


REFUSED_BORDERS = [
    ("--padding 1", "pads with 0"),
    ("--padding 1 --stride 2 --dilation 2", "pads with 0"),
    ("--kind transposed", "fewer taps"),
    ("--kind transposed --padding 1", "fewer taps"),
    ("--kind transposed --padding 2 --stride 2", "fewer taps"),
]


@pytest.mark.parametrize(("words", "why"), REFUSED_BORDERS)
def test_a_border_that_would_be_wrong(fold: Run, words: str, why: str) -> None:
    np.save("w.npy", np.ones((2, 2, 3)))
    found = fold(f"{AFFINE} --weight w.npy --bn-first {words} --json")
    assert (found.code, found.out) == (2, "")
    assert (found.error["code"], found.error["option"]) == ("certificate-failed", "bn_first")
    assert why in found.error["message"]
    assert found.error["hint"]
    small = fold("--mean 0.5,1 --var 4,1 --eps 0 --gamma 2,1 --beta 0.5,1 --weight w.npy --bn-first --check " + words)
    assert small.code == 0  # no shift, so the border is exact


def test_by_how_much_the_border_would_be_wrong(fold: Run) -> None:
    Path("w.json").write_text("[[[10, 1, 2]]]")
    found = fold("--mean -3 --var 1 --eps 0 --weight w.json --bn-first --padding 1 --json")
    assert "by up to 30:" in found.error["message"]


X_RANKS: list[tuple[str, list[object], tuple[int, ...], bool]] = [
    # source of the layer, x, shape of an answer, training
    ("--mean 1 --var 4", [3], (1,), False),
    ("--mean 1 --var 4", [3, 5, 7], (3,), True),
    ("--mean 1 --var 4", [[3, 5], [7, 9]], (2, 2), True),
    ("--mean 1,0 --var 4,1", [3, 5], (2,), False),
    ("--mean 1,0 --var 4,1", [[3, 5]], (1, 2), False),
    ("--mean 1,0 --var 4,1", [[3, 5], [7, 9]], (2, 2), True),
    ("--mean 1,0 --var 4,1", [[[3, 5, 1], [7, 9, 1]]], (1, 2, 3), True),
    ("--mean 1,0 --var 4,1 --weight 1,2,3/4,5,6", [1, 2, 3], (2,), False),
    ("--mean 1,0 --var 4,1 --weight 1,2,3/4,5,6", [[1, 2, 3], [4, 5, 6]], (2, 2), True),
    ("--mean 1,0,1 --var 4,1,1 --weight 1,2,3/4,5,6 --bn-first", [[1, 2, 3], [4, 5, 6]], (2, 2), True),
    ("--mean 1,0 --var 4,1 --weight k1.npy", [1, 2, 3], (2,), False),
    ("--mean 1,0 --var 4,1 --weight k1.npy", [[1, 2, 3], [4, 5, 6]], (2, 2), True),
    ("--mean 1,0 --var 4,1 --weight k1.npy", [[1, 2], [4, 5], [7, 8]], (2, 2), True),
    ("--mean 1,0 --var 4,1 --weight k1.npy", [[[1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 1]]], (1, 2, 4), True),
    ("--mean 1,0 --var 4,1 --weight k2.npy", [[1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 1]], (2, 3), True),
    ("--mean 1,0 --var 4,1 --weight k2.npy --s 2 --p 1", [[[1, 2], [4, 5], [7, 8]]], (1, 2, 2), True),
    ("--mean 1,0 --var 4,1 --weight k2.npy --d 1", [[[1, 2], [4, 5], [7, 8]]], (1, 2, 1), False),
    ("--mean 1,0,1 --var 4,1,1 --weight k2.npy --kind transposed", [[1, 2], [4, 5]], (3, 3), True),
    (f"{BATCHES}", [3], (1,), True),
]


@pytest.mark.parametrize(("words", "x", "shape", "training"), X_RANKS)
def test_inputs_of_every_rank(fold: Run, words: str, x: object, shape: tuple[int, ...], training: bool) -> None:
    np.save("k1.npy", np.arange(6.0).reshape(2, 3, 1))
    np.save("k2.npy", np.arange(12.0).reshape(2, 3, 2))
    Path("x.json").write_text(json.dumps(x))
    found = fold(f"{words} --x x.json --json")
    assert (found.code, found.err) == (0, ""), found
    evaluated = found.json["evaluated"]
    expected = ["training"] * training + ["unfolded", "folded", "max_abs_difference"]
    assert list(evaluated) == expected
    assert {np.shape(evaluated[key]) for key in expected[:-1]} == {shape}
    assert evaluated["max_abs_difference"] <= 1e-13
    np.testing.assert_allclose(evaluated["folded"], evaluated["unfolded"], atol=1e-13)
    assert "outputs; unfolded and folded differ" in fold(f"{words} --x x.json").out


def test_training_mode(fold: Run) -> None:
    evaluated = fold("--mean 9 --var 9 --eps 0 --gamma 2 --beta 1 --x 1,3 --json").json["evaluated"]
    assert evaluated["training"] == [-1, 3]
    assert evaluated["unfolded"] == pytest.approx([1 - 16 / 3, -3])
    last = fold(f"{BATCHES} --eps 0 --x 5 --json").json["evaluated"]
    assert last["training"] == [0]  # by the last mini-batch, of mean 5


def test_a_layer_of_keras_is_folded_in_its_own_layout(fold: Run) -> None:
    """The same numbers in two layouts: the fold, the claims about it and the bare weight keep that of the file."""
    rng = np.random.default_rng(17)
    weight = rng.normal(size=(3, 2, 5, 4))  # taps x in x out
    np.save("keras.npy", weight)
    np.save("torch.npy", np.moveaxis(weight, (2, 3), (1, 0)))
    words = "--mean 0,1,2,3 --var 1,2,3,4 --eps 1e-3 --json --check"
    ours = fold(f"{words} --weight torch.npy").json
    theirs = fold(f"{words} --weight keras.npy --framework tensorflow").json
    assert (ours["weight_layout"], theirs["weight_layout"]) == ("oik", "kio")
    assert (ours["check"]["passed"], theirs["check"]["passed"]) == (True, True)
    folded = np.array(theirs["weight"])
    np.testing.assert_array_equal(np.moveaxis(folded, (2, 3), (1, 0)), ours["weight"])
    assert (theirs["bias"], theirs["scale"]) == (ours["bias"], ours["scale"])
    np.save("claim.npy", folded)
    assert fold(f"{words} --weight keras.npy --framework tensorflow --expect claim.npy").code == 0
    np.save("claim.npy", weight)
    wrong = fold(f"{words} --weight keras.npy --framework tensorflow --expect claim.npy")
    assert wrong.json["expect"]["claims"][0]["diagnosis"][0]["mistake"] == "not-folded"


def test_a_depthwise_layer_of_keras(fold: Run) -> None:
    """Output c m + q of a depthwise layer is tap q of input c: scaled along both axes."""
    weight = np.random.default_rng(18).normal(size=(3, 2, 2))  # taps x in x multiplier
    np.save("w.npy", weight)
    words = "--mean 0,0,0,0 --var 1,4,16,64 --eps 0 --framework tensorflow --kind depthwise --weight w.npy --json"
    found = fold(f"{words} --check --explain").json
    np.testing.assert_array_equal(found["weight"], weight / np.array([[1, 2], [4, 8]]))
    assert found["check"]["passed"]
    named = [step["symbol"] for step in found["explain"] if step["symbol"].startswith("W'")]
    assert named == ["W'[0,0,0]", "W'[0,0,1]", "W'[0,1,0]", "W'[0,1,1]"]
    first = "--mean 0,1 --var 1,4 --eps 0 --framework tensorflow --kind depthwise --weight w.npy --bn-first --json"
    scaled = fold(f"{first} --check").json
    np.testing.assert_array_equal(scaled["weight"], weight / np.array([[1], [2]]))
    assert scaled["check"]["passed"]


def test_a_negative_variance_is_explained_proved_and_warned_of(fold: Run) -> None:
    words = "--mean 1 --var=-9.9998997e-06 --eps 1e-5 --weight 2 --x 3 --check --explain --json"
    found = fold(words)
    assert (found.code, found.json["check"]["passed"]) == (0, True)
    assert [warning["code"] for warning in found.json["warnings"]] == ["negative-variance"]
    (scale,) = (step for step in found.json["explain"] if step["symbol"] == "s")
    assert eval(scale["substituted"].replace("sqrt", "np.sqrt")) == pytest.approx(scale["value"], rel=1e-4)


def test_short_questions_take_little_memory(fold: Run) -> None:
    """What would be held is counted before it is: six inputs and a padding of 5,790 once took five gigabytes."""
    line = '{"mean":[0],"var":[1],"weight":[[[[1,2]]]],"x":[[[[1,2,3]]]],"p":5790}'
    found = fold("--batch -", stdin=line)
    assert (found.code, found.json["error"]["code"]) == (2, "invalid-value")
    assert "at most 16,777,216 are held at once" in found.json["error"]["message"]
    without = line.replace('"x":[[[[1,2,3]]]],', '"check":true,')
    assert fold("--batch -", stdin=without).json["check"]["passed"]
    first = line.replace('"x"', '"beta":[1],"bn_first":true,"x"')
    assert fold("--batch -", stdin=first).json["error"]["code"] == "certificate-failed"
