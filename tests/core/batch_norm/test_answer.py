"""What an answer says beside the fold: its outputs, what normalising does to the samples, and its caveats."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import Stored
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.answer import bn_fold, effect_of
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of, checked_layer
from dlcalc.core.batch_norm.statistics import statistics_of

RNG = np.random.default_rng(181)
AFFINE = checked_affine(np.array([2.0, -1]), np.array([0.5, 3]), np.array([0.25, 1]), np.array([4.0, 0.5]), 1e-3)
LAYER = checked_layer(Stored(RNG.standard_normal((2, 2, 3)), "float64"), Stored(np.array([0.5, -2]), "float64"))
BATCHES = batch_of(RNG.standard_normal((6, 2))), batch_of(RNG.standard_normal((5, 2)))
STATISTICS = statistics_of(BATCHES, "paper", None)


def normed(values: Any, mean: Any, var: Any) -> Any:
    """The batch norm of (N, C, space), written out."""
    columns = [part[:, None] for part in (AFFINE.gamma, mean, np.sqrt(var + AFFINE.eps), AFFINE.beta)]
    return columns[0] * (values - columns[1]) / columns[2] + columns[3]


def convolved(values: Any) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(values, 3, axis=2)
    return np.einsum("nctk,ock->not", windows, LAYER.weight) + LAYER.bias[:, None]


@pytest.mark.parametrize("bn_first", [False, True])
def test_the_outputs_in_three_ways(bn_first: bool) -> None:
    x = RNG.standard_normal((4, 2, 7))
    evaluated = bn_fold(BnFoldQuestion("paper", AFFINE, "option", None, LAYER, bn_first, x)).evaluated
    assert evaluated is not None
    assert evaluated.training is not None
    entering = x if bn_first else convolved(x)
    moments = entering.mean(axis=(0, 2)), entering.var(axis=(0, 2))
    for found, (mean, var) in ((evaluated.unfolded, (AFFINE.mean, AFFINE.var)), (evaluated.training, moments)):
        right = convolved(normed(x, mean, var)) if bn_first else normed(convolved(x), mean, var)
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(evaluated.folded, evaluated.unfolded, rtol=1e-12, atol=1e-12)


def test_a_single_sample_is_normalised_by_the_last_mini_batch() -> None:
    question = BnFoldQuestion("paper", AFFINE, "option", STATISTICS, x=np.array([1.0, 2]))
    evaluated = bn_fold(question).evaluated
    assert evaluated is not None
    assert evaluated.training is not None
    last = STATISTICS.batches[-1].samples
    right = normed(np.array([[[1.0], [2]]]), last.mean(axis=0), last.var(axis=0)).reshape(2)
    np.testing.assert_allclose(evaluated.training, right)
    without = bn_fold(replace(question, statistics=None)).evaluated
    assert without is not None
    assert without.training is None


def test_a_sample_is_what_enters_the_batch_norm() -> None:
    """One position of an input that becomes several outputs: enough for a batch norm behind the layer alone."""
    zeros = np.zeros(2)  # no shift, which padding would not bear
    still = checked_affine(AFFINE.gamma, zeros, zeros, AFFINE.var, AFFINE.eps)
    question = BnFoldQuestion("paper", still, "option", None, replace(LAYER, padding=(2,)))
    for bn_first in (False, True):
        evaluated = bn_fold(replace(question, bn_first=bn_first, x=np.array([[1.0], [2]]))).evaluated
        assert evaluated is not None
        assert evaluated.unfolded.shape == (2, 3)
        assert (evaluated.training is None) == bn_first


def test_the_headline_comes_first() -> None:
    alone = BnFoldQuestion("paper", AFFINE, "option")
    assert list(bn_fold(alone).arrays()) == ["scale", "shift"]
    assert bn_fold(alone).evaluated is None
    whole = replace(alone, statistics=STATISTICS, layer=LAYER, x=np.ones((2, 3)))
    keys = ["weight", "bias", "scale", "shift", "mean", "var", "unfolded", "folded"]
    assert [key for key in bn_fold(whole).arrays() if key != "training"] == keys


def test_the_effect_of_normalising() -> None:
    samples = np.array([[0.0, 10], [5, -10], [-3, 0], [2, 4]])
    effect = effect_of(batch_of(samples))
    sigmoid = 1 / (1 + np.exp(-samples))
    np.testing.assert_allclose(effect.mean, samples.mean(axis=0))
    np.testing.assert_allclose(effect.var, samples.var(axis=0))
    assert effect.saturated.tolist() == [0.25, 0.5]
    np.testing.assert_allclose(effect.sigmoid_slope, (sigmoid * (1 - sigmoid)).mean(axis=0))
    np.testing.assert_allclose(effect.sigmoid_slope_10_layers, effect.sigmoid_slope**10)
    both = bn_fold(BnFoldQuestion("paper", AFFINE, "option", STATISTICS)).effect
    assert both is not None
    np.testing.assert_allclose(both[1].mean, 0, atol=1e-15)
    assert (both[1].var < 1).all()  # by eps


def parameters(**changes: list[float]) -> Any:
    good = {"gamma": [1.0] * 7, "beta": [0.0] * 7, "mean": [1.0] * 7, "var": [1.0] * 7}
    return checked_affine(**{key: np.array(column) for key, column in {**good, **changes}.items()}, eps=1e-5)


ONES = [1.0] * 6
CAVEATS = [
    ({"gamma": [*ONES, 0.0]}, "gamma-zero", "channel 6:"),
    ({"gamma": [0.0] * 7}, "gamma-zero", "channels 0, 1, 2, 3, 4, ...:"),
    ({"var": [*ONES, 1e-9]}, "variance-below-eps", "channel 6:"),
    ({"gamma": [*ONES, 1e308], "var": [*ONES, 0.0]}, "affine-overflow", "channel 6"),
]


@pytest.mark.parametrize(("changes", "code", "where"), CAVEATS)
def test_a_caveat_names_its_channels(changes: dict[str, list[float]], code: str, where: str) -> None:
    warnings = bn_fold(BnFoldQuestion("paper", parameters(**changes), "option")).warnings
    (warning,) = [one for one in warnings if one.code == code]
    assert where in f"{warning.message}:"
    assert not bn_fold(BnFoldQuestion("paper", parameters(), "option")).warnings


def test_caveats_about_folded_numbers() -> None:
    layer = checked_layer(Stored(np.array([[60000.0, 1e-4, 1]], np.float16), "float16"), None)
    for gamma, code, count in ((2.0, "folded-overflow", 1), (0.01, "folded-subnormal", 1)):
        affine = checked_affine(np.array([gamma]), np.zeros(1), np.zeros(1), np.ones(1), 0.0)
        (warning,) = bn_fold(BnFoldQuestion("paper", affine, "option", None, layer)).warnings
        assert (warning.code, warning.message.startswith(f"{count} of 3 entries")) == (code, True)


def test_how_much_of_the_start_is_left_is_said() -> None:
    running = statistics_of(BATCHES, "pytorch", None)
    (warning,) = bn_fold(BnFoldQuestion("pytorch", AFFINE, "option", running)).warnings
    assert (warning.code, warning.message.startswith("81.00% of the start values")) == ("start-value-left", True)


@pytest.mark.parametrize(
    ("framework", "momentum", "said"),
    [
        ("pytorch", 0.9, "0.1 here"),
        ("pytorch", 0.999, "0.001 here"),
        ("pytorch", 0.89, None),
        ("pytorch", None, None),
        ("tensorflow", 0.1, "0.9 here"),
        ("tensorflow", 0.11, None),
        ("onnx", 0.01, "0.99 here"),
        ("onnx", None, None),
    ],
)
def test_a_momentum_that_another_framework_would_write(
    framework: str, momentum: float | None, said: str | None
) -> None:
    asked = BnFoldQuestion(framework, AFFINE, "option", statistics_of(BATCHES, framework, momentum))
    found = [one.message for one in bn_fold(asked).warnings if one.code == "momentum-looks-reversed"]
    assert [text.rpartition("it is ")[2] for text in found] == ([] if said is None else [said])
