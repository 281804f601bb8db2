"""conv-shape backwards: every value of one number that gives a size, of a layer or of a network."""

from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.solve.layer import solve_layer
from dlcalc.core.solve.network import solve_network
from dlcalc.core.solve.notices import solution_notices
from dlcalc.core.solve.question import Inverse, InverseQuestion, Values


def solve(question: InverseQuestion) -> Inverse:
    """Find all values of the unknown number, along each axis, that give the target, and only those.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, ``usage`` for a network that gives a vector, and what the
            forward rule raises of the other numbers.

    >>> from dlcalc.core.conv.layer import Layer
    >>> template = ConvShapeQuestion(("w",), (224,), Layer(kernel=7, stride=2))
    >>> list(solve(InverseQuestion(template, "padding", (112,))).solutions())
    [(5,), (6,)]
    """
    template = question.template
    listed: tuple[Values, ...] | None = None
    if isinstance(template, ConvShapeQuestion):
        runs, listed = solve_layer(template, question.unknown, question.target)
    else:
        runs = solve_network(template, question.target)
    return Inverse(question, runs, listed, solution_notices(question, runs, listed))
