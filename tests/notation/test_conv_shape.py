"""The question about one layer: its values, its defaults, and what is refused."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.network.network import layer_question
from dlcalc.notation.conv_shape import question
from tests.support.refusals import by_option, cause

READ: list[tuple[dict[str, object], Layer]] = [
    ({"kernel": "3"}, Layer(3)),
    ({"kernel": "3x5", "stride": [1, 2]}, Layer((3, 5), (1, 2))),
    ({"kernel": 3, "padding": "0:1"}, Layer(3, padding=((0, 1), (0, 1)))),
    ({"kernel": 3, "padding": "same"}, Layer(3, padding="same")),
    ({"kernel": 3, "dilation": {"h": 1, "w": 2}}, Layer(3, dilation=(1, 2))),
    ({"kernel": 3, "kind": "avg-pool", "ceil_mode": True}, Layer(3, kind="avg-pool", ceil_mode=True)),
    ({"kernel": 3, "ceil_mode": False}, Layer(3)),
    ({"kernel": 3, "kind": "transposed", "output_padding": "1x0"}, Layer(3, kind="transposed", output_padding=(1, 0))),
    ({"kernel": 3, "output_padding": 0}, Layer(3, output_padding=0)),  # which is not the same as none in Keras
]

REFUSED = [
    *by_option({
        "usage": [
            {"kernel": "three"}, {"kernel": 3, "stride": "2x"}, {"kernel": 3, "padding": "sama"},
            {"kernel": 3, "dilation": None}, {"kernel": 3, "output_padding": "a"}, {"kernel": 3, "kind": "dense"},
            {"kernel": 3, "ceil_mode": "yes"}, {"kernel": 3, "framework": "jax"}, {"layers": "3", "kernel": 3},
        ],
        "shape-mismatch": [{"kernel": "3x3x3"}, {"kernel": 3, "padding": [[1, 2]]}, {"kernel": 3, "size": "7x7x7x7"}],
    }),
    ({"stride": 2}, "usage", "kernel"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "layer"), READ)
def test_read(raw: dict[str, object], layer: Layer) -> None:
    assert question({"size": "7x9", **raw}) == layer_question(("h", "w"), (7, 9), layer)


def test_framework_and_dims() -> None:
    found = question({"size": 7, "dims": 1, "kernel": 3, "framework": "onnx"})
    assert found == layer_question(("w",), (7,), Layer(3), "onnx", 1)


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(question, {"size": "7x9", **raw}) == (code, option)
