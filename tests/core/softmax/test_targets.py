"""The targets: t and D of every option, written out row by row; and what is refused."""

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.errors import DlcalcError
from dlcalc.core.softmax.targets import Targets, distribution_targets, label_targets
from tests.support.random_softmax import Case, cases
from tests.support.refusals import cause


def t_and_d(case: Case) -> tuple[list[list[float]], float]:
    """T of each row and D, by the words of PyTorch's documentation."""
    options, (rows, classes) = case.options, case.logits.shape
    weights = np.ones(classes) if options["class_weights"] is None else options["class_weights"]
    smoothing, divisor, t = options["label_smoothing"], 0.0, []
    for row in range(rows):
        label = None if case.labels is None else case.labels[row]
        if label is not None and label == options["ignore_index"]:
            t.append([0.0] * classes)
            continue
        y = case.distribution[row] if case.distribution is not None else np.arange(classes) == label
        t.append([weights[c] * ((1 - smoothing) * y[c] + smoothing / classes) for c in range(classes)])
        divisor += 1 if label is None else weights[label]
    return t, divisor if options["reduction"] == "mean" else 1.0


def test_t_and_d_are_those_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 24)  # some rows at a time
    kinds = set()
    for case in cases(400, seed=26):
        targets = case.question.targets
        t, divisor = t_and_d(case)
        everything = slice(None)
        np.testing.assert_allclose(targets.dense(everything), t, rtol=1e-14)
        assert targets.denominator == pytest.approx(divisor, rel=1e-14)
        assert targets.spread == pytest.approx(np.abs(t).sum(axis=1).max(), rel=1e-12)
        kept = [row for row in range(targets.rows) if case.labels is None or any(t[row])]
        assert np.flatnonzero(targets.kept(everything)).tolist() == kept
        assert targets.kept_rows(2) == (kept if len(kept) <= 2 else [*kept[:2], kept[-1]])
        assert targets.ignores == (len(kept) < targets.rows)
        hard = targets.hard(everything)
        if hard is not None:
            np.testing.assert_allclose(np.eye(targets.classes)[hard[0]] * hard[1][:, None], t, rtol=1e-14)
        kinds.add((case.labels is None, hard is None, targets.ignores))
    assert len(kinds) == 5  # with labels: with and without smoothing, with and without ignored rows; and distributions


def distributions(values: object) -> Targets:
    target = np.array(values, float)
    return Targets(None, target, target.shape[1])


def test_the_first_unusual_distribution_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 32)  # two rows at a time
    survey = distributions([[0.5, 0.5]] * 3 + [[0.5, 0.6], [2, -1], [0.1, 0.1], [3, -2]]).check_finite()
    assert survey is not None
    assert survey.unnormalised == (3, 1.1)
    assert survey.negative == 4
    assert survey.spread == 5
    assert distributions([[0.5, 0.5]]).survey[1:] == (None, None)


@pytest.mark.parametrize("entry", [np.nan, np.inf, 1e61])
def test_numbers_that_are_no_target(entry: float) -> None:
    assert cause(distributions([[0.5, 0.5], [entry, 0.5]]).check_finite) == ("invalid-value", "target")


def test_labels_have_no_survey() -> None:
    assert Targets(np.array([0, 1]), None, 2).check_finite() is None


def test_a_label_that_is_no_class_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 16)
    assert label_targets(np.array([[0], [2], [-7]]), 3, 3, -7).shape == (3,)
    for label in (3, -1):
        with pytest.raises(DlcalcError, match=f"label {label} of row 4"):
            label_targets(np.array([0, 1, 2, 0, label, 9]), 6, 3, -7)


def test_a_distribution_per_row() -> None:
    assert distribution_targets(np.ones(3, np.float32), 1, 3).shape == (1, 3)
    assert distribution_targets(np.ones((2, 3), np.float32), 2, 3).dtype == np.float64
    for shape in ((3,), (3, 2), (2, 3, 1)):
        with pytest.raises(DlcalcError, match="the logits have 2 x 3"):
            distribution_targets(np.ones(shape), 2, 3)
