"""Caveats stand beside the answers that need them, and rows without a softmax are refused by name."""

from typing import Any

import numpy as np
import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.notices import refuse_rows
from dlcalc.core.softmax.question import checked

INF = np.inf
LOGITS = [[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]]
RULED_OUT = "its target includes a class whose logit is -inf"
CAVEATS: list[tuple[Any, Any, dict[str, Any], str | None, str]] = [
    (LOGITS, [2, 0], {}, None, ""),
    ([[0.2, 0.8], [0.5, 0.5]], [0, 1], {}, "logits-look-like-probabilities", "applied twice"),
    ([[0.2, 0.8], [0.5, 0.6]], [0, 1], {}, None, ""),
    (LOGITS, [[0.2, 0.3, 0.5], [0.1, 0.1, 0.1]], {}, "target-not-normalized", "row 1 sums to 0.3"),
    (LOGITS, [[0.2, 0.3, 0.5], [1.5, -0.5, 0.0]], {}, "target-negative", "row 1 has a negative"),
    ([[1.0, -INF]], [1], {}, "infinite-loss", f"row 0 is infinite: {RULED_OUT}"),
    ([[1.0, -INF]], [0], {"label_smoothing": 0.1}, "infinite-loss", "smoothing gives a class"),
    ([[1.0, -INF]] * 3, [0, 1, 1], {}, "infinite-loss", f"row 1 is infinite: {RULED_OUT}, and of 1 more"),
    ([[1e308, -1e308]], [1], {}, "infinite-loss", "too far apart for float64"),
]


@pytest.mark.parametrize(("logits", "target", "options", "code", "text"), CAVEATS)
def test_caveats(logits: Any, target: Any, options: dict[str, Any], code: str | None, text: str) -> None:
    given = np.array(target)
    pair = (given, None) if given.dtype.kind == "i" else (None, given)
    found = softmax_grad(checked(np.array(logits), *pair, **options)).warnings
    assert [notice.code for notice in found] == ([] if code is None else [code])
    assert all(text in notice.message for notice in found)


REFUSED = [
    ([np.nan, 1.0], "logit nan of class 0 is not a number"),
    ([1.0, INF], "logit inf of class 1 leaves no softmax"),
    ([-INF, -INF], "every logit is -inf"),
    ([1e308, 1.0], "too far from 0 to be divided by this temperature"),
]


@pytest.mark.parametrize(("row", "text"), REFUSED)
def test_the_first_bad_row_is_named(row: list[float], text: str) -> None:
    logits = np.array([[1.0, 2.0], row, [np.nan, np.nan]])
    for option, hint in (("logits", "finite logits"), ("x", "inputs and weights")):
        with pytest.raises(DlcalcError, match=f"row 8 has no softmax: .*{text}") as caught:
            refuse_rows(np.array([False, True, True]), logits, option, first=7)
        assert (caught.value.code, caught.value.option) == ("no-finite-logit", option)
        assert str(caught.value.hint).startswith(hint)
    refuse_rows(np.zeros(3, bool), logits, "logits")
