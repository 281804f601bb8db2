"""The question of bn-fold, from options or from a line of a batch."""

from collections.abc import Mapping

import numpy as np

from dlcalc.core.arrays.stored import Floats, vector
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of, checked_layer
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Batch, Statistics, statistics_of
from dlcalc.core.batch_norm.weighted_layer import KINDS, WeightedLayer
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.notation import arrays, strictness
from dlcalc.notation.arrays import Load
from dlcalc.notation.values import framework_name, integer, optional, per_axis, switch, word

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("gamma", "beta", "mean", "var", "eps", "batches", "momentum", "framework"), ()),
    **dict.fromkeys(("weight", "bias", "kind"), ()),
    "groups": ("g",),
    "stride": ("s",),
    "padding": ("p",),
    "dilation": ("d",),
    **dict.fromkeys(("bn_first", "x", *strictness.KEYS), ()),
}
BY_ROWS: frozenset[str] = frozenset()  # the options whose arrays may be larger than memory
_STATISTICS = ("mean", "var")
_OF_A_LAYER = ("bias", "kind", "groups", "stride", "padding", "dilation", "bn_first")


def question(raw: Mapping[str, object], load: Load) -> BnFoldQuestion:
    """Read the question.

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
    framework = optional(raw, "framework", framework_name, "paper", ESTIMATORS)
    statistics = _statistics(raw, framework, load) if "batches" in raw else None
    if statistics is not None:
        mean, var = statistics.mean, statistics.variance
    else:
        mean = _vector(raw["mean"], "mean", load, notes, None)
        var = _vector(raw["var"], "var", load, notes, mean.size)
    gamma = optional(raw, "gamma", _vector, np.ones(mean.size), load, notes, mean.size)
    beta = optional(raw, "beta", _vector, np.zeros(mean.size), load, notes, mean.size)
    eps = optional(raw, "eps", arrays.real, ESTIMATORS[framework].eps)
    return BnFoldQuestion(
        framework=framework,
        affine=checked_affine(gamma, beta, mean, var, eps),
        eps_source="option" if "eps" in raw else "framework" if "framework" in raw else "default",
        statistics=statistics,
        layer=optional(raw, "weight", _layer, None, raw, load, notes),
        bn_first=optional(raw, "bn_first", switch, False),
        x=optional(raw, "x", _wide, None, load, notes),
        tolerances=strictness.tolerances(raw),
        exact=strictness.exact(raw),
        notes=notes,
    )


def _wide(value: object, option: str, load: Load, notes: list[Notice]) -> Floats:
    return arrays.floats(value, option, load, notes).array.astype(np.float64)


def _vector(value: object, option: str, load: Load, notes: list[Notice], count: int | None) -> Floats:
    """Read one number per channel, (C,) float64."""
    return vector(_wide(value, option, load, notes), option, count)


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


def _layer(value: object, option: str, raw: Mapping[str, object], load: Load, notes: list[Notice]) -> WeightedLayer:
    """Read the layer to fold into, from its weight and the other values about it."""
    weight = arrays.floats(value, option, load, notes)
    axes = ("d", "h", "w")[-max(1, weight.values.ndim - 2) :]
    stride = optional(raw, "stride", per_axis, 1, axes)
    padding = optional(raw, "padding", per_axis, 0, axes)
    dilation = optional(raw, "dilation", per_axis, 1, axes)
    kind = optional(raw, "kind", word, None, KINDS)
    windows = [key for key in ("stride", "padding", "dilation") if key in raw]
    if windows and weight.values.ndim <= 2:
        what = "a linear layer" if kind in (None, "linear") else "a weight without a kernel"
        raise DlcalcError("usage", f"{what} has no {windows[0]}", hint="leave it out", option=windows[0])
    bias = optional(raw, "bias", arrays.floats, None, load, notes)
    return checked_layer(weight, bias, kind, optional(raw, "groups", integer, 1), stride, padding, dilation)


def _statistics(raw: Mapping[str, object], framework: str, load: Load) -> Statistics:
    plain_average = raw.get("momentum") == "none"
    momentum = None if plain_average else optional(raw, "momentum", arrays.real, None)
    return statistics_of(_batches(raw["batches"], load), framework, momentum, plain_average)


def _batches(value: object, load: Load) -> tuple[Batch, ...]:
    """Read the mini-batches: a typed row is a batch of one channel, and the first axis of an array counts batches.

    >>> [batch.shape for batch in _batches("1,2,3/4,5", load=None)]
    [(3,), (2,)]
    """
    content = arrays.listed(value, "batches", load)
    if isinstance(content, list):
        nested = bool(content) and all(isinstance(entry, list) for entry in content)
        parts = [np.asarray(arrays.array(part, "batches", load)) for part in (content if nested else [content])]
    else:
        whole = arrays.floats(content, "batches", load).array
        parts = list(whole if whole.ndim > 1 else whole[None])
    batches = tuple(map(batch_of, parts))
    if len({batch.samples.shape[1] for batch in batches}) > 1 or len({len(batch.shape) for batch in batches}) > 1:
        message = "the batches do not have the same channels"
        raise DlcalcError("shape-mismatch", message, hint="batches x samples x channels", option="batches")
    return batches


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """Put one line of a batch over the defaults; its mini-batches replace a mean and variance, and these mini-batches.

    >>> merged({"mean": "0", "var": "1"}, {"batches": [1, 2]})
    {'batches': [1, 2]}
    """
    replaced = strictness.overruled(own)
    if "batches" in own:
        replaced |= set(_STATISTICS)
    elif any(key in own for key in _STATISTICS):
        replaced |= {"batches", "momentum"}
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}
