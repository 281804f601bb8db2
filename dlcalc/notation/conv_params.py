"""The question of conv-params, from options or from a line of a batch."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import FRAMEWORKS, FrameworkName
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import INPUT, Input, OpKind
from dlcalc.core.params.question import DTYPES, KINDS, ParamsQuestion, layer_question
from dlcalc.notation import layers
from dlcalc.notation.input_size import AXIS_OF, SIZE_KEYS, Axes, Size, axis_count, params_sizes, size_notices
from dlcalc.notation.values import flag, framework_name, integer, optional, switch, unreadable, word

if TYPE_CHECKING:
    from dlcalc.core.weights.question import WeightsQuestion
    from dlcalc.core.weights.tensors import Checkpoint

_COUNTS = {"c_in": ("in_channels",), "c_out": ("out_channels",), "groups": ("g",), "n": ()}

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {
    **SIZE_KEYS,
    **layers.LAYER_KEYS,
    **_COUNTS,
    **dict.fromkeys(("bias", "kind", "dtype", "framework", "ceil_mode", "layers", "at", "summary"), ()),
}
SWEEPABLE = layers.INTEGERS | frozenset(_COUNTS)  # the keys that may have several values

# Those of a question about a file; all others are of layers that are typed, and refused.
_OF_FILES = ("model", "at", "summary")
FILE_KEYS: Mapping[str, tuple[str, ...]] = {"model": (), **KEYS}

_WITH_WINDOWS = (*layers.LAYER_KEYS, *SIZE_KEYS, "groups")


def question(raw: Mapping[str, object]) -> ParamsQuestion:
    """Read the question, about one layer or a network of layers.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"c_in": "64", "c_out": "128", "kernel": "3", "w": "56"}).size
    (56, 56)
    """
    if "layers" in raw:
        return _of_network(raw)
    if optional(raw, "ceil_mode", switch, False):
        hint = "leave it out, or layers in words, like max3s2"
        raise DlcalcError("usage", "ceil mode is of a pooling, and this is none", hint=hint, option="ceil_mode")
    layers.refuse_of_network(raw)
    kind: OpKind = optional(raw, "kind", _kind, "conv")
    for key, name in (("c_in", "number of input channels"), ("c_out", "number of output channels")):
        if key not in raw:
            raise DlcalcError("usage", f"no {name} is given", hint=f"{flag(key)} 64", option=key)
    c_in, c_out = integer(raw["c_in"], "c_in"), integer(raw["c_out"], "c_out")
    groups, n = optional(raw, "groups", integer, 1), optional(raw, "n", integer, 1)
    bias = optional(raw, "bias", switch, False)
    dtype = optional(raw, "dtype", word, "float32", DTYPES)
    framework: FrameworkName = optional(raw, "framework", framework_name, "pytorch", FRAMEWORKS)
    axes: Axes = ()
    size: Size | None = None
    layer, square = None, False
    if kind == "conv" or kind == "transposed":
        axes, size, square = params_sizes(raw, axis_count(raw.get("kernel")))
        layer = layers.read_layer(raw, axes, kind)
    else:
        _refuse_windows(raw)
    notices = size_notices(raw, size, layers.axes_of_layer(raw)) if "size" in raw else ()
    return layer_question(c_in, c_out, groups, bias, layer, axes, size, framework, dtype, n, square, notices)


def _kind(value: object, option: str) -> OpKind:
    """Read the kind of a single layer; of a kind that a layer word alone knows, the hint is the word.

    >>> _kind("conv", "kind")
    'conv'
    """
    try:
        return word(value, option, KINDS)
    except DlcalcError as error:
        from dlcalc.core.spelling import did_you_mean

        meant = did_you_mean(value, _IN_WORDS) if isinstance(value, str) else None
        if meant is None or did_you_mean(str(value), KINDS):
            raise
        hint = f"one of {', '.join(KINDS)}; or in words, like {_IN_WORDS[meant]}"
        raise DlcalcError(error.code, error.message, hint=hint, option=option) from None


_IN_WORDS = {"dw": "dw3", "sep": "sep3c64", "max": "max2", "avg": "avg2", "gap": "gap", "bn": "bn", "ln": "ln"}


def _of_network(raw: Mapping[str, object]) -> ParamsQuestion:
    """Read the question about layers in words."""
    from dlcalc.notation.input_size import axes_of_words
    from dlcalc.notation.networks import layer_named, network_of, split_layer_words

    layers.refuse_single(raw)
    if "c_in" not in raw:
        raise DlcalcError("usage", "no number of input channels is given", hint="--c-in 3", option="c_in")
    layer_words = split_layer_words(raw["layers"])
    axes, size, square = params_sizes(raw, axes_of_words(layer_words))
    network = network_of(raw, layer_words, axes, Input(INPUT, size, integer(raw["c_in"], "c_in")))
    return ParamsQuestion(
        network,
        axes,
        optional(raw, "framework", framework_name, "pytorch", FRAMEWORKS),
        bias=optional(raw, "bias", switch, False),
        dtype=optional(raw, "dtype", word, "float32", DTYPES),
        n=optional(raw, "n", integer, 1),
        square=square,
        at=layer_named(raw, network),
        summary=optional(raw, "summary", switch, False),
    )


def _refuse_windows(raw: Mapping[str, object]) -> None:
    for key in _WITH_WINDOWS:
        if key in raw:
            name = key.replace("_", " ") if key not in AXIS_OF else "size"
            raise DlcalcError("usage", f"linear has no {name}", hint="leave it out, or --kind conv", option=key)


def weights_question(raw: Mapping[str, object], load: "Callable[[str, str], Checkpoint]") -> "WeightsQuestion":
    """Read the question about a file of weights.

    Args:
        raw: values by their names in ``FILE_KEYS``.
        load: reads a file, from its path and the option that it is the value of.

    Raises:
        DlcalcError: ``usage`` for what is of a layer that is typed, and what ``load`` raises.
    """
    from dlcalc.core.weights.question import WeightsQuestion

    for key in raw:
        if key not in _OF_FILES:
            what = "LAYERS are" if key == "layers" else f"{flag(key)} is"
            message = f"--model gives the weights of a file, and {what} about layers that are typed"
            raise DlcalcError("usage", message, hint="one of the two", option=key)
    path, at = raw["model"], raw.get("at")
    if not isinstance(path, str):
        raise unreadable("model", path, "a path", "--model FILE")
    if at is not None and not isinstance(at, str):
        raise unreadable("at", at, "the name of a tensor", "--at NAME")
    return WeightsQuestion(load(path, "model"), at, bool(raw.get("summary")))


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """Put one line of a batch over the defaults; ``dims`` stays, because it says the axes of the layer too.

    >>> merged({"size": "224", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    """
    return layers.merged(defaults, own)


def restated(question: ParamsQuestion, keys: Iterable[str]) -> dict[str, object]:
    """Repeat the values of some keys in the answer to a sweep: by their long names and by axis.

    >>> restated(question({"c_in": "3", "c_out": "64", "kernel": "7"}), ["c_in", "kernel"])
    {'c_in': 3, 'kernel': {'h': 7, 'w': 7}}
    """
    size = question.size or ()
    single = question.network.single
    values: dict[str, object] = {}
    for key in keys:
        if key in ("c_in", "n"):
            values[key] = getattr(question, key)
        elif key in _COUNTS:
            values[key] = single and (single.channels if key == "c_out" else single.groups)
        elif key in AXIS_OF and question.square:
            values[key] = size[0]
        else:
            values |= layers.restated([key], question.axes, size, single and single.layer)
    return values
