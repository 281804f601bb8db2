"""The question of conv-shape, from options or from a line of a batch."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import FRAMEWORKS, KINDS, Axis, Layer
from dlcalc.core.conv.shape import ConvShapeQuestion
from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import wrong_count
from dlcalc.notation import layers, values

if TYPE_CHECKING:
    from dlcalc.core.network.network import StackQuestion

# Every key of a question, and the short names that are read for it.
KEYS = {**layers.SIZE_KEYS, **layers.LAYER_KEYS, "kind": (), "ceil_mode": (), "framework": (), "layers": ()}

_READERS: Mapping[str, values.Reader[object]] = {
    "kind": lambda value, option, axes: values.word(value, option, KINDS),
    "ceil_mode": lambda value, option, axes: values.switch(value, option),
}


def question(raw: Mapping[str, object]) -> "ConvShapeQuestion | StackQuestion":
    """The question that the values ask, about one layer or a stack of them.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"w": "7", "kernel": "3"}).size
    (7,)
    """
    if "layers" in raw:
        from dlcalc.notation.networks import shape_question

        return shape_question(raw)
    axes, size, dims = sizes(raw)
    layer = Layer(**layers.read_layer(raw, axes, _READERS))  # type: ignore[arg-type]
    framework = values.word(raw["framework"], "framework", FRAMEWORKS) if "framework" in raw else "pytorch"
    return ConvShapeQuestion(axes, size, layer, framework, dims)


def sizes(raw: Mapping[str, object]) -> tuple[tuple[Axis, ...], tuple[int, ...], int | None]:
    """The axes that are asked for, the input's extent along each, and how many there are where that was said.

    >>> sizes({"size": "224"}), sizes({"h": 160, "w": 224})
    ((('h', 'w'), (224, 224), None), (('h', 'w'), (160, 224), None))
    """
    dims = layers.dims(raw)
    named = layers.named_sizes(raw)
    if "size" in raw:
        return *layers.whole_size(raw["size"], dims), dims
    if not named:
        raise DlcalcError("usage", "no input size is given", hint="--w 224, or --size 224x224", option="w")
    if dims is not None and dims != len(named):
        raise wrong_count("dims", dims, len(named))
    return tuple(named), tuple(named.values()), dims


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """The values of one line of a batch over the defaults; dims goes with the size that it belongs to.

    >>> merged({"size": "224", "dims": "3", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    """
    return layers.merged(layers.without_replaced(defaults, own), own, ("size", "dims"))


def restated(question: "ConvShapeQuestion | StackQuestion", keys: Iterable[str]) -> dict[str, object]:
    """The values of some keys as the answer to a sweep repeats them: long names, values by axis.

    >>> restated(question({"w": "7", "kernel": "3"}), ["w", "kernel"])
    {'w': 7, 'kernel': {'w': 3}}
    """
    return {key: layers.restated(key, question.axes, question.size, getattr(question, "layer", None)) for key in keys}
