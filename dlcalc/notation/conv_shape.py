"""The question of conv-shape, from options or from a line of a batch."""

from collections.abc import Iterable, Mapping

from dlcalc.core.conv.layer import FRAMEWORKS, KINDS, FrameworkName, Kind
from dlcalc.core.network.network import INPUT, Input, ShapeQuestion, layer_question
from dlcalc.notation import layers
from dlcalc.notation.input_size import SIZE_KEYS, shape_sizes, size_notices
from dlcalc.notation.values import framework_name, optional, switch, word

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {
    **SIZE_KEYS,
    **layers.LAYER_KEYS,
    **dict.fromkeys(("kind", "ceil_mode", "framework", "layers", "at", "summary"), ()),
}
SWEEPABLE = layers.INTEGERS  # the keys that may have several values


def question(raw: Mapping[str, object]) -> ShapeQuestion:
    """Read the question, about one layer or a network of layers.

    Args:
        raw: values by their names in ``KEYS``, as they were typed or stood in JSON.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"w": "7", "kernel": "3"}).size
    (7,)
    """
    if "layers" in raw:
        return _of_network(raw)
    layers.refuse_of_network(raw)
    axes, size, dims = shape_sizes(raw)
    kind: Kind = optional(raw, "kind", word, "conv", KINDS)
    layer = layers.read_layer(raw, axes, kind, ceil_mode=optional(raw, "ceil_mode", switch, False))
    framework: FrameworkName = optional(raw, "framework", framework_name, "pytorch", FRAMEWORKS)
    notices = size_notices(raw, size, layers.axes_of_layer(raw)) if "size" in raw else ()
    return layer_question(axes, size, layer, framework, dims, notices)


def _of_network(raw: Mapping[str, object]) -> ShapeQuestion:
    """Read the question about layers in words."""
    from dlcalc.notation.networks import layer_named, network_of, split_layer_words

    layers.refuse_single(raw)
    axes, size, dims = shape_sizes(raw)
    network = network_of(raw, split_layer_words(raw["layers"]), axes, Input(INPUT, size))
    framework: FrameworkName = optional(raw, "framework", framework_name, "pytorch", FRAMEWORKS)
    at, summary = layer_named(raw, network), optional(raw, "summary", switch, False)
    return ShapeQuestion(network, axes, framework, dims, at=at, summary=summary)


def merged(defaults: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """Put one line of a batch over the defaults; ``dims`` goes with the size that it belongs to.

    >>> merged({"size": "224", "dims": "3", "kernel": "3"}, {"w": 7})
    {'kernel': '3', 'w': 7}
    """
    return layers.merged(defaults, own, ("size", "dims"))


def restated(question: ShapeQuestion, keys: Iterable[str]) -> dict[str, object]:
    """Repeat the values of some keys in the answer to a sweep: by their long names and by axis.

    >>> restated(question({"w": "7", "kernel": "3"}), ["w", "kernel"])
    {'w': 7, 'kernel': {'w': 3}}
    """
    single = question.network.single
    return layers.restated(keys, question.axes, question.size, single and single.layer)
