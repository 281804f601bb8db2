"""Frameworks side by side: each as it answers alone, what differs between them, and what the sentence says of it."""

import re

import pytest

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import FRAMEWORKS, FrameworkName, Layer
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network import compare
from dlcalc.core.network.compare import SideBySide, compare_frameworks
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import Op, ShapeQuestion, chain, layer_question
from tests.support.random_layers import layer_of, questions
from tests.support.shifted import ONE, TWO, shifted_in_keras


def one(size: int, layer: Layer) -> SideBySide:
    return compare_frameworks(layer_question(("w",), (size,), layer))


def alone(question: ShapeQuestion, framework: FrameworkName) -> ConvShape | DlcalcError:
    try:
        return conv_shape(question._replace(framework=framework))
    except DlcalcError as error:
        return error


COMPARED = [(question, compare_frameworks(question)) for question in questions(1_500, seed=61)]


def test_every_side_is_the_framework_alone() -> None:
    refused = 0
    for question, found in COMPARED:
        assert [side.framework for side in found.sides] == list(FRAMEWORKS)
        for side in found.sides:
            expected = alone(question, side.framework)
            if isinstance(expected, DlcalcError):
                assert (side.answer, side.layers) == (None, ())
                assert side.error is not None
                texts = str(expected), expected.code, expected.advice
                assert (str(side.error), side.error.code, side.error.advice) == texts
                refused += 1
                continue
            assert side.answer == expected
            (layer,) = side.layers
            assert layer.output == expected.output
            for axis, padding, window in zip(expected.layers[0].axes, layer.padding, layer.first_window, strict=True):
                taps = [tap * axis.window.dilation - padding[0] for tap in range(axis.window.kernel)]
                assert padding == (axis.window.before, axis.window.after)
                assert window == (taps[0], taps[-1])
    assert 500 < refused < 4_000


def test_what_differs_is_what_is_not_the_same() -> None:
    seen = set()
    for question, found in COMPARED:
        alones = [alone(question, framework) for framework in FRAMEWORKS]
        codes = {each.code if isinstance(each, DlcalcError) else None for each in alones}
        axes = [each.layers[0].axes for each in alones if isinstance(each, ConvShape)]
        outputs = {tuple(axis.output for axis in each) for each in axes}
        paddings = {tuple((axis.window.before, axis.window.after) for axis in each) for each in axes}
        starts = {tuple(axis.window.before for axis in each) for each in axes}
        expected = ["error"] if len(codes) > 1 else []
        counts = {"output": len(outputs), "padding": len(paddings), "first_window": len(starts)}
        expected += [key for key, count in counts.items() if count > 1]
        assert list(found.differs) == expected, question
        seen.add(found.differs)
    assert len(seen) >= 5


def test_the_sentence_says_who_refuses_and_who_gives_what() -> None:
    for question, found in COMPARED:
        text = found.summary
        head = text.split("; ")[0]
        for framework in FRAMEWORKS:
            name = framework_of(framework).name
            each = alone(question, framework)
            if isinstance(each, ConvShape):
                assert name not in head or "refuse" not in head
                size = " x ".join(map(str, each.output))
                if "refuse" in head or "sizes differ" in text:
                    assert re.search(rf"{name}[^,;]*? {size}(?![0-9x])|{name} (and .*?|gives |give ){size}", text), text
                elif "agree" in text:
                    assert text == f"all three agree on {size}"
            else:
                assert text == "all three refuse" or name in head
        assert ("agree" in text) == (not found.differs and bool(found.answering))
        assert ("apart" in text) <= ("first_window" in found.differs)


_REFUSES = "PyTorch refuses; Keras and ONNX Runtime give "
_AT_THE_END = _REFUSES + "3, same windows, another padding at the end"
_APART = "windows {} apart: the first starts at {} in Keras, at {} in ONNX Runtime"
SENTENCES = [
    (7, Layer(3), "all three agree on 5"),
    (224, Layer(3, 2, "same"), _REFUSES + "112"),
    (9, Layer(3, 1, "same", 2), "ONNX Runtime refuses; PyTorch and Keras give 9"),
    (9, Layer(3, 2, 0, 2), "Keras refuses; PyTorch and ONNX Runtime give 3"),
    (9, Layer(4, 1, "same-lower"), "PyTorch and Keras refuse; ONNX Runtime gives 9"),
    (3, Layer(5), "all three refuse"),
    (5, Layer(1, 5, kind="transposed"), "sizes differ: PyTorch and ONNX Runtime give 21, Keras 25"),
    (10, Layer(1, 4, "same"), _AT_THE_END),
    (11, Layer(1, 4, "same"), _AT_THE_END),
    (8, Layer(1, 4, "same"), _REFUSES + "2, " + _APART.format("one pixel", 0, 1)),
    (8, Layer(2, 8, "same"), _REFUSES + "1, " + _APART.format("2 pixels", 0, 2)),
    (15, Layer(4, 3, "same", 1, "transposed", 0), "PyTorch refuses; Keras gives 42, ONNX Runtime 45"),
]


