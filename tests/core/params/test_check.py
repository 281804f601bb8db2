"""The proof by counting agrees with the closed forms, and fails when they are wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from dlcalc.core.conv import shape
from dlcalc.core.conv.layer import Axis, Layer
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.params import count as params
from dlcalc.core.params.check import MAX_ENTRIES
from dlcalc.core.params.check import check_params as check
from dlcalc.core.params.count import Amounts, Work
from dlcalc.core.params.question import ParamsQuestion, layer_question
from dlcalc.notation.conv_params import question as read
from tests.conftest import Run
from tests.support.random_params import answers

HW: tuple[Axis, ...] = ("h", "w")
CONV = layer_question(6, 4, 2, True, Layer(3, 2, 1, 2), HW, (9, 12))
TRANSPOSED = layer_question(4, 8, 1, False, Layer(4, 2, 1, kind="transposed"), HW, (5, 7), n=3, dtype="float16")
LINEAR = layer_question(12, 5, bias=True)
UNSIZED = layer_question(6, 4, 2, True, Layer(3, 2, 1, 2), HW)
ALL = [CONV, TRANSPOSED, LINEAR, UNSIZED]


def test_agrees_with_the_closed_forms_on_random_layers() -> None:
    proved = 0
    for answer in answers(2_000, seed=81):
        proof = check(answer)
        assert proof.passed, (answer.question, proof)
        assert proof.method == "enumeration"
        keys = set(answer.amounts.by_key())
        if answer.layers[0].shape.plan and answer.question.size:
            keys.add("output")
        assert set(proof.details["keys"]) == keys  # type: ignore[call-overload]
        assert check(answer, limit=30).passed, answer.question
        proved += 1
    assert proved >= 800


def changed(field: str, change: Callable[[int], int]) -> Callable[[Amounts], Amounts]:
    def breaking(amounts: Amounts) -> Amounts:
        if field in Amounts._fields:
            return amounts._replace(**{field: change(getattr(amounts, field))})  # type: ignore[arg-type]
        assert amounts.work is not None
        return amounts._replace(work=amounts.work._replace(**{field: change(getattr(amounts.work, field))}))

    return breaking


WRONG: list[Callable[[int], int]] = [lambda n: n + 1, lambda n: n - 1, lambda n: 2 * n + 2, lambda n: n // 2]


@pytest.mark.parametrize("limit", [MAX_ENTRIES, 30])
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("question", ALL)
def test_a_wrong_number_is_seen(question: ParamsQuestion, wrong: Callable[[int], int], limit: int) -> None:
    answer = conv_params(question)
    (layer,) = answer.layers
    seen = 0
    for field in (*Amounts._fields[:4], *(Work._fields if layer.amounts.work else ())):
        amounts = changed(field, wrong)(layer.amounts)
        if amounts != layer.amounts:  # half of nothing is right
            proof = check(answer._replace(layers=(layer._replace(amounts=amounts),)), limit)
            assert field in [failure.key for failure in proof.failures]
            seen += 1
    assert seen >= 2


BREAKS: list[tuple[str, Any, str]] = [
    ("real_taps", lambda right: lambda *of: right(*of) + 1, "macs_without_padding"),
    ("real_taps", lambda right: lambda *of: right(*of) - 1, "macs_without_padding"),
    ("prod", lambda right: lambda of: right(of) * 2, "weights"),
    ("total", lambda right: lambda of: right(of)._replace(weights=1), "weights"),
    ("DTYPES", lambda right: dict.fromkeys(right, 3), "param_bytes"),
]


@pytest.mark.parametrize(("name", "breaking", "key"), BREAKS)
def test_a_broken_closed_form_is_seen(monkeypatch: pytest.MonkeyPatch, name: str, breaking: Any, key: str) -> None:
    monkeypatch.setattr(params, name, breaking(getattr(params, name)))
    network = read({"c_in": 3, "layers": "3c4 bn fc3", "w": 8})  # totals are of several layers
    for question in (network,) if name == "total" else (CONV, TRANSPOSED):
        assert key in [failure.key for failure in check(conv_params(question)).failures]


def test_a_wrong_output_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = shape.resolve

    def broken(*arguments: Any) -> Any:
        window, rule = right(*arguments)
        return window._replace(before=window.before + 1), rule

    monkeypatch.setattr(shape, "resolve", broken)
    assert "padding" in [failure.key for failure in check(conv_params(CONV)).failures]


def test_beyond_the_limit_it_is_summed() -> None:
    answer = conv_params(layer_question(10**9, 10**12, 2, True, Layer(3, 2, 1, 2), HW, (10**17, 224)))
    proof = check(answer)
    assert (proof.passed, proof.method) == (True, "summation")
    assert "macs_without_padding" in proof.details["keys"]  # type: ignore[operator]


def test_what_is_out_of_reach_is_said(conv_params: Run) -> None:
    words = f"--c-in 1 --c-out 1 --dims 1 --k {10**9} --w {10**17} --p 1"
    found = conv_params(words + " --check --json").json["check"]
    assert (found["passed"], found["method"]) == (True, "summation")
    assert "macs" in found["keys"]
    assert "macs_without_padding" not in found["keys"]
    assert "all but macs_without_padding" in conv_params(words + " --check").out
