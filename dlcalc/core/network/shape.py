"""The pass over a network: each node's shape, and what its outputs see of the input."""

from typing import TYPE_CHECKING

from dlcalc.core.conv.frameworks import framework_of, plan_layer
from dlcalc.core.conv.layer import Axis, FrameworkName
from dlcalc.core.conv.shape import check_size, shapes_on
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.layer_shape import ConvShape, LayerShape, Map, MapsDoNotMeetError, merge_notices, title_of
from dlcalc.core.network.network import ADAPTIVE, JOINS, Node, Op, ShapeQuestion, in_layer

if TYPE_CHECKING:
    from dlcalc.core.network.sight import Sight


def network_shape(question: ShapeQuestion, fields: bool = True) -> ConvShape:
    """Compute the output size, the unread input and the receptive field of every node.

    Only the size of the network's input is limited to 18 digits; what is computed from it may be longer. Where that
    size is not known, channels alone are computed.

    Args:
        question: the network and its input.
        fields: whether to compose the receptive fields; without, each layer's is its own.

    Raises:
        DlcalcError: ``kernel-exceeds-input``, ``empty-output``, ``shape-mismatch``, what ``plan_layer`` raises, and
            ``usage`` for no layers at all and for windows over a vector; of layers in words the message begins with
            the layer.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import Op, chain
    >>> stem = [Op("conv", Layer(7, 2, 3)), Op("max-pool", Layer(3, 2, 1, kind="max-pool"))]
    >>> [layer.output for layer in network_shape(ShapeQuestion(chain(stem, (224,)), ("w",))).layers]
    [(112,), (56,)]
    """
    network, axes, framework, dims, *_ = question
    if not network.nodes:
        raise DlcalcError("usage", "there is no layer in the network", hint="7s2p3 max3s2p1", option="layers")
    one_named = dims is None and len(axes) == 1
    if network.single is not None:  # a layer in options, as most lines of a batch are
        (node,), (given,) = network.nodes, network.inputs
        layer, notices = _shape(node, 1, [Map(given.size, given.channels)], axes, framework, one_named)
        return ConvShape(question, (layer,), (*network.notices, *notices))
    if network.file is not None:
        return _model_shape(question, fields)
    maps: dict[str, Map] = {}
    for given in network.inputs:
        if given.size is not None:
            check_size(axes, given.size)
        maps[given.name] = Map(given.size, given.channels)
    sights: dict[str, tuple[Sight, ...]] = {}
    if fields and len(network.nodes) > 1 and question.size:  # one layer's own field is all that there is
        from dlcalc.core.network.receptive_field import seen_by, starts

        sights = starts(network.inputs, len(axes))
    found: list[LayerShape] = []
    warnings: list[tuple[str, Notice]] = []
    for number, node in enumerate(network.nodes, 1):
        read = [maps[name] for name in node.inputs]
        try:
            layer, notices = _shape(node, number, read, axes, framework, one_named)
            if sights:
                seen, layer = seen_by(layer, [sights[name] for name in node.inputs], question.size)
                sights[node.name] = seen
        except MapsDoNotMeetError as error:
            error.name = node.name
            raise
        except DlcalcError as error:
            raise in_layer(error, title_of(number, node)) from None
        maps[node.name] = layer.made
        found.append(layer)
        warnings += [(layer.title, notice) for notice in notices]
    notices = (*network.notices, *merge_notices(warnings), *(_beyond(found, question.size) if sights else ()))
    return ConvShape(question, tuple(found), notices)


def _model_shape(question: ShapeQuestion, fields: bool) -> ConvShape:
    """Compute the nodes of a model, whose maps are tensors; fields as far as every node on the way is known."""
    from dlcalc.core.network.receptive_field import Seeing
    from dlcalc.core.tensors.maps import given_map
    from dlcalc.core.tensors.ops import tensor_shape

    network, axes, framework, *_ = question
    maps = {given.name: given_map(given) for given in network.inputs}
    seeing = Seeing(network.inputs, len(axes), question.size) if fields and question.size else None
    found: list[LayerShape] = []
    warnings: list[tuple[str, Notice]] = []
    for number, node in enumerate(network.nodes, 1):
        try:
            read = [maps[name] for name in node.inputs]
            layer, notices = tensor_shape(node, number, read, framework, len(axes))
            layer = layer._replace(seen=False) if seeing is None else seeing.behind(layer)
        except DlcalcError as error:
            raise in_layer(error, title_of(number, node)) from None
        maps[node.name] = layer.made
        found.append(layer)
        warnings += [(layer.title, notice) for notice in notices]
    blind = set() if seeing is None else seeing.blind
    lost = [layer for layer in found if not layer.seen and layer.name not in blind] if seeing is not None else []
    said = tuple(map(_unknown, lost[:1]))
    beyond = _beyond([layer for layer in found if layer.seen], question.size) if seeing is not None else ()
    return ConvShape(question, tuple(found), (*network.notices, *merge_notices(warnings), *said, *beyond))


