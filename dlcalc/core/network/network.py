"""A network of layers as its author writes it, the place of each layer, and how an error names the layer."""

from typing import NamedTuple

from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.frameworks import Plan, plan_layer
from dlcalc.core.conv.layer import KINDS, Axis, AxisLayer, Family, FrameworkName, Kind, Layer
from dlcalc.core.conv.shape import (
    AxisShape,
    ConvShape,
    ConvShapeQuestion,
    LayerShape,
    Place,
    check_size,
    layer_shape,
    shapes_on,
)
from dlcalc.core.conv.window import FLOOR, Window
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.network.receptive_field import START, FieldState, compose, whole_input
from dlcalc.core.validation import legal

# Kinds without windows of their own, and the family that each has to itself.
WHOLE: dict[Kind, Family] = {"global-avg-pool": "gap", "batch-norm": "bn", "linear": "fc"}
FAMILIES = KINDS | WHOLE  # the names of the layers of a family are counted together: conv1, pool1, conv2


class StackLayer(NamedTuple):
    """One layer of a stack.

    Attributes:
        kind: one of ``FAMILIES``.
        layer: its windows, where its kind has them.
        channels: of its output, or the features of a linear layer; None where they are not given.
        groups: of its channels.
        depthwise: as many groups as channels of the input.
        bias: whether it has one, where that is not as for all layers.
        word: the layer as it was typed.
    """

    kind: Kind
    layer: Layer | None = None
    channels: int | None = None
    groups: int = 1
    depthwise: bool = False
    bias: bool | None = None
    word: str = ""


class StackQuestion(NamedTuple):
    """An input and the layers that it goes through, one after the other; as a ``ConvShapeQuestion`` otherwise.

    Attributes:
        channels: of the input, where they are known.
    """

    axes: tuple[Axis, ...]
    size: tuple[int, ...]
    layers: tuple[StackLayer, ...]
    framework: FrameworkName = "pytorch"
    dims: int | None = None
    channels: int | None = None


def layer_names(places: tuple[Place, ...]) -> list[str]:
    """Name each layer after its family, with its number among the layers of the family.

    >>> [*map(str, layer_names(tuple(Place(1, "", kind, 1, 1, False, False) for kind in ("conv", "max-pool", "conv"))))]
    ['conv1', 'pool1', 'conv2']
    """
    counts: dict[str, int] = {}
    names = []
    for place in places:
        family = FAMILIES[place.kind]
        counts[family] = counts.get(family, 0) + 1
        names.append(f"{family}{counts[family]}")
    return names


def place_layers(layers: tuple[StackLayer, ...], channels: int | None) -> tuple[Place, ...]:
    """Place each layer in its network, with what is known of its channels.

    Raises:
        DlcalcError: ``usage`` for windows over a vector, ``groups-do-not-divide``, ``invalid-value``.

    >>> layers = StackLayer("conv", Layer(3), 64), StackLayer("batch-norm")
    >>> [place.output_channels for place in place_layers(layers, 3)]
    [64, 64]
    """
    places = []
    vector = False
    for number, layer in enumerate(layers, 1):
        keeps = layer.channels is None and (layer.depthwise or layer.kind not in _MIXING)
        outputs = channels if keeps else layer.channels
        place = Place(number, layer.word, layer.kind, channels, outputs, vector, vector or layer.kind == "linear")
        if vector and layer.kind not in ("linear", "batch-norm"):
            hint = "leave it out, or put it in front of the fc"
            raise in_layer(DlcalcError("usage", "the output of an fc has no axes for it", hint=hint), place)
        _check_channels(layer, place)
        places.append(place)
        channels, vector = outputs, place.gives_vector
    return tuple(places)


_MIXING = ("conv", "transposed", "linear")  # whose output may have other channels than their input


def groups_of(layer: StackLayer, channels: int | None) -> int | None:
    """Count the groups of a layer on ``channels``; None where the layer is depthwise and they are not known."""
    return channels if layer.depthwise else layer.groups


def _check_channels(layer: StackLayer, place: Place) -> None:
    try:
        if layer.channels is not None:
            legal(layer.channels, "features" if layer.kind == "linear" else "c_out", 1)
        groups = groups_of(layer, place.input_channels)
        legal(layer.groups, "groups", 1)
        for channels in (place.input_channels, place.output_channels):
            if channels is not None and groups is not None and channels % groups:
                raise _groups_do_not_divide(layer, place, groups)
    except DlcalcError as error:
        raise in_layer(error, place) from None


def _groups_do_not_divide(layer: StackLayer, place: Place, groups: int) -> DlcalcError:
    from dlcalc.core.validation import groups_do_not_divide

    error = groups_do_not_divide(groups, place.input_channels, place.output_channels)
    if not layer.depthwise or place.output_channels is None:
        return error
    like = groups * max(1, round(place.output_channels / groups))
    hint = (f"a multiple of {groups}, like ", Fix("c_out", like))
    return DlcalcError(error.code, error.message, hint=hint, option=error.option)


