"""How many axes a layer has, and how large its input is, by every way to say so."""

from typing import Any

import pytest

from dlcalc.notation.conv_params import question, restated
from tests.support.refusals import by_option, cause

SIZES: list[tuple[dict[str, object], tuple[str, ...], tuple[int, ...] | None, bool]] = [
    ({}, ("h", "w"), None, False),
    ({"dims": "3"}, ("d", "h", "w"), None, False),
    ({"kernel": "3x3x3"}, ("d", "h", "w"), None, False),
    ({"kernel": [3, 5]}, ("h", "w"), None, False),
    ({"kernel": {"d": 1, "h": 3, "w": 5}}, ("d", "h", "w"), None, False),
    ({"w": 56}, ("h", "w"), (56, 56), True),
    ({"h": 56}, ("h", "w"), (56, 56), True),
    ({"w": 56, "dims": 3}, ("d", "h", "w"), (56, 56, 56), True),
    ({"w": 56, "dims": 1}, ("w",), (56,), False),
    ({"h": 56, "dims": 1}, ("h",), (56,), False),
    ({"depth": 8}, ("d", "h", "w"), (8, 8, 8), True),
    ({"w": 56, "kernel": "3x3x3"}, ("d", "h", "w"), (56, 56, 56), True),
    ({"w": 56, "h": 40}, ("h", "w"), (40, 56), False),
    ({"depth": 8, "w": 56, "h": 40}, ("d", "h", "w"), (8, 40, 56), False),
    ({"depth": 8, "w": 56, "dims": 2}, ("d", "w"), (8, 56), False),
    ({"size": "40x56"}, ("h", "w"), (40, 56), False),
    ({"size": 56}, ("h", "w"), (56, 56), False),
    ({"size": 56, "kernel": "3x3x3"}, ("d", "h", "w"), (56, 56, 56), False),
    ({"size": 56, "dims": 1}, ("w",), (56,), False),
]


@pytest.mark.parametrize(("given", "axes", "size", "square"), SIZES)
def test_axes_and_sizes(
    given: dict[str, object], axes: tuple[str, ...], size: tuple[int, ...] | None, square: bool
) -> None:
    found = question({"c_in": 3, "c_out": 4, "kernel": 3, **given})
    assert (found.axes, found.size, found.square) == (axes, size, square)


REFUSED = [
    *by_option({
        "usage": [
            {"c_in": None}, {"c_in": "many"}, {"bias": "yes"}, {"dtype": "float31"}, {"kind": "max-pool"},
            {"framework": "jax"}, {"w": 7, "size": 7},
        ],
        "invalid-value": [{"dims": 4}],
        "shape-mismatch": [
            {"w": 7, "h": 7, "dims": 1}, {"kernel": "3x3x3x3"}, {"stride": "2x2x2"}, {"dims": 3, "kernel": "3x3"},
            {"size": "7x7", "kernel": "3x3x3"},
        ],
    }),
    ({"w": 7, "depth": 7}, "shape-mismatch", "h"),
    ({"h": 7, "depth": 7}, "shape-mismatch", "w"),
    ({"kind": "linear"}, "usage", "kernel"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "code", "option"), REFUSED)
def test_refused(given: dict[str, object], code: str, option: str) -> None:
    assert cause(question, {"c_in": 3, "c_out": 4, "kernel": 3, **given}) == (code, option)


def test_what_a_linear_layer_lacks() -> None:
    for key in ("kernel", "stride", "padding", "dilation", "output_padding", "groups", "w", "size"):
        assert cause(question, {"c_in": 3, "c_out": 4, "kind": "linear", key: 1}) == ("usage", key)


@pytest.mark.parametrize(
    ("raw", "keys", "found"),
    [
        ({"c_in": 3, "groups": 1}, ["c_in", "groups"], {"c_in": 3, "groups": 1}),
        ({"w": 9, "n": 2}, ["w", "n"], {"w": 9, "n": 2}),
        ({"h": 9}, ["h"], {"h": 9}),
        ({"depth": 9, "dims": 2}, ["depth"], {"depth": 9}),  # of a square, by the name of an axis that it lacks
        ({"h": 9, "dims": 1}, ["h", "dims"], {"h": 9, "dims": 1}),
    ],
)
def test_restated(raw: dict[str, Any], keys: list[str], found: dict[str, object]) -> None:
    assert restated(question({"c_in": 3, "c_out": 4, "kernel": 3, **raw}), keys) == found