def _unknown(layer: LayerShape) -> Notice:
    """Say from which node on it is not known what an output sees."""
    op = "" if layer.node.saved is None else f" ({layer.node.saved.op})"
    return Notice("field-unknown", f"behind {layer.name}{op} it is not known what an output sees of the input")


def _shape(
    node: Node, number: int, read: list[Map], axes: tuple[Axis, ...], framework: FrameworkName, one_named: bool
) -> tuple[LayerShape, tuple[Notice, ...]]:
    """Compute a node on its own, as if it read the input of the network, and its caveats."""
    op, current = node.op, read[0]
    if op.layer is None:
        return _without_windows(node, number, read, axes, framework, one_named), ()
    channels = None
    if current.channels or op.channels is not None or op.groups != 1 or not current.size:
        from dlcalc.core.network.maps import channels_behind

        channels = channels_behind(op, current, len(axes), one_named)
    try:
        plan = plan_layer(framework, op.layer, len(axes))
    except DlcalcError as error:
        from dlcalc.core.conv.frameworks.same_in_numbers import with_numbers

        raise with_numbers(error, framework, op.layer, current.size or ()) from None
    if current.size is None:
        return LayerShape(node, number, plan, (), (current,), Map(None, channels)), ()
    if not node.word and number == 1:  # a layer in options, whose own numbers are looked at first
        check_size(axes, current.size)
    shapes, notices = shapes_on(plan, axes, current.size)
    made = Map(tuple([axis.output for axis in shapes]), channels)
    return LayerShape(node, number, plan, shapes, (current,), made), notices


def _without_windows(
    node: Node, number: int, read: list[Map], axes: tuple[Axis, ...], framework: FrameworkName, one_named: bool
) -> LayerShape:
    """Compute a node whose numbers no framework decides."""
    from dlcalc.core.network.geometry import along, refuse_uneven, unchanged
    from dlcalc.core.network.maps import channels_behind, in_features, joined

    op, current = node.op, read[0]
    if op.kind in JOINS:
        made = joined(op.kind, read, node.inputs, axes)
        shapes = tuple(map(unchanged, made.size or ((1,) * len(axes) if made.size == () else ())))
        return LayerShape(node, number, None, shapes, tuple(read), made)
    channels = channels_behind(op, current, len(axes), one_named)
    features = in_features(current, one_named, first=number == 1) if op.kind == "linear" else None
    if current.size is None:
        return LayerShape(node, number, None, (), (current,), Map(_known_anyway(op, len(axes)), channels), features)
    extents = current.size or (1,) * len(axes)
    shapes = tuple([along(op, index, *of) for index, of in enumerate(zip(axes, extents, strict=True))])
    if op.kind in ADAPTIVE:
        refuse_uneven(shapes, framework_of(framework))
    vector = current.size == () or op.kind in ("flatten", "linear")
    made = Map(() if vector else tuple([axis.output for axis in shapes]), channels)
    return LayerShape(node, number, None, shapes, (current,), made, features)


def _known_anyway(op: Op, axes: int) -> tuple[int, ...] | None:
    """The size behind a layer on a map of any size; None where it depends on that."""
    from dlcalc.core.network.geometry import amount_along

    if op.kind == "linear":
        return ()
    if op.kind == "global-avg-pool":
        return (1,) * axes
    return tuple([amount_along(op, axis) for axis in range(axes)]) if op.kind in ADAPTIVE else None


def _beyond(layers: list[LayerShape], size: tuple[int, ...]) -> tuple[Notice, ...]:
    """Say from which layer with windows on an output's field is larger than all of the input, along every axis."""
    over = [layer for layer in layers if layer.plan is not None and _sees_beyond(layer, size)]
    if not over:
        return ()
    return (Notice("field-exceeds-input", f"from {over[0].name} on the field is larger than the input"),)


def _sees_beyond(layer: LayerShape, size: tuple[int, ...]) -> bool:
    """Whether windows of several taps, on a map of several positions, see more than there is along every axis."""
    pairs = [(axis, extent) for axis, extent in zip(layer.axes, size, strict=True) if axis.window.kernel > 1]
    return bool(pairs) and all(axis.field.size > extent and axis.window.input > 1 for axis, extent in pairs)
