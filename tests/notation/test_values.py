"""One table of what is read and one of what is refused; then anything at all, which is read or refused, never worse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.notation import layers, values
from tests.support.raw_values import json_values

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

REFUSED = [
    (values.per_axis, "three", "usage"),
    (values.per_axis, "", "usage"),
    (values.per_axis, " ", "usage"),
    (values.per_axis, "3.0", "usage"),
    (values.per_axis, "1e3", "usage"),
    (values.per_axis, "1_000", "usage"),
    (values.per_axis, "\u0663", "usage"),
    (values.per_axis, "\u00b2", "usage"),
    (values.per_axis, "--3", "usage"),
    (values.per_axis, "0x", "usage"),
    (values.per_axis, "3x5x7", "shape-mismatch"),
    (values.per_axis, [3], "shape-mismatch"),
    (values.per_axis, [3, "a"], "usage"),
    (values.per_axis, [3, [5]], "usage"),
    (values.per_axis, {"h": 3}, "usage"),
    (values.per_axis, {"h": 3, "d": 3}, "usage"),
    (values.per_axis, 3.0, "usage"),
    (values.per_axis, True, "usage"),
    (values.per_axis, None, "usage"),
    (values.per_axis, "9" * 19, "invalid-value"),
    (values.per_axis, "9" * 5000, "invalid-value"),
    (values.per_axis, "-" + "9" * 5000, "invalid-value"),
    (layers.padding, "sama", "usage"),
    (layers.padding, "SAME", "usage"),
    (layers.padding, "1:2:3", "usage"),
    (layers.padding, ":", "usage"),
    (layers.padding, "1:", "usage"),
    (layers.padding, [[], 1], "usage"),
    (layers.padding, [[0, 1, 2], 1], "usage"),
    (layers.padding, "inf", "usage"),
]


@pytest.mark.parametrize(("reader", "value", "result"), READ)
def test_read(reader: Any, value: object, result: object) -> None:
    assert reader(value, "kernel", HW) == result


@pytest.mark.parametrize(("reader", "value", "code"), REFUSED)
def test_refused(reader: Any, value: object, code: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        reader(value, "kernel", HW)
    assert caught.value.code == code
    assert caught.value.option == "kernel"
    assert caught.value.hint
    assert len(caught.value.message) < 200


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


@pytest.mark.parametrize(("value", "found"), [("conv", "conv"), ("transposed", "transposed")])
def test_one_of_some_words(value: object, found: str) -> None:
    assert values.word(value, "kind", {"conv": 1, "transposed": 2}) == found


@pytest.mark.parametrize("value", ["", "Conv", "conv ", "con", 1, None, ["conv"], {"conv": 1}, True])
def test_none_of_some_words(value: object) -> None:
    with pytest.raises(DlcalcError, match="there is no kind") as caught:
        values.word(value, "kind", ("conv", "transposed"))
    assert (caught.value.code, caught.value.option) == ("usage", "kind")
    assert caught.value.hint == "one of conv, transposed"


@pytest.mark.parametrize("value", ["true", "", 0, 1, None, []])
def test_no_switch(value: object) -> None:
    with pytest.raises(DlcalcError, match="is not true or false") as caught:
        values.switch(value, "bias")
    assert (caught.value.code, caught.value.option) == ("usage", "bias")


def test_an_optional_value_is_read_where_it_is_given_and_not_looked_at_where_it_is_not() -> None:
    assert values.optional({"n": "3"}, "n", values.integer, 1) == 3
    assert values.optional({"k": "3"}, "n", values.integer, 1) == 1
    assert values.optional({"bias": False}, "bias", values.switch, True) is False
    assert values.optional({"kernel": "3x5"}, "kernel", values.per_axis, None, HW) == (3, 5)
    with pytest.raises(DlcalcError) as caught:
        values.optional({"n": None}, "n", values.integer, 1)
    assert (caught.value.code, caught.value.option) == ("usage", "n")
