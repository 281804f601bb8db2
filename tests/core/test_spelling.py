"""Words that are nearly one of a list: one table of which is meant, one of those that nobody can tell."""

from typing import get_args

import pytest

from dlcalc.core.conv.layer import FRAMEWORKS, KINDS, PADDING_WORDS
from dlcalc.core.network.network import ELEMENTWISE
from dlcalc.core.params.question import DTYPES
from dlcalc.core.solve.question import Unknown
from dlcalc.core.spelling import did_you_mean, one_of
from dlcalc.notation.layer_words import HEADS

REDUCTIONS = ("none", "mean", "sum")
LISTS = (FRAMEWORKS, tuple(KINDS), PADDING_WORDS, ELEMENTWISE, tuple(DTYPES), get_args(Unknown), HEADS, REDUCTIONS)


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("pytroch", FRAMEWORKS, "pytorch"),
        ("PyTorch", FRAMEWORKS, "pytorch"),
        ("onnxruntime", FRAMEWORKS, "onnx"),
        ("transpose", KINDS, "transposed"),
        ("deconv", KINDS, "transposed"),
        ("MaxPool2d", KINDS, "max-pool"),
        ("average-pooling", KINDS, "avg-pool"),
        ("avg", REDUCTIONS, "mean"),
        ("fp16", DTYPES, "float16"),
        ("bf16", DTYPES, "bfloat16"),
        ("SAME_UPPER", PADDING_WORDS, "same-upper"),
        ("paddding", get_args(Unknown), "padding"),
        ("outputpadding", get_args(Unknown), "output_padding"),
        ("rellu", HEADS, "relu"),
        ("batchnorm", HEADS, "bn"),
        ("BatchNormalization", HEADS, "bn"),
        ("Linear", HEADS, "fc"),
        ("dense", HEADS, "fc"),
        ("GlobalAveragePooling2D", HEADS, "gap"),
        ("hard_sigmoid", HEADS, "hardsigmoid"),
    ],
)
def test_the_word_that_is_meant(typed: str, known: list[str], meant: str) -> None:
    assert did_you_mean(typed, known) == meant
    assert one_of(typed, known).startswith(f"did you mean {meant}?")


@pytest.mark.parametrize("typed", ["", "x", "volume", "42", "\n", "-" * 5000, "pytorch" * 1000])
def test_no_word_is_guessed_from_afar(typed: str) -> None:
    assert did_you_mean(typed, FRAMEWORKS) is None
    assert one_of(typed, FRAMEWORKS) == "one of pytorch, tensorflow, onnx"


@pytest.mark.parametrize("typed", [None, 3, 0.5, True, ["pytorch"], {"pytorch": 1}])
def test_what_is_no_text_is_no_word(typed: object) -> None:
    assert one_of(typed, FRAMEWORKS) == "one of pytorch, tensorflow, onnx"


@pytest.mark.parametrize("known", LISTS)
def test_every_word_means_itself_and_so_do_two_letters_exchanged(known: tuple[str, ...]) -> None:
    for word in known:
        assert did_you_mean(word, known) == word
        assert did_you_mean(word.upper(), known) == word
        if len(word) > 5:
            assert did_you_mean(word[0] + word[2] + word[1] + word[3:], known) == word


def test_a_long_list_is_not_repeated() -> None:
    assert one_of("rellu", HEADS) == "did you mean relu?"
