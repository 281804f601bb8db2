"""The question of bn-fold, from options or from a line of a batch."""

from collections.abc import Mapping

import numpy as np

from dlcalc.core.arrays.stored import Floats, vector
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of, checked_layer
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Batch, Statistics, statistics_of
from dlcalc.core.batch_norm.weighted_layer import KINDS, WeightedLayer
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.notation import arrays, values
from dlcalc.notation.arrays import Load

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {
    "gamma": (),
    "beta": (),
    "mean": (),
    "var": (),
    "eps": (),
    "batches": (),
    "momentum": (),
    "framework": (),
    "weight": (),
    "bias": (),
    "kind": (),
    "groups": ("g",),
    "stride": ("s",),
    "padding": ("p",),
    "dilation": ("d",),
    "bn_first": (),
    "x": (),
}
_STATISTICS = ("mean", "var")
_OF_A_LAYER = ("bias", "kind", "groups", "stride", "padding", "dilation", "bn_first")


def question(raw: Mapping[str, object], load: Load) -> BnFoldQuestion:
    """The question that the values ask.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.
        load: reads a file.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``, ``invalid-statistics``, ``not-enough-samples``,
            ``groups-do-not-divide``, and what ``load`` raises.

    >>> question({"mean": "0.5", "var": "4"}, load=None).affine.var
    array([4.])
    """
    _refuse_contradictions(raw)
    notes: list[Notice] = []
    framework = values.word(raw.get("framework", "paper"), "framework", ESTIMATORS)
    statistics = _statistics(raw, framework, load) if "batches" in raw else None
    if statistics is not None:
        mean, var = statistics.mean, statistics.variance
    else:
        mean = _vector(raw, "mean", load, notes, None)
        var = _vector(raw, "var", load, notes, mean.size)
    gamma = _vector(raw, "gamma", load, notes, mean.size) if "gamma" in raw else np.ones(mean.size)
    beta = _vector(raw, "beta", load, notes, mean.size) if "beta" in raw else np.zeros(mean.size)
    eps = arrays.real(raw["eps"], "eps") if "eps" in raw else ESTIMATORS[framework].eps
    source = "option" if "eps" in raw else "framework" if "framework" in raw else "default"
    return BnFoldQuestion(
        framework,
        checked_affine(gamma, beta, mean, var, eps),
        source,
        statistics,
        _layer(raw, load, notes) if "weight" in raw else None,
        values.switch(raw.get("bn_first", False), "bn_first"),
        arrays.floats(raw["x"], "x", load, notes).values.astype(np.float64) if "x" in raw else None,
        notes,
    )


def _vector(raw: Mapping[str, object], key: str, load: Load, notes: list[Notice], count: int | None) -> Floats:
    found: Floats = vector(arrays.floats(raw[key], key, load, notes).values, key, count).astype(np.float64)
    return found


def _refuse_contradictions(raw: Mapping[str, object]) -> None:
    given = [key for key in _STATISTICS if key in raw]
    if "batches" in raw and given:
        message, hint = "the statistics are given twice", "either --batches, or --mean and --var"
        raise DlcalcError("usage", message, hint=hint, option=given[0])
    if "batches" not in raw and len(given) < 2:
        missing = next(key for key in _STATISTICS if key not in raw)
        message = "no statistics are given" if not given else f"the {given[0]} is given, and no {missing}"
        raise DlcalcError("usage", message, hint="--mean 0.5 --var 4, or --batches 1,2,3/4,5,6", option=missing)
    if "momentum" in raw and "batches" not in raw:
        message = "momentum is for running over mini-batches, and there are none"
        raise DlcalcError("usage", message, hint="--batches 1,2,3/4,5,6, or leave it out", option="momentum")
    if "weight" not in raw:
        for key in _OF_A_LAYER:
            if key in raw:
                message = f"{key.replace('_', ' ')} is about a layer, and no weight is given"
                raise DlcalcError("usage", message, hint="--weight ARRAY", option=key)


def _layer(raw: Mapping[str, object], load: Load, notes: list[Notice]) -> WeightedLayer:
    weight = arrays.floats(raw["weight"], "weight", load, notes)
    axes = ("d", "h", "w")[-max(1, weight.values.ndim - 2) :]
    window = {key: values.per_axis(raw[key], key, axes) for key in ("stride", "padding", "dilation") if key in raw}
    kind = values.word(raw["kind"], "kind", KINDS) if "kind" in raw else None
    if window and weight.values.ndim <= 2:
        key = next(iter(window))
        what = "a linear layer" if kind in (None, "linear") else "a weight without a kernel"
        raise DlcalcError("usage", f"{what} has no {key}", hint="leave it out", option=key)
    return checked_layer(
        weight,
        arrays.floats(raw["bias"], "bias", load, notes) if "bias" in raw else None,
        kind,
        values.integer(raw.get("groups", 1), "groups"),
        **window,
    )


def _statistics(raw: Mapping[str, object], framework: str, load: Load) -> Statistics:
    average = raw.get("momentum") == "none"
    value = arrays.real(raw["momentum"], "momentum") if "momentum" in raw and not average else None
    return statistics_of(_batches(raw["batches"], load), framework, value, average)


def _batches(value: object, load: Load) -> tuple[Batch, ...]:
    """The mini-batches: of what was typed, a row is a batch of one channel; of an array, the first axis counts them.

    >>> [batch.shape for batch in _batches("1,2,3/4,5", load=None)]
    [(3,), (2,)]
    """
    found = arrays.listed(value, "batches", load)
    if isinstance(found, list):
        nested = bool(found) and all(isinstance(entry, list) for entry in found)
        parts = [arrays.array(part, "batches", load) for part in (found if nested else [found])]
    else:
        whole = arrays.floats(found, "batches", load).values
        parts = list(whole if whole.ndim > 1 else whole[None])
    batches = tuple(map(batch_of, parts))
    if len({batch.samples.shape[1] for batch in batches}) > 1 or len({len(batch.shape) for batch in batches}) > 1:
        message = "the batches do not have the same channels"
        raise DlcalcError("shape-mismatch", message, hint="batches x samples x channels", option="batches")
    return batches


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """The values of one line of a batch over the defaults; its batches replace a mean and variance, and these batches.

    >>> merged({"mean": "0", "var": "1"}, {"batches": [1, 2]})
    {'batches': [1, 2]}
    """
    replaced: set[str] = set()
    if "batches" in own:
        replaced |= set(_STATISTICS)
    elif any(key in own for key in _STATISTICS):
        replaced |= {"batches", "momentum"}
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}
