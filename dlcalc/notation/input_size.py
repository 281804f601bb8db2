"""The axes of an input and its extent along each: ``--w --h --depth``, or ``--size`` and ``--dims``."""

import re
from collections.abc import Mapping, Sequence

from dlcalc.core.conv.layer import ALL_AXES, Axis
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.validation import legal, picture_in, spread, wrong_count, wrong_rank
from dlcalc.notation.values import flag, integer, per_axis

AXIS_OF: dict[str, Axis] = {"depth": "d", "h": "h", "w": "w"}  # key -> axis, in the order of a tensor's shape
KEY_OF = {axis: key for key, axis in AXIS_OF.items()}

# The keys of an input, and the short names that are read for each.
SIZE_KEYS = {"w": ("width",), "h": ("height",), "depth": (), "size": (), "dims": ()}

Axes = tuple[Axis, ...]
Size = tuple[int, ...]


def shape_sizes(raw: Mapping[str, object]) -> tuple[Axes, Size, int | None]:
    """Read the input of conv-shape: the axes, the extent along each in pixels, and ``dims`` where it is given.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> shape_sizes({"size": "224"}), shape_sizes({"h": 160, "w": 224})
    ((('h', 'w'), (224, 224), None), (('h', 'w'), (160, 224), None))
    """
    dims = dims_given(raw)
    named = _named_sizes(raw)
    if "size" in raw:
        return *_whole_size(raw["size"], dims), dims
    if not named:
        raise DlcalcError("usage", "no input size is given", hint="--w 224, or --size 224x224", option="w")
    if dims is not None and dims != len(named):
        raise wrong_count("dims", dims, len(named))
    return tuple(named), tuple(named.values()), dims


def params_sizes(raw: Mapping[str, object], layer_axes: int | None) -> tuple[Axes, Size | None, bool]:
    """Read the input of conv-params: the axes, the extent along each if it is given, and whether one stands for all.

    ``dims`` says how many axes there are, else the size, else the layer; else there are two.

    Args:
        raw: the values by key, unread.
        layer_axes: how many axes the kernel or the layer words speak of, if they say.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> params_sizes({"w": 56}, None)
    (('h', 'w'), (56, 56), True)
    """
    dims = dims_given(raw)
    named = _named_sizes(raw)
    # A kernel of four axes is itself at fault, and the layer says so.
    implied = dims or (layer_axes if layer_axes in (1, 2, 3) else None)
    if "size" in raw:
        axes, size = _whole_size(raw["size"], implied if axis_count(raw["size"]) is None else dims)
        return axes, size, False
    if len(named) > 1:
        if "d" in named and len(named) == 2 and dims is None:
            missing = next(key for key, axis in AXIS_OF.items() if axis not in named)
            message = "the input has a depth, and not all of its three axes are given"
            raise DlcalcError("shape-mismatch", message, hint=f"{flag(missing)} too, or --size", option=missing)
        if dims is not None and dims != len(named):
            raise wrong_count("dims", dims, len(named))
        return tuple(named), tuple(named.values()), False
    count = implied or (3 if "d" in named else 2)
    axes = ALL_AXES[-count:]
    if not named:
        return axes, None, False
    (axis, extent), *_ = named.items()
    legal(extent, KEY_OF[axis], 1)
    return axes if count > 1 else (axis,), (extent,) * count, count > 1


def size_notices(raw: Mapping[str, object], size: Size | None, layer_axes: int | None) -> tuple[Notice, ...]:
    """Warn of a ``size`` that looks as if it had channels at one end, and is read as depth x height x width.

    Args:
        raw: the values by key, unread.
        size: the extent along each axis, read.
        layer_axes: how many axes the numbers of the layers speak of, if they say; three are no mistake.

    >>> size_notices({"size": "3x224x224"}, (3, 224, 224), None)[0].code
    'channels-in-size'
    """
    said = "size" not in raw or isinstance(raw["size"], dict) or "dims" in raw or layer_axes == 3
    picture = None if said or size is None else picture_in(size)
    if size is None or picture is None:
        return ()
    plane, channels = picture
    extent = "deep" if plane == size[1:] else "wide"
    message = (
        f"the size {_joined(size)} is a volume, {channels} {extent}; if {channels} is the number of channels, the size"
        f" is {_joined(plane)} (--dims 3 says that it is a volume)"
    )
    return (Notice("channels-in-size", message),)


