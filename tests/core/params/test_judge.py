"""What can be claimed of an answer of conv-params, and what is refused."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_params import judge
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Claim, TypedNumber
from dlcalc.core.network.network import StackLayer
from dlcalc.core.params.judge import claimable, shape_of
from dlcalc.core.params.question import ConvParamsQuestion, StackParamsQuestion

CONV = ConvParamsQuestion(3, 8, layer=Layer(3), axes=("h", "w"), size=(9, 7))
LINEAR = ConvParamsQuestion(3, 8)
NETWORK = StackParamsQuestion(3, (StackLayer("conv", Layer(3), 8), StackLayer("max-pool", Layer(2, kind="max-pool"))))
ON_9 = NETWORK._replace(size=(9, 9))
VECTOR = ON_9._replace(layers=(*NETWORK.layers, StackLayer("linear", None, 5)))

Question = ConvParamsQuestion | StackParamsQuestion


@pytest.mark.parametrize(("question", "axes"), [(CONV, ("h", "w")), (LINEAR, ()), (ON_9, ("h", "w")), (VECTOR, ())])
def test_a_size_has_an_entry_per_axis_and_a_count_none(question: Question, axes: tuple[str, ...]) -> None:
    keys = claimable(conv_params(question))
    assert next(iter(keys)) == "params"
    assert keys.pop("output") == axes
    assert set(keys.values()) == {()}
    assert set(conv_params(question).amounts.by_key()) <= set(keys)


@pytest.mark.parametrize(
    ("question", "output"),
    [(CONV, (7, 5)), (CONV._replace(size=None), None), (LINEAR, None), (NETWORK, None), (ON_9, (3, 3)), (VECTOR, ())],
)
def test_the_sizes_that_a_claim_is_about(question: Question, output: tuple[int, ...] | None) -> None:
    shape = shape_of(conv_params(question), "output")
    assert (shape and shape.output) == output
    assert shape_of(conv_params(question), "macs") is None


@pytest.mark.parametrize(
    ("question", "key", "message"),
    [
        (CONV._replace(size=None), "macs", "macs is known only with the size of the input"),
        (CONV._replace(size=None), "output", "output is known only with the size of the input"),
        (NETWORK, "flops", "flops is known only with the size of the input"),
        (LINEAR, "output", "a linear layer has no output size"),
    ],
)
def test_what_is_not_known_cannot_be_claimed(question: Question, key: str, message: str) -> None:
    with pytest.raises(DlcalcError) as refused:
        judge(conv_params(question), Claim(key, (TypedNumber(5, 0, True),)))
    assert (refused.value.code, refused.value.message, refused.value.option) == ("usage", message, "expect")
    assert refused.value.hint
