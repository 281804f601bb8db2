"""The question of conv-params, from options or from a line of a batch."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, Axis, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.params.count import DTYPES, KINDS, ConvParamsQuestion
from dlcalc.core.validation import flag, legal, wrong_count
from dlcalc.notation import layers, values

if TYPE_CHECKING:
    from dlcalc.core.params.network import StackParamsQuestion

_COUNTS = {"c_in": ("in_channels",), "c_out": ("out_channels",), "groups": ("g",), "n": ()}

# Every key of a question, and the short names that are read for it.
KEYS = {
    **layers.SIZE_KEYS,
    **layers.LAYER_KEYS,
    **_COUNTS,
    "bias": (),
    "kind": (),
    "dtype": (),
    "framework": (),
    "ceil_mode": (),
    "layers": (),
}
INTEGERS = layers.INTEGERS | frozenset(_COUNTS)

_WITH_WINDOWS = (*layers.LAYER_KEYS, *layers.SIZE_KEYS, "groups")


def question(raw: Mapping[str, object]) -> "ConvParamsQuestion | StackParamsQuestion":
    """The question that the values ask, about one layer or a stack of them.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"c_in": "64", "c_out": "128", "kernel": "3", "w": "56"}).size
    (56, 56)
    """
    if "layers" in raw:
        from dlcalc.notation.networks import params_question

        return params_question(raw)
    if "ceil_mode" in raw and values.switch(raw["ceil_mode"], "ceil_mode"):
        hint = "leave it out, or layers in words, like max3s2"
        raise DlcalcError("usage", "ceil mode is of a pooling, and this is none", hint=hint, option="ceil_mode")
    kind = values.word(raw["kind"], "kind", KINDS) if "kind" in raw else "conv"
    for key, name in (("c_in", "number of input channels"), ("c_out", "number of output channels")):
        if key not in raw:
            raise DlcalcError("usage", f"no {name} is given", hint=f"{flag(key)} 64", option=key)
    counts = {key: values.integer(raw[key], key) for key in _COUNTS if key in raw}
    more: dict[str, object] = {}
    if "bias" in raw:
        more["bias"] = values.switch(raw["bias"], "bias")
    if "dtype" in raw:
        more["dtype"] = values.word(raw["dtype"], "dtype", DTYPES)
    if "framework" in raw:
        more["framework"] = values.word(raw["framework"], "framework", FRAMEWORKS)
    if kind == "linear":
        _refuse_windows(raw)
    else:
        axes, size, square = sizes(raw, layers.how_many(raw.get("kernel")))
        layer = Layer(**layers.read_layer(raw, axes, {}), kind=kind)  # type: ignore[arg-type]
        more |= {"layer": layer, "axes": axes, "size": size, "square": square}
    return ConvParamsQuestion(**counts, **more)  # type: ignore[arg-type]


def _refuse_windows(raw: Mapping[str, object]) -> None:
    for key in _WITH_WINDOWS:
        if key in raw:
            name = key.replace("_", " ") if key not in layers.SIZES else "size"
            raise DlcalcError("usage", f"linear has no {name}", hint="leave it out, or --kind conv", option=key)


def sizes(raw: Mapping[str, object], of_kernel: int | None) -> tuple[tuple[Axis, ...], tuple[int, ...] | None, bool]:
    """The axes of the layer, the input's extent along each if it is given, and whether one extent stands for all.

    How many axes there are is for ``dims`` to say, else for the size, else for the kernel; else there are two.

    >>> sizes({"w": 56}, None)
    (('h', 'w'), (56, 56), True)
    """
    dims = layers.dims(raw)
    named = layers.named_sizes(raw)
    if "size" in raw:
        single = layers.how_many(raw["size"]) is None
        axes, size = layers.whole_size(raw["size"], dims or (_some_axes(of_kernel) if single else None))
        return axes, size, False
    count = dims or _some_axes(of_kernel) or (3 if "d" in named else 2)
    if len(named) > 1:
        if "d" in named and len(named) == 2 and dims is None:
            missing = next(key for key, axis in layers.SIZES.items() if axis not in named)
            message = "the input has a depth, and not all of its three axes are given"
            raise DlcalcError("shape-mismatch", message, hint=f"{flag(missing)} too, or --size", option=missing)
        if dims is not None and dims != len(named):
            raise wrong_count("dims", dims, len(named))
        return tuple(named), tuple(named.values()), False
    axes = ALL_AXES[-count:]
    if not named:
        return axes, None, False
    (axis, extent), *_ = named.items()
    legal(extent, next(key for key, of in layers.SIZES.items() if of == axis), 1)
    return axes if count > 1 else (axis,), (extent,) * count, count > 1


def _some_axes(count: int | None) -> int | None:
    """A number of axes, if there can be so many: else it is the kernel that is wrong, and is said to be."""
    return count if count in (1, 2, 3) else None


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """The values of one line of a batch over the defaults.

    >>> merged({"size": "224", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    """
    return layers.merged(layers.without_replaced(defaults, own), own)


def restated(question: "ConvParamsQuestion | StackParamsQuestion", keys: Iterable[str]) -> dict[str, object]:
    """The values of some keys as the answer to a sweep repeats them: long names, values by axis.

    >>> restated(question({"c_in": "3", "c_out": "64", "kernel": "7"}), ["c_in", "kernel"])
    {'c_in': 3, 'kernel': {'h': 7, 'w': 7}}
    """
    return {key: _restated(question, key) for key in keys}


def _restated(question: "ConvParamsQuestion | StackParamsQuestion", key: str) -> object:
    if key in _COUNTS:
        return getattr(question, key)
    size = question.size or ()
    if key in layers.SIZES and question.square:
        return size[0]
    return layers.restated(key, question.axes, size, getattr(question, "layer", None))
