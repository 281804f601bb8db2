"""Claims about softmax-grad as they are typed, in files and in lines of a batch."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run

GRADIENT = [0.09003057317038046, 0.24472847105479767, -0.33475904422517816]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ("--expect 0.09,0.245,-0.335", 0),
        ("--expect grad_logits=0.09,0.245,-0.335 --expect loss=0.41 --expect softmax=0.09,0.24,0.67", 0),
        ("--expect 0.09,0.245,-0.335 --expect loss=0.5", 1),
        ("--expect 0.09,0.245,0.665", 1),
        ("--expect g.npy", 0),
        ("--expect softmax=a.npz:a", 0),
        ("--expect softmax=a.csv", 0),
        ("--expect a=b.json", 0),
        ("--expect grad_logits=a=b.json", 0),
        ("--expect -", 0),
        ("--expect softmax=g.npy", 1),
        ("--expect half.npy", 0),
        ("--expect bfloat.npy", 0),
        ("--expect ml.npy", 0),
        ("--expect off.npy", 1),
        ("--expect off.npy --atol 0.1", 0),
        ("--expect off.npy --rtol 2", 0),
        ("--expect 0.19,0.34,-0.23 --atol 0.11", 0),
        ("--expect 0.09,0.245,-0.335 --atol 1e-9", 1),
    ],
)
def test_claims(softmax: Run, claims: str, code: int) -> None:
    import ml_dtypes

    gradient = np.array(GRADIENT)
    right = np.array([0.09003057317038046, 0.24472847105479767, 0.6652409557748219])
    np.save("g.npy", gradient.astype(">f4"))
    np.save("half.npy", gradient.astype(np.float16)[None])
    np.save("bfloat.npy", gradient.astype(ml_dtypes.bfloat16).view(np.uint16))
    np.save("ml.npy", gradient.astype(ml_dtypes.bfloat16))
    np.save("off.npy", gradient + 0.09)
    np.savez("a.npz", a=right)
    Path("a.csv").write_text(",".join(map(repr, right.tolist())))
    Path("a=b.json").write_text(json.dumps(GRADIENT))
    found = softmax(f"--logits 1,2,3 --label 2 --json {claims}", stdin=json.dumps(GRADIENT))
    assert found.code == code, found
    assert found.json["expect"]["passed"] is (code == 0)
    for claim in found.json["expect"]["claims"]:
        assert claim["passed"] or "diagnosis" in claim
        assert {"expected", "actual", "max_abs_error", "max_rel_error", "failed"} <= set(claim)
    assert softmax(f"--logits 1,2,3 --label 2 {claims}", stdin=json.dumps(GRADIENT)).code == code


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ([0.09, 0.245, -0.335], 0),
        ({"loss": 0.41, "grad_logits": "0.09,0.245,-0.335"}, 0),
        ("loss=0.41", 0),
        (["loss=0.41", "0.09,0.245,-0.335"], 0),
        ("g.npy", 0),
        ({"grad_logits": "g.npy"}, 0),
        ({"loss": 0.5}, 1),
        ([0.09, 0.245], 2),
        ({"accuracy": 1}, 2),
        ("gone.npy", 2),
        ([], 2),
        (None, 2),
    ],
)
def test_claims_of_a_line(softmax: Run, expect: object, code: int) -> None:
    np.save("g.npy", np.array(GRADIENT))
    line = json.dumps({"logits": [1, 2, 3], "label": 2, "expect": expect})
    found = softmax("--batch -", stdin=line)
    assert found.code == code
    assert ("error" in found.lines[0]) == (code == 2)


def test_an_infinite_loss_is_not_any_loss(softmax: Run) -> None:
    np.save("five.npy", np.array(5.0))
    for claim, code in (("5", 1), ("5.0", 1), ("five.npy", 1), ("inf", 0), ("Infinity", 0), ("-inf", 1)):
        assert softmax(f"--logits 1,-inf --label 1 --expect loss={claim} --json").code == code, claim
    line = '{"logits": [1, -Infinity], "label": 1, "expect": {"loss": %s}}'
    assert [softmax("--batch -", stdin=line % claim).code for claim in ("Infinity", '"Infinity"', "1e999")] == [0, 0, 2]


def test_the_exact_transpose_is_judged(softmax: Run) -> None:
    matrix = np.array([[1.0, 2, 3], [0.5, -1, 0.25]])
    np.save("z.npy", matrix)
    softmax("--logits z.npy --label 2,0 -o g.npy --json")
    np.save("t.npy", np.load("g.npy").T)
    found = softmax("--logits z.npy --label 2,0 --expect t.npy --json")
    assert found.code == 1
    (claim,) = found.json["expect"]["claims"]
    assert (claim["failed"], claim["diagnosis"][0]["mistake"]) == (6, "transposed")
    np.save("wrong.npy", np.ones((3, 3)))
    assert softmax("--logits z.npy --label 2,0 --expect wrong.npy --json").error["code"] == "shape-mismatch"


def test_every_key_that_can_be_claimed(softmax: Run) -> None:
    words = "--x 1,2 --weight 1,0/0,1/1,1 --label 2 --jacobian --json"
    answer = softmax(words).json
    keys = [
        "loss",
        "logits",
        "softmax",
        "grad_softmax",
        "grad_logits",
        "jacobian",
        "grad_weight",
        "grad_bias",
        "grad_x",
    ]
    hint = softmax(f"{words} --expect nothing=1").error["hint"]
    assert set(keys) == set(hint.removeprefix("one of ").split(", "))
    for key in keys:
        Path("claim.json").write_text(json.dumps(answer[key]))
        assert softmax(f"{words} --expect {key}=claim.json").code == 0, key
    line = {"x": [1, 2], "weight": [[1, 0], [0, 1], [1, 1]], "label": 2, "jacobian": True}
    assert softmax("--batch -", stdin=json.dumps({**line, "expect": {key: answer[key] for key in keys}})).code == 0
