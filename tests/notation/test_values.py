"""One table of what is read and one of what is refused; then anything at all, which is read or refused, never worse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.notation import layers, values
from tests.support.raw_values import json_values
from tests.support.refusals import cause, refused, rows

HW = ("h", "w")

READ = [
    (values.per_axis, "3", 3),
    (values.per_axis, 3, 3),
    (values.per_axis, " 3 ", 3),
    (values.per_axis, "+3", 3),
    (values.per_axis, "-3", -3),
    (values.per_axis, "007", 7),
    (values.per_axis, "3x5", (3, 5)),
    (values.per_axis, "0x1", (0, 1)),  # two axes, never hexadecimal
    (values.per_axis, [3, 5], (3, 5)),
    (values.per_axis, {"w": 5, "h": 3}, (3, 5)),
    (layers.padding, "1", ((1, 1), (1, 1))),
    (layers.padding, 1, 1),
    (layers.padding, "1x2", ((1, 1), (2, 2))),
    (layers.padding, "0:1", ((0, 1), (0, 1))),
    (layers.padding, "0:1x1:1", ((0, 1), (1, 1))),
    (layers.padding, [[0, 1], 2], ((0, 1), (2, 2))),
    (layers.padding, {"h": [0, 1], "w": 2}, ((0, 1), (2, 2))),
    (layers.padding, "same-lower", "same-lower"),
]

REFUSED: dict[str, list[object]] = {
    "usage": [
        "three", "", " ", "3.0", "1e3", "1_000", "\u0663", "\u00b2", "--3", "0x", [3, "a"], [3, [5]], {"h": 3},
        {"h": 3, "d": 3}, 3.0, True, None,
    ],
    "shape-mismatch": ["3x5x7", [3]],
    "invalid-value": ["9" * 19, "9" * 5000, "-" + "9" * 5000],
}  # fmt: skip
NO_PADDING = ["sama", "SAME", "1:2:3", ":", "1:", [[], 1], [[0, 1, 2], 1], "inf"]


@pytest.mark.parametrize(("reader", "value", "result"), READ)
def test_read(reader: Any, value: object, result: object) -> None:
    assert reader(value, "kernel", HW) == result


@pytest.mark.parametrize(("value", "code"), rows(REFUSED))
def test_refused(value: object, code: str) -> None:
    error = refused(values.per_axis, value, "kernel", HW)
    assert (error.code, error.option) == (code, "kernel")
    assert len(error.message) < 200


@pytest.mark.parametrize("value", NO_PADDING)
def test_no_padding(value: object) -> None:
    assert cause(layers.padding, value, "kernel", HW) == ("usage", "kernel")


def test_18_digits_are_read_and_leading_zeros_do_not_count() -> None:
    assert values.integer("0" * 5000 + "9" * 18, "w") == 10**18 - 1


plain = st.text() | st.text("0123456789x:.,-+esamvlidinf /[]{}\"'", max_size=12)


@given(
    json_values(plain, st.sampled_from(["h", "w", "d", "x"])),
    st.sampled_from([values.per_axis, layers.padding]),
    st.sampled_from([("w",), HW, ("d", *HW)]),
)
def test_anything_is_read_or_refused(value: object, reader: Any, axes: tuple[str, ...]) -> None:
    try:
        result = reader(value, "kernel", axes)
    except DlcalcError as error:
        assert error.code in ("usage", "shape-mismatch", "invalid-value")
        return
    if isinstance(result, tuple):
        assert len(result) == len(axes)
    else:
        assert isinstance(result, int | str)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_what_is_written_is_read_back(first: int, second: int) -> None:
    assert values.per_axis(f"{first}x{second}", "kernel", HW) == (first, second)
    assert layers.padding(f"{first}:{second}", "padding", ("w",)) == ((first, second),)


@pytest.mark.parametrize("value", ["", "Conv", "conv ", "con", 1, None, ["conv"], {"conv": 1}, True])
def test_one_of_some_words(value: object) -> None:
    assert values.word("transposed", "kind", {"conv": 1, "transposed": 2}) == "transposed"
    error = refused(values.word, value, "kind", ("conv", "transposed"))
    assert (error.code, error.option) == ("usage", "kind")
    assert error.hint is not None
    assert "one of conv, transposed" in error.hint
    assert "there is no kind" in error.message


@pytest.mark.parametrize("value", ["true", "", 0, 1, None, []])
def test_no_switch(value: object) -> None:
    assert cause(values.switch, value, "bias") == ("usage", "bias")


def test_an_optional_value_is_read_where_it_is_given_and_not_looked_at_where_it_is_not() -> None:
    assert values.optional({"n": "3"}, "n", values.integer, 1) == 3
    assert values.optional({"k": "3"}, "n", values.integer, 1) == 1
    assert values.optional({"bias": False}, "bias", values.switch, True) is False
    assert values.optional({"kernel": "3x5"}, "kernel", values.per_axis, None, HW) == (3, 5)
    assert cause(values.optional, {"n": None}, "n", values.integer, 1) == ("usage", "n")
