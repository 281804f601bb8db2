"""``dlcalc.network``: worked out by hand, and the same as what both commands say."""

import pytest

from dlcalc import network
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network.functions import ReceptiveField
from dlcalc.notation import conv_params as params_notation
from dlcalc.notation import conv_shape as shape_notation
from dlcalc.notation.functions import NetworkLayer


def test_by_hand() -> None:
    first, norm, join, linear = network("@x 3p1c8 bn add@x fc10", (5, 7), 8, bias=True)
    assert (first.name, first.kind, first.inputs) == ("conv1", "conv", ("input",))
    assert (first.input, first.output, first.channels, first.unread) == ((5, 7), (5, 7), 8, (0, 0))
    assert (first.params, first.macs) == (9 * 64 + 8, 9 * 64 * 35)
    assert (norm.kind, norm.params, norm.macs) == ("batch-norm", 16, 0)
    assert (join.kind, join.inputs, join.params) == ("add", ("bn1", "input"), 0)
    assert [field.size for field in join.receptive_field] == [3, 3]
    assert (linear.input, linear.output, linear.channels) == ((5, 7), (), 10)
    assert (linear.params, linear.macs) == (8 * 35 * 10 + 10, 8 * 35 * 10)
    assert [(field.size, field.center) for field in linear.receptive_field] == [(5, 2), (7, 3)]


CASES = [
    ("7s2p3c64 bn relu max3s2p1", (224, 224)),
    ("@x 3p1c8 3s2p1c8 up2 cat@x gap fc10", (16, 12)),
    ("rep2 @x sep3p1c4 mul@x end max2 unshuffle2 flatten fc3", (16, 16, 16)),
    ("3c8 @a max2 3c8 convt2s2c8 @u from@a crop2 cat@u 1c2", (40,)),
]


@pytest.mark.parametrize(("words", "size"), CASES)
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "onnx"])
def test_it_is_what_both_commands_say(words: str, size: tuple[int, ...], framework: str) -> None:
    raw: dict[str, object] = {"layers": words, "size": list(size), "framework": framework}
    shape = conv_shape(shape_notation.question(raw))
    counted = conv_params(params_notation.question({**raw, "c_in": 4, "bias": True, "n": 3}))
    found = network(words.split(), size, 4, framework=framework, bias=True, n=3)  # type: ignore[arg-type]
    assert len(found) == len(shape.layers) == len(counted.layers)
    for layer, of, count in zip(found, shape.layers, counted.layers, strict=True):
        assert (layer.name, layer.kind, layer.inputs) == (of.name, of.kind, of.node.inputs)
        assert (layer.input, layer.output) == (of.input, of.output)
        assert layer.unread == tuple(axis.unread for axis in of.axes)
        assert [field.size for field in layer.receptive_field] == [axis.field.size for axis in of.axes]
        assert [field.smallest for field in layer.receptive_field] == [axis.field.smallest for axis in of.axes]
        assert (layer.channels, layer.params) == (count.c_out, count.amounts.params)
        assert count.amounts.work is not None
        assert layer.macs == count.amounts.work.macs


def test_one_extent_is_one_axis() -> None:
    (layer,) = network("3c8", 7, 3)
    assert (layer.input, layer.output, layer.params) == ((7,), (5,), 72)
    *_, last = network(["3c8", "gap fc2"], 7, 3)
    field = ReceptiveField(7, 7, 1, 3)
    assert last == NetworkLayer("fc1", "linear", ("gap1",), (1,), (), 2, (0,), (field,), 16, 16)
