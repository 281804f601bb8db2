"""The question of conv-shape, from options or from a line of a batch."""

from collections.abc import Iterable, Mapping

from dlcalc.core.errors import DlcalcError
from dlcalc.core.frameworks import FRAMEWORKS
from dlcalc.core.layer import AXES, KINDS, Layer, legal, spread, wrong_count, wrong_rank
from dlcalc.core.shape import ConvShapeQuestion
from dlcalc.notation import values

# Every key of a question, and the short names that are read for it.
KEYS = {
    "w": ("width",),
    "h": ("height",),
    "depth": (),
    "size": (),
    "dims": (),
    "kernel": ("k",),
    "stride": ("s",),
    "padding": ("p",),
    "dilation": ("d",),
    "kind": (),
    "ceil_mode": (),
    "output_padding": (),
    "framework": (),
}
INTEGERS = frozenset(("w", "h", "depth", "size", "dims", "kernel", "stride", "padding", "dilation", "output_padding"))
SIZES = {"depth": "d", "h": "h", "w": "w"}  # key -> axis


def question(raw: Mapping[str, object]) -> ConvShapeQuestion:
    """The question that the values ask.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"w": "7", "kernel": "3"}).size
    (7,)
    """
    axes, size, dims = sizes(raw)
    if "kernel" not in raw:
        raise DlcalcError("usage", "no kernel is given", hint="--k 3", option="kernel")
    optional = {key: _READERS[key](value, key, axes) for key, value in raw.items() if key in _READERS}
    framework = values.word(raw["framework"], "framework", FRAMEWORKS) if "framework" in raw else "pytorch"
    return ConvShapeQuestion(axes, size, Layer(**optional), framework, dims)  # type: ignore[arg-type]


_READERS: Mapping[str, values.Reader[object]] = {
    "kernel": values.per_axis,
    "stride": values.per_axis,
    "padding": values.padding,
    "dilation": values.per_axis,
    "kind": lambda value, option, axes: values.word(value, option, KINDS),
    "ceil_mode": lambda value, option, axes: values.switch(value, option),
    "output_padding": values.per_axis,
}


def sizes(raw: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[int, ...], int | None]:
    """The axes that are asked for, the input's extent along each, and how many there are where that was said.

    >>> sizes({"size": "224"}), sizes({"h": 160, "w": 224})
    ((('h', 'w'), (224, 224), None), (('h', 'w'), (160, 224), None))
    """
    named = [key for key in SIZES if key in raw]
    dims = None
    if "dims" in raw:
        dims = legal(values.integer(raw["dims"], "dims"), "dims", 1)
        if dims > 3:
            raise DlcalcError("invalid-value", f"dims {dims} is more than 3", hint="--dims 3", option="dims")
    if "size" in raw:
        if named:
            hint = "either --size, or --w --h --depth"
            raise DlcalcError("usage", "the input size is given twice", hint=hint, option="size")
        return *_whole_size(raw["size"], dims), dims
    if not named:
        raise DlcalcError("usage", "no input size is given", hint="--w 224, or --size 224x224", option="w")
    if dims is not None and dims != len(named):
        raise wrong_count("dims", dims, len(named))
    return tuple([SIZES[key] for key in named]), tuple([values.integer(raw[key], key) for key in named]), dims


def _whole_size(value: object, dims: int | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if isinstance(value, str) and "x" in value:
        count = value.count("x") + 1
    else:
        count = len(value) if isinstance(value, list | dict) else dims or 2
    if not 1 <= count <= 3:
        raise wrong_rank(count)
    if dims not in (None, count):
        raise wrong_count("dims", dims or 0, count)
    axes = tuple(AXES)[-count:]
    if isinstance(value, dict):
        axes = tuple(axis for axis in AXES if axis in value) or tuple(AXES)
    return axes, spread(values.per_axis(value, "size", axes), count, "size", 1)


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """The values of one line of a batch over the defaults; a size of its own replaces the other way to give one.

    >>> merged({"size": "224", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    """
    if "size" in own:
        replaced: Iterable[str] = SIZES
    else:
        replaced = ("size", "dims") if any(key in own for key in SIZES) else ()
    return {**{key: value for key, value in defaults.items() if key not in replaced}, **own}


def restated(question: ConvShapeQuestion, keys: Iterable[str]) -> dict[str, object]:
    """The values of some keys as the answer to a sweep repeats them: long names, values by axis.

    >>> restated(question({"w": "7", "kernel": "3"}), ["w", "kernel"])
    {'w': 7, 'kernel': {'w': 3}}
    """
    return {key: _restated(question, key) for key in keys}


def _restated(question: ConvShapeQuestion, key: str) -> object:
    axes, size, layer, *_ = question
    by_axis = dict(zip(axes, size, strict=True))
    if key == "size":
        return by_axis
    if key == "dims":
        return len(axes)
    if key in SIZES:
        return by_axis[SIZES[key]]
    value = getattr(layer, key)
    if isinstance(value, str):
        return value
    entries = (value,) * len(axes) if isinstance(value, int) else value
    if key == "padding":
        entries = [[side, side] if isinstance(side, int) else list(side) for side in entries]
    return dict(zip(axes, entries, strict=True))
