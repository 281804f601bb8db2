"""The questions about networks: what stands in them, and which options do not go with layer words."""

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.notation.conv_params import question as params_question
from dlcalc.notation.conv_shape import question as shape_question
from dlcalc.notation.layers import SINGLE
from tests.support.refusals import by_option, cause

SHAPE: dict[str, object] = {"w": 32, "layers": "3p1 max2"}
PARAMS: dict[str, object] = {"c_in": 3, "layers": "3p1c4 max2"}

SHAPE_READ: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, {"axes": ("w",), "size": (32,), "framework": "pytorch", "dims": None}),
    ({"h": 16}, {"axes": ("h", "w"), "size": (16, 32)}),
    ({"dims": 1}, {"dims": 1}),
    ({"framework": "onnx"}, {"framework": "onnx"}),
]

PARAMS_READ: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, {"c_in": 3, "axes": ("h", "w"), "size": None, "framework": "pytorch"}),
    ({}, {"bias": False, "dtype": "float32", "n": 1, "square": False}),
    ({"w": "8"}, {"axes": ("h", "w"), "size": (8, 8), "square": True}),
    ({"size": "8x9"}, {"size": (8, 9), "square": False}),
    ({"layers": "max2 3x3x3c4"}, {"axes": ("d", "h", "w"), "size": None}),
    ({"layers": "max2 3x3x3c4", "w": 8}, {"axes": ("d", "h", "w"), "size": (8, 8, 8)}),
    ({"dims": 1}, {"axes": ("w",)}),
    ({"bias": True, "n": "4", "dtype": "int8"}, {"bias": True, "n": 4, "dtype": "int8"}),
    ({"framework": "tensorflow"}, {"framework": "tensorflow"}),
]


@pytest.mark.parametrize(("raw", "fields"), SHAPE_READ)
def test_shape(raw: dict[str, object], fields: dict[str, object]) -> None:
    question = shape_question({**SHAPE, **raw})
    assert {name: getattr(question, name) for name in fields} == fields
    assert [node.word for node in question.network.nodes] == ["3p1", "max2"]


@pytest.mark.parametrize(("raw", "fields"), PARAMS_READ)
def test_params(raw: dict[str, object], fields: dict[str, object]) -> None:
    question = params_question({**PARAMS, **raw})
    assert {name: getattr(question, name) for name in fields} == fields
    assert [node.word for node in question.network.nodes] == str(raw.get("layers", PARAMS["layers"])).split()


def test_ceil_mode_reaches_the_poolings() -> None:
    for question, rest in ((shape_question, SHAPE), (params_question, PARAMS)):
        ops = [node.op for node in question({**rest, "ceil_mode": True}).network.nodes]
        assert [op.layer is not None and op.layer.ceil_mode for op in ops] == [False, True]


REFUSED = [
    *by_option({
        "usage": [
            {"layers": ""}, {"layers": 7}, {"layers": "3q"}, {"framework": "jax"}, {"ceil_mode": 1}, {"w": "a"},
            {"w": 7, "size": 7},
        ],
        "invalid-value": [{"dims": 4}],
    }),
    ({"layers": "3x3c4", "dims": 1, "w": 7}, "shape-mismatch", "layers"),
]  # fmt: skip
REFUSED += [({key: 1}, "usage", key) for key in SINGLE]


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    for question, rest in ((shape_question, SHAPE), (params_question, PARAMS)):
        assert cause(question, {**rest, **raw}) == (code, option)


PARAMS_REFUSED = by_option({"usage": [{"c_in": "many"}, {"dtype": "int3"}, {"n": "a"}, {"bias": "yes"}]})


@pytest.mark.parametrize(("raw", "code", "option"), PARAMS_REFUSED)
def test_params_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(params_question, {**PARAMS, **raw}) == (code, option)


def test_what_a_network_needs() -> None:
    with pytest.raises(DlcalcError, match="no input size is given"):
        shape_question({"layers": "3"})
    with pytest.raises(DlcalcError, match="no number of input channels is given"):
        params_question({"layers": "3"})
