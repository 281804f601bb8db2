"""Bad arrays of every kind, bad calls, batches of questions, claims in every format, and proofs that fail."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm import answer, fold
from tests.conftest import Result, Run, refusals
from tests.support.bad_files import BAD_ARRAYS, write_bad_files

GOOD = {"gamma": "2,3", "beta": "1,1", "mean": "0,1", "var": "4,9", "weight": "1,0/0,1", "bias": "1,2", "x": "3,4"}


@pytest.fixture
def bn(fold: Run) -> Run:
    """Call bn-fold with the words of one string, in a folder of files, good and bad."""
    write_bad_files()
    for name, array in ARRAYS.items():
        np.save(name, array)
    return fold


ARRAYS: dict[str, Any] = {"ok.npy": np.array([1.0, 2]), "cube.npy": np.ones((2, 3, 4)), "six.npy": np.ones((2,) * 6)}


@pytest.mark.parametrize(("value", "code"), BAD_ARRAYS)
@pytest.mark.usefixtures("bn")
def test_bad_arrays(run: Run, value: str, code: str) -> None:
    for key in (*GOOD, "batches"):
        given = {**({} if key == "batches" else GOOD), key: value}
        words = [word for name, entry in given.items() for word in (f"--{name}", entry)]
        run("bn-fold", *words, "--json").refused(code, key)


ONE, TWO, BATCH = "--mean 1 --var 1", "--mean 1,1 --var 1,1", "--batches 1,2"
LAYER, CUBE = f"{ONE} --weight 1", f"{TWO} --weight cube.npy"
BAD_CALLS = refusals(
    f"""
    usage mean: (none) | --var 1 | --gamma 1 --beta 1 | {BATCH} --mean 1
    usage var: --mean 1 | {BATCH} --var 1 | --mean - --var -
    shape-mismatch var: --mean 1 --var 1,2
    shape-mismatch gamma: {ONE} --gamma 1,2 | {BATCH} --gamma 1,2
    shape-mismatch beta: --mean 1,2 --var 1,2 --beta 1,2,3
    shape-mismatch mean: --mean 1,2/3,4 --var 1 | --mean cube.npy --var 1
    invalid-statistics mean: --mean nan --var 1
    invalid-statistics var: --mean 1,2 --var 1,inf | --mean 1 --var -1 | --mean 1 --var 0 --eps 0
    invalid-value gamma: {ONE} --gamma nan
    invalid-value beta: {ONE} --beta -inf
    invalid-value eps: {ONE} --eps -1e-5 | {ONE} --eps inf
    usage eps: {ONE} --eps tiny
    usage framework: {ONE} --framework jax
    usage momentum: {ONE} --momentum 0.1 | {BATCH} --momentum 0.1 | {BATCH} --momentum none
    usage momentum: {BATCH} --momentum none --framework onnx | {BATCH} --momentum none --framework tensorflow
    usage momentum: {BATCH} --momentum half --framework pytorch
    invalid-value momentum: {BATCH} --momentum 1.5 --framework pytorch | {BATCH} --momentum nan --framework pytorch
    not-enough-samples batches: --batches 1 | --batches 1,2/3 | --batches 1 --framework pytorch
    invalid-value batches: --batches 1,nan
    invalid-statistics batches: --batches 1e200,-1e200 | --batches 1e308,1.5e308
    usage bias: {ONE} --bias 1
    usage kind: {ONE} --kind linear | {LAYER} --kind pool
    usage groups: {ONE} --groups 1 | {TWO} --weight 1/2 --groups 2 | {CUBE} --groups two
    usage stride: {ONE} --stride 1 | {LAYER} --stride 1 | {LAYER} --kind conv --stride 2
    usage stride: {LAYER} --kind transposed --stride 2
    usage padding: {ONE} --padding 1 | {LAYER} --padding 0 | {CUBE} --padding same
    usage dilation: {ONE} --dilation 1 | {LAYER} --kind linear --dilation 1
    usage bn_first: {ONE} --bn-first
    shape-mismatch weight: {CUBE} --kind linear | {TWO} --weight six.npy | --mean 1,1,1 --var 1,1,1 --weight cube.npy
    shape-mismatch weight: {CUBE} --bn-first
    invalid-value weight: {TWO} --weight 1,nan/1,2
    shape-mismatch bias: {TWO} --weight 1,2/1,2 --bias 1
    invalid-value bias: {TWO} --weight 1,2/1,2 --bias 1,inf
    groups-do-not-divide groups: {CUBE} --groups 3
    invalid-value groups: {CUBE} --groups 0
    invalid-value stride: {CUBE} --stride 0
    shape-mismatch stride: {CUBE} --stride 1x2
    invalid-value padding: {CUBE} --padding -1 | {CUBE} --padding 999999999 --x 1/2/3
    shape-mismatch x: {CUBE} --x 1,2,3 | {CUBE} --x 1,2,3/1,2,3/1,2,3 | {CUBE} --x 1,2,3,4/1,2,3,4
    shape-mismatch x: --mean 1,1,1 --var 1,1,1 --weight cube.npy --kind transposed --padding 9 --x 1/2
    shape-mismatch x: {TWO} --x 1,2,3
    invalid-value x: {TWO} --x 1,nan | {ONE} --x 1,nan
    invalid-value bn_first: --mean 1e300 --var 1e-200 --eps 0 --weight 1 --bn-first
    invalid-value bn_first: --mean 1e308,-1e308 --var 1,1 --weight 1e10,1e10 --bn-first
    shape-mismatch expect: {ONE} --expect 1,1
    usage expect: {ONE} --expect weight=1 | {ONE} --expect mean=1 | {LAYER} --expect training=1
    file-not-found expect: {ONE} --expect gone.npy
    unsupported-dtype expect: {ONE} --expect shift=complex.npy
    unsupported-file output: {ONE} --output out.npy | {ONE} --output out.txt
    """
)


@pytest.mark.parametrize(("words", "code", "option"), BAD_CALLS)
def test_bad_calls(bn: Run, words: str, code: str, option: str | None) -> None:
    bn(f"{words} --json", stdin="[1]").refused(code, option)
    table = bn(words, stdin="[1]")
    assert (table.code, table.out) == (2, "")
    assert f"[{code}]" in table.err
    assert "hint: " in table.err


def test_hints_about_the_place_of_the_batch_norm_work(bn: Run) -> None:
    weight, three = "--weight cube.npy", "--mean 1,1,1 --var 1,1,1 --json"
    assert "with --bn-first" in bn(f"{three} {weight}").error["hint"]
    assert bn(f"{three} {weight} --bn-first").code == 0
    assert "without --bn-first" in bn(f"--mean 1,1 --var 1,1 {weight} --bn-first --json").error["hint"]
    assert "bn-first" not in bn(f"--mean 1 --var 1 {weight} --json").error["hint"]


LINES: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"mean": [0, 1], "var": [1, 4]}, {"scale": [1, 0.5], "shift": [0, -0.5]}),
    ({"mean": "0,1", "var": "1,4"}, {"scale": [1, 0.5]}),
    ({"mean": 1, "var": 4}, {"scale": [0.5]}),
    ({"mean": "ok.npy", "var": "ok.npy"}, {"scale": [1, 2**-0.5]}),
    ({"mean": [0], "var": [4], "weight": [[2], [4]], "bn_first": True}, {"weight": [[1], [2]]}),
    ({"mean": [0], "var": [4], "weight": [[2, 4]], "bn_first": False}, {"weight": [[1, 2]]}),
    ({"mean": [0], "var": [4], "weight": [[[2, 4]]], "s": 2, "p": [1], "d": "1", "g": 1}, {"weight": [[[1, 2]]]}),
    ({"mean": [0], "var": [4], "x": [[2, 4]]}, {"evaluated": None}),
    ({"batches": [[1, 2, 3], [4, 5]], "framework": "pytorch", "momentum": "none"}, {"statistics": None}),
    ({"batches": [[[1, 2], [3, 4]], [[1, 2], [3, 5], [6, 7]]]}, {"statistics": None}),
    ({"batches": [1, 2, 3], "framework": "onnx", "momentum": 0.5}, {"statistics": None}),
    ({"batches": "ragged.csv"}, {"statistics": None}),
]


@pytest.mark.parametrize(("line", "keys"), LINES)
def test_a_line_of_a_batch(bn: Run, line: dict[str, object], keys: dict[str, Any]) -> None:
    found = bn("--batch - --eps 0 --check", stdin=json.dumps({**line, "id": 7}))
    assert (found.code, found.err) == (0, ""), found
    (answered,) = found.lines
    assert (answered["line"], answered["id"], answered["check"]["passed"]) == (1, 7, True)
    for key, value in keys.items():
        assert key in answered
        assert value is None or np.allclose(answered[key], value)


BAD_LINES = refusals(
    """
    usage mean: {} | {"mean": null, "var": 1} | {"mean": [true], "var": 1} | {"mean": {}, "var": 1}
    usage mean: {"batches": [1, 2], "mean": 0}
    shape-mismatch mean: {"mean": [], "var": 1}
    usage eps: {"mean": 0, "var": 1, "eps": null} | {"mean": 0, "var": 1, "eps": true}
    usage -: {"mean": 0, "var": 1, "model": "m.onnx"} | {"mean": 0, "var": 1, "output": "out.npy"} | []
    usage bn_first: {"mean": 0, "var": 1, "bn_first": true} | {"mean": 0, "var": 1, "weight": [[1]], "bn_first": "yes"}
    shape-mismatch weight: {"mean": 0, "var": 1, "weight": [[1], [2, 3]]}
    usage expect: {"mean": 0, "var": 1, "expect": {"weight": [1]}}
    shape-mismatch batches: {"batches": []} | {"batches": [[], [1, 2]]} | {"batches": [1, [2, 3]]}
    shape-mismatch batches: {"batches": [[1, 2], [[1], [2]]]} | {"batches": [[[1, 2], [3, 4]], [[1], [2]]]}
    usage momentum: {"batches": [1, 2], "framework": "pytorch", "momentum": null}
    usage momentum: {"batches": [1, 2], "framework": "pytorch", "momentum": true}
    invalid-value mean: {"mean": [1e999], "var": 1}
    """
)


@pytest.mark.parametrize(("line", "code", "option"), BAD_LINES)
def test_a_bad_line(bn: Run, line: str, code: str, option: str | None) -> None:
    found = bn("--batch -", stdin=line + '\n{"mean": 0, "var": 1}\n')
    assert (found.code, found.err) == (2, "")
    error = found.lines[0]["error"]
    assert (error["code"], error.get("option")) == (code, option), error
    assert error["hint"]
    assert "scale" in found.lines[1]


def test_a_line_replaces_the_source_of_the_statistics(bn: Run) -> None:
    lines = '{}\n{"batches": [1, 2]}\n{"mean": 3}\n{"mean": 3, "var": 4}\n'
    found = bn("--mean 1 --var 1 --batch -", stdin=lines)
    assert ["statistics" in line for line in found.lines] == [False, True, False, False]
    batches = bn("--batches 1,2 --framework pytorch --momentum 0.5 --batch -", stdin=lines)
    assert ["statistics" in line for line in batches.lines] == [True, True, False, False]
    assert batches.lines[2]["error"]["option"] == "var"


def test_a_batch_as_csv(bn: Run) -> None:
    lines = '{"mean": [3, 4], "var": [5, 6], "expect": "0.4,0.4", "id": "a"}\n{"batches": [1]}\n'
    found = bn("--batch - --format csv", stdin=lines)
    rows = [row.split(",") for row in found.out.splitlines()]
    assert rows[0][:3] == ["line", "id", "channel"]
    assert [row[:3] for row in rows[1:]] == [["1", "a", "0"], ["1", "a", "1"], ["2", "", ""]]
    assert [row[-2:] for row in rows[1:]] == [["true", ""], ["true", ""], ["", "not-enough-samples"]]


# Every key that can be claimed.
CLAIMED = "--batches batches.npy --weight weight.npy --bias ok.npy --gamma 2,3 --beta 1,-1 --x x.npy --json"
FORMATS = ["float64", ">f4", "float16", "bfloat16", "uint16"]


def stored(values: Any, name: str) -> Any:
    """Values in a number format."""
    import ml_dtypes

    if name in ("bfloat16", "uint16"):
        brief = np.asarray(values).astype(ml_dtypes.bfloat16)
        return brief.view(np.uint16) if name == "uint16" else brief
    return np.asarray(values).astype(name)


@pytest.fixture
def claimed(bn: Run) -> tuple[Callable[..., Result], dict[str, Any]]:
    """The question whose answer has every key, and these."""
    rng = np.random.default_rng(21)
    np.save("batches.npy", rng.normal(size=(3, 4, 2)))
    np.save("weight.npy", rng.normal(size=(2, 3)))
    np.save("x.npy", rng.normal(size=(4, 3)))
    found = bn(CLAIMED).json
    right = {key: found[key] for key in ("weight", "bias", "scale", "shift")}
    right |= {key: found["statistics"][key] for key in ("mean", "var")}
    right |= {key: found["evaluated"][key] for key in ("training", "unfolded", "folded")}
    return (lambda words: bn(f"{CLAIMED} {words}")), right


@pytest.mark.parametrize("name", FORMATS)
def test_claims_from_files(claimed: tuple[Callable[..., Result], dict[str, Any]], name: str) -> None:
    call, right = claimed
    for key, values in right.items():
        np.save("claim.npy", stored(values, name))
        found = call(f"--expect {key}=claim.npy --check")
        assert found.code == 0, (key, found)
        (verdict,) = found.json["expect"]["claims"]
        assert (verdict["key"], verdict["failed"], verdict["passed"]) == (key, 0, True)
        np.save("claim.npy", stored(np.array(values) * 1.1 + 0.5, name))
        wrong = call(f"--expect {key}=claim.npy")
        assert wrong.code == 1, key
        (verdict,) = wrong.json["expect"]["claims"]
        assert {"max_abs_error", "max_rel_error", "worst", "diagnosis"} <= set(verdict)
    np.save("claim.npy", stored(right["weight"], name))
    assert call("--expect claim.npy").json["expect"]["claims"][0]["key"] == "weight"  # the headline


def test_claims_that_are_typed_or_lists(claimed: tuple[Callable[..., Result], dict[str, Any]], bn: Run) -> None:
    call, right = claimed
    for key, values in right.items():
        rows = [values] if np.ndim(values) == 1 else values
        typed = "/".join(",".join(f"{number:.5g}" for number in row) for row in rows)
        assert call(f"--expect {key}={typed}").code == 0, key
        Path("claim.json").write_text(json.dumps(values))
        np.savetxt("claim.csv", np.array(rows), delimiter=",", fmt="%.17g")
        np.savez("claim.npz", a=np.array(values), b=np.zeros(1))
        for path in ("claim.json", "claim.csv", "claim.npz:a"):
            assert call(f"--expect {key}={path}").code == 0, (key, path)
    line = {"mean": 0.5, "var": 4, "eps": 0, "expect": {"scale": [0.5], "shift": -0.25}}
    assert bn("--batch -", stdin=json.dumps(line)).code == 0
    assert bn("--batch -", stdin=json.dumps(line | {"expect": "shift=0.25"})).code == 1


NAMED = [
    ("--mean 1 --var 4 --expect 0.5000000", "eps-ignored"),
    ("--mean 3 --var 4 --gamma 2 --beta 1 --eps 0 --expect shift=4", "mean-sign"),
    ("--mean 3 --var 4 --gamma 4 --beta 1 --eps 0 --weight 5 --bias 7 --expect bias=2", "layer-bias-not-scaled"),
    ("--mean 3,1 --var 4,1 --eps 0 --gamma 4,1 --weight 5,6/7,8 --expect 10,6/14,8", "wrong-axis"),
    ("--batches 1,2,3,4/2,4,6,8 --expect var=3.125", "biased-variance"),
    ("--batches 1,2,3,4/1,3 --eps 0 --x 5 --beta 1 --expect training=3", "beta-ignored"),
    ("--batches 1,2,3,4 --framework onnx --momentum 0 --expect var=1.6667", "unbiased-variance"),
]


@pytest.mark.parametrize(("words", "mistake"), NAMED)
def test_mistakes_are_named(bn: Run, words: str, mistake: str) -> None:
    found = bn(f"{words} --json")
    assert found.code == 1, found
    diagnosis = found.json["expect"]["claims"][0]["diagnosis"]
    assert mistake in [candidate["mistake"] for candidate in diagnosis]
    assert "would give" in diagnosis[0]["text"]
    assert "would give" in bn(words).out


BREAKAGES: list[tuple[str, Callable[[Any], Any], str]] = [
    ("_scaled", lambda real: lambda *a, **k: real(*a, **k) * (1 + 2**-50), "--mean 1 --var 4 --weight 2"),
    ("_stored", lambda real: lambda *a: real(*a) + 1e-9, "--mean 1 --var 4 --weight 2 --bias 1"),
    ("_bias_behind", lambda real: lambda *a: real(*a) - 1e-9, "--mean 1 --var 4 --weight 2 --bn-first"),
    ("_scaled", lambda real: lambda *a, **k: real(*a, **k) * 1.001, "--mean 1,2 --var 4,4 --weight half.npy"),
    ("_stored", lambda real: lambda *a: -real(*a), "--mean 1,2 --var 4,4 --weight half.npy"),
]


@pytest.mark.parametrize(("name", "breakage", "words"), BREAKAGES)
def test_a_broken_fold_is_not_confirmed(
    bn: Run, name: str, breakage: Callable[[Any], Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save("half.npy", np.random.default_rng(22).normal(size=(2, 3, 3)).astype(np.float16))
    assert bn(f"{words} --check --json").code == 0
    monkeypatch.setattr(fold, name, breakage(getattr(fold, name)))
    found = bn(f"{words} --check --json")
    assert (found.code, found.json["check"]["passed"]) == (1, False)
    assert found.json["check"]["failures"]


def test_a_fold_along_the_wrong_axis_is_not_confirmed(bn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fold.fold

    def broken(layer: Any, parameters: Any) -> Any:
        found = real(layer, parameters)
        return replace(found, weight=layer.weight * parameters.scale.reshape(1, -1, 1))

    for name in ("float16", "float32", "float64"):
        np.save("w.npy", np.random.default_rng(23).normal(size=(2, 2, 3)).astype(name))
        words = "--mean 1,2 --var 4,0.3 --weight w.npy --check --json"
        assert bn(words).code == 0
        with monkeypatch.context() as patch:
            patch.setattr(answer, "fold", broken)
            assert bn(words).code == 1


def test_uint16_is_read_as_bfloat16_and_said(bn: Run) -> None:
    np.save("w.npy", stored([[1.0, 2.5]], "uint16"))
    found = bn("--mean 0 --var 4 --eps 0 --weight w.npy --json --check")
    assert found.json["weight"] == [[0.5, 1.25]]
    assert found.json["check"]["method"] == "folded-against-unfolded"
    assert [warning["code"] for warning in found.json["warnings"]] == ["uint16-read-as-bfloat16"]


def test_a_mistake_that_divides_by_0_warns_of_nothing(bn: Run) -> None:
    """Without eps a variance of 0 leaves nothing to divide by, also in the second of a pair of mistakes."""
    for words in (
        "--mean 1.5 --var 0 --expect shift=0.51234",
        "--mean 0,3 --var 0.5,0 --weight 1,2/3,4 --expect 1,2/3,9",
    ):
        assert (bn(f"{words} --json").code, bn(f"{words} -q").err.count("\n")) == (1, 1)
