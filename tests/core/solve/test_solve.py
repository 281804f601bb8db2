"""What is said of solutions, and of which of them."""

import pytest

from dlcalc.core.conv.layer import ALL_AXES, Layer
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.solve.question import InverseQuestion, Run, Unknown, Values
from dlcalc.core.solve.solve import shown, solution_notices

PAD = "needs-pad-layer"


def notices(
    layer: Layer, unknown: Unknown, runs: tuple[tuple[Run, ...], ...], listed: tuple[Values, ...] | None = None
) -> list[tuple[str, str]]:
    axes = ALL_AXES[-len(runs) :]
    template = ConvShapeQuestion(axes, (50,) * len(runs), layer)
    question = InverseQuestion(template, unknown, (9,) * len(runs))
    return [(code, message) for code, message in solution_notices(question, runs, listed)]


def test_a_notice_about_all_names_none() -> None:
    ((code, message),) = notices(Layer(3), "padding", ((Run(5, 9, 4),),))
    assert code == PAD
    assert message.startswith("PyTorch's conv layer")


def test_a_notice_about_some_names_them() -> None:
    ((code, message),) = notices(Layer(3), "padding", ((Run(4, 5), Run(7, 7)),))
    assert code == PAD
    assert message.startswith("with padding 2:3, 3:4: PyTorch's conv layer")


def test_no_more_than_three_are_named() -> None:
    listed = tuple((value,) for value in range(12))
    ((_, message),) = notices(Layer(3), "padding", ((Run(0, 11),),), listed)
    assert message.startswith("with padding 0:1, 1:2, 2:3 and others: ")


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
