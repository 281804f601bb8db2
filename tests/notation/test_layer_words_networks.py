"""The questions about stacks: what stands in them, and which options do not go with layer words."""

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.notation.layer_words import params_question, shape_question
from dlcalc.notation.layers import SINGLE

SHAPE: dict[str, object] = {"w": 32, "layers": "3p1 max2"}
PARAMS: dict[str, object] = {"c_in": 3, "layers": "3p1c4 max2"}

SHAPE_READ: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, {"axes": ("w",), "size": (32,), "framework": "pytorch", "dims": None}),
    ({"h": 16}, {"axes": ("h", "w"), "size": (16, 32)}),
    ({"dims": 1}, {"dims": 1}),
    ({"framework": "onnx"}, {"framework": "onnx"}),
]

PARAMS_READ: list[tuple[dict[str, object], dict[str, object]]] = [
    (
        {},
        {
            "c_in": 3,
            "axes": ("h", "w"),
            "size": None,
            "bias": False,
            "framework": "pytorch",
            "dtype": "float32",
            "n": 1,
            "square": False,
        },
    ),
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
    assert [layer.word for layer in question.layers] == ["3p1", "max2"]


@pytest.mark.parametrize(("raw", "fields"), PARAMS_READ)
def test_params(raw: dict[str, object], fields: dict[str, object]) -> None:
    question = params_question({**PARAMS, **raw})
    assert {name: getattr(question, name) for name in fields} == fields
    assert [layer.word for layer in question.layers] == str(raw.get("layers", PARAMS["layers"])).split()


def test_ceil_mode_reaches_the_poolings() -> None:
    for layers in (
        shape_question({**SHAPE, "ceil_mode": True}).layers,
        params_question({**PARAMS, "ceil_mode": True}).layers,
    ):
        assert [layer.layer is not None and layer.layer.ceil_mode for layer in layers] == [False, True]


REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"layers": ""}, "usage", "layers"),
    ({"layers": 7}, "usage", "layers"),
    ({"layers": "3q"}, "usage", "layers"),
    ({"layers": "3x3c4", "dims": 1, "w": 7}, "shape-mismatch", "layers"),
    ({"framework": "jax"}, "usage", "framework"),
    ({"ceil_mode": 1}, "usage", "ceil_mode"),
    ({"w": "a"}, "usage", "w"),
    ({"w": 7, "size": 7}, "usage", "size"),
    ({"dims": 4}, "invalid-value", "dims"),
]
REFUSED += [({key: 1}, "usage", key) for key in SINGLE]


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    for question, rest in ((shape_question, SHAPE), (params_question, PARAMS)):
        with pytest.raises(DlcalcError) as caught:
            question({**rest, **raw})
        assert (caught.value.code, caught.value.option) == (code, option)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("raw", "code", "option"),
    [
        ({"c_in": "many"}, "usage", "c_in"),
        ({"dtype": "int3"}, "usage", "dtype"),
        ({"n": "a"}, "usage", "n"),
        ({"bias": "yes"}, "usage", "bias"),
    ],
)
def test_params_refused(raw: dict[str, object], code: str, option: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        params_question({**PARAMS, **raw})
    assert (caught.value.code, caught.value.option) == (code, option)


def test_what_a_stack_needs() -> None:
    with pytest.raises(DlcalcError, match="no input size is given"):
        shape_question({"layers": "3"})
    with pytest.raises(DlcalcError, match="no number of input channels is given"):
        params_question({"layers": "3"})
