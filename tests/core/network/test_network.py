"""Stacks against a walk through them, and against published receptive fields."""

from typing import Any

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv.shape import ConvShape
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.check import check_network
from dlcalc.core.network.network import StackLayer, StackQuestion, stack_shape
from dlcalc.core.numeric.ratio import as_number
from tests.support import random_layers, random_stacks

GAP, BN, FC = StackLayer("global-avg-pool"), StackLayer("batch-norm"), StackLayer("linear", None, 10)


def conv(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> StackLayer:
    return StackLayer("conv", Layer(kernel, stride, padding, dilation))


def pool(kernel: int, stride: int | None = None, padding: int = 0) -> StackLayer:
    return StackLayer("max-pool", Layer(kernel, stride, padding, kind="max-pool"))


def up(kernel: int, stride: int, padding: int = 0) -> StackLayer:
    return StackLayer("transposed", Layer(kernel, stride, padding, kind="transposed"))


def answer(size: int, *layers: StackLayer) -> ConvShape:
    return stack_shape(StackQuestion(("w",), (size,), layers))


def field(size: int, *layers: StackLayer) -> tuple[int, float]:
    found = answer(size, *layers).layers[-1].axes[0].field
    return found.size, as_number(found.jump)


@pytest.mark.parametrize(("count", "axes", "seed"), [(2_500, 1, 1), (500, 2, 2), (150, 3, 3)])
def test_a_walk_through_random_stacks_finds_the_same(count: int, axes: int, seed: int) -> None:
    for found in random_stacks.answers(count, seed, axes=axes):
        proof = check_network(found, 2_000_000)
        assert proof.method == "enumeration"
        assert proof.passed, (found.question, [failure.text for failure in proof.failures])


def test_a_layer_alone_is_a_stack_of_one() -> None:
    for asked in random_layers.questions(2_000, seed=5):
        stack = StackQuestion(asked.axes, asked.size, (StackLayer(asked.layer.kind, asked.layer),), asked.framework)
        try:
            alone = conv_shape(asked)
        except DlcalcError as error:
            with pytest.raises(DlcalcError, match=r"^layer 1: ") as refused:
                conv_shape(stack)
            assert refused.value.code == error.code
        else:
            (layer,) = conv_shape(stack).layers
            assert (layer.name, layer.plan, layer.axes) == alone.layers[0][:3]


@pytest.mark.parametrize("key", ["output", "unread", "size", "smallest", "jump", "center"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_walk_sees_a_wrong_number_in_any_layer(key: str, number: int) -> None:
    right = answer(32, conv(3, 2, 1), up(3, 2), conv(3, 1, 1))
    layer = right.layers[number]
    (axis,) = layer.axes
    record: Any = axis if key in ("output", "unread") else axis.field
    value = getattr(record, key)
    wrong = record._replace(**{key: (value[0] + 1, value[1]) if isinstance(value, tuple) else value + 1})
    axis = wrong if record is axis else axis._replace(field=wrong)
    layers = list(right.layers)
    layers[number] = layer._replace(axes=(axis,))
    proof = check_network(right._replace(layers=tuple(layers)))
    assert not proof.passed
    assert {failure.where["layer"] for failure in proof.failures} <= {each.name for each in layers[number:]}
    assert check_network(right).passed


def test_beyond_the_budget_the_sizes_are_held_against_bounds() -> None:
    right = answer(10**9, conv(3, 2, 1), pool(2), conv(3, 1, 1))
    proof = check_network(right)
    assert (proof.method, proof.passed, proof.details["keys"]) == ("bounds", True, ("output",))
    layer = right.layers[1]
    wrong = layer._replace(axes=(layer.axes[0]._replace(output=7),))
    assert not check_network(right._replace(layers=(right.layers[0], wrong, right.layers[2]))).passed


def bottleneck(stride: int, in_3x3: bool) -> list[StackLayer]:
    first, second = (1, stride) if in_3x3 else (stride, 1)
    return [conv(1, first), conv(3, second, 1), conv(1)]


def resnet(blocks: tuple[int, ...], in_3x3: bool, late: bool = False) -> list[StackLayer]:
    """The main path; ``late`` strides in the last block of each stage but the last, as TF-Slim does."""
    layers = [conv(7, 2, 3), pool(3, 2, 1)]
    for stage, count in enumerate(blocks):
        for block in range(count):
            strided = (block == count - 1 and stage < 3) if late else (block == 0 and stage > 0)
            layers += bottleneck(2 if strided else 1, in_3x3)
    return layers


def vgg(*convs: int) -> list[StackLayer]:
    return [layer for count in convs for layer in [*[conv(3, 1, 1)] * count, pool(2)]]


def mobilenet() -> list[StackLayer]:
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    return [conv(3, 2, 1), *(layer for stride in strides for layer in (conv(3, stride, 1), conv(1)))]


ALEXNET = [conv(11, 4), pool(3, 2), conv(5, 1, 2), pool(3, 2), *[conv(3, 1, 1)] * 3, pool(3, 2)]

# Araujo et al., Computing Receptive Fields of CNNs, Distill 2019, the table of networks; He et al. 2016; torchvision.
PUBLISHED = [
    (ALEXNET, 195, 32),
    (vgg(2, 2, 3, 3, 3), 212, 32),
    (vgg(1, 1, 2, 2, 2), 150, 32),
    (vgg(2, 2, 4, 4, 4), 268, 32),
    (mobilenet(), 315, 32),
    (resnet((3, 4, 6, 3), in_3x3=True, late=True), 483, 32),
    (resnet((3, 4, 23, 3), in_3x3=True, late=True), 1027, 32),
    (resnet((3, 8, 36, 3), in_3x3=True, late=True), 1507, 32),
    (resnet((3, 4, 6, 3), in_3x3=True), 427, 32),
    (resnet((3, 4, 6, 3), in_3x3=False), 483, 32),
]


@pytest.mark.parametrize(("layers", "size", "jump"), PUBLISHED)
def test_published_receptive_fields(layers: list[StackLayer], size: int, jump: int) -> None:
    assert field(1024, *layers) == (size, jump)
    assert check_network(answer(224, *layers)).passed


def test_the_whole_input_behind_a_gap_and_an_fc() -> None:
    found = answer(30, conv(3, 2), GAP, BN, FC)
    assert [layer.name for layer in found.layers] == ["conv1", "gap1", "bn1", "fc1"]
    for layer in found.layers[1:]:
        assert layer.axes[0].field == (30, 30, (2, 1), (29, 2))
    assert [layer.output for layer in found.layers] == [(14,), (1,), (1,), ()]
    assert found.layers[-1].input == (1,)
    assert answer(30, FC, FC).layers[1].input == ()
    assert answer(30, conv(3, 2), GAP, conv(1, 3)).layers[2].axes[0].field == (30, 30, (6, 1), (29, 2))  # jumps go on


def test_an_error_names_the_layer() -> None:
    with pytest.raises(DlcalcError, match=r"^layer 2: kernel 9 is larger than the width 3") as refused:
        answer(5, conv(3), conv(9))
    assert (refused.value.code, refused.value.option) == ("kernel-exceeds-input", "layers")
    with pytest.raises(DlcalcError, match=r"^layer 2: the output of an fc has no axes"):
        answer(5, FC, conv(1))
    with pytest.raises(DlcalcError, match="no layer"):
        answer(5)


def test_what_cannot_be_gone_through_or_written_is_refused() -> None:
    assert answer(1, *[conv(1, 10**17)] * 200).layers[-1].axes[0].field.jump == (10**3400, 1)
    wide = [GAP, *[up(10**17, 10**17)] * 70]
    assert answer(1, *wide[:51]).output[0] == 10 ** (17 * 50)
    for layers, message in [
        ([up(3, 5), conv(3, 3)] * 30, "too many to go through"),
        ([conv(1, 10**17)] * 300, r"^layer 236: the jump has more than 4000 digits"),
        (wide, r"^layer 60: the output width has more than 1000 digits"),
    ]:
        with pytest.raises(DlcalcError, match=message) as refused:
            answer(5, *layers)
        assert refused.value.code == "invalid-value"


def test_sizes_inside_a_network_may_be_longer_than_what_is_typed() -> None:
    """18 digits for what is typed; what follows from it is exact however large, and proved."""
    huge = 10**18 - 1
    found = answer(huge, GAP, up(huge, huge), up(3, huge), conv(3, 10**17), conv(1, 7))
    sizes = [layer.output[0] for layer in found.layers]
    assert sizes[:3] == [1, huge, (huge - 1) * huge + 3]
    assert sizes[3] == (sizes[2] - 3) // 10**17 + 1 > 10**18
    assert sizes[4] == (sizes[3] - 1) // 7 + 1
    assert check_network(found).passed
    assert found.layers[2].axes[0].field.jump == (1, huge**2)


@pytest.mark.parametrize("size", [0, 10**18])
def test_the_typed_size_is_limited_once(size: int) -> None:
    with pytest.raises(DlcalcError) as refused:
        answer(size, up(2, 2), conv(3))
    assert (refused.value.code, refused.value.option) == ("invalid-value", "w")