def _joined(size: Size) -> str:
    return "x".join(map(str, size))


def dims_given(raw: Mapping[str, object]) -> int | None:
    """Read ``dims``, the number of axes, where it is given.

    Raises:
        DlcalcError: ``usage``, and ``invalid-value`` for less than 1 and more than 3.

    >>> dims_given({"dims": "3"}), dims_given({})
    (3, None)
    """
    if "dims" not in raw:
        return None
    count = legal(integer(raw["dims"], "dims"), "dims", 1)
    if count > len(ALL_AXES):
        raise DlcalcError("invalid-value", f"dims {count} is more than 3", hint="--dims 3", option="dims")
    return count


def axis_count(value: object) -> int | None:
    """Count the entries of a value with one entry per axis; None for a single number.

    >>> axis_count("3x5"), axis_count([3, 5, 7]), axis_count("3")
    (2, 3, None)
    """
    if isinstance(value, str):
        return value.count("x") + 1 if "x" in value else None
    return len(value) if isinstance(value, list | dict) else None


def _named_sizes(raw: Mapping[str, object]) -> dict[Axis, int]:
    """Read the extents that are given by the names of their axes, in the order of the axes.

    >>> _named_sizes({"w": "224", "h": "160"})
    {'h': 160, 'w': 224}
    """
    named = [key for key in AXIS_OF if key in raw]
    if named and "size" in raw:
        hint = "either --size, or --w --h --depth"
        raise DlcalcError("usage", "the input size is given twice", hint=hint, option="size")
    return {AXIS_OF[key]: integer(raw[key], key) for key in named}


def _whole_size(value: object, count: int | None) -> tuple[Axes, Size]:
    """Read ``size``: the axes, and the extent along each; a single number stands for ``count`` axes, or for two.

    >>> _whole_size("224", None), _whole_size("16x112x112", None)
    ((('h', 'w'), (224, 224)), (('d', 'h', 'w'), (16, 112, 112)))
    """
    entries = axis_count(value)
    given = (count or 2) if entries is None else entries
    if not 1 <= given <= len(ALL_AXES):
        raise wrong_rank(given, *_meant(value))
    if count not in (None, given):
        raise wrong_count("dims", count or 0, given)
    axes = ALL_AXES[-given:]
    if isinstance(value, dict):
        axes = tuple(axis for axis in ALL_AXES if axis in value) or ALL_AXES
    return axes, spread(per_axis(value, "size", axes), given, "size", 1)


def _meant(value: object) -> tuple[Size, ...]:
    """Guess the size that is meant by a shape with its samples in front, and channels: none, or one."""
    parts = value.split("x") if isinstance(value, str) else value if isinstance(value, list) else ()
    shape = tuple(integer(part, "size") for part in parts)
    if len(shape) < len(ALL_AXES):
        return ()
    picture = picture_in(shape[-len(ALL_AXES) :])
    return (picture[0] if picture else shape[-2:],)


_PER_AXIS = re.compile(r"[\d:]+(?:x[\d:]+)+")


def axes_of_words(layer_words: Sequence[str]) -> int | None:
    """Count the axes that the layer words speak of: ``3x5`` speaks of two; None where none of them says.

    >>> axes_of_words(["max2", "3x5p1"]), axes_of_words(["3p1", "@2x3"])
    (2, None)
    """
    counts = (
        max((len(group.split("x")) for group in _PER_AXIS.findall(word)), default=0)
        for word in layer_words
        if "@" not in word
    )
    return next((count for count in counts if count), None)