def in_layer(error: DlcalcError, place: Place) -> DlcalcError:
    """Prefix an error with the layer that it is about."""
    return DlcalcError(error.code, f"{place.title}: {error.message}", hint=error.advice, option="layers")


def merge_notices(found: list[tuple[Place, Notice]]) -> tuple[Notice, ...]:
    """Merge the notices of all layers: each once, prefixed with the layers that it is about."""
    about: dict[Notice, list[str]] = {}
    for place, warning in found:
        about.setdefault(warning, []).append(place.title)
    merged = []
    for (code, message), titles in about.items():
        more = f"{titles[0]}, {titles[1]} and {len(titles) - 2:,} more" if len(titles) > 3 else ", ".join(titles)
        merged.append(Notice(code, f"{more}: {message}"))
    return tuple(merged)


def stack_shape(question: StackQuestion) -> ConvShape:
    """Compute the output size, the unread input and the receptive field of every layer.

    Only the size of the network's input is limited to 18 digits; what is computed from it may be longer.

    Raises:
        DlcalcError: what ``layer_shape`` raises, its message beginning with the layer; ``usage`` for no layers at all,
            and for windows over the output of a linear layer.

    >>> layers = StackLayer("conv", Layer(7, 2, 3)), StackLayer("max-pool", Layer(3, 2, 1, kind="max-pool"))
    >>> [layer.output for layer in stack_shape(StackQuestion(("w",), (224,), layers)).layers]
    [(112,), (56,)]
    """
    axes, size, layers, framework, _, channels = question
    if not layers:
        raise DlcalcError("usage", "there is no layer in the stack", hint="7s2p3 max3s2p1", option="layers")
    check_size(axes, size)
    places = place_layers(layers, channels)
    states, fields = (START,) * len(axes), (Field(1, 1, (1, 1), (0, 1)),) * len(axes)
    found: list[LayerShape] = []
    warnings: list[tuple[Place, Notice]] = []
    extents = size
    for name, place, layer in zip(layer_names(places), places, layers, strict=True):
        try:
            plan, shapes, warned = _on_its_own(layer, framework, axes, extents)
            steps = [
                _composed(place, state, field, shape, pixels)
                for state, field, shape, pixels in zip(states, fields, shapes, size, strict=True)
            ]
        except DlcalcError as error:
            raise in_layer(error, place) from None
        states, fields = tuple([state for state, _ in steps]), tuple([field for _, field in steps])
        shapes = tuple([shape._replace(field=field) for shape, field in zip(shapes, fields, strict=True)])
        found.append(LayerShape(name, plan, shapes, place))
        warnings += [(place, warning) for warning in warned]
        extents = tuple([shape.output for shape in shapes])
    return ConvShape(question, tuple(found), merge_notices(warnings))


def _on_its_own(
    layer: StackLayer, framework: FrameworkName, axes: tuple[Axis, ...], size: tuple[int, ...]
) -> tuple[Plan, tuple[AxisShape, ...], tuple[Notice, ...]]:
    if layer.layer is not None:
        plan = plan_layer(framework, layer.layer, len(axes))
        return plan, *shapes_on(plan, axes, size)
    # a batch norm looks at one position at a time; the others have one window, which is the whole input
    kernels = (1,) * len(size) if layer.kind == "batch-norm" else size
    numbers = tuple([AxisLayer(kernel, kernel, 1, (0, 0), None) for kernel in kernels])
    plan = Plan(framework, Layer(kernels, kind=layer.kind), WHOLE[layer.kind], numbers, FLOOR, False, ())
    shapes = []
    for extent, kernel in zip(size, kernels, strict=True):  # windows side by side; the field is for the network to say
        window, field = Window(extent, kernel, kernel, 1, 0, 0, 0), Field(kernel, kernel, (kernel, 1), None)
        shapes.append(AxisShape(window, None, extent // kernel, 0, field))
    return plan, tuple(shapes), ()


def _composed(
    place: Place, state: FieldState, before: Field, shape: AxisShape, pixels: int
) -> tuple[FieldState, Field]:
    """Compose the receptive field along one axis with one more layer."""
    if place.kind == "batch-norm":
        return state, before
    if place.kind in WHOLE:
        return whole_input(state, pixels)
    return compose(state, shape.window, place.kind == "transposed", shape.field, shape.output)


def forward(question: ConvShapeQuestion | StackQuestion) -> ConvShape:
    """Compute the sizes of a layer, or of every layer of a stack.

    Raises:
        DlcalcError: what ``layer_shape`` and ``stack_shape`` raise.

    >>> from dlcalc.core.conv.layer import Layer
    >>> forward(ConvShapeQuestion(("w",), (7,), Layer(kernel=3))).output
    (5,)
    """
    return layer_shape(question) if isinstance(question, ConvShapeQuestion) else stack_shape(question)
