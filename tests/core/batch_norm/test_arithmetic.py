"""Folds computed in the arithmetic of their format: right ones are never accused, wrong ones are named."""

from dataclasses import replace

import numpy as np
import pytest

from dlcalc.core.arrays.stored import rounded
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.answer import bn_fold
from dlcalc.core.batch_norm.judge import OfFold, exact_arrays, judge
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of
from dlcalc.core.batch_norm.statistics import statistics_of
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.notation.bn_fold import question
from tests.support.fold_kernels import PLANTS, FoldKernel, kernels

FORMATS = ["float64", "float32", "float16", "bfloat16"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_fold_in_its_own_arithmetic_is_right_and_its_quality_said(name: str) -> None:
    rng = np.random.default_rng(221)
    off = 0
    for _ in range(5):
        kernel = kernels(rng, name)
        answer, strict = bn_fold(kernel.question()), bn_fold(replace(kernel.question(), exact=True))
        for key, values in kernel.fold().items():
            verdict = judge(answer, ArrayClaim(key, values, name))
            assert verdict.passed, (key, kernel.order, verdict.diagnosis)
            assert verdict.quality is not None
            exact = rounded(exact_arrays(answer)[key], name)
            assert verdict.quality.not_nearest == (values != exact).sum()
            off += verdict.quality.not_nearest
            assert judge(strict, ArrayClaim(key, values, name)).passed is bool((values == exact).all())
            assert judge(strict, ArrayClaim(key, exact, name)).passed
    assert off > 50


@pytest.mark.parametrize("name", FORMATS)
def test_a_mistake_in_the_arithmetic_of_its_format_is_named(name: str) -> None:
    """Where it moves the numbers by more than 4 times what the same program is off without it."""
    rng = np.random.default_rng(222)
    planted, first, missed = 0, 0, []
    for _ in range(3):
        kernel = kernels(rng, name)
        answer, own = bn_fold(kernel.question()), kernel.fold()
        for code, (keys, plant) in PLANTS.items():
            wrong = plant(kernel).fold()
            for key in keys:
                moved, noise = wrong[key] - own[key], own[key] - exact_arrays(answer)[key]
                if not np.isfinite(moved).all() or (moved**2).sum() <= 16 * (noise**2).sum():
                    continue
                found = [one.codes for one in judge(answer, ArrayClaim(key, wrong[key], name)).diagnosis]
                # To few digits an eps of 1e-5 is none, and where it stands makes no difference.
                alike = name in ("float16", "bfloat16") and found[:1] == ["eps-ignored"] and code in found
                planted, first = planted + 1, first + (found[:1] == [code] or alike)
                missed += [(code, key, found)] * (found[:1] != [code])
    assert planted > 30
    assert first >= 0.95 * planted, missed


def square(name: str) -> FoldKernel:
    """A transposed layer with as many inputs as outputs, whose axes are easily confused."""
    kernel = kernels(np.random.default_rng(223), name)
    weight = np.random.default_rng(224).standard_normal((16, 16, 3))
    numbers = {key: getattr(kernel, key)[:16] for key in ("gamma", "beta", "mean", "var", "bias")}
    made = replace(kernel, kind="transposed", groups=1, weight=rounded(weight, name), **numbers)
    return replace(made, order="gamma*(1/root)")


@pytest.mark.parametrize("name", ["float64", "float32"])
def test_the_wrong_axis_of_a_transposed_layer(name: str) -> None:
    kernel = square(name)
    verdict = judge(
        bn_fold(kernel.question()), ArrayClaim("weight", replace(kernel, outputs=False).fold()["weight"], name)
    )
    assert [one.mistake for one in verdict.diagnosis] == ["wrong-axis"]


def test_the_wrong_axis_of_a_layer_with_groups() -> None:
    """Where a group has as many inputs as there are outputs, the scale fits the axis of the inputs as it is stored."""
    rng = np.random.default_rng(225)
    weight, var, zeros = rng.standard_normal((4, 4, 3)), rng.uniform(0.5, 2, 4), np.zeros(4)
    raw = {"mean": zeros, "var": var, "weight": weight, "groups": 2, "eps": 0}
    claim = ArrayClaim("weight", weight / np.sqrt(var)[:, None], "float64")
    verdict = judge(bn_fold(question(raw, lambda *_: [])), claim)
    assert [one.mistake for one in verdict.diagnosis] == ["wrong-axis"]


@pytest.mark.parametrize(
    ("computed", "stored"), [("float32", "float64"), ("float16", "float32"), ("bfloat16", "float32")]
)
def test_a_fold_computed_in_a_narrower_format_than_it_is_stored_in(computed: str, stored: str) -> None:
    kernel = square(computed)
    question = kernel.question()
    assert question.layer is not None
    wide = bn_fold(replace(question, layer=replace(question.layer, format=stored)))
    for key, values in kernel.fold().items():
        verdict = judge(wide, ArrayClaim(key, values, stored))
        assert [one.mistake for one in verdict.diagnosis] == ["low-precision-fold"], key
        assert computed in verdict.diagnosis[0].text
        assert judge(bn_fold(question), ArrayClaim(key, values, computed)).passed


def test_a_fault_in_one_output_is_placed() -> None:
    kernel = square("float32")
    answer, values = bn_fold(kernel.question()), kernel.fold()["weight"]
    spoilt = values.copy()
    spoilt[:, 3] *= 1.5
    apart = judge(answer, ArrayClaim("weight", spoilt, "float32")).distance
    assert (apart.only_row, apart.only_column, apart.failed) == (None, 3, 48)
    spoilt = values.copy()
    spoilt[5, :, 1] *= 1.5
    apart = judge(answer, ArrayClaim("weight", spoilt, "float32")).distance
    assert (apart.only_row, apart.only_column) == (5, None)


@pytest.mark.parametrize(
    ("name", "relative"), [("float64", 2.0**-50), ("float32", 2.0**-21), ("float16", 2.0**-7), ("bfloat16", 2.0**-5)]
)
def test_eight_roundings_are_allowed_and_sixteen_in_float16(name: str, relative: float) -> None:
    right = np.array([1.0, -3.0])
    np.testing.assert_allclose(OfFold("scale", None)(right, name), relative * np.abs(right), rtol=1e-4)
    np.testing.assert_allclose(
        OfFold("bias", np.array([5.0, 7.0]))(right, name), relative * np.array([5.0, 7.0]), rtol=1e-4
    )


def test_a_mean_is_judged_by_the_samples_that_cancel_in_it() -> None:
    """Two samples of a thousand, in float32: what is left of them has few digits."""
    batches = (batch_of(np.array([[1000.123], [-1000.122]])),)
    statistics = statistics_of(batches, "paper", None)
    affine = checked_affine(np.ones(1), np.zeros(1), statistics.mean, statistics.variance, 1e-5)
    answer = bn_fold(BnFoldQuestion("paper", affine, "default", statistics))
    computed = np.asarray([(np.float32(1000.123) + np.float32(-1000.122)) / 2], np.float64)
    assert abs(float(computed[0]) / 0.0005 - 1) > 1e-3
    assert judge(answer, ArrayClaim("mean", computed, "float32")).passed
    assert not judge(answer, ArrayClaim("mean", computed + 1.0, "float32")).passed
