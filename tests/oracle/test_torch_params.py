"""Parameters, multiply-accumulates and memory against PyTorch's own modules and its own counter, run for real."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from dlcalc.core.params.count import ConvParams
from tests.oracle import ask_torch
from tests.oracle.compare import compare_amounts
from tests.support.random_params import answers

pytestmark = pytest.mark.oracle


def compared(count: int, seed: int, ask: Callable[[ConvParams], dict[str, Any] | None]) -> Counter[str]:
    """How many layers of each kind were compared."""
    found: Counter[str] = Counter()
    for answer in answers(count, seed, frameworks=("pytorch",), words=("same", "valid")):
        theirs = ask(answer)
        if theirs is not None:
            compare_amounts(answer, theirs)
            found[answer.layers[0].question.kind] += 1
    return found


def test_parameters_equal_torch() -> None:
    found = compared(8_000, 1, ask_torch.parameters)
    assert all(found[kind] > 400 for kind in ("conv", "transposed", "linear")), found
    assert found.total() > 4_000


def test_work_equals_the_counter_of_torch() -> None:
    found = compared(8_000, 2, ask_torch.work)
    assert all(found[kind] > 300 for kind in ("conv", "transposed", "linear")), found
    assert found.total() > 2_000


def test_the_work_on_real_data_is_what_a_layer_of_ones_adds_up_to() -> None:
    found = compared(6_000, 3, ask_torch.work_on_data)
    assert all(found[kind] > 500 for kind in ("conv", "transposed")), found
