"""Networks against their definitions: what a layer alone is, what is refused and where, and numbers of any length."""

import pytest

from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.check import check_shape
from dlcalc.core.network.shape import network_shape
from tests.support import random_layers
from tests.support.chains import FC, GAP, answer, asked, conv, up
from tests.support.random_networks import in_words


def test_a_layer_in_options_is_the_same_layer_in_words() -> None:
    for question in random_layers.questions(2_000, seed=5):
        typed = question._replace(network=in_words(question.network))
        try:
            alone = conv_shape(question)
        except DlcalcError as error:
            with pytest.raises(DlcalcError, match=r"^layer 1 \(w1\): ") as refused:
                conv_shape(typed)
            assert refused.value.code == error.code
        else:
            (layer,) = conv_shape(typed).layers
            assert (layer.name, layer.plan, layer.axes) == (alone.layers[0].name, *alone.layers[0][2:4])


def test_an_error_names_the_layer() -> None:
    with pytest.raises(DlcalcError, match=r"^layer 2 \(w2\): kernel 9 is larger than the width 3") as refused:
        answer(5, conv(3), conv(9))
    assert (refused.value.code, refused.value.option) == ("kernel-exceeds-input", "layers")
    with pytest.raises(DlcalcError, match=r"^layer 2 \(w2\): the output of a flatten or an fc has no axes"):
        answer(5, FC, conv(1))
    with pytest.raises(DlcalcError, match="no layer"):
        answer(5)


def test_what_cannot_be_gone_through_or_written_is_refused() -> None:
    assert answer(1, *[conv(1, 10**17)] * 200).layers[-1].axes[0].field.jump == (10**3400, 1)
    wide = [GAP, *[up(10**17, 10**17)] * 70]
    assert network_shape(asked(1, *wide[:51]), fields=False).output[0] == 10 ** (17 * 50)
    for layers, message in [
        ([up(3, 5), conv(3, 3)] * 30, "too many to go through"),
        ([conv(1, 10**17)] * 300, r"^layer 236 \(w236\): the jump has more than 4000 digits"),
        (wide, r"^layer 3 \(w3\): the receptive field repeats every 100000000000000000 outputs"),
    ]:
        with pytest.raises(DlcalcError, match=message) as refused:
            answer(5, *layers)
        assert refused.value.code == "invalid-value"
    with pytest.raises(DlcalcError, match=r"^layer 60 \(w60\): the output width has more than 1000 digits") as refused:
        network_shape(asked(5, *wide), fields=False)
    assert refused.value.code == "invalid-value"


def test_sizes_inside_a_network_may_be_longer_than_what_is_typed() -> None:
    """18 digits for what is typed; what follows from it is exact however large, and proved."""
    huge = 10**18 - 1
    found = network_shape(asked(huge, GAP, up(huge, huge), up(3, huge), conv(3, 10**17), conv(1, 7)), fields=False)
    sizes = [layer.output[0] for layer in found.layers]
    assert sizes[:3] == [1, huge, (huge - 1) * huge + 3]
    assert sizes[3] == (sizes[2] - 3) // 10**17 + 1 > 10**18
    assert sizes[4] == (sizes[3] - 1) // 7 + 1
    assert check_shape(found).passed
    assert answer(huge, GAP, up(huge, huge)).layers[1].axes[0].field.jump == (1, huge)


@pytest.mark.parametrize("size", [0, 10**18])
def test_the_typed_size_is_limited_once(size: int) -> None:
    with pytest.raises(DlcalcError) as refused:
        answer(size, up(2, 2), conv(3))
    assert (refused.value.code, refused.value.option) == ("invalid-value", "w")
