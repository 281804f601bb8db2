"""The positions that one output depends on, layer by layer: from the output back to the network's input."""

from collections.abc import Iterable, Iterator, Sequence

from dlcalc.core.conv.shape import LayerShape
from dlcalc.core.conv.window import Window

Span = tuple[int, int]

_WHOLE = ("gap", "fc")  # families that read all of their input, behind which every map is seen whole
_MOST_POSITIONS = 100_000  # that are followed one by one; beyond, only the first and the last


def input_spans(layers: Sequence[LayerShape], axis: int, output: int) -> list[Span | None]:
    """Find the range of positions of every earlier map that one output position depends on.

    As in the receptive field, positions in the padding count: they may be negative, or beyond the end.

    Args:
        layers: of a network, from its input on.
        axis: the number of the axis, from 0 on.
        output: a position of the last layer's output.

    Returns:
        (first, last) of the output itself, then of the input of each layer, from the last one to the network's input;
        None from where on nothing reaches the output, as may be behind a transposed layer.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.conv.shape import ConvShapeQuestion, layer_shape
    >>> input_spans(layer_shape(ConvShapeQuestion(("w",), (224,), Layer(7, 2, 3))).layers, 0, 5)
    [(5, 5), (7, 13)]
    """
    seen, span = {output}, (output, output)
    found: list[Span | None] = [span]
    exact = True
    for number, layer in reversed([*enumerate(layers)]):
        if layer.plan.family in _WHOLE:
            sizes = [before.axes[axis].window.input for before in reversed(layers[: number + 1])]
            return found + [(0, size - 1) for size in sizes]
        window, transposed = layer.axes[axis].window, layer.plan.family == "transposed"
        exact = exact and len(seen) * window.kernel <= _MOST_POSITIONS
        if exact:
            seen = set((_added_to if transposed else _read)(window, seen))
            if not seen:
                return found + [None] * (len(layers) + 1 - len(found))
            span = min(seen), max(seen)
        else:
            span = _behind(window, transposed, *span)
        found.append(span)
    return found


def _read(window: Window, outputs: Iterable[int]) -> Iterator[int]:
    """Yield the positions that the windows of some outputs read."""
    for output in outputs:
        start = output * window.stride - window.before
        yield from range(start, start + window.extent, window.dilation)


def _added_to(window: Window, outputs: Iterable[int]) -> Iterator[int]:
    """Yield the inputs of a transposed layer whose products are added to some outputs."""
    for output in outputs:
        whole = output + window.before
        for product in range(whole, whole - window.extent, -window.dilation):
            if product % window.stride == 0:
                yield product // window.stride


def _behind(window: Window, transposed: bool, first: int, last: int) -> Span:
    """Find the range that the outputs from ``first`` to ``last`` depend on.

    It is exact unless holes of a dilated layer meet a transposed layer: then it may be too wide.
    """
    reach = window.extent - 1
    if transposed:
        return -((reach - first - window.before) // window.stride), (last + window.before) // window.stride
    return first * window.stride - window.before, last * window.stride - window.before + reach
