"""The explanation is true: the numbers that stand in a formula give the value that stands behind it."""

import math
import re
from typing import Any

from dlcalc.core.conv_shape import explain as steps
from dlcalc.core.evidence.step import Step
from tests.support.random_layers import answers

NAMES = {"floor": math.floor, "ceil": math.ceil, "max": max, "gcd": math.gcd}
IN_WORDS = re.compile(r"within|midpoint| for a ")


# Of a transposed layer with fewer outputs than its stride: what lies behind each of them.
ONE_BY_ONE = re.compile(
    r"last - first of \(t - b\*(\d+)\)/(\d+) over b < (\d+), \+ 1, for t from (\d+) to (\d+) \+ (\d+) - 1"
)


def behind_each(dilation: int, stride: int, kernel: int, first: int, start: int, count: int) -> list[int]:
    assert first == start
    found = []
    for t in range(first, start + count):
        inputs = [(t - b * dilation) // stride for b in range(kernel) if (t - b * dilation) % stride == 0]
        found.append(max(inputs) - min(inputs) + 1 if inputs else 0)
    return found


def computed(step: Step) -> Any:
    """The substituted formula, evaluated: brackets around a comparison are 1 where it holds."""
    if few := ONE_BY_ONE.fullmatch(step.substituted):
        extents = behind_each(*map(int, few.groups()))
        return min(extents) if step.symbol == "r_min" else max(extents)
    text = re.sub(r"\[([^]]*)]", r"int(\1)", step.substituted)
    text = re.sub(r"^(.*) if (.*), else (.*)$", r"(\1) if (\2) else (\3)", text)
    return eval(text, {"__builtins__": {"int": int}}, NAMES)


def test_every_formula_gives_its_value() -> None:
    compared: dict[str, int] = {}
    one_by_one = 0
    for answer in answers(2_500, seed=31):
        question, found = answer.question, steps(answer)
        assert [step.where for step in found if step.symbol == "K_e"] == [{"axis": axis} for axis in question.axes]
        assert {step.symbol: step.value for step in found}[f"{question.axes[-1].upper()}2"] == answer.output[-1]
        for step in found:
            assert step.source, step
            assert step.why, step
            if not IN_WORDS.search(step.formula):
                assert computed(step) == step.value, (question, step)
                one_by_one += step.substituted.startswith("last - first")
                symbol = re.sub(r"^[DHW]", "", step.symbol)
                compared[symbol] = compared.get(symbol, 0) + 1
    assert set(compared) == {"K_e", "P", "P_l", "P_r", "2", "r", "r_min", "j", "c"}
    assert min(compared.values()) > 40
    assert one_by_one > 10
