"""What a refusal of ``same`` says to type instead has the windows of SAME, as the framework that takes the word has."""

import random

import pytest

from dlcalc.core.conv.layer import ALL_AXES, FrameworkName, Kind, Layer, PaddingWord
from dlcalc.core.conv_shape import answer
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import layer_question
from tests.conftest import Run
from tests.support.refusals import refused


def asked(size: tuple[int, ...], layer: Layer, framework: FrameworkName) -> ConvShape:
    return answer(layer_question(ALL_AXES[-len(size) :], size, layer, framework))


def windows(found: ConvShape) -> list[tuple[int, int]]:
    return [(axis.output, -axis.window.before) for axis in found.layers[0].axes]


@pytest.mark.parametrize(
    ("kind", "word", "taking"),
    [
        ("conv", "same", "tensorflow"),
        ("max-pool", "same", "tensorflow"),
        ("conv", "same-lower", "onnx"),
        ("avg-pool", "same-lower", "onnx"),
        ("transposed", "same", "tensorflow"),
    ],
)
def test_the_padding_of_a_hint_has_the_windows_of_same(kind: Kind, word: PaddingWord, taking: FrameworkName) -> None:
    rng = random.Random(f"{kind} {word}")
    exact = moved = 0
    for _ in range(300):
        axes = rng.choice([1, 1, 2])
        size = tuple(rng.randint(3, 40) for _ in range(axes))
        layer = Layer(rng.randint(1, 7), tuple(rng.randint(2, 4) for _ in range(axes)), word, kind=kind)
        try:
            same = asked(size, layer, taking)
        except DlcalcError:
            continue
        if any(notice.code == "crops-input" for notice in same.warnings):  # ONNX Runtime's own way with SAME
            continue
        right = windows(same)
        error = refused(asked, size, layer, "pytorch")
        first, *others = [part for part in error.advice if isinstance(part, Fix) and part.argument != "framework"]
        assert first.argument == "padding", (size, layer, error.hint)
        numbers = {"padding": first.value}
        filled = len(others) == 2  # a padding and an output padding, which make no other layer necessary
        if kind == "transposed" and not filled:
            numbers |= {fix.argument: fix.value for fix in others}
        found = asked(size, Layer(**(layer._asdict() | numbers)), "pytorch")
        assert windows(found) == right, (size, layer, error.hint)
        exact += 1
        if filled:
            numbers = {fix.argument: fix.value for fix in others}
            other_windows = windows(asked(size, Layer(**(layer._asdict() | numbers)), "pytorch"))
            assert [output for output, _ in other_windows] == [output for output, _ in right]
            assert max(abs(a - b) for (_, a), (_, b) in zip(other_windows, right, strict=True)) == 1
            assert "move the output by one pixel" in (error.hint or "")
            moved += 1
        elif kind != "transposed" and others:  # the tempting one: this size too, and other windows
            (other,) = others
            other_windows = windows(asked(size, Layer(**(layer._asdict() | {"padding": other.value})), "onnx"))
            assert [output for output, _ in other_windows] == [output for output, _ in right]
            shift = max(abs(a - b) for (_, a), (_, b) in zip(other_windows, right, strict=True))
            said = "one pixel" if shift == 1 else f"{shift} pixels"
            assert shift > 0
            assert f"moves the windows by {said})" in (error.hint or "")
            moved += 1
    assert exact > 100
    assert moved > 20 or word == "same-lower"


KERAS = "--framework tensorflow"
MOVED = "in a pad layer; --padding 1 gives this size too, and moves the windows by one pixel"
CUT = (
    "in a layer that cuts the output;"
    " --padding 1 and --output-padding 1 give this size too, and move the output by one pixel"
)
UNKNOWN = "a padding in numbers, which depends on the size of the input"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--w 224 --k 3 --s 2 --p same", f"--padding 0:1 ({MOVED}), or {KERAS}"),
        ("--w 225 --k 3 --s 2 --p same", f"--padding 1, or {KERAS}"),
        ("--w 224 --k 3 --s 2 --p same-lower", "--padding 1, or --framework onnx"),
        ("--w 224 --k 3 --d 2 --p same --framework onnx", "--padding 2"),
        (
            "--w 7 --k 2 --s 3 --p same --kind transposed",
            "--padding 0 and --output-padding 1, or --framework tensorflow",
        ),
        (
            "--w 28 --k 3 --s 2 --p same --kind transposed",
            f"--padding 0:1 ({CUT}), or {KERAS}",
        ),
        (
            "--w 6 --k 4 --s 2 --kind transposed --p same --output-padding 1",
            f"padding as a number or begin:end, or {KERAS}",
        ),
        ("--w 8 --k 4 --p same-lower", "--padding 2:1 (in a pad layer), or --framework onnx"),
        ("--target 5 --solve w --k 3 --s 2 --p same", f"{UNKNOWN}, or {KERAS}"),
        ("--w 225 3s2psame", f"p1, or {KERAS}"),
    ],
)
def test_hints(conv_shape: Run, words: str, hint: str) -> None:
    assert conv_shape(words + " --json").error["hint"] == hint
