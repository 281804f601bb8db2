"""The forms against their formulas, written out."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.params.question import ParamsQuestion, layer_question
from dlcalc.core.params.variants import compare


def asked(c_in: int = 64, c_out: int = 128, groups: int = 1, bias: bool = False) -> ParamsQuestion:
    return layer_question(c_in, c_out, groups, bias, Layer(3, 2, 1), ("h", "w"), (56, 56))


QUESTION = asked()


def params(question: ParamsQuestion) -> dict[str, int]:
    return {form.name: form.amounts.params for form in compare(question).forms}


def test_parameters() -> None:
    assert params(QUESTION) == {
        "standard": 9 * 64 * 128,
        "grouped": 9 * 2 * 128,
        "depthwise-separable": 9 * 64 + 64 * 128,
        "bottleneck": 64 * 32 + 9 * 32 * 32 + 32 * 128,
    }


def test_every_layer_has_its_bias() -> None:
    bare, biased = params(QUESTION), params(asked(bias=True))
    more = {name: biased[name] - bare[name] for name in bare}
    assert more == {"standard": 128, "grouped": 128, "depthwise-separable": 64 + 128, "bottleneck": 32 + 32 + 128}


def test_macs() -> None:
    """The stride is that of the windows: what stands before them works on the input, what follows on the output."""
    work = {form.name: form.amounts.work for form in compare(QUESTION).forms}
    assert {name: one.macs for name, one in work.items() if one} == {
        "standard": 9 * 64 * 128 * 28**2,
        "grouped": 9 * 2 * 128 * 28**2,
        "depthwise-separable": (9 * 64 + 64 * 128) * 28**2,
        "bottleneck": 64 * 32 * 56**2 + (9 * 32 * 32 + 32 * 128) * 28**2,
    }


@pytest.mark.parametrize(
    ("c_in", "c_out", "groups", "used"),
    [(64, 128, 8, 8), (64, 128, 1, 32), (3, 64, 1, 1), (96, 40, 1, 8), (7, 7, 1, 7)],
)
def test_the_groups_of_the_grouped_form(c_in: int, c_out: int, groups: int, used: int) -> None:
    forms = compare(asked(c_in, c_out, groups)).forms
    assert forms[1].layers[0].groups == used
    assert forms[0].layers[0].groups == 1


def test_of_a_transposed_layer() -> None:
    question = layer_question(64, 128, layer=Layer(4, 2, 1, kind="transposed"), axes=("h", "w"), size=(14, 14))
    separable = compare(question).forms[2].amounts.work
    assert separable is not None
    assert separable.macs == 64 * 16 * 14**2 + 64 * 128 * 28**2


def test_a_bottleneck_is_at_least_one_channel_wide() -> None:
    assert params(asked(c_out=3))["bottleneck"] == 64 + 9 + 3


def test_a_linear_layer_has_no_forms() -> None:
    with pytest.raises(DlcalcError) as caught:
        compare(layer_question(3, 4))
    assert (caught.value.code, caught.value.option) == ("usage", "compare")
