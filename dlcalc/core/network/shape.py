"""The shape of every layer of a network: each computed as a single layer, on the output of the one before it."""

from dlcalc.core.conv.layer import Axis, AxisLayer, FrameworkName, Layer
from dlcalc.core.conv.plan import Plan, plan_layer
from dlcalc.core.conv.receptive_field import Field
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
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.network import (
    WHOLE,
    StackLayer,
    StackQuestion,
    in_layer,
    layer_names,
    merge_notices,
    place_layers,
)
from dlcalc.core.network.receptive_field import START, FieldState, compose, whole_input


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
    return plan, tuple(map(_untouched, size, kernels)), ()


def _untouched(size: int, kernel: int) -> AxisShape:
    """The shape of an axis that is read in windows side by side; its field is for the network to say."""
    window = Window(size, kernel, kernel, 1, 0, 0, 0)
    return AxisShape(window, None, size // kernel, 0, Field(kernel, kernel, (kernel, 1), None))


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
