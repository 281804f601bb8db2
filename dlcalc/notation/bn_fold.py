"""The question of bn-fold, from options or from a line of a batch."""

from collections.abc import Mapping

import numpy as np

from dlcalc.core.arrays.stored import Floats, vector
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.layouts import LAYER_KINDS, BatchLayout, assumed_layout, batch_layout
from dlcalc.core.batch_norm.question import BnFoldQuestion, batch_of, checked_layer
from dlcalc.core.batch_norm.statistics import ESTIMATORS, Batch, Statistics, refuse_start, statistics_of
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.notation import arrays, strictness
from dlcalc.notation.arrays import Load
from dlcalc.notation.values import framework_name, integer, optional, per_axis, switch, unreadable, word

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("gamma", "beta", "mean", "var", "eps", "batches", "layout", "momentum", "framework"), ()),
    **dict.fromkeys(("weight", "weight_layout", "bias", "kind"), ()),
    "groups": ("g",),
    "stride": ("s",),
    "padding": ("p",),
    "dilation": ("d",),
    **dict.fromkeys(("bn_first", "x", *strictness.KEYS), ()),
}
BY_ROWS: frozenset[str] = frozenset()  # the options whose arrays may be larger than memory
_STATISTICS = ("mean", "var")
_OF_BATCHES = {"momentum": "momentum is for running over mini-batches", "layout": "layout is about mini-batches"}
_OF_A_LAYER = ("weight_layout", "bias", "kind", "groups", "stride", "padding", "dilation", "bn_first")


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
    statistics, layout = _statistics(raw, framework, load, notes) if "batches" in raw else (None, None)
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
        layer=optional(raw, "weight", _layer, None, raw, framework, load, notes),
        bn_first=optional(raw, "bn_first", switch, False),
        x=optional(raw, "x", _wide, None, load, notes),
        layout=layout,
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
    if len(given) == 1 or ("batches" not in raw and not given):
        missing = next(key for key in _STATISTICS if key not in raw)
        message = "no statistics are given" if not given else f"the {given[0]} is given, and no {missing}"
        hint, option = "--mean 0.5 --var 4, or --batches 1,2,3/4,5,6", missing
        if "batches" in raw:
            message, hint, option = f"{message}: running starts from both", f"--{missing} too, or neither", given[0]
        raise DlcalcError("usage", message, hint=hint, option=option)
    for key, what in _OF_BATCHES.items():
        if key in raw and "batches" not in raw:
            message, hint = f"{what}, and there are none", "--batches 1,2,3/4,5,6, or leave it out"
            raise DlcalcError("usage", message, hint=hint, option=key)
    if "weight" not in raw:
        for key in _OF_A_LAYER:
            if key in raw:
                message = f"{key.replace('_', ' ')} is about a layer, and no weight is given"
                raise DlcalcError("usage", message, hint="--weight ARRAY", option=key)


def _layer(
    value: object, option: str, raw: Mapping[str, object], framework: str, load: Load, notes: list[Notice]
) -> WeightedLayer:
    """Read the layer to fold into, from its weight and the other values about it."""
    weight = arrays.floats(value, option, load, notes)
    axes = ("d", "h", "w")[-max(1, weight.values.ndim - 2) :]
    stride = optional(raw, "stride", per_axis, 1, axes)
    padding = optional(raw, "padding", per_axis, 0, axes)
    dilation = optional(raw, "dilation", per_axis, 1, axes)
    kind = optional(raw, "kind", word, None, LAYER_KINDS)
    windows = [key for key in ("stride", "padding", "dilation") if key in raw]
    if windows and weight.values.ndim <= 2:
        what = "a linear layer" if kind in (None, "linear") else "a weight without a kernel"
        raise DlcalcError("usage", f"{what} has no {windows[0]}", hint="leave it out", option=windows[0])
    bias = optional(raw, "bias", arrays.floats, None, load, notes)
    groups, letters = optional(raw, "groups", integer, None), optional(raw, "weight_layout", _letters, None)
    return checked_layer(weight, bias, kind, groups, stride, padding, dilation, letters, framework)


def _letters(value: object, option: str) -> str:
    if isinstance(value, str):
        return value.strip()
    raise unreadable(option, value, "letters", "like NCHW" if option == "layout" else "like oik")


def _statistics(raw: Mapping[str, object], framework: str, load: Load, notes: list[Notice]) -> tuple[Statistics, str]:
    """Read the mini-batches and what is estimated from them; and how they were read, in letters."""
    plain_average = raw.get("momentum") == "none"
    momentum = None if plain_average else optional(raw, "momentum", arrays.real, None)
    layout = optional(raw, "layout", lambda value, option: batch_layout(_letters(value, option)), None)
    batches, layout = _batches(raw["batches"], layout, framework, load, notes)
    start = None
    if "mean" in raw:
        refuse_start(framework, momentum, plain_average)
        channels = batches[0].samples.shape[1]
        mean, var = (_vector(raw[key], key, load, notes, channels) for key in _STATISTICS)
        start = mean, var
    return statistics_of(batches, framework, momentum, plain_average, start), layout.letters


def _batches(
    value: object, layout: BatchLayout | None, framework: str, load: Load, notes: list[Notice]
) -> tuple[tuple[Batch, ...], BatchLayout]:
    """Read the mini-batches, and say how: typed rows are mini-batches of one channel if no layout says otherwise.

    >>> batches, layout = _batches("1,2,3/4,5", None, "paper", None, [])
    >>> [batch.shape for batch in batches], layout.letters
    ([(3,), (2,)], 'BN')
    """
    typed = arrays.is_numbers(value) if isinstance(value, str) else not isinstance(value, np.ndarray)
    content = arrays.listed(value, "batches", load)
    if isinstance(content, list) and typed and not any(isinstance(entry, list) for entry in content):
        content = [content] if layout is None or len(layout.letters) == 2 else content  # one row
    rows = content if isinstance(content, list) and all(isinstance(entry, list) for entry in content) else []
    if rows and (layout is None or layout.letters[0] == "B"):  # each of as many samples as it has
        parts = [np.asarray(arrays.array(row, "batches", load)) for row in rows]
        axes = 1 + parts[0].ndim
        ragged = len({len(part) for part in parts}) > 1
        if layout is None and typed and axes == 2 and len(rows) > 1 and framework != "paper":
            text = "each row is read as a mini-batch of one channel (BN): if it is a sample of many, --layout NC"
            notes.append(Notice("layout-assumed", text))
        layout = layout or assumed_layout(axes, framework, typed=typed or ragged)
        layout.fits(axes)
    else:
        whole = arrays.floats(content, "batches", load, notes).array
        layout = layout or assumed_layout(whole.ndim, framework, typed=typed)
        parts = layout.split(whole)
    batches = tuple(batch_of(part, layout.channel_axis) for part in parts)
    if len({batch.samples.shape[1] for batch in batches}) > 1 or len({len(batch.shape) for batch in batches}) > 1:
        message = "the batches do not have the same channels"
        raise DlcalcError("shape-mismatch", message, hint="batches x samples x channels", option="batches")
    return batches, layout


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """Put one line of a batch over the defaults; its mini-batches replace a mean and variance, and these mini-batches.

    >>> merged({"mean": "0", "var": "1"}, {"batches": [1, 2]})
    {'batches': [1, 2]}
    """
    replaced = strictness.overruled(own)
    if "batches" in own:
        replaced |= set(_STATISTICS)
    elif any(key in own for key in _STATISTICS):
        replaced |= {"batches", "layout", "momentum"}
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}
