"""The counts against tables and published figures, and what must hold of every count."""

from math import prod
from typing import Any

import pytest

from dlcalc.core.conv.layer import Axis, Layer
from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Op, chain
from dlcalc.core.params.count import ConvParams, Work, total
from dlcalc.core.params.question import ParamsQuestion, layer_question
from tests.support.random_params import answers, questions

HW: tuple[Axis, ...] = ("h", "w")


def asked(c_in: int, c_out: int, layer: Layer | None = None, size: int | None = None, **more: object) -> ConvParams:
    options: dict[str, Any] = {"axes": HW if layer else (), "size": None if size is None else (size, size), **more}
    return conv_params(layer_question(c_in, c_out, layer=layer, **options))


ACCEPTED = [
    (asked(64, 128, Layer(3)), {"weights": 73728, "params": 73728, "param_bytes": 294912}),
    (asked(64, 128, Layer(3), bias=True), {"weights": 73728, "bias": 128, "params": 73856}),
    (asked(32, 32, Layer(3), groups=32, dtype="float16"), {"params": 288, "param_bytes": 576}),
    (asked(8, 16, Layer(5), axes=("w",)), {"params": 640}),
    (asked(3, 64, Layer(7, 2, 3), 224), {"macs": 118013952, "flops": 236027904}),
    (asked(16, 8, Layer(4, 2, 1, kind="transposed"), 14), {"macs": 401408}),
    (asked(1, 1, Layer(3, 1, 1), 7), {"macs": 441, "macs_without_padding": 361}),
    (asked(64, 128, Layer(3, 1, 1), 56), {"activation_bytes": 1605632, "peak_activation_bytes": 2408448}),
    (asked(4096, 1000, bias=True, n=2), {"params": 4097000, "macs": 8192000, "macs_without_padding": 8192000}),
]


@pytest.mark.parametrize(("answer", "numbers"), ACCEPTED)
def test_accepted(answer: ConvParams, numbers: dict[str, int]) -> None:
    assert {key: answer.amounts.by_key()[key] for key in numbers} == numbers


REFUSED = [
    ({"c_in": 0}, "invalid-value", "c_in=1"),
    ({"c_out": -1}, "invalid-value", "c_out=1"),
    ({"groups": 0}, "invalid-value", "groups=1"),
    ({"n": 0}, "invalid-value", "n=1"),
    ({"c_in": 10**18}, "invalid-value", "at most 18 digits"),
    ({"groups": 3}, "groups-do-not-divide", "groups=2 or groups=4"),
    ({"groups": 100}, "groups-do-not-divide", "groups=64"),
    ({"c_in": 30, "groups": 4}, "groups-do-not-divide", "groups=2"),
    ({"layer": Layer(0)}, "invalid-value", "kernel=1"),
    ({"layer": Layer((3, 3, 3))}, "shape-mismatch", "one number for all axes, or one an axis"),
    ({"layer": Layer(3, output_padding=1)}, "usage", "kind='transposed'"),
    ({"layer": Layer(3, 2, "same")}, "unsupported-by-framework", "framework='tensorflow'"),
    ({"layer": Layer(9), "size": (7, 7)}, "kernel-exceeds-input", "kernel=7"),
    ({"layer": Layer(3), "size": (7, 0)}, "invalid-value", "w=1"),
]


@pytest.mark.parametrize(("change", "code", "hint"), REFUSED)
def test_refused(change: dict[str, Any], code: str, hint: str) -> None:
    asked = layer_question(**{"c_in": 64, "c_out": 128, "layer": Layer(3), "axes": HW, **change})
    with pytest.raises(DlcalcError) as caught:
        conv_params(asked)
    assert caught.value.code == code
    assert hint in str(caught.value.hint)
    assert caught.value.option


def test_refuses_nothing_but_with_a_code_and_a_hint() -> None:
    refused = set()
    for question in questions(2_000, seed=62):
        try:
            conv_params(question)
        except DlcalcError as error:
            assert error.hint
            refused.add(error.code)
    assert {"groups-do-not-divide", "kernel-exceeds-input", "unsupported-by-framework"} <= refused


def test_a_grouped_layer_is_its_groups_side_by_side() -> None:
    compared = 0
    for answer in answers(800, seed=63):
        question, found, (layer,) = answer.question, answer.amounts, answer.layers
        groups = layer.groups
        if groups == 1:
            continue
        windows = layer.shape.node.op.layer
        axes, framework, n = question.axes, question.framework, question.n
        c_in, c_out = layer.c_in // groups, layer.c_out // groups
        part = layer_question(c_in, c_out, 1, layer.bias, windows, axes, question.size, framework, n=n)
        one = conv_params(part).amounts
        assert (found.weights, found.bias) == (groups * one.weights, groups * one.bias)
        if found.work and one.work:
            assert found.work.macs == groups * one.work.macs
            assert found.work.macs_without_padding == groups * one.work.macs_without_padding
        compared += 1
    assert compared > 200


def test_without_padding_there_is_nothing_to_leave_out() -> None:
    for answer in answers(1_000, seed=64, frameworks=("pytorch",), words=("valid",)):
        work, axes = answer.amounts.work, answer.layers[0].shape.axes
        if work and all(axis.window.before == axis.window.after == 0 for axis in axes):
            assert work.macs_without_padding == work.macs
        elif work:
            assert work.macs_without_padding <= work.macs


def test_18_digits_are_exact() -> None:
    huge = 10**18 - 1
    answer = asked(huge, huge, Layer(huge, huge, huge - 1), huge, n=huge)
    assert answer.amounts.weights == huge**4
    assert answer.amounts.work is not None
    assert answer.amounts.work.macs == huge**5 * prod(answer.layers[0].shape.output)


def test_onnx_runtime_crops_and_the_padding_is_less_than_none() -> None:
    answer = asked(1, 1, Layer(1, 5, "same"), 10, framework="onnx")
    window = answer.layers[0].shape.axes[0].window
    assert min(window.before, window.after) < 0
    assert answer.amounts.work == Work(4, 4, 16, 416)


VGG = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]


def test_vgg_16() -> None:
    """138,357,544 parameters, 15,470,264,320 MACs, of them 15,346,630,656 in convolutions (torchvision, Keras)."""
    pool = Op("max-pool", Layer(2, kind="max-pool"))
    layers = [Op("conv", Layer(3, 1, 1), c_out) if c_out else pool for c_out in VGG]
    layers += [Op("linear", None, features) for features in (4096, 4096, 1000)]
    answer = conv_params(ParamsQuestion(chain(layers, (224, 224), 3), bias=True))
    whole = answer.amounts.by_key()
    assert (whole["params"], whole["param_bytes"], whole["macs"]) == (138_357_544, 553_430_176, 15_470_264_320)
    convolutions = [layer.amounts.by_key()["macs"] for layer in answer.layers if layer.kind == "conv"]
    assert sum(convolutions) == 15_346_630_656


def test_a_total_without_a_size_has_no_work() -> None:
    known, unknown = asked(3, 4, Layer(3), 9).amounts, asked(3, 4, Layer(3)).amounts
    assert total([known, unknown]).work is None
    assert known.work is not None
    macs, real, memory, peak = known.work
    assert total([known, known]).work == Work(2 * macs, 2 * real, 2 * memory, peak)
