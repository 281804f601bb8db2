"""Rows without a softmax are refused, and caveats about an answer are given, by the numbers in it."""

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import FORMATS
from dlcalc.core.arrays.row_source import Array
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.row_values import Totals


def refuse_rows(bad: NDArray[np.bool_], logits: Array, option: str, first: int = 0) -> None:
    """Refuse rows without a softmax.

    Args:
        bad: (n,) which rows have none, of those that count.
        logits: (n, C) of all rows.
        option: where they came from.
        first: the number of the first row.

    Raises:
        DlcalcError: ``no-finite-logit``, naming the first bad row.
    """
    if not bad.any():
        return
    number = int(np.flatnonzero(bad)[0])
    row = logits[number]
    if np.isnan(row).any():
        problem = f"logit nan of class {int(np.flatnonzero(np.isnan(row))[0])} is not a number"
    elif np.isposinf(row).any():
        problem = f"logit inf of class {int(np.argmax(row))} leaves no softmax"
    elif np.isneginf(row).all():
        problem = "every logit is -inf"
    else:
        problem = "its logits are too far from 0 to be divided by this temperature"
    message = f"row {first + number} has no softmax: {problem}"
    from_logits = option == "logits"
    hint = "finite logits; -inf rules out a class" if from_logits else "inputs and weights whose products are finite"
    raise DlcalcError("no-finite-logit", message, hint=hint, option=option)


def warnings_of(question: SoftmaxQuestion, totals: Totals) -> list[Notice]:
    """Give the caveats about an answer, by the totals of its rows."""
    found = list(question.notes)
    if question.targets.of_nothing:
        text = f"every label is the ignore index {question.targets.ignore_index}: the loss is the mean of no rows, NaN"
        found.append(Notice("no-valid-rows", f"{text}, and the gradient 0"))
    row, count = totals.infinite
    if count:
        why = "its target includes a class whose logit is -inf"
        if not np.isneginf(question.logits[row]).any():
            why = "its logits are too far apart for float64"
        elif question.targets.label_smoothing and question.targets.labels is not None:
            why = "smoothing gives a class whose logit is -inf a part of the target"
        more = f", and of {count - 1} more rows" if count > 1 else ""
        found.append(Notice("infinite-loss", f"the loss of row {row} is infinite: {why}{more}"))
    if totals.largest > FORMATS[question.format].largest:
        text = f"the gradient reaches {totals.largest:.6g}, which {question.format} has no number for"
        found.append(Notice("gradient-overflows", text))
    found += _target_warnings(question)
    if question.looks_like_probabilities:
        text = "the logits look like probabilities: rows in [0, 1] that sum to 1; softmax would be applied twice"
        found.append(Notice("logits-look-like-probabilities", text))
    return found


def _target_warnings(question: SoftmaxQuestion) -> list[Notice]:
    if question.targets.distribution is None:
        return []
    found, survey = [], question.targets.survey
    if survey.unnormalised is not None:
        row, total = survey.unnormalised
        text = f"the target of row {row} sums to {total:.6g} and not to 1: the gradient is a*sum(y) - y"
        found.append(Notice("target-not-normalized", text))
    if survey.negative is not None:
        text = f"the target of row {survey.negative} has a negative entry"
        found.append(Notice("target-negative", text))
    return found
