"""The certificate confirms what is right and sees whatever is broken, and shares nothing with what it checks."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.batch_norm import affine as affine_of
from dlcalc.core.batch_norm.affine import Affine
from dlcalc.core.batch_norm.answer import BnFold, bn_fold
from dlcalc.core.batch_norm.check import check
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import Statistics, statistics_of
from tests.conftest import Run
from tests.support.random_norms import affine, questions


def test_it_confirms_what_is_right() -> None:
    ratios: list[Any] = []
    for question in questions(150, seed=131):
        answer = bn_fold(question)
        assert answer.folded is not None
        if not np.isfinite(answer.folded.weight).all():
            continue
        proof = check(answer)
        assert proof.passed, (question, proof)
        ratios.append(proof.details["ratio"])
    assert len(ratios) > 120
    assert max(ratios) > 0.9  # a bound that correct folds reach


def broken(answer: BnFold, **changes: Any) -> bool:
    assert answer.folded is not None
    return not check(replace(answer, folded=replace(answer.folded, **changes))).passed


@pytest.mark.parametrize("form", ["float64", "float32"])
def test_one_wrong_entry_is_seen(form: str) -> None:
    seen = 0
    for question in questions(60, seed=132, forms=(form,)):
        answer = bn_fold(question)
        assert answer.folded is not None
        weight, bias = answer.folded.weight.copy(), answer.folded.bias.copy()
        if not np.isfinite(weight).all() or not weight.any() or np.abs(weight).max() > 1e6:
            continue
        at = np.unravel_index(int(np.argmax(np.abs(weight))), weight.shape)
        weight[at] *= 1 + 4e-16 if form == "float64" else 1 + 5e-7
        if form == "float32" and np.abs(weight).max() < 1e-6:
            continue
        assert broken(answer, weight=weight), question
        at = np.unravel_index(int(np.argmax(np.abs(bias))), bias.shape)
        bias[at] += abs(bias[at]) * (4e-16 if form == "float64" else 1e-4)
        seen += broken(answer, bias=bias)
    assert seen > 20


def test_a_fold_in_narrow_arithmetic_is_not_confirmed() -> None:
    seen = 0
    for question in questions(100, seed=133, forms=("float16", "bfloat16")):
        one = question.layer
        if question.bn_first or one is None:
            continue
        answer = bn_fold(question)
        scale = rounded(answer.scale, one.format)
        shape = (-1, *(1,) * (one.weight.ndim - 1))
        if one.kind == "transposed" or np.abs(one.weight).max() < 1e-3:
            continue
        seen += broken(answer, weight=rounded(one.weight * scale.reshape(shape), one.format))
    assert seen > 10


def test_wrong_statistics_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    question = next(questions(1, seed=134))
    batches = (batch_of(np.array([1.0, 2, 3, 4])), batch_of(np.array([2.0, 4, 6, 9])))
    for framework in ("paper", "pytorch", "tensorflow", "onnx"):
        parameters = affine(np.random.default_rng(1), 1)

        def asked(framework: str = framework, parameters: Affine = parameters) -> BnFoldQuestion:
            statistics = statistics_of(batches, framework, None)
            return replace(question, layer=None, statistics=statistics, affine=parameters)

        assert check(bn_fold(asked())).passed
        for name in ("mean", "variance"):
            wrong = getattr(statistics_of(batches, framework, None), name) * (1 + 1e-9)
            with monkeypatch.context() as patched:
                patched.setattr(Statistics, name, wrong)
                assert not check(bn_fold(asked())).passed


@pytest.mark.parametrize("options", ["", "--weight 1,2/3,4", "--weight 1,2/3,4 --bn-first"])
def test_a_broken_scale_exits_1(run: Run, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
    words = f"bn-fold --mean 0.5,1 --var 4,2 {options} --check --json".split()
    assert run(*words).code == 0
    right, off = affine_of._over_root, Fraction(1_000_000_001, 1_000_000_000)
    monkeypatch.setattr(affine_of, "_over_root", lambda gamma, square: off * right(gamma, square))
    found = run(*words)
    assert found.code == 1
    assert found.json["check"]["passed"] is False


@pytest.mark.parametrize(
    ("dtype", "variance", "alike"),
    [
        (np.float64, 1.0, None),
        (np.float32, 1.0, None),
        (np.float32, 1000.0, [0.0, 1e-12, 1e-8, 1e-7, 1e-6]),
        (np.float16, 1.0, [0.0, 1e-12, 1e-8, 1e-7, 1e-6]),
        (np.float16, 0.001, None),
        (np.float32, 1e-320, None),
    ],
)
def test_it_says_which_eps_a_format_cannot_tell(
    run: Run, tmp_path: Path, dtype: Any, variance: float, alike: list[float] | None
) -> None:
    path = tmp_path / "w.npy"
    np.save(path, np.ones((1, 3), dtype))
    words = ["bn-fold", "--mean", "0", "--var", str(variance), "--weight", str(path), "--check"]
    assert run(*words, "--json").json["check"].get("eps_not_told_apart") == alike
    assert ("cannot tell eps" in run(*words).out) == (alike is not None)


@pytest.mark.parametrize(
    ("inputs", "options", "said"), [(10, "", None), (200, "", ""), (200, "--bn-first", ", and no bias")]
)
def test_it_says_what_it_has_drawn(run: Run, tmp_path: Path, inputs: int, options: str, said: str | None) -> None:
    """Of many weights some are drawn, and a bias that is a sum over all of them is not confirmed then."""
    np.save(tmp_path / "weight.npy", np.ones((100, inputs)))
    np.save(tmp_path / "mean.npy", np.zeros(inputs if options else 100))
    np.save(tmp_path / "var.npy", np.ones(inputs if options else 100))
    words = [f"--{name}={tmp_path}/{name}.npy" for name in ("weight", "mean", "var")]
    found = run("bn-fold", *words, "--check", *options.split())
    drawn = "" if said is None else f"; of {100 * inputs:,} weights 5,000, drawn at random{said}"
    assert f"each number within half an ulp{drawn}\n" in found.out
    proof = run("bn-fold", *words, "--check", "--json", *options.split()).json["check"]
    assert proof.get("sampled", False) == (said is not None)
    assert ("bias" in proof["keys"]) == (said in (None, ""))
