"""The shape of every layer of a stack: each on the output of the one before it, by the road of a single layer."""

from dlcalc.core.conv.frameworks import Plan
from dlcalc.core.conv.layer import AxisLayer, Layer
from dlcalc.core.conv.receptive_field import Field
from dlcalc.core.conv.shape import AxisShape, ConvShape, LayerShape, on_input, planned
from dlcalc.core.conv.window import FLOOR, Window
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.network import WHOLE, Place, StackLayer, StackQuestion, located, named, placed, warned_together
from dlcalc.core.network.receptive_field import START, Trail, everything, onward
from dlcalc.core.validation import legal


def stack_shape(question: StackQuestion) -> ConvShape:
    """The output size, the unread input and the receptive field of every layer.

    Raises:
        DlcalcError: what ``conv_shape`` raises, its message beginning with the layer; ``usage`` for no layers at all,
            and for windows over the output of a linear layer.

    >>> layers = StackLayer("conv", Layer(7, 2, 3)), StackLayer("max-pool", Layer(3, 2, 1, kind="max-pool"))
    >>> [layer.output for layer in stack_shape(StackQuestion(("w",), (224,), layers)).layers]
    [(112,), (56,)]
    """
    axes, size, layers, framework, _, channels = question
    if not layers:
        raise DlcalcError("usage", "there is no layer in the stack", hint="7s2p3 max3s2p1", option="layers")
    for axis, extent in zip(axes, size, strict=True):
        legal(extent, "depth" if axis == "d" else axis, 1)
    places = placed(layers, channels)
    trails, fields = (START,) * len(axes), (Field(1, 1, (1, 1), (0, 1)),) * len(axes)
    found: list[LayerShape] = []
    warnings: list[tuple[Place, Notice]] = []
    extents = size
    for name, place, layer in zip(named(places), places, layers, strict=True):
        try:
            plan, shapes, warned = _on_its_own(layer, framework, axes, extents)
            steps = [
                _onward(place, trail, field, shape, pixels)
                for trail, field, shape, pixels in zip(trails, fields, shapes, size, strict=True)
            ]
        except DlcalcError as error:
            raise located(error, place) from None
        trails, fields = tuple([trail for trail, _ in steps]), tuple([field for _, field in steps])
        shapes = tuple([shape._replace(field=field) for shape, field in zip(shapes, fields, strict=True)])
        found.append(LayerShape(name, plan, shapes, place))
        warnings += [(place, warning) for warning in warned]
        extents = tuple([shape.output for shape in shapes])
    return ConvShape(question, tuple(found), warned_together(warnings))


def _on_its_own(
    layer: StackLayer, framework: str, axes: tuple[str, ...], size: tuple[int, ...]
) -> tuple[Plan, tuple[AxisShape, ...], tuple[Notice, ...]]:
    if layer.layer is not None:
        plan = planned(framework, layer.layer, len(axes))
        return plan, *on_input(plan, axes, size)
    # a batch norm looks at one position at a time; the others have one window, which is the whole input
    kernels = (1,) * len(size) if layer.kind == "batch-norm" else size
    numbers = tuple([AxisLayer(kernel, kernel, 1, (0, 0), None) for kernel in kernels])
    plan = Plan(framework, Layer(kernels, kind=layer.kind), WHOLE[layer.kind], numbers, FLOOR, False, ())
    return plan, tuple(map(_untouched, size, kernels)), ()


def _untouched(size: int, kernel: int) -> AxisShape:
    """An axis that is read as it is, in windows side by side; its field is the stack's to say."""
    window = Window(size, kernel, kernel, 1, 0, 0, 0, kernel)
    return AxisShape(window, None, size // kernel, 0, Field(kernel, kernel, (kernel, 1), None))


def _onward(place: Place, trail: Trail, before: Field, shape: AxisShape, pixels: int) -> tuple[Trail, Field]:
    """How the network's input is seen behind one more layer, along one axis."""
    if place.kind == "batch-norm":
        return trail, before
    if place.kind in WHOLE:
        return everything(trail, pixels)
    return onward(trail, shape.window, place.kind == "transposed", shape.field, shape.output)
