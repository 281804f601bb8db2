"""What can be claimed of an answer of conv-params, and what is refused."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_params import judge
from dlcalc.core.errors import DlcalcError
from dlcalc.core.evidence.claim import Claim, TypedNumber
from dlcalc.core.network.network import Op, chain
from dlcalc.core.params.judge import claimable, is_about_sizes
from dlcalc.core.params.question import ParamsQuestion, layer_question

CONV = layer_question(3, 8, layer=Layer(3), axes=("h", "w"), size=(9, 7))
UNSIZED = layer_question(3, 8, layer=Layer(3), axes=("h", "w"))
LINEAR = layer_question(3, 8)
LAYERS = (Op("conv", Layer(3), 8), Op("max-pool", Layer(2, kind="max-pool")))
NETWORK = ParamsQuestion(chain(LAYERS, None, 3))
ON_9 = ParamsQuestion(chain(LAYERS, (9, 9), 3))
VECTOR = ParamsQuestion(chain((*LAYERS, Op("linear", None, 5)), (9, 9), 3))


@pytest.mark.parametrize(("question", "axes"), [(CONV, ("h", "w")), (LINEAR, ()), (ON_9, ("h", "w")), (VECTOR, ())])
def test_a_size_has_an_entry_per_axis_and_a_count_none(question: ParamsQuestion, axes: tuple[str, ...]) -> None:
    keys = claimable(conv_params(question))
    assert next(iter(keys)) == "params"
    assert keys.pop("output") == axes
    assert {axes for key, axes in keys.items() if not key.endswith(".output")} == {()}
    assert set(conv_params(question).amounts.by_key()) <= set(keys)


@pytest.mark.parametrize(
    ("question", "about"),
    [(CONV, True), (UNSIZED, False), (LINEAR, False), (NETWORK, False), (ON_9, True), (VECTOR, True)],
)
def test_which_claims_are_about_sizes(question: ParamsQuestion, about: bool) -> None:
    answer = conv_params(question)
    assert is_about_sizes(answer, "output") == about
    assert is_about_sizes(answer, f"{answer.layers[0].name}.output") == about
    assert not any(is_about_sizes(answer, key) for key in ("macs", "params", f"{answer.layers[0].name}.weights"))
    assert is_about_sizes(answer, "in_features")


@pytest.mark.parametrize(
    ("question", "key", "message"),
    [
        (UNSIZED, "macs", "macs is known only with the size of the input"),
        (UNSIZED, "output", "output is known only with the size of the input"),
        (NETWORK, "flops", "flops is known only with the size of the input"),
        (LINEAR, "output", "a linear layer has no output size"),
    ],
)
def test_what_is_not_known_cannot_be_claimed(question: ParamsQuestion, key: str, message: str) -> None:
    with pytest.raises(DlcalcError) as refused:
        judge(conv_params(question), Claim(key, (TypedNumber(5, 0, True),)))
    assert (refused.value.code, refused.value.message, refused.value.option) == ("usage", message, "expect")
    assert refused.value.hint
