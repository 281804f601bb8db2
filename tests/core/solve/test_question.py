"""The question of conv-shape backwards turned forwards, and how many solutions are too many."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import ShapeQuestion, layer_question
from dlcalc.core.solve.question import MAX_SOLUTIONS, UNKNOWNS, Inverse, InverseQuestion, Run, Unknown, refuse_too_many
from tests.support.chains import asked, conv, op, up

LAYER = Layer(3, 2, 1, 1, "transposed", 0)
TEMPLATE = layer_question(("h", "w"), (7, 9), LAYER)
PUT_IN: dict[Unknown, ShapeQuestion] = {
    "input": layer_question(("h", "w"), (4, 5), LAYER),
    "kernel": TEMPLATE.with_layer(LAYER._replace(kernel=(4, 5))),
    "stride": TEMPLATE.with_layer(LAYER._replace(stride=(4, 5))),
    "padding": TEMPLATE.with_layer(LAYER._replace(padding=((2, 2), (2, 3)))),
    "dilation": TEMPLATE.with_layer(LAYER._replace(dilation=(4, 5))),
    "output_padding": TEMPLATE.with_layer(LAYER._replace(output_padding=(4, 5))),
}


def test_every_number_can_be_unknown() -> None:
    assert set(PUT_IN) == set(UNKNOWNS)
    for unknown, forward in PUT_IN.items():
        assert InverseQuestion(TEMPLATE, unknown, (1, 1)).with_values((4, 5)) == forward


def test_the_input_of_a_network_is_unknown() -> None:
    assert InverseQuestion(asked(1, conv(3)), "input", (5,)).with_values((7,)) == asked(7, conv(3))


def test_the_output_paddings_of_a_network_are_those_of_the_layers_without_one() -> None:
    given = op(Layer(3, 2, 1, kind="transposed", output_padding=0))
    question = InverseQuestion(asked(7, up(3, 2), given, conv(3), up(3, 3)), "output_padding", (5,))
    assert [node.name for node in question.open_nodes] == ["transposed1", "transposed3"]
    layers = [node.op.layer for node in question.with_values((1, 2)).network.nodes]
    assert [layer and layer.output_padding for layer in layers] == [(1,), 0, None, (2,)]


@pytest.mark.parametrize(
    ("layer", "unknown", "follow"),
    [
        (Layer(1, kind="max-pool"), "kernel", True),
        (Layer(1, kind="avg-pool"), "kernel", True),
        (Layer(1, 1, kind="max-pool"), "kernel", False),
        (Layer(1), "kernel", False),
        (Layer(1, kind="max-pool"), "padding", False),
    ],
)
def test_when_strides_follow_the_kernel(layer: Layer, unknown: Unknown, follow: bool) -> None:
    question = InverseQuestion(layer_question(("h", "w"), (7, 9), layer), unknown, (1, 1))
    assert question.strides_follow == follow
    assert not InverseQuestion(asked(7, op(layer)), "input", (1,)).strides_follow


def test_solutions_are_counted_and_listed() -> None:
    runs = ((Run(1, 3), Run(5, None)), (Run(2, 6, 2),))
    answer = Inverse(InverseQuestion(TEMPLATE, "input", (1, 1)), runs, None, ())
    assert answer.how_many == len(list(answer.solutions())) == 12
    assert list(answer.solutions())[:4] == [(1, 2), (1, 4), (1, 6), (2, 2)]
    listed = answer._replace(listed=((1, 2), (3, 4)))
    assert (listed.how_many, list(listed.solutions())) == (2, [(1, 2), (3, 4)])


def test_a_solution_is_put_through_the_forward_rule() -> None:
    answer = Inverse(InverseQuestion(TEMPLATE, "input", (13, 17)), (), None, ())
    assert answer.forward((7, 9)).output == (13, 17)


def test_too_many_solutions_are_refused() -> None:
    refuse_too_many(((Run(1, MAX_SOLUTIONS),),))
    with pytest.raises(DlcalcError, match="10000001 solutions are more than 10,000,000") as refused:
        refuse_too_many(((Run(1, MAX_SOLUTIONS + 1),),))
    assert refused.value.code == "too-many-questions"
    with pytest.raises(DlcalcError):
        refuse_too_many(((Run(1, 5_000),), (Run(1, 5_000),)))
