"""Layer words: one table of what they stand for, one of where they go wrong."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.network.network import ELEMENTWISE, Input, Op
from dlcalc.notation.input_size import axes_of_words
from dlcalc.notation.layer_words import read_word
from dlcalc.notation.networks import read_network
from tests.support.refusals import refused

HW = ("h", "w")
ONE = ((1, 1), (1, 1))

READ: list[tuple[str, Op]] = [
    ("3", Op("conv", Layer(3))),
    ("007", Op("conv", Layer(7))),
    ("conv3p1", Op("conv", Layer(3, padding=ONE))),
    ("7s2p3c64", Op("conv", Layer(7, 2, ((3, 3), (3, 3))), channels=64)),
    ("3x5", Op("conv", Layer((3, 5)))),
    ("3p0:1", Op("conv", Layer(3, padding=((0, 1), (0, 1))))),
    ("3p1:2x3:4", Op("conv", Layer(3, padding=((1, 2), (3, 4))))),
    ("3psame", Op("conv", Layer(3, padding="same"))),
    ("3psame-lowerc4", Op("conv", Layer(3, padding="same-lower"), channels=4)),
    ("3pvalids2", Op("conv", Layer(3, 2, "valid"))),
    ("3d2g4c8b1", Op("conv", Layer(3, dilation=2), channels=8, groups=4, bias=True)),
    ("1c32b0", Op("conv", Layer(1), channels=32, bias=False)),
    ("dw3p1", Op("conv", Layer(3, padding=ONE), depthwise=True)),
    ("dw3c4b0", Op("conv", Layer(3), channels=4, depthwise=True, bias=False)),
    ("convt2s2o1", Op("transposed", Layer(2, 2, kind="transposed", output_padding=1))),
    ("max3s2p1", Op("max-pool", Layer(3, 2, ONE, kind="max-pool"))),
    ("max2u", Op("max-pool", Layer(2, kind="max-pool", ceil_mode=True))),
    ("avg3d1x2", Op("avg-pool", Layer(3, dilation=(1, 2), kind="avg-pool"))),
    ("gap", Op("global-avg-pool")),
    ("bn", Op("batch-norm")),
    ("fc10", Op("linear", channels=10)),
    ("fc10b1", Op("linear", channels=10, bias=True)),
    ("3s0", Op("conv", Layer(3, 0))),  # which core refuses
    ("ln", Op("layer-norm")),
    ("gn32", Op("group-norm", groups=32)),
    ("flatten", Op("flatten")),
    ("up2", Op("upsample", amount=2)),
    ("up2x3", Op("upsample", amount=(2, 3))),
    ("shuffle2", Op("pixel-shuffle", amount=2)),
    ("unshuffle2x1", Op("pixel-unshuffle", amount=(2, 1))),
    ("aavg7", Op("adaptive-avg-pool", amount=7)),
    ("amax1x4", Op("adaptive-max-pool", amount=(1, 4))),
    ("pad1", Op("pad", amount=ONE)),
    ("pad0:1", Op("pad", amount=((0, 1), (0, 1)))),
    ("crop1x0:2", Op("crop", amount=((1, 1), (0, 2)))),
    ("crop0", Op("crop", amount=((0, 0), (0, 0)))),
    *((kind, Op(kind)) for kind in ELEMENTWISE),
]


@pytest.mark.parametrize(("word", "layer"), READ)
def test_read(word: str, layer: Op) -> None:
    (part,) = read_word(word, HW)
    assert (part.op, part.part) == (layer, "")


DEPTHWISE, ONE_BY_ONE = Op("conv", Layer(3, padding=ONE), depthwise=True, bias=False), Op("conv", Layer(1))
SEPARABLE: list[tuple[str, Op, Op]] = [
    ("sep3p1", DEPTHWISE, ONE_BY_ONE),
    ("sep3p1c8", DEPTHWISE, ONE_BY_ONE._replace(channels=8)),
    ("sep3p1c8b1", DEPTHWISE, ONE_BY_ONE._replace(channels=8, bias=True)),
    ("sep3p1b0", DEPTHWISE, ONE_BY_ONE._replace(bias=False)),
]


@pytest.mark.parametrize(("word", "depthwise", "pointwise"), SEPARABLE)
def test_a_separable_convolution_is_two_layers(word: str, depthwise: Op, pointwise: Op) -> None:
    """The bias stands behind the second, as in Keras; the strides and paddings in the first."""
    assert [(part.part, part.op) for part in read_word(word, HW)] == [
        ("depthwise", depthwise),
        ("pointwise", pointwise),
    ]


def test_ceil_mode_holds_for_poolings_alone() -> None:
    ops = [read_word(word, HW, ceil_mode=True)[0].op for word in ("3", "max2", "avg2u", "gap")]
    assert [op.layer and op.layer.ceil_mode for op in ops] == [False, True, True, None]


# word -> at which character it goes wrong, and a part of what is expected there
BAD: list[tuple[str, int, str]] = [
    ("s2", 0, "a kernel size, or conv, convt"),
    ("c64", 0, "a kernel size, or conv, convt"),
    ("x3", 0, "a kernel size, or conv, convt"),
    ("conv", 4, "a kernel size"),
    ("max", 3, "a kernel size"),
    ("7q", 1, "s stride, p padding, d dilation, g groups, c output channels, b bias, b0 or b1, or the end"),
    ("7P1", 1, "s stride"),
    ("7.5", 1, "s stride"),
    ("7s", 2, "a number behind s"),
    ("7s-1", 2, "a number behind s"),
    ("7s2s3", 3, "s once only"),
    ("7s2x", 4, "a number behind x"),
    ("3x", 2, "a number behind x"),
    ("3x5x", 4, "a number behind x"),
    ("7p", 2, "a number behind p, or same, same-upper, same-lower, valid, causal, full"),
    ("7psama", 2, "a number behind p, or same"),
    ("7p:", 2, "a number behind p, or same"),
    ("7p1:", 4, "a number behind :"),
    ("7p1:2:3", 5, "x and the next axis, another letter, or the end"),
    ("7c", 2, "a number behind c"),
    ("7c6x4", 3, "or the end"),
    ("3b", 2, "0 or 1: b0 is without a bias"),
    ("3b2", 2, "0 or 1: b0 is without a bias"),
    ("3o1", 1, "or the end; conv has no output padding"),
    ("3u", 1, "or the end; conv has no ceil mode"),
    ("convt3u", 6, "o output padding, g groups"),
    ("max3c4", 4, "or the end; max has no output channels"),
    ("avg3b1", 4, "or the end; avg has no bias"),
    ("max3d2u1", 7, "s stride, p padding, or the end"),
    ("dw3g2", 3, "or the end; dw has no groups"),
    ("gap3", 3, "the end: gap has no numbers"),
    ("bnx", 2, "the end: bn has no numbers"),
    ("fc", 2, "the number of features, like fc10"),
    ("fc1c2", 3, "or the end; fc has no output channels"),
    ("fc10b2", 5, "0 or 1"),
    ("3p1\u0663", 3, "or the end"),
    ("sep", 3, "a kernel size"),
    ("sep3g2", 4, "or the end; sep has no groups"),
    ("relu2", 4, "the end: relu has no numbers"),
    ("relu7", 4, "the end: relu has no numbers"),
    ("dropout0.5", 7, "the end: dropout has no numbers"),
    ("flatten2", 7, "the end: flatten has no numbers"),
    ("ln8", 2, "the end: ln has no numbers"),
    ("gn", 2, "the number of groups, like gn32"),
    ("gn2x2", 3, "the end"),
    ("up", 2, "the factor, like up2"),
    ("up2s2", 3, "the end"),
    ("up2x", 4, "a number behind x"),
    ("aavg", 4, "the size of the output, like aavg7"),
    ("amaxb", 4, "the size of the output, like amax7"),
    ("aavg7c4", 5, "the end"),
    ("shuffle", 7, "the factor, like shuffle2"),
    ("unshuffle", 9, "the factor, like unshuffle2"),
    ("pad", 3, "the positions at both ends, like pad1 or pad0:1"),
    ("pad1:", 5, "a number behind :"),
    ("crop1:2:3", 7, "x and the next axis"),
    ("crop-1", 4, "the positions at both ends, like crop1 or crop0:1"),
    ("up1:2", 3, "the end"),
    ("drop", 0, "a kernel size"),
]


@pytest.mark.parametrize(("word", "at", "expected"), BAD)
def test_a_caret_stands_where_a_word_goes_wrong(word: str, at: int, expected: str) -> None:
    error = refused(read_network, ["3p1", word], HW, Input())
    assert (error.code, error.option) == ("usage", "layers")
    title, shown, caret = error.message.split("\n")
    assert (title, shown) == ("word 2 cannot be read:", f"  {word}")
    assert caret.index("^") == 2 + at
    assert caret[2 + at :].startswith("^ expected ")
    assert expected in caret


def test_of_a_long_word_the_part_around_the_caret_is_shown() -> None:
    word = "3" * 100 + "q" + "1" * 100
    _, shown, caret = refused(read_network, [word], HW, Input()).message.split("\n")
    assert shown[caret.index("^")] == "q"
    assert len(shown) < 70


@pytest.mark.parametrize(
    ("word", "code", "message"),
    [
        ("3x3x3", "shape-mismatch", "word 2 (3x3x3): kernel is 3 values"),
        ("3s1x1x1", "shape-mismatch", "word 2 (3s1x1x1): stride is 3 values"),
        ("3p1:0x1x1", "shape-mismatch", "word 2 (3p1:0x1x1): padding is 3 values"),
        ("9999999999999999999", "invalid-value", "word 2 (9999999999999999999): kernel has more than 18 digits"),
        ("3c9999999999999999999", "invalid-value", "output channels has more than 18 digits"),
        ("3g" + "9" * 60, "invalid-value", f"word 2 (3g{'9' * 35}...): groups has more than 18 digits"),
        ("fc9999999999999999999", "invalid-value", "output channels has more than 18 digits"),
        ("up2x2x2", "shape-mismatch", "word 2 (up2x2x2): factor is 3 values"),
        ("pad1x1x1", "shape-mismatch", "word 2 (pad1x1x1): padding is 3 values"),
        ("aavg9999999999999999999", "invalid-value", "has more than 18 digits"),
        ("gn9999999999999999999", "invalid-value", "groups has more than 18 digits"),
    ],
)
def test_an_error_of_an_option_names_the_layer(word: str, code: str, message: str) -> None:
    error = refused(read_network, ["3p1", word], HW, Input())
    assert (error.code, error.option) == (code, "layers")
    assert message in error.message


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["3p1", "gap"], None),
        (["max2"], None),  # an x of its name
        (["max2x2"], 2),
        (["3", "3x5", "1x1x1"], 2),
        (["3s1x1x2"], 3),
        (["3p1:2x3:4"], 2),
        (["3psame"], None),
        (["@2x3", "add@2x3", "max2"], None),  # a name is no size
        (["@a", "up2x2"], 2),
        (["rep3", "pad0:1x1", "end"], 2),
    ],
)
def test_axes_of_words(words: list[str], count: int | None) -> None:
    assert axes_of_words(words) == count
