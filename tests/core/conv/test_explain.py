"""The explanation is true: the numbers that stand in a formula give the value that stands behind it."""

import math
import re
from typing import Any

from dlcalc.core.conv_shape import explain as steps
from dlcalc.core.evidence.step import Step
from tests.support.random_layers import answers

NAMES = {"floor": math.floor, "ceil": math.ceil, "max": max, "gcd": math.gcd}
IN_WORDS = re.compile(r"within|midpoint| for a ")


def computed(step: Step) -> Any:
    """The substituted formula, evaluated: brackets around a comparison are 1 where it holds."""
    text = re.sub(r"\[([^]]*)]", r"int(\1)", step.substituted)
    text = re.sub(r"^(.*) if (.*), else (.*)$", r"(\1) if (\2) else (\3)", text)
    return eval(text, {"__builtins__": {"int": int}}, NAMES)


def test_every_formula_gives_its_value() -> None:
    compared: dict[str, int] = {}
    for answer in answers(2_500, seed=31):
        question, found = answer.question, steps(answer)
        assert [step.where for step in found if step.symbol == "K_e"] == [{"axis": axis} for axis in question.axes]
        assert {step.symbol: step.value for step in found}[f"{question.axes[-1].upper()}2"] == answer.output[-1]
        for step in found:
            assert step.source, step
            assert step.why, step
            if not IN_WORDS.search(step.formula):
                assert computed(step) == step.value, (question, step)
                symbol = re.sub(r"^[DHW]", "", step.symbol)
                compared[symbol] = compared.get(symbol, 0) + 1
    assert set(compared) == {"K_e", "P", "P_l", "P_r", "2", "r", "r_min", "j", "c"}
    assert min(compared.values()) > 40
