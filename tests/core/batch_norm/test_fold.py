"""Folds against exact rationals, entry by entry: within half a unit in the last place of every format."""

from dataclasses import replace
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from math import frexp
from typing import Any

import numpy as np
import pytest

from dlcalc.core.batch_norm.affine import Affine, checked_affine
from dlcalc.core.batch_norm.answer import bn_fold
from dlcalc.core.batch_norm.border import border_error
from dlcalc.core.batch_norm.fold import fold, fold_before
from dlcalc.core.batch_norm.functions import fold_batch_norm
from dlcalc.core.batch_norm.weighted_layer import Kind, WeightedLayer, evaluate
from dlcalc.core.errors import DlcalcError
from tests.support.random_norms import affine, layer, questions

DIGITS = {"float64": (53, -1074), "float32": (24, -149), "float16": (11, -24), "bfloat16": (8, -133)}
LARGEST = {"float64": 1.7e308, "float32": 3.4e38, "float16": 65504, "bfloat16": 3.38e38}


def root(value: Fraction) -> Fraction:
    with localcontext(Context(prec=150)):
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def exact(parameters: Affine) -> tuple[list[Fraction], list[Fraction]]:
    eps = Fraction(parameters.eps)
    columns = (part.tolist() for part in (parameters.gamma, parameters.beta, parameters.mean, parameters.var))
    scales, shifts = [], []
    for gamma, beta, mean, var in zip(*columns, strict=True):
        scales.append(Fraction(gamma) / root(Fraction(var) + eps))
        shifts.append(Fraction(beta) - Fraction(mean) * scales[-1])
    return scales, shifts


def in_ulps(found: float, right: Fraction, form: str) -> Fraction:
    """The distance in units of the last place of what was found."""
    bits, lowest = DIGITS[form]
    unit = Fraction(2) ** max(frexp(found)[1] - bits, lowest)
    return abs(Fraction(found) - right) / unit


def channels(one: WeightedLayer, at: tuple[int, ...]) -> tuple[int, int]:
    """The output and the input of an entry of the weight, counted by hand."""
    per_group = one.weight.shape[0] // one.groups
    group = at[0] // per_group
    if one.kind == "transposed":
        return group * one.weight.shape[1] + at[1], at[0]
    return at[0], group * one.weight.shape[1] + at[1]


def test_every_folded_number_is_within_half_an_ulp() -> None:
    compared = 0
    limit = Fraction(1, 2) + Fraction(1, 10**9)
    for question in questions(600, seed=111):
        one, first = question.layer, question.bn_first
        assert one is not None
        found = (fold_before if first else fold)(one, question.affine)
        scales, shifts = exact(question.affine)
        biases = [Fraction(b) for b in one.bias.tolist()]
        if not first:
            terms = zip(biases, question.affine.mean.tolist(), question.affine.beta.tolist(), scales, strict=True)
            biases = [(b - Fraction(mean)) * scale + Fraction(beta) for b, mean, beta, scale in terms]
        for at in np.ndindex(*one.weight.shape):
            output, entering = channels(one, at)
            weight = Fraction(float(one.weight[at]))
            right = weight * scales[entering if first else output]
            biases[output] += weight * shifts[entering] if first else 0
            value = float(found.weight[at])
            if np.isfinite(value):
                assert in_ulps(value, right, one.format) <= limit, (question, at)
            else:
                assert abs(right) > LARGEST[one.format]
            compared += 1
        for value, right in zip(found.bias.tolist(), biases, strict=True):
            assert not np.isfinite(value) or in_ulps(value, right, one.format) <= limit, question
            compared += 1
    assert compared > 15_000


@pytest.mark.parametrize("form", ["float64", "float32", "float16", "bfloat16"])
def test_the_folded_layer_does_what_the_two_did(form: str) -> None:
    """In float64 to the last digits: a property of the rules, whatever the rounding."""
    rng = np.random.default_rng(113)
    for question in questions(100, seed=113, forms=(form,)):
        one = question.layer
        assert one is not None
        if np.abs(one.weight).max() > 1e3 or np.abs(one.weight).max() < 1e-3:
            continue
        x = rng.standard_normal((3, one.inputs, *(k + 2 for k in one.kernel)))
        answer = bn_fold(replace(question, x=x, layer=replace(one, format="float64")))
        assert answer.evaluated is not None
        np.testing.assert_allclose(answer.evaluated.folded, answer.evaluated.unfolded, rtol=1e-9, atol=1e-9)


