"""The size of the input of conv-shape; that of conv-params, which its layer has a say in, is in test_conv_params."""

import pytest

from dlcalc.notation.input_size import shape_sizes
from tests.support.refusals import by_option, cause

READ: list[tuple[dict[str, object], tuple[str, ...], tuple[int, ...], int | None]] = [
    ({"w": 7}, ("w",), (7,), None),
    ({"w": "7", "h": "8"}, ("h", "w"), (8, 7), None),
    ({"h": 8, "depth": 2, "w": 1}, ("d", "h", "w"), (2, 8, 1), None),
    ({"depth": 2, "w": 1}, ("d", "w"), (2, 1), None),
    ({"w": 7, "dims": 1}, ("w",), (7,), 1),
    ({"w": -7}, ("w",), (-7,), None),  # which core refuses
    ({"size": 7}, ("h", "w"), (7, 7), None),
    ({"size": "7"}, ("h", "w"), (7, 7), None),
    ({"size": "7x8"}, ("h", "w"), (7, 8), None),
    ({"size": "2x7x8"}, ("d", "h", "w"), (2, 7, 8), None),
    ({"size": [7]}, ("w",), (7,), None),
    ({"size": [7, 8]}, ("h", "w"), (7, 8), None),
    ({"size": {"w": 8, "h": 7}}, ("h", "w"), (7, 8), None),
    ({"size": {"d": 7, "w": 8}}, ("d", "w"), (7, 8), None),
    ({"size": 7, "dims": "3"}, ("d", "h", "w"), (7, 7, 7), 3),
    ({"size": "7", "dims": 1}, ("w",), (7,), 1),
    ({"size": "7x8", "dims": 2}, ("h", "w"), (7, 8), 2),
]

REFUSED = [
    *by_option({
        "usage": [
            {"w": 7, "size": 7}, {"w": "seven"}, {"w": "7x8"}, {"w": None}, {"size": {"q": 1}},
            {"size": {"h": 1, "q": 1}}, {"size": "7x"}, {"size": None}, {"w": 7, "dims": "two"},
        ],
        "shape-mismatch": [
            {"w": 7, "dims": 2}, {"size": "7x8", "dims": 3}, {"size": "1x2x3x4"}, {"size": []}, {"size": {}},
        ],
        "invalid-value": [
            {"size": 0}, {"size": "0x7"}, {"size": "9" * 19}, {"size": 10**18}, {"w": 7, "dims": 0},
            {"w": 7, "dims": 4},
        ],
    }),
    ({}, "usage", "w"),
    ({"dims": 2}, "usage", "w"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "axes", "size", "dims"), READ)
def test_read(raw: dict[str, object], axes: tuple[str, ...], size: tuple[int, ...], dims: int | None) -> None:
    assert shape_sizes(raw) == (axes, size, dims)


@pytest.mark.parametrize(("raw", "code", "option"), REFUSED)
def test_refused(raw: dict[str, object], code: str, option: str) -> None:
    assert cause(shape_sizes, raw) == (code, option)
