"""What is said of solutions, and of which of them."""

import pytest

from dlcalc.core.conv.layer import ALL_AXES, Layer
from dlcalc.core.network.network import layer_question
from dlcalc.core.solve.question import InverseQuestion, Run, Unknown, Values
from dlcalc.core.solve.solve import shown, solution_notices


def notices(
    layer: Layer, unknown: Unknown, runs: tuple[tuple[Run, ...], ...], listed: tuple[Values, ...] | None = None
) -> list[tuple[str, str]]:
    axes = ALL_AXES[-len(runs) :]
    template = layer_question(axes, (50,) * len(runs), layer)
    question = InverseQuestion(template, unknown, (9,) * len(runs))
    return [(code, message) for code, message in solution_notices(question, runs, listed)]


@pytest.mark.parametrize(
    ("runs", "listed", "start"),
    [
        ((Run(5, 9, 4),), None, "PyTorch's conv layer"),  # about all: none is named
        ((Run(4, 5), Run(7, 7)), None, "with padding 2:3, 3:4: PyTorch's conv layer"),
        ((Run(0, 11),), tuple((value,) for value in range(12)), "with padding 0:1, 1:2, 2:3 and others: "),
    ],
)
def test_a_notice_names_its_solutions(runs: tuple[Run, ...], listed: tuple[Values, ...] | None, start: str) -> None:
    ((code, message),) = notices(Layer(3), "padding", (runs,), listed)
    assert code == "needs-pad-layer"
    assert message.startswith(start)


def test_of_a_run_without_end_the_smallest_stands_for_all() -> None:
    text = "every stride from 5 on gives 9: the smallest stands for all"
    assert notices(Layer(3), "stride", ((Run(5, None),),)) == [("unbounded", text)]
    along = "every second stride from 5 on gives 9 along the width: the smallest stands for all"
    assert notices(Layer(3), "stride", ((Run(2, 3),), (Run(5, None, 2),))) == [("unbounded", along)]


@pytest.mark.parametrize(
    ("unknown", "values", "text"),
    [("padding", (5,), "2:3"), ("padding", (6, 5), "3x2:3"), ("input", (6, 5), "6x5"), ("output_padding", (0,), "0")],
)
def test_a_solution_as_it_is_typed(unknown: Unknown, values: Values, text: str) -> None:
    assert shown(unknown, values) == text
