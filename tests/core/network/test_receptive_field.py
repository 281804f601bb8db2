"""Receptive fields against published ones, and what a layer sees that reads everything."""

import pytest

from dlcalc.core.network.check import check_shape
from dlcalc.core.network.network import Op
from dlcalc.core.numeric.ratio import as_number
from tests.support.chains import BN, FC, GAP, answer, conv, pool


def field(size: int, *layers: Op) -> tuple[int, float]:
    found = answer(size, *layers).layers[-1].axes[0].field
    return found.size, as_number(found.jump)


def bottleneck(stride: int, in_3x3: bool) -> list[Op]:
    first, second = (1, stride) if in_3x3 else (stride, 1)
    return [conv(1, first), conv(3, second, 1), conv(1)]


def resnet(blocks: tuple[int, ...], in_3x3: bool, late: bool = False) -> list[Op]:
    """The main path; ``late`` strides in the last block of each stage but the last, as TF-Slim does."""
    layers = [conv(7, 2, 3), pool(3, 2, 1)]
    for stage, count in enumerate(blocks):
        for block in range(count):
            strided = (block == count - 1 and stage < 3) if late else (block == 0 and stage > 0)
            layers += bottleneck(2 if strided else 1, in_3x3)
    return layers


def vgg(*convs: int) -> list[Op]:
    return [layer for count in convs for layer in [*[conv(3, 1, 1)] * count, pool(2)]]


def mobilenet() -> list[Op]:
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
def test_published_receptive_fields(layers: list[Op], size: int, jump: int) -> None:
    assert field(1024, *layers) == (size, jump)
    assert check_shape(answer(224, *layers)).passed


def test_behind_a_gap_the_field_is_that_of_its_window_and_behind_an_fc_the_whole_input() -> None:
    """The last of 30 pixels is read by no window, so not by the gap; an fc reads whatever there is."""
    found = answer(30, conv(3, 2), GAP, BN, FC)
    assert [layer.name for layer in found.layers] == ["conv1", "gap1", "bn1", "fc1"]
    assert [layer.axes[0].field for layer in found.layers] == [
        (3, 3, (2, 1), (1, 1)),
        (3 + 13 * 2, 3 + 13 * 2, (2, 1), (14, 1)),
        (3 + 13 * 2, 3 + 13 * 2, (2, 1), (14, 1)),
        (30, 30, (2, 1), (29, 2)),
    ]
    assert [layer.output for layer in found.layers] == [(14,), (1,), (1,), ()]
    assert found.layers[-1].input == (1,)
    assert answer(30, FC, FC).layers[1].input == ()
    assert answer(30, conv(3, 2), GAP, conv(1, 3)).layers[2].axes[0].field == (29, 29, (6, 1), (14, 1))  # jumps go on
    assert answer(9, conv(3, 2, 1), GAP).layers[1].axes[0].field.size == 11  # positions in the padding count
