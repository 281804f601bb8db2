"""The explanation is true: the numbers that stand in a formula give the value that stands behind it."""

import math
import re
from fractions import Fraction
from typing import Any

from dlcalc.core.conv_params import explain as steps
from dlcalc.core.evidence.step import Step
from tests.support.random_params import answers

NAMES = {"floor": math.floor, "ceil": math.ceil, "max": max, "F": Fraction}
PAIRS = re.compile(r"^\|\{\(x, b\) : x < (\d+), b < (\d+), (.*)\}\|$")


def computed(step: Step) -> Any:
    """The substituted formula, evaluated with exact quotients; a set of pairs is gone through."""
    if pairs := PAIRS.match(step.substituted):
        starts, taps, condition = pairs.groups()
        text = f"sum(1 for x in range({starts}) for b in range({taps}) if {condition})"
    else:
        text = re.sub(r"\b(\d+)\b", r"F(\1)", step.substituted)
    return eval(text, {"__builtins__": {"sum": sum, "range": range}}, NAMES)


def test_every_formula_gives_its_value() -> None:
    compared: dict[str, int] = {}
    keys: set[str] = set()
    for answer in answers(1_200, seed=71):
        found = steps(answer)
        for step in found:
            assert computed(step) == step.value, (answer.question, step)
            assert step.source, step
            assert step.why, step
            symbol = re.sub(r"^[DHW](?=2)|_[dhw]$", "", step.symbol)
            compared[symbol] = compared.get(symbol, 0) + 1
        by_symbol = {step.symbol: step.value for step in found}
        amounts = answer.amounts.by_key()
        assert {key: by_symbol[key] for key in amounts} == amounts
        keys |= set(amounts)
    assert set(compared) == {*keys, "K_e", "P", "P_l", "P_r", "2", "T"}
    assert min(compared.values()) > 30


def test_the_kernel_is_squared_where_it_is_square() -> None:
    shown = {steps(answer)[0].formula for answer in answers(2_000, seed=74)}
    assert {"K*K*C_in*C_out", "K_h*K_w*(C_in/g)*C_out", "C_in*C_out", "K*C_in*C_out", "K*K*K*(C_in/g)*C_out"} <= shown
