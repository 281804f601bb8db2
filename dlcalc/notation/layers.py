"""What conv-shape and conv-params read alike: a layer with windows, and the lines of a batch over the options."""

from collections.abc import Iterable, Mapping, Sequence

from dlcalc.core.conv.layer import PADDING_WORDS, Kind, Layer, Padding, Sides, padding_hint
from dlcalc.core.errors import DlcalcError
from dlcalc.notation.input_size import AXIS_OF, SIZE_KEYS, axis_count
from dlcalc.notation.values import flag, integer, optional, per_axis, split_axes, unreadable

# The keys of a layer, and the short names that are read for each.
LAYER_KEYS = {"kernel": ("k",), "stride": ("s",), "padding": ("p",), "dilation": ("d",), "output_padding": ()}
SINGLE = (*LAYER_KEYS, "kind", "c_out", "groups")  # keys of a single layer: in a network the layer words say them
INTEGERS = frozenset((*SIZE_KEYS, *LAYER_KEYS))


def read_layer(
    raw: Mapping[str, object], axes: Sequence[str], kind: Kind = "conv", *, ceil_mode: bool = False
) -> Layer:
    """Read the numbers of a layer with windows.

    Args:
        raw: the values by key, unread; those of ``LAYER_KEYS`` are read.
        axes: of the input.
        kind: of the layer.
        ceil_mode: of a pooling.

    Raises:
        DlcalcError: ``usage`` where there is no kernel or a value cannot be read, ``shape-mismatch``.

    >>> read_layer({"kernel": "3", "stride": "2x1"}, ("h", "w")).stride
    (2, 1)
    """
    if "kernel" not in raw:
        raise DlcalcError("usage", "no kernel is given", hint="--k 3", option="kernel")
    return Layer(
        kernel=per_axis(raw["kernel"], "kernel", axes),
        stride=optional(raw, "stride", per_axis, None, axes),
        padding=optional(raw, "padding", padding, 0, axes),
        dilation=optional(raw, "dilation", per_axis, 1, axes),
        kind=kind,
        output_padding=optional(raw, "output_padding", per_axis, None, axes),
        ceil_mode=ceil_mode,
    )


def axes_of_layer(raw: Mapping[str, object]) -> int | None:
    """Count the axes that the numbers of a layer speak of: ``3x5`` speaks of two; None where none of them says.

    >>> axes_of_layer({"kernel": "3", "stride": "1x2x2"}), axes_of_layer({"kernel": "3"})
    (3, None)
    """
    return max((axis_count(raw.get(key)) or 0 for key in LAYER_KEYS), default=0) or None


def padding(value: object, option: str, axes: Sequence[str]) -> Padding:
    """Read a padding: a number, one per axis, ``begin:end`` or a word; in JSON also ``[[begin, end], ...]``.

    >>> padding("0:1x1:1", "padding", ("h", "w"))
    ((0, 1), (1, 1))
    """
    if type(value) is int:
        return value
    if isinstance(value, str) and value[:1].isalpha():
        for known in PADDING_WORDS:
            if value == known:
                return known
        raise unreadable(option, value, "a padding", padding_hint(value))
    parts = split_axes(value, option, axes)
    if parts is None:
        return (_sides(value, option, len(axes)),) * len(axes)
    return tuple(_sides(part, option) for part in parts)


def _sides(value: object, option: str, axes: int = 1) -> Sides:
    pair: Sequence[object] = (
        value.split(":") if isinstance(value, str) else value if isinstance(value, list) else [value]
    )
    if not 1 <= len(pair) <= 2:
        raise unreadable(option, value, "a padding", "begin:end, like --padding 0:1")
    return integer(pair[0], option, axes=axes), integer(pair[-1], option, axes=axes)


def merged(
    defaults: Mapping[str, object], own: Mapping[str, object], whole: Sequence[str] = ("size",)
) -> Mapping[str, object]:
    """Put one line of a batch over the defaults; its own layers, layer or size replaces another way to give one.

    Args:
        defaults: the values of the options.
        own: the values of the line.
        whole: the keys of the way to give a size that does not name the axes.

    >>> merged({"size": "224", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    >>> merged({"layers": "3p1", "w": 7}, {"kernel": 5})
    {'w': 7, 'kernel': 5}
    """
    replaced: set[str] = set()
    if "size" in own:
        replaced.update(AXIS_OF)
    elif any(key in own for key in AXIS_OF):
        replaced.update(whole)
    if "layers" in own:
        replaced.update(SINGLE)
    elif any(key in own for key in SINGLE):
        replaced.add("layers")
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}


def restated(keys: Iterable[str], axes: Sequence[str], size: Sequence[int], layer: Layer | None) -> dict[str, object]:
    """Repeat the values of some keys of ``INTEGERS`` in the answer to a sweep: by axis, defaults filled in.

    >>> restated(["kernel", "dims"], ("h", "w"), (7, 7), Layer(kernel=3))
    {'kernel': {'h': 3, 'w': 3}, 'dims': 2}
    """
    return {key: _restated(key, axes, size, layer) for key in keys}


def _restated(key: str, axes: Sequence[str], size: Sequence[int], layer: Layer | None) -> object:
    if key == "dims":
        return len(axes)
    extents = dict(zip(axes, size, strict=False))
    if key == "size":
        return extents
    if key in AXIS_OF:
        return extents[AXIS_OF[key]]
    value: Padding | None = getattr(layer, key)
    if value is None or isinstance(value, str):
        return value
    entries = (value,) * len(axes) if isinstance(value, int) else value
    if key != "padding":
        return dict(zip(axes, entries, strict=True))
    sides = [[side, side] if isinstance(side, int) else list(side) for side in entries]
    return dict(zip(axes, sides, strict=True))


def refuse_of_network(raw: Mapping[str, object]) -> None:
    """Refuse the options that are about LAYERS beside a single layer.

    Raises:
        DlcalcError: ``usage``.
    """
    for key in ("at", "summary"):
        if raw.get(key):
            message = f"{flag(key)} is about the layers of a network, and there is one layer"
            raise DlcalcError(
                "usage", message, hint="leave it out, or LAYERS in words, like 7s2p3 max3s2p1", option=key
            )


def refuse_single(raw: Mapping[str, object]) -> None:
    """Refuse the options of a single layer beside layer words.

    Raises:
        DlcalcError: ``usage``.
    """
    for key in SINGLE:
        if key in raw:
            message = f"{flag(key)} is of a single layer, and LAYERS are given"
            hint = "say it in the words, like 7s2p3c64, or leave the words out"
            raise DlcalcError("usage", message, hint=hint, option=key)