def test_stride_dilation_and_padding_do_not_matter_behind_the_layer() -> None:
    rng = np.random.default_rng(114)
    for _ in range(80):
        kind: Kind = "transposed" if rng.integers(2) else "conv"
        one = layer(rng, kind, "float64", groups=int(rng.integers(1, 3)))
        space = len(one.kernel)
        windows = [tuple(rng.integers(low, 4, space).tolist()) for low in (1, 0, 1)]
        one = replace(one, weight=np.clip(one.weight, -5, 5), stride=windows[0], dilation=windows[2])
        one = replace(one, padding=windows[1] if kind == "conv" else (0,) * space)
        question = next(questions(1, seed=114, forms=("float64",)))
        question = replace(question, layer=one, bn_first=False, affine=affine(rng, one.outputs))
        x = rng.standard_normal((2, one.inputs, *(e + s for e, s in zip(one.extent, one.stride, strict=True))))
        answer = bn_fold(replace(question, x=x))
        assert answer.evaluated is not None
        np.testing.assert_allclose(answer.evaluated.folded, answer.evaluated.unfolded, rtol=1e-9, atol=1e-9)


def small(kind: Kind, **window: Any) -> WeightedLayer:
    options = {"stride": (1,), "padding": (0,), "dilation": (1,), **window}
    return WeightedLayer(kind, np.array([[[1.0, 2.0, 4.0]]]), np.array([0.5]), 1, **options)


SHIFTED = checked_affine(np.array([2.0]), np.array([1.0]), np.array([0.5]), np.array([4.0]), 0.0)
STILL = checked_affine(np.array([2.0]), np.array([0.5]), np.array([0.5]), np.array([4.0]), 0.0)


@pytest.mark.parametrize(
    ("one", "parameters", "exactly"),
    [
        (small("conv"), SHIFTED, True),
        (small("conv", padding=(1,)), SHIFTED, False),
        (small("conv", padding=(1,)), STILL, True),
        (small("transposed"), SHIFTED, False),
        (small("transposed"), STILL, True),
        (small("transposed", padding=(1,)), SHIFTED, False),
        (small("transposed", padding=(2,)), SHIFTED, True),
        (small("transposed", padding=(3,), dilation=(2,)), SHIFTED, False),
        (small("transposed", padding=(4,), dilation=(2,)), SHIFTED, True),
        (small("transposed", padding=(2,), stride=(2,)), SHIFTED, False),
    ],
)
def test_a_batch_norm_in_front_folds_where_the_border_allows_it(
    one: WeightedLayer, parameters: Affine, exactly: bool
) -> None:
    """What is folded is right at the border too; what is refused is wrong there, by what the error says."""
    x = np.random.default_rng(115).standard_normal((1, 1, 9))
    shifted = parameters.scale[0] * x + parameters.shift[0]
    inside = replace(
        one, weight=one.weight * parameters.scale[0], bias=one.bias + one.weight.sum() * parameters.shift[0]
    )
    worst = np.abs(evaluate(inside, x) - evaluate(one, shifted)).max()
    if exactly:
        assert worst < 1e-12
        np.testing.assert_allclose(fold_before(one, parameters).bias, inside.bias, rtol=1e-15)
        return
    assert border_error(one, one.weight * parameters.shift[0]) == pytest.approx(worst)
    with pytest.raises(DlcalcError, match="wrong at the border") as caught:
        fold_before(one, parameters)
    assert caught.value.code == "certificate-failed"
    assert f"{worst:.6g}" in caught.value.message


def test_the_function_gives_the_dtype_that_it_was_given() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        weight, bias = fold_batch_norm(np.ones((2, 3, 1, 1), dtype), None, [0.0, 1.0], [1.0, 4.0], 2.0)
        assert weight.dtype == bias.dtype == np.dtype(dtype)
        assert weight.shape == (2, 3, 1, 1)


def test_a_kernel_of_one_tap_may_be_left_out() -> None:
    """A weight can be typed in two axes only: it is a layer whose windows are single positions."""
    for kind, groups, channels in (("conv", 1, 2), ("conv", 2, 2), ("transposed", 1, 2), ("transposed", 2, 4)):
        options: dict[str, Any] = {
            "mean": [0.5] * channels,
            "var": [4.0, 1.0, 2.0, 3.0][:channels],
            "groups": groups,
            "kind": kind,
        }
        flat = fold_batch_norm([[1.0, 2.0], [3.0, 4.0]], None, **options)
        full = fold_batch_norm([[[1.0], [2.0]], [[3.0], [4.0]]], None, **options)
        np.testing.assert_array_equal(flat.weight, full.weight[..., 0])
        np.testing.assert_array_equal(flat.bias, full.bias)


def test_what_is_beyond_every_format_is_infinite() -> None:
    """A product that is beyond float64 too, where the weight is stored in fewer bits."""
    parameters = checked_affine(np.array([1.7e308]), np.array([5.0]), np.array([0.0]), np.array([3.0]), 1e-5)
    wide = WeightedLayer("linear", np.array([[-3e38]]), np.zeros(1), 1, (), (), (), "float32")
    assert fold(wide, parameters).weight.tolist() == [[-np.inf]]