@pytest.mark.parametrize(("size", "layer", "sentence"), SENTENCES)
def test_sentences(size: int, layer: Layer, sentence: str) -> None:
    assert one(size, layer).summary == sentence


def test_the_same_size_and_other_windows_where_nobody_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "network_shape", shifted_in_keras)
    found = compare_frameworks(ONE)
    start = "the first starts at -1 in PyTorch and ONNX Runtime, at 0 in Keras"
    assert found.summary == f"same size, windows one pixel apart: {start}"
    assert found.differs == ("padding", "first_window")


def test_the_distance_is_that_of_the_axis_that_moves_most() -> None:
    found = compare_frameworks(layer_question(("h", "w"), (8, 16), Layer((1, 2), (4, 16), "same")))
    assert found.summary == _REFUSES + "2 x 1, " + _APART.format("6 pixels", "0 x 0", "1 x 6")


def test_several_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "network_shape", shifted_in_keras)
    found = compare_frameworks(TWO)
    assert found.summary == "same size, but not the same windows in conv2"
    assert [layer.name for layer in found.sides[0].layers] == ["conv1", "conv2"]
    assert found.remarks == ()


def test_a_network_is_compared_as_it_is() -> None:
    """3s2p1 twice: Keras pads by layers of their own, and computes the same windows."""
    found = compare_frameworks(ShapeQuestion(chain([Op("conv", Layer(3, 2, 1))] * 2, (224,)), ("w",)))
    assert (found.summary, found.differs, found.remarks) == ("all three agree on 56", (), ())


def test_what_a_port_to_keras_is_tempted_by() -> None:
    (remark,) = one(224, Layer(3, 2, 1)).remarks
    assert "'same' gives this size too, but windows one pixel apart: the first starts at 0" in remark
    (remark,) = one(224, Layer(3, 1, 1)).remarks
    assert remark.endswith("its own 'same' has the same windows")
    (remark,) = one(14, Layer(4, 2, 1, kind="transposed")).remarks
    assert remark == "Keras needs a layer that cuts the output for this padding; its own 'same' has the same windows"
    assert one(224, Layer(3, 2)).remarks == ()  # no padding, so none is in question
    assert one(224, Layer(3, 2, 2)).remarks == ()  # another size: nobody is tempted


def test_temptations_are_what_keras_computes() -> None:
    tempted = 0
    for question, found in COMPARED:
        for side in found.sides:
            if side.same is not None:
                same = question.with_layer(layer_of(question)._replace(padding="same"))
                assert side.same == conv_shape(same._replace(framework=side.framework))
                assert side.answer is not None
                assert side.same.output == side.answer.output
                tempted += 1
    assert tempted > 10


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        (Layer(0), "invalid-value"),
        (Layer((3, 3)), "shape-mismatch"),
        (Layer(3, kind="deconv"), "usage"),  # type: ignore[arg-type]
        (Layer(3, ceil_mode=True), "usage"),
    ],
)
def test_what_is_wrong_with_the_question_is_no_refusal(layer: Layer, code: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        one(7, layer)
    assert caught.value.code == code


def test_where_all_refuse_the_first_says_why() -> None:
    found = one(3, Layer(5))
    assert found.refusal is found.sides[0].error
    assert one(7, Layer(3)).refusal is None
    assert one(9, Layer(4, 1, "same-lower")).refusal is None


def test_warnings_of_all() -> None:
    assert [warned.code for warned in one(7, Layer(3, 1, 1)).warnings] == ["needs-pad-layer"]
    assert len(one(7, Layer(3, 1, ((0, 1),))).warnings) == 2
