"""The question of softmax-grad, from options or from a line of a batch."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.row_source import Array, RowSource
from dlcalc.core.arrays.stored import Stored
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.softmax.class_axis import ClassAxis, class_axis, refuse_labels, refuse_target
from dlcalc.core.softmax.question import IGNORE_INDEX, Linear, SoftmaxQuestion, as_rows, checked, linear_layer
from dlcalc.core.softmax.targets import REDUCTIONS
from dlcalc.notation import arrays, strictness
from dlcalc.notation.arrays import Load
from dlcalc.notation.values import integer, optional, switch, word

# Every key of a question, and the short names that are read for it: none.
KEYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("logits", "x", "weight", "bias", "label", "target", "reduction", "class_weights"), ()),
    **dict.fromkeys(("class_axis", "ignore_index", "label_smoothing", "temperature", "jacobian", *strictness.KEYS), ()),
}
BY_ROWS = frozenset({"logits", "label", "target", "expect"})  # the options whose arrays may be larger than memory
_LINEAR = ("x", "weight", "bias")


def question(raw: Mapping[str, object], load: Load) -> SoftmaxQuestion:
    """Read the question.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.
        load: reads a file.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``, ``label-out-of-range``, and what ``load`` raises.

    >>> question({"logits": "1,2,3", "label": "2"}, load=None).logits
    array([[1., 2., 3.]])
    """
    _refuse_contradictions(raw)
    notes: list[Notice] = []
    given, linear = _logits(raw, load, notes)
    labels = optional(raw, "label", arrays.whole_numbers, None, load)
    distribution = optional(raw, "target", _wide, None, load, notes)
    flat = given.values.ndim == 1
    axis = class_axis(
        given.values.shape, optional(raw, "class_axis", integer, None), None if labels is None else labels.shape
    )
    if axis is not None:
        given = given._replace(values=_in_rows(given.values, "logits", axis, notes))
        if labels is not None:
            refuse_labels(labels.shape, axis)
            labels = labels.reshape(-1)
        if distribution is not None:
            refuse_target(distribution.shape, axis)
            distribution = _in_rows(distribution, "target", axis, notes)
    checked_question = checked(
        as_rows(given),
        labels,
        distribution,
        class_weights=optional(raw, "class_weights", _weights, None, load, notes),
        ignore_index=optional(raw, "ignore_index", integer, IGNORE_INDEX, 300),  # no size: an int64 has 19 digits
        label_smoothing=optional(raw, "label_smoothing", arrays.real, 0.0),
        temperature=optional(raw, "temperature", arrays.real, 1.0),
        reduction=optional(raw, "reduction", word, "mean", REDUCTIONS),
    )
    return replace(
        checked_question,
        format=given.format,
        flat=flat,
        jacobian=optional(raw, "jacobian", switch, False),
        linear=linear,
        tolerances=strictness.tolerances(raw),
        exact=strictness.exact(raw),
        notes=tuple(notes),
        axis=axis,
    )


def _in_rows(array: RowSource, option: str, axis: ClassAxis, notes: list[Notice]) -> RowSource:
    """Give an array as rows x classes."""
    rows = axis.as_rows(array)
    if getattr(rows, "slow", False):
        text = f"the classes of {option} are along axis {axis.axis} of {len(axis.shape)}: reading it by rows is slow"
        notes.append(Notice("stored-by-column", text))
    return rows


def _logits(raw: Mapping[str, object], load: Load, notes: list[Notice]) -> tuple[Stored, Linear | None]:
    """Read the logits, and the linear layer that makes them if there is one."""
    if "logits" in raw:
        return arrays.floats(raw["logits"], "logits", load, notes), None
    x, weight = (arrays.floats(raw[key], key, load, notes) for key in ("x", "weight"))
    linear = linear_layer(x, weight, optional(raw, "bias", arrays.floats, None, load, notes))
    logits = linear.logits
    return Stored(logits[0] if x.values.ndim == 1 else logits, "float64"), linear


def _wide(value: object, option: str, load: Load, notes: list[Notice]) -> RowSource:
    return arrays.floats(value, option, load, notes).values.astype(np.float64)


def _weights(value: object, option: str, load: Load, notes: list[Notice]) -> Array:
    return np.asarray(_wide(value, option, load, notes))


def _refuse_contradictions(raw: Mapping[str, object]) -> None:
    linear = [key for key in _LINEAR if key in raw]
    if "logits" in raw and linear:
        hint = "either --logits, or --x --weight --bias"
        raise DlcalcError("usage", "the logits are given twice", hint=hint, option=linear[0])
    if linear and "class_axis" in raw:
        message = "a linear layer makes rows of logits, whose classes are the last axis"
        raise DlcalcError("usage", message, hint="--class-axis with --logits alone", option="class_axis")
    if "logits" not in raw and not linear:
        raise DlcalcError("usage", "no logits are given", hint="--logits 1,2,3", option="logits")
    for key in ("x", "weight"):
        if linear and key not in raw:
            message = f"a linear layer makes the logits, and its {key} is not given"
            raise DlcalcError("usage", message, hint="--x 1,2 --weight 1,2/3,4", option=key)
    if "label" in raw and "target" in raw:
        raise DlcalcError("usage", "the target is given twice", hint="either --label or --target", option="target")
    if "label" not in raw and "target" not in raw:
        message, hint = "no target is given", "--label 0, the class, or --target 1,0, a distribution"
        raise DlcalcError("usage", message, hint=hint, option="label")
    if "ignore_index" in raw and "label" not in raw:
        message = "the ignore index is a label, and distributions have none"
        raise DlcalcError("usage", message, hint="leave it out, or --label", option="ignore_index")


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """Put one line of a batch over the defaults; its logits or target replace another way to give them.

    >>> merged({"logits": "1,2", "label": "0"}, {"target": [0, 1]})
    {'logits': '1,2', 'target': [0, 1]}
    """
    replaced = strictness.overruled(own)
    if "logits" in own:
        replaced |= set(_LINEAR)
    elif any(key in own for key in _LINEAR):
        replaced.add("logits")
    if "target" in own:
        replaced |= {"label", "ignore_index"}
    elif "label" in own:
        replaced.add("target")
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}
