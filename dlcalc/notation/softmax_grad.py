"""The question of softmax-grad, from options or from a line of a batch."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.row_source import RowSource
from dlcalc.core.arrays.stored import Stored
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.softmax.question import IGNORE_INDEX, Linear, SoftmaxQuestion, as_rows, checked, linear_layer
from dlcalc.core.softmax.targets import REDUCTIONS
from dlcalc.notation import arrays, values
from dlcalc.notation.arrays import Load

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {
    "logits": (),
    "x": (),
    "weight": (),
    "bias": (),
    "label": (),
    "target": (),
    "reduction": (),
    "class_weights": (),
    "ignore_index": (),
    "label_smoothing": (),
    "temperature": (),
    "jacobian": (),
    "rtol": (),
    "atol": (),
}
_LINEAR = ("x", "weight", "bias")


def question(raw: Mapping[str, object], load: Load) -> SoftmaxQuestion:
    """The question that the values ask.

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
    rows = as_rows(given)
    labels = None if "label" not in raw else arrays.whole(arrays.array(raw["label"], "label", load), "label")
    target = _optional(raw, "target", load, notes)
    weights = _optional(raw, "class_weights", load, notes)
    found = checked(
        rows,
        labels,
        target,
        class_weights=weights,
        ignore_index=values.integer(raw.get("ignore_index", IGNORE_INDEX), "ignore_index"),
        label_smoothing=arrays.real(raw.get("label_smoothing", 0), "label_smoothing"),
        temperature=arrays.real(raw.get("temperature", 1), "temperature"),
        reduction=values.word(raw.get("reduction", "mean"), "reduction", REDUCTIONS),
    )
    return replace(
        found,
        format=given.format,
        flat=given.values.ndim == 1,
        jacobian=values.switch(raw.get("jacobian", False), "jacobian"),
        linear=linear,
        tolerances=_tolerances(raw),
        notes=tuple(notes),
    )


def _logits(raw: Mapping[str, object], load: Load, notes: list[Notice]) -> tuple[Stored, Linear | None]:
    """The logits, and the layer that makes them if there is one."""
    if "logits" in raw:
        return arrays.floats(raw["logits"], "logits", load, notes), None
    x, weight = (arrays.floats(raw[key], key, load, notes) for key in ("x", "weight"))
    linear = linear_layer(x, weight, arrays.floats(raw["bias"], "bias", load, notes) if "bias" in raw else None)
    logits = linear.logits
    return Stored(logits[0] if x.values.ndim == 1 else logits, "float64"), linear


def _optional(raw: Mapping[str, object], key: str, load: Load, notes: list[Notice]) -> RowSource | None:
    return arrays.floats(raw[key], key, load, notes).values.astype(np.float64) if key in raw else None


def _refuse_contradictions(raw: Mapping[str, object]) -> None:
    linear = [key for key in _LINEAR if key in raw]
    if "logits" in raw and linear:
        hint = "either --logits, or --x --weight --bias"
        raise DlcalcError("usage", "the logits are given twice", hint=hint, option=linear[0])
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


def _tolerances(raw: Mapping[str, object]) -> tuple[float, float] | None:
    if "rtol" not in raw and "atol" not in raw:
        return None
    found = []
    for key in ("rtol", "atol"):
        value = arrays.real(raw.get(key, 0), key)
        if value < 0:
            raise DlcalcError("invalid-value", f"{key} {value} is less than 0", hint=f"--{key} 1e-6", option=key)
        found.append(value)
    return found[0], found[1]


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """The values of one line of a batch over the defaults; what it says replaces another way to say the same.

    >>> merged({"logits": "1,2", "label": "0"}, {"target": [0, 1]})
    {'logits': '1,2', 'target': [0, 1]}
    """
    replaced: set[str] = set()
    if "logits" in own:
        replaced |= set(_LINEAR)
    elif any(key in own for key in _LINEAR):
        replaced.add("logits")
    if "target" in own:
        replaced |= {"label", "ignore_index"}
    elif "label" in own:
        replaced.add("target")
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}
