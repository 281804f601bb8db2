"""Nothing leaves that JSON cannot hold, and no minus zero."""

import json
from math import copysign, inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.report.arrays import json_safe

SHOWN: list[tuple[object, object]] = [
    (1.5, 1.5),
    (nan, "NaN"),
    (-nan, "NaN"),
    (inf, "Infinity"),
    (-inf, "-Infinity"),
    (np.float64(inf), "Infinity"),
    (3, 3),
    (True, True),
    (None, None),
    ("nan", "nan"),
    ([1.0, [nan, (inf,)]], [1.0, ["NaN", ["Infinity"]]]),
    ({"a": [nan], "b": {"c": inf}}, {"a": ["NaN"], "b": {"c": "Infinity"}}),
    ([], []),
]


@pytest.mark.parametrize(("value", "shown"), SHOWN)
def test_plain(value: object, shown: object) -> None:
    assert json_safe(value) == shown
    assert type(json_safe(value)) in (type(shown), type(value))


def test_no_minus_zero() -> None:
    found: Any = json_safe([-0.0, {"a": -0.0}])
    assert (copysign(1, found[0]), copysign(1, found[1]["a"])) == (1, 1)


nested = st.recursive(
    st.floats() | st.integers() | st.text() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(nested)
def test_json_can_hold_it(value: object) -> None:
    text = json.dumps(json_safe(value), allow_nan=False)
    assert json_safe(json.loads(text)) == json_safe(value)
