"""Losses and gradients against arithmetic with 60 digits, and t and D against the table of the rules, row by row."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.core.softmax.functions import cross_entropy, softmax, softmax_cross_entropy_grad, softmax_jacobian
from dlcalc.core.softmax.targets import Reduction
from tests.support.random_softmax import cases


def exact(logits: Sequence[float], label: int, temperature: float) -> tuple[Decimal, list[Decimal], list[Decimal]]:
    """The loss, the gradient and the softmax of one row, each to 60 digits of its own."""
    scaled = [Decimal(float(z)) / Decimal(temperature) for z in logits]
    grown = [(z - max(scaled)).exp() for z in scaled]
    total = sum(grown, Decimal(0))
    others = sum((e for number, e in enumerate(grown) if number != label), Decimal(0))
    gradient = [e / total / Decimal(temperature) for e in grown]
    gradient[label] = -others / total / Decimal(temperature)
    return (1 + others / grown[label]).ln(), gradient, [e / total for e in grown]


def worst(found: Any, right: Sequence[Decimal], eps: float, tiny: float) -> float:
    """The largest relative error of the entries that are normal numbers, in eps."""
    pairs = zip(np.ravel(found).tolist(), right, strict=True)
    errors = [abs((Decimal(one) - other) / other) for one, other in pairs if abs(other) > 4 * Decimal(tiny)]
    return float(max(errors, default=Decimal(0))) / eps


ROWS = {
    "random": lambda z, y: z * 3,
    "wide": lambda z, y: z * 15,
    "confident": lambda z, y: z * 3 + 25 * (np.arange(len(z)) == y),
    "very confident": lambda z, y: z + 300 * (np.arange(len(z)) == y),
    "hopeless": lambda z, y: z - 300 * (np.arange(len(z)) == y),
    "far up": lambda z, y: z * 3 + 1000,
    "far down": lambda z, y: z * 3 - 1000,
    "farther than exponentials reach": lambda z, y: z * 200,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ROWS)
def test_every_normal_entry_is_exact_to_a_few_eps(kind: str, dtype: Any) -> None:
    eps, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    rng = np.random.default_rng(61)
    errors = []
    with localcontext() as context:
        context.prec = 60
        context.Emin = -999_999
        for number in range(25):
            size = int(rng.integers(2, 40))
            label = int(rng.integers(size))
            logits = ROWS[kind](rng.standard_normal(size), label).astype(dtype)
            temperature = [1.0, 1.0, 0.7, 3.0][number % 4]
            loss, gradient, probabilities = exact(logits.tolist(), label, temperature)
            one_hot = np.eye(size)[label]
            for target in (label, one_hot):
                options: dict[str, Any] = {"temperature": temperature}
                errors.append(worst(softmax_cross_entropy_grad(logits, target, **options), gradient, eps, tiny))
                errors.append(worst(cross_entropy(logits, target, **options), [loss], eps, tiny))
            errors.append(worst(softmax(logits, temperature=temperature), probabilities, eps, tiny))
    assert max(errors) <= 6  # the rules ask for 16


def test_small_losses_and_large_ones() -> None:
    assert cross_entropy([40.0, 0.0], 0) == pytest.approx(4.248354255291589e-18, rel=1e-15)
    assert cross_entropy([0.0, -720.0], 1) == 720
    assert cross_entropy([0.0, -1e5], 1) == 1e5
    assert cross_entropy(np.array([0.0, -200.0], np.float32), 1) == 200


def test_a_sum_far_below_1_is_no_safe_window() -> None:
    """exp(-95) is in range, and exp(-790) is 0: a row is shifted where its sum is under 1/2, and not under e^-100."""
    assert softmax([-95.0, -790.0])[1] == pytest.approx(np.exp(-695.0), rel=1e-14)
    assert softmax_cross_entropy_grad([-95.0, -790.0], 0)[0] == pytest.approx(-float(np.exp(-695.0)), rel=1e-14)


# The table of the rules: options -> t of each row and D of the mean, written out by hand for
# y = 2, 0 of 3 classes, w = 1, 2, 0.5, alpha = 0.3.
W, ALPHA = [1.0, 2.0, 0.5], 0.3
Y = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
TABLE: list[tuple[Any, dict[str, Any], list[list[float]], float]] = [
    ([2, 0], {}, [[0, 0, 1], [1, 0, 0]], 2),
    ([2, 0], {"class_weights": W}, [[0, 0, 0.5], [1, 0, 0]], 1.5),
    ([2, 0], {"label_smoothing": ALPHA}, [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]], 2),
    ([2, 0], {"class_weights": W, "label_smoothing": ALPHA}, [[0.1, 0.2, 0.4], [0.8, 0.2, 0.05]], 1.5),
    ([2, -100], {"class_weights": W}, [[0, 0, 0.5], [0, 0, 0]], 0.5),
    ([2, 0], {"ignore_index": 0, "label_smoothing": ALPHA}, [[0.1, 0.1, 0.8], [0, 0, 0]], 1),
    (Y, {}, Y.tolist(), 2),
    (Y, {"class_weights": W}, (Y * W).tolist(), 2),
    (Y, {"label_smoothing": ALPHA}, (0.7 * Y + 0.1).tolist(), 2),
    (Y, {"class_weights": W, "label_smoothing": ALPHA}, ((0.7 * Y + 0.1) * W).tolist(), 2),
]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize(("target", "options", "t", "divisor"), TABLE)
def test_t_and_d(
    target: Any, options: dict[str, Any], t: list[list[float]], divisor: float, temperature: float
) -> None:
    logits = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]])
    grown = np.exp(logits / temperature)
    a, weighted = grown / grown.sum(axis=1, keepdims=True), np.array(t)
    gradient = (a * weighted.sum(axis=1, keepdims=True) - weighted) / temperature
    losses = -(weighted * np.log(a)).sum(axis=1)
    options = {**options, "temperature": temperature}
    divisors: dict[Reduction, float] = {"mean": divisor, "sum": 1.0, "none": 1.0}
    for reduction, divided in divisors.items():
        found = softmax_cross_entropy_grad(logits, target, reduction=reduction, **options)
        np.testing.assert_allclose(found, gradient / divided, rtol=1e-13, atol=1e-15)
        loss = cross_entropy(logits, target, reduction=reduction, **options)
        right = losses if reduction == "none" else np.asarray(losses.sum() / divided)
        np.testing.assert_allclose(loss, right, rtol=1e-13)


def test_an_ignored_row_is_silent_whatever_is_in_it() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [np.nan, np.inf, -np.inf]])
    for options in ({}, {"label_smoothing": 0.1}, {"class_weights": [1.0, 2.0, 3.0]}):
        found = softmax_cross_entropy_grad(logits, [2, -100], **options)
        assert found[1].tolist() == [0, 0, 0]
        np.testing.assert_array_equal(found[0], softmax_cross_entropy_grad(logits[0], 2, **options))


def test_a_class_without_weight_gives_nothing_and_is_still_looked_at() -> None:
    assert softmax_cross_entropy_grad([[1.0, 2.0], [0.0, 0.0]], [0, 1], class_weights=[0.0, 1.0])[0].tolist() == [0, 0]
    with pytest.raises(DlcalcError, match="row 0"):
        cross_entropy([[np.nan, 2.0], [0.0, 0.0]], [0, 1], class_weights=[0.0, 1.0])


def test_minus_infinity_rules_a_class_out() -> None:
    logits = [0.0, -np.inf, 1.0]
    assert softmax(logits)[1] == 0
    for target in (2, [0.0, 0.0, 1.0]):
        assert cross_entropy(logits, target) == pytest.approx(0.31326168751822286)
        assert softmax_cross_entropy_grad(logits, target)[1] == 0
    assert cross_entropy(logits, 1) == np.inf
    assert cross_entropy(logits, 2, label_smoothing=0.1) == np.inf
    np.testing.assert_allclose(softmax_cross_entropy_grad(logits, 1), softmax(logits) - [0, 1, 0], rtol=1e-15)


def test_dtypes_and_shapes() -> None:
    for dtype, found in (("f8", "f8"), ("f4", "f4"), ("f2", "f4"), (">f8", "f8"), ("i4", "f8")):
        logits = np.array([[1, 2, 3], [4, 5, 7]], dtype)
        assert softmax(logits).dtype == found
        assert softmax_cross_entropy_grad(logits, [0, 1]).shape == (2, 3)
        assert softmax_jacobian(logits).shape == (2, 3, 3)
        assert softmax_jacobian(logits[0]).shape == (3, 3)
    assert isinstance(cross_entropy([1.0, 2.0], 0), float)
    assert cross_entropy([[1.0, 2.0]], [0], reduction="none").shape == (1,)


def test_blocks_of_rows_are_seamless() -> None:
    """More rows than one block holds, and a bad one in a later block is named by its own number."""
    rng = np.random.default_rng(62)
    logits, labels = rng.standard_normal((70_000, 3)), rng.integers(0, 3, 70_000)
    whole = softmax_cross_entropy_grad(logits, labels, reduction="sum")
    np.testing.assert_array_equal(
        whole[60_000:], softmax_cross_entropy_grad(logits[60_000:], labels[60_000:], reduction="sum")
    )
    logits[69_999, 1] = np.nan
    with pytest.raises(DlcalcError, match="row 69999"):
        cross_entropy(logits, labels)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12), st.floats(-1e5, 1e5), st.floats(0.05, 20))
def test_what_must_hold_for_any_row(row: list[float], shift: float, temperature: float) -> None:
    logits = np.array(row)
    a = softmax(logits, temperature=temperature)
    assert abs(a.sum() - 1) < 1e-14 * len(row)
    jacobian = softmax_jacobian(logits, temperature=temperature)
    np.testing.assert_array_equal(jacobian, jacobian.T)
    np.testing.assert_allclose(jacobian.sum(axis=0), 0, atol=1e-15 / temperature)
    gradient = softmax_cross_entropy_grad(logits, 0, temperature=temperature)
    assert abs(gradient.sum()) <= 1e-14 / temperature
    through = jacobian.T @ np.where(np.arange(len(row)) == 0, -1 / np.maximum(a, 1e-290), 0)
    if a[0] > 1e-200:
        np.testing.assert_allclose(gradient, through, rtol=1e-12, atol=1e-13 / temperature)


def test_a_distribution_that_is_one_hot_equals_the_label_without_weights() -> None:
    for case in cases(300, seed=63):
        options = {**case.options, "class_weights": None}
        if case.labels is not None and (case.labels != options["ignore_index"]).all():
            one_hot = np.eye(case.logits.shape[1])[case.labels]
            options.pop("ignore_index")
            found = softmax_cross_entropy_grad(case.logits, one_hot, **options)
            np.testing.assert_allclose(
                found, softmax_cross_entropy_grad(case.logits, case.labels, **options), rtol=1e-12, atol=1e-16
            )
