"""The rules of evidence for claims about softmax-grad: what must never pass, and what must never be named."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.mistakes import judge as softmax_judge
from dlcalc.core.softmax.mistakes.judge import judge
from dlcalc.core.softmax.question import checked
from dlcalc.report.json_lines import encode
from tests.conftest import Run


def answer(rows: int, classes: int, **options: Any) -> SoftmaxGrad:
    rng = np.random.default_rng(rows)
    return softmax_grad(checked(rng.standard_normal((rows, classes)), rng.integers(0, classes, rows), None, **options))


def names(found: SoftmaxGrad, values: Any, form: str, key: str = "grad_logits") -> list[str]:
    return [one.mistake for one in judge(found, ArrayClaim(key, rounded(values, form), form)).diagnosis]


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_zeros_in_a_text_file_do_not_pass_for_small_numbers(run: Run, tmp_path: Path, ending: str) -> None:
    found = answer(200, 10)
    logits, labels, claim = tmp_path / "z.npy", tmp_path / "y.npy", tmp_path / f"zeros.{ending}"
    np.save(logits, np.asarray(found.question.logits))
    assert found.question.targets.labels is not None
    np.save(labels, np.asarray(found.question.targets.labels))
    zeros = [[0.0] * 10] * 200
    claim.write_text(json.dumps(zeros) if ending == "json" else "\n".join(",".join(map(str, row)) for row in zeros))
    words = ["softmax-grad", "--logits", str(logits), "--label", str(labels), "--json", "--expect"]
    assert run(*words, str(claim)).code == 1
    single = rounded(found.array("grad_logits"), "float32").tolist()
    claim.write_text(json.dumps(single) if ending == "json" else "\n".join(",".join(map(str, row)) for row in single))
    right = run(*words, str(claim))
    assert (right.code, right.json["expect"]["claims"][0]["format"]) == (0, "float32")


def test_printed_zeros_of_a_line_are_zeros(run: Run) -> None:
    """A Jacobian without what stands beside its diagonal, as Python prints it."""
    full = run("softmax-grad", "--logits", "1,2,3,4,5,9", "--label", "2", "--jacobian", "--json").json["jacobian"]
    diagonal = [[entry if i == j else 0.0 for j, entry in enumerate(row)] for i, row in enumerate(full)]
    line = {"logits": [1, 2, 3, 4, 5, 9], "label": 2, "jacobian": True, "expect": {"jacobian": diagonal}}
    found = run("softmax-grad", "--batch", "-", stdin=json.dumps(line))
    assert found.code == 1
    assert found.json["expect"]["claims"][0]["diagnosis"][0]["mistake"] == "diagonal-only"


def test_a_mistake_that_changes_nothing_is_not_named(run: Run) -> None:
    """What rounding alone has lost is nobody's mistake: one row has no other mean than its sum."""
    lossy = -math.log(1 / (1 + math.exp(-20)))
    found = run("softmax-grad", "--logits", "20,0", "--label", "0", "--expect", f"loss={lossy!r}", "--json")
    claim = found.json["expect"]["claims"][0]
    assert (found.code, claim["diagnosis"]) == (1, [])
    words = run("softmax-grad", "--logits", "20,0", "--label", "0", "--expect", f"loss={lossy!r}").out
    assert f"{lossy:.8g}" in words  # six digits would not tell it from the right one


def test_claims_of_ordinary_arithmetic_are_never_explained() -> None:
    rng = np.random.default_rng(181)
    for _ in range(60):
        logits = rng.standard_normal((1, 4)) + np.array([20.0, 0, 0, 0])
        found = softmax_grad(checked(logits, np.array([0]), None))
        grown = np.exp(logits - logits.max())
        for key, values in (
            ("grad_logits", grown / grown.sum() - [[1, 0, 0, 0]]),
            ("loss", -np.log(grown[0, 0] / grown.sum())),
        ):
            assert names(found, np.asarray(values), "float64", key) == []


@pytest.mark.parametrize("form", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("rows", [50, 300, 3_000])
def test_rows_in_another_order_are_found_in_every_format(form: str, rows: int) -> None:
    found = answer(rows, 10)
    for order in (np.roll(np.arange(rows), 1), np.random.default_rng(1).permutation(rows), np.arange(rows)[::-1]):
        assert names(found, found.array("grad_logits")[order], form) == ["rows-permuted"]


@pytest.mark.parametrize("form", ["float64", "float32", "float16", "bfloat16"])
def test_a_row_that_stands_twice_is_no_other_order(form: str) -> None:
    found = answer(3_000, 10, reduction="sum")
    twice = found.array("grad_logits").copy()
    twice[7] = twice[5]
    assert names(found, twice, form) == []
    exchanged = found.array("grad_logits")[[*range(5), 7, 6, 5, *range(8, 3_000)]]
    assert names(found, exchanged, form) == ["rows-permuted"]


@pytest.mark.parametrize("form", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("rows", [100, 5_000])
def test_a_mean_for_a_sum_is_found_though_its_numbers_are_small(form: str, rows: int) -> None:
    found = answer(rows, 10, reduction="sum")
    assert names(found, found.array("grad_logits") / rows, form) == ["mean-instead-of-sum"]


def test_a_transposed_claim_that_is_wrong_besides(run: Run) -> None:
    rows = ["softmax-grad", "--logits", "1,2,3/.5,-1,.25", "--label", "2,0", "--json"]
    assert run(*rows, "--expect", "1,2/3,4/5,6").json["expect"]["claims"][0]["diagnosis"] == []
    gradient = np.array(run(*rows).json["grad_logits"])
    text = "/".join(",".join(f"{number:.9f}" for number in row) for row in -gradient.T)
    (only,) = run(*rows, "--expect", text).json["expect"]["claims"][0]["diagnosis"]
    assert {only["mistake"], only["and"]} == {"sign-flipped", "transposed"}
    text = "/".join(",".join(f"{number:.9f}" for number in row) for row in gradient[::-1].T)
    (only,) = run(*rows, "--expect", text).json["expect"]["claims"][0]["diagnosis"]
    assert {only["mistake"], only["and"]} == {"rows-permuted", "transposed"}


def test_the_rows_of_a_linear_layer(run: Run) -> None:
    words = ["softmax-grad", "--x", "1,2/3,4/0,1", "--weight", "1,2/3,4", "--label", "0,1,0", "--json"]
    for text, name in (("logits=5,11,2/11,25,4", "transposed"), ("logits=11,25/5,11/2,4", "rows-permuted")):
        found = run(*words, "--expect", text)
        assert found.code == 1
        assert [one["mistake"] for one in found.json["expect"]["claims"][0]["diagnosis"]] == [name]


def test_a_bug_in_one_line_leaves_the_others_answered(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise IndexError("out of bounds")

    monkeypatch.setattr(softmax_judge, "judge", broken)
    lines = '{"logits": [1, 2], "label": 0, "expect": {"loss": 1}}\n{"logits": [1, 2], "label": 1}\n'
    found = run("softmax-grad", "--batch", "-", stdin=lines)
    assert found.code == 2
    assert found.lines[0]["error"]["code"] == "internal-error"
    assert encode(found.lines[1]["target"]) == "[0,1]"
