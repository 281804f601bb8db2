"""Layer words: one table of what they stand for, one of where they go wrong; then any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer
from dlcalc.notation.layer_words import axes_of_words, read_layer_words, split_layer_words
from tests.support.refusals import refused

HW = ("h", "w")
ONE = ((1, 1), (1, 1))

READ: list[tuple[str, StackLayer]] = [
    ("3", StackLayer("conv", Layer(3))),
    ("007", StackLayer("conv", Layer(7))),
    ("conv3p1", StackLayer("conv", Layer(3, padding=ONE))),
    ("7s2p3c64", StackLayer("conv", Layer(7, 2, ((3, 3), (3, 3))), channels=64)),
    ("3x5", StackLayer("conv", Layer((3, 5)))),
    ("3p0:1", StackLayer("conv", Layer(3, padding=((0, 1), (0, 1))))),
    ("3p1:2x3:4", StackLayer("conv", Layer(3, padding=((1, 2), (3, 4))))),
    ("3psame", StackLayer("conv", Layer(3, padding="same"))),
    ("3psame-lowerc4", StackLayer("conv", Layer(3, padding="same-lower"), channels=4)),
    ("3pvalids2", StackLayer("conv", Layer(3, 2, "valid"))),
    ("3d2g4c8b1", StackLayer("conv", Layer(3, dilation=2), channels=8, groups=4, bias=True)),
    ("1c32b0", StackLayer("conv", Layer(1), channels=32, bias=False)),
    ("dw3p1", StackLayer("conv", Layer(3, padding=ONE), depthwise=True)),
    ("dw3c4b0", StackLayer("conv", Layer(3), channels=4, depthwise=True, bias=False)),
    ("convt2s2o1", StackLayer("transposed", Layer(2, 2, kind="transposed", output_padding=1))),
    ("max3s2p1", StackLayer("max-pool", Layer(3, 2, ONE, kind="max-pool"))),
    ("max2u", StackLayer("max-pool", Layer(2, kind="max-pool", ceil_mode=True))),
    ("avg3d1x2", StackLayer("avg-pool", Layer(3, dilation=(1, 2), kind="avg-pool"))),
    ("gap", StackLayer("global-avg-pool")),
    ("bn", StackLayer("batch-norm")),
    ("fc10", StackLayer("linear", channels=10)),
    ("fc10b1", StackLayer("linear", channels=10, bias=True)),
    ("3s0", StackLayer("conv", Layer(3, 0))),  # which core refuses
]


@pytest.mark.parametrize(("word", "layer"), READ)
def test_read(word: str, layer: StackLayer) -> None:
    assert read_layer_words([word], HW) == (layer._replace(word=word),)


def test_ceil_mode_holds_for_poolings_alone() -> None:
    layers = read_layer_words(["3", "max2", "avg2u", "gap"], HW, ceil_mode=True)
    assert [layer.layer and layer.layer.ceil_mode for layer in layers] == [False, True, True, None]


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
]


@pytest.mark.parametrize(("word", "at", "expected"), BAD)
def test_a_caret_stands_where_a_word_goes_wrong(word: str, at: int, expected: str) -> None:
    error = refused(read_layer_words, ["3p1", word], HW)
    assert (error.code, error.option) == ("usage", "layers")
    title, shown, caret = error.message.split("\n")
    assert (title, shown) == ("layer 2 cannot be read:", f"  {word}")
    assert caret.index("^") == 2 + at
    assert caret[2 + at :].startswith("^ expected ")
    assert expected in caret


def test_of_a_long_word_the_part_around_the_caret_is_shown() -> None:
    word = "3" * 100 + "q" + "1" * 100
    _, shown, caret = refused(read_layer_words, [word], HW).message.split("\n")
    assert shown[caret.index("^")] == "q"
    assert len(shown) < 70


@pytest.mark.parametrize(
    ("word", "code", "message"),
    [
        ("3x3x3", "shape-mismatch", "layer 2 (3x3x3): kernel is 3 values"),
        ("3s1x1x1", "shape-mismatch", "layer 2 (3s1x1x1): stride is 3 values"),
        ("3p1:0x1x1", "shape-mismatch", "layer 2 (3p1:0x1x1): padding is 3 values"),
        ("9999999999999999999", "invalid-value", "layer 2 (9999999999999999999): kernel has more than 18 digits"),
        ("3c9999999999999999999", "invalid-value", "output channels has more than 18 digits"),
        ("3g" + "9" * 60, "invalid-value", f"layer 2 (3g{'9' * 35}...): groups has more than 18 digits"),
        ("fc9999999999999999999", "invalid-value", "output channels has more than 18 digits"),
    ],
)
def test_an_error_of_an_option_names_the_layer(word: str, code: str, message: str) -> None:
    error = refused(read_layer_words, ["3p1", word], HW)
    assert (error.code, error.option) == (code, "layers")
    assert message in error.message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("3p1", ("3p1",)),
        ("  7s2p3   max3s2p1\n", ("7s2p3", "max3s2p1")),
        (["3p1", "gap fc10"], ("3p1", "gap", "fc10")),
        (("3p1",), ("3p1",)),
    ],
)
def test_split(value: object, words: tuple[str, ...]) -> None:
    assert split_layer_words(value) == words


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "there is no layer in the stack"),
        (" \n", "there is no layer in the stack"),
        ([], "there is no layer in the stack"),
        (["3p1", " "], "layer 2 is an empty word"),
        (7, "layers 7 is not a list of layer words"),
        (None, "layers null is not a list of layer words"),
        ({"0": "3p1"}, "is not a list of layer words"),
        (["3p1", 7], "is not a list of layer words"),
    ],
)
def test_not_split(value: object, message: str) -> None:
    error = refused(split_layer_words, value)
    assert (error.code, error.option) == ("usage", "layers")
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
    ],
)
def test_axes_of_words(words: list[str], count: int | None) -> None:
    assert axes_of_words(words) == count


@given(st.text(min_size=1) | st.text("0123456789xspdogcub:-", min_size=1, max_size=12).map(lambda text: "3" + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        layers = read_layer_words(split_layer_words(text), HW)
    except DlcalcError as error:
        assert error.code in ("usage", "shape-mismatch", "invalid-value")
        assert error.option == "layers"
        return
    assert [layer.word for layer in layers] == text.split()
