"""The affine of a batch norm, to the last bit; and what is no batch norm."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction
from math import inf, nextafter, ulp
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.batch_norm.affine import checked_affine, nearest, to_odd
from dlcalc.core.batch_norm.functions import batch_norm_affine
from tests.support.random_norms import affine
from tests.support.refusals import cause, refused


def test_no_scale_is_nearer_than_the_one_that_is_given() -> None:
    """By squares alone: s is between two midpoints exactly if gamma^2 is between their squares times var + eps."""
    rng = np.random.default_rng(112)
    for _ in range(300):
        parameters = affine(rng, int(rng.integers(1, 6)))
        columns = (parameters.gamma, parameters.var, parameters.scale)
        for gamma, var, scale in zip(*(column.tolist() for column in columns), strict=True):
            if gamma == 0:
                assert scale == 0
                continue
            assert (scale > 0) == (gamma > 0)
            size = Fraction(abs(scale))
            low, high = ((size + Fraction(nextafter(abs(scale), to))) / 2 for to in (0.0, inf))
            square = Fraction(var) + Fraction(parameters.eps)
            assert low * low * square <= Fraction(gamma) ** 2 <= high * high * square


def test_no_shift_is_nearer_than_the_one_that_is_given() -> None:
    rng = np.random.default_rng(113)
    with localcontext(Context(prec=120)):
        for _ in range(300):
            parameters = affine(rng, int(rng.integers(1, 6)))
            columns = (parameters.gamma, parameters.beta, parameters.mean, parameters.var, parameters.shift)
            for gamma, beta, mean, var, shift in zip(*(column.tolist() for column in columns), strict=True):
                exact = Decimal(beta) - Decimal(mean) * Decimal(gamma) / (Decimal(var) + Decimal(parameters.eps)).sqrt()
                assert abs(Decimal(shift) - exact) <= Decimal(ulp(shift)) / 2 * (1 + Decimal(10) ** -30)


def test_a_rational_root_is_exact() -> None:
    assert batch_norm_affine([0.5, 1.0], [4.0, 0.25], [2.0, -1.0], [1.0, 0.0], eps=0.0).scale.tolist() == [1.0, -2.0]
    assert batch_norm_affine([0.0], [1e-320], eps=0.0).scale[0] == pytest.approx(1e160, rel=1e-3)
    assert batch_norm_affine([0.0], [1e308], eps=0.0).scale[0] == 1e-154


def test_beyond_the_range_it_is_infinite() -> None:
    assert nearest([Fraction(10) ** 400, -(Fraction(10) ** 400), Fraction(1, 10**400)]).tolist() == [inf, -inf, 0]
    found = batch_norm_affine([1e300], [1e-300], 1e300, eps=0.0)
    assert (found.scale.tolist(), found.shift.tolist()) == ([inf], [-inf])


@pytest.mark.parametrize("form", ["float32", "float16", "bfloat16"])
def test_rounding_to_odd_first_is_rounding_once(form: str) -> None:
    """A tie of the narrow format, moved by less than float64 can hold, falls to its side."""
    bits = {"float32": 23, "float16": 10, "bfloat16": 7}[form]
    tie = 1 + Fraction(1, 2 ** (bits + 1))
    little = Fraction(1, 2**80)
    values = [tie - little, tie, tie + little, -tie - little]
    up = 1 + 2.0**-bits
    assert rounded(to_odd(values), form).tolist() == [1, 1, up, -up]
    assert rounded(nearest(values), form).tolist() == [1, 1, 1, -1]  # which rounds twice


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"eps": -1e-5}, "invalid-value", "eps"),
    ({"eps": inf}, "invalid-value", "eps"),
    ({"gamma": [1, np.nan]}, "invalid-value", "gamma"),
    ({"beta": [1, -inf]}, "invalid-value", "beta"),
    ({"mean": [1, np.nan]}, "invalid-statistics", "mean"),
    ({"var": [1, inf]}, "invalid-statistics", "var"),
    ({"var": [1, -2]}, "invalid-statistics", "var"),
    ({"var": [1, 0], "eps": 0}, "invalid-statistics", "var"),
]


@pytest.mark.parametrize(("changes", "code", "option"), REFUSED)
def test_refused(changes: dict[str, Any], code: str, option: str) -> None:
    good = {"gamma": [1, 1], "beta": [0, 0], "mean": [0, 0], "var": [1, 1], "eps": 1e-5}
    values: dict[str, Any] = {key: np.array(value, np.float64) for key, value in {**good, **changes}.items()}
    error = refused(checked_affine, **{**values, "eps": float(values["eps"])})
    assert (error.code, error.option) == (code, option)
    assert option == "eps" or "channel 1" in error.message


@pytest.mark.parametrize("var", [-9.9998997e-06, -9.9e-06, -1e-20])
def test_a_variance_below_0_is_legal_while_eps_makes_up_for_it(var: float) -> None:
    found = checked_affine(np.ones(1), np.zeros(1), np.ones(1), np.array([var]), 1e-5)
    assert found.scale[0] == pytest.approx(1 / np.sqrt(var + 1e-5), rel=1e-9)
    for eps in (-var, np.nextafter(-var, 0.0)):
        refusal = cause(checked_affine, np.ones(1), np.zeros(1), np.ones(1), np.array([var]), eps)
        assert refusal == ("invalid-statistics", "var")
