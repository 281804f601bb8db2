"""What the commands about layers with windows read alike: the input's size, and the numbers of a layer."""

from collections.abc import Iterable, Mapping, Sequence

from dlcalc.core.conv.layer import ALL_AXES, Axis, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import flag, legal, spread, wrong_count, wrong_rank
from dlcalc.notation import values

SIZES: dict[str, Axis] = {"depth": "d", "h": "h", "w": "w"}  # key -> axis

# The keys of an input and of its layer, and the short names that are read for them.
SIZE_KEYS = {"w": ("width",), "h": ("height",), "depth": (), "size": (), "dims": ()}
LAYER_KEYS = {"kernel": ("k",), "stride": ("s",), "padding": ("p",), "dilation": ("d",), "output_padding": ()}
SINGLE = (*LAYER_KEYS, "kind", "c_out", "groups")  # of one layer: in a stack they stand in the words
INTEGERS = frozenset((*SIZE_KEYS, *LAYER_KEYS))

READERS: Mapping[str, values.Reader[object]] = {
    "kernel": values.per_axis,
    "stride": values.per_axis,
    "padding": values.padding,
    "dilation": values.per_axis,
    "output_padding": values.per_axis,
}


def read_layer(
    raw: Mapping[str, object], axes: Sequence[str], more: Mapping[str, values.Reader[object]]
) -> dict[str, object]:
    """The values of a ``Layer`` that were given, its kernel among them; ``more`` reads those not every command has.

    >>> read_layer({"kernel": "3", "stride": "2x1"}, ("h", "w"), {})
    {'kernel': 3, 'stride': (2, 1)}
    """
    if "kernel" not in raw:
        raise DlcalcError("usage", "no kernel is given", hint="--k 3", option="kernel")
    readers = {**READERS, **more}
    return {key: readers[key](value, key, axes) for key, value in raw.items() if key in readers}


def dims(raw: Mapping[str, object]) -> int | None:
    """How many axes there are, where that was said.

    >>> dims({"dims": "3"}), dims({})
    (3, None)
    """
    if "dims" not in raw:
        return None
    count = legal(values.integer(raw["dims"], "dims"), "dims", 1)
    if count > 3:
        raise DlcalcError("invalid-value", f"dims {count} is more than 3", hint="--dims 3", option="dims")
    return count


def named_sizes(raw: Mapping[str, object]) -> dict[Axis, int]:
    """The extents given by the names of their axes, in the order of the axes.

    >>> named_sizes({"w": "224", "h": "160"})
    {'h': 160, 'w': 224}
    """
    named = [key for key in SIZES if key in raw]
    if named and "size" in raw:
        hint = "either --size, or --w --h --depth"
        raise DlcalcError("usage", "the input size is given twice", hint=hint, option="size")
    return {SIZES[key]: values.integer(raw[key], key) for key in named}


def how_many(value: object) -> int | None:
    """How many entries a value has that has one an axis; None for a single number.

    >>> how_many("3x5"), how_many([3, 5, 7]), how_many("3")
    (2, 3, None)
    """
    if isinstance(value, str):
        return value.count("x") + 1 if "x" in value else None
    return len(value) if isinstance(value, list | dict) else None


def whole_size(value: object, count: int | None) -> tuple[tuple[Axis, ...], tuple[int, ...]]:
    """The axes of ``size``, and the extent along each; a single number stands for ``count`` axes, or for two.

    >>> whole_size("224", None), whole_size("16x112x112", None)
    ((('h', 'w'), (224, 224)), (('d', 'h', 'w'), (16, 112, 112)))
    """
    several = how_many(value)
    given = (count or 2) if several is None else several
    if not 1 <= given <= 3:
        raise wrong_rank(given)
    if count not in (None, given):
        raise wrong_count("dims", count or 0, given)
    axes = ALL_AXES[-given:]
    if isinstance(value, dict):
        axes = tuple(axis for axis in ALL_AXES if axis in value) or ALL_AXES
    return axes, spread(values.per_axis(value, "size", axes), given, "size", 1)


def merged(
    defaults: Mapping[str, object], own: Mapping[str, object], whole: Sequence[str] = ("size",)
) -> Mapping[str, object]:
    """The values of one line of a batch over the defaults; a size of its own replaces the other way to give one.

    Args:
        defaults: the values of the options.
        own: the values of the line.
        whole: the keys of the way that does not name the axes.

    >>> merged({"size": "224", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    """
    if "size" in own:
        replaced: Iterable[str] = SIZES
    else:
        replaced = whole if any(key in own for key in SIZES) else ()
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}


def without_replaced(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """The defaults for a line of a batch: its own stack replaces a single layer's options, and they a stack.

    >>> without_replaced({"layers": "3p1", "w": 7}, {"kernel": 5})
    {'w': 7}
    """
    if "layers" in own:
        return {key: value for key, value in defaults.items() if key not in SINGLE}
    if "layers" in defaults and any(key in own for key in SINGLE):
        return {key: value for key, value in defaults.items() if key != "layers"}
    return defaults


def restated(key: str, axes: Sequence[str], size: Sequence[int], layer: Layer | None) -> object:
    """The value of a key of ``INTEGERS`` as the answer to a sweep repeats it: by axis, defaults filled in.

    >>> restated("kernel", ("h", "w"), (7, 7), Layer(kernel=3))
    {'h': 3, 'w': 3}
    """
    if key == "dims":
        return len(axes)
    by_axis = dict(zip(axes, size, strict=False))
    if key == "size":
        return by_axis
    if key in SIZES:
        return by_axis[SIZES[key]]
    value = getattr(layer, key)
    if isinstance(value, str):
        return value
    entries = (value,) * len(axes) if isinstance(value, int) else value
    if key == "padding":
        entries = [[side, side] if isinstance(side, int) else list(side) for side in entries]
    return dict(zip(axes, entries, strict=True))


def refuse_single(raw: Mapping[str, object]) -> None:
    """Refuse the options of a single layer beside the words of a stack.

    Raises:
        DlcalcError: ``usage``.
    """
    for key in SINGLE:
        if key in raw:
            message = f"{flag(key)} is of a single layer, and LAYERS are given"
            hint = "say it in the words, like 7s2p3c64, or leave the words out"
            raise DlcalcError("usage", message, hint=hint, option=key)
