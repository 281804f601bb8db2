"""What one output depends on: in every map on the way down to the input, the first and the last position."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dlcalc.core.conv.window import Window
from dlcalc.core.network.geometry import adaptive_window
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ADAPTIVE, JOINS, WHOLE

Span = tuple[int, int]

_MOST_POSITIONS = 100_000  # that are followed one by one; beyond, only the first and the last


class MapSpan(NamedTuple):
    """The part of a map that an output depends on, along one axis.

    Attributes:
        name: of the node that makes the map, or of the input.
        size: positions of the map.
        seen: the first and the last position; those in the padding may be negative, or beyond the end. None where
            nothing of the map reaches the output, as may be behind a transposed layer.
    """

    name: str
    size: int
    seen: Span | None


def input_spans(answer: ConvShape, axis: int, output: int, at: str | None = None) -> list[MapSpan]:
    """Find the range of positions of every map that one output position depends on.

    As in the receptive field, positions in the padding count: they may be negative, or beyond the end.

    Args:
        answer: the network.
        axis: the number of the axis, from 0 on.
        output: a position of the output of the layer ``at``.
        at: the name of a layer; the last if it is None.

    Returns:
        The maps that the layer depends on, from its own output down to the network's input.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import layer_question
    >>> from dlcalc.core.network.shape import network_shape
    >>> [span.seen for span in input_spans(network_shape(layer_question(("w",), (224,), Layer(7, 2, 3))), 0, 5)]
    [(5, 5), (7, 13)]
    """
    network = answer.question.network
    needed = {node.name for node in network.up_to(at or answer.layers[-1].name).nodes}
    layers = [layer for layer in answer.layers if layer.name in needed]
    layers = [layer for layer in layers if layer.seen]  # the others depend on no map
    sizes = {one.name: one.size[axis] for one in network.inputs if one.size and len(one.size) > axis}
    sizes |= {layer.name: layer.axes[axis].output for layer in layers}
    positions: dict[str, _Positions] = {layers[-1].name: _Positions(range(output, output + 1))}
    found = []
    for layer in reversed(layers):
        own = positions.pop(layer.name, _Positions(range(0)))
        found.append(MapSpan(layer.name, sizes[layer.name], own.span))
        for name in layer.node.inputs:
            if name not in sizes:
                continue
            read = _behind(layer, axis, own, sizes[name])
            positions[name] = positions[name].joined(read) if name in positions else read
    return found + [MapSpan(name, size, positions[name].span) for name, size in sizes.items() if name in positions]


class _Positions:
    """Some positions of a map: each of them, or where those are too many the first and the last.

    Args:
        each: the positions; a range where there are no gaps, which is as good as any number of positions.
        span: the first and the last, where each of them is not known.
    """

    def __init__(self, each: set[int] | range | None, span: Span | None = None) -> None:
        if isinstance(each, range):
            span = (each[0], each[-1]) if each else None
        elif each is not None:
            span = (min(each), max(each)) if each else None
        self.each = each if each is None or isinstance(each, range) or len(each) <= _MOST_POSITIONS else None
        self.span = span

    def joined(self, other: "_Positions") -> "_Positions":
        """Join these positions with others."""
        spans = [span for span in (self.span, other.span) if span is not None]
        if len(spans) < 2:
            return self if self.span is not None else other
        (first, last), (low, high) = spans
        span = min(first, low), max(last, high)
        both = self.each, other.each
        if all(isinstance(each, range) for each in both) and first <= high + 1 and low <= last + 1:
            return _Positions(range(span[0], span[1] + 1))
        some = [each for each in both if each is not None and len(each) <= _MOST_POSITIONS]
        return _Positions(set().union(*some)) if len(some) == 2 else _Positions(None, span)


def _behind(layer: LayerShape, axis: int, outputs: _Positions, size: int) -> _Positions:
    """Find the positions of a map of ``size`` that some outputs of a layer are computed from."""
    shape, kind = layer.axes[axis], layer.kind
    if outputs.span is None:
        return outputs
    first, last = outputs.span
    if (kind in WHOLE and not (kind == "linear" and layer.output)) or (kind in ADAPTIVE and shape.output == 1):
        return _Positions(range(size))
    if kind in JOINS:
        return _Positions(range(1)) if size == 1 < shape.output else outputs
    if kind in ADAPTIVE:
        reach = [adaptive_window(size, shape.output, output) for output in (first, last)]
        return _Positions(range(reach[0][0], reach[1][1] + 1))
    window = shape.window
    reach_of = window.extent - 1
    if layer.scatters:
        span = -((reach_of - first - window.before) // window.stride), (last + window.before) // window.stride
    else:
        span = first * window.stride - window.before, last * window.stride - window.before + reach_of
    overlap = window.dilation == 1 and (layer.scatters or window.stride <= window.kernel or first == last)
    if isinstance(outputs.each, range) and overlap and span[0] <= span[1]:
        return _Positions(range(span[0], span[1] + 1))
    if outputs.each is not None and len(outputs.each) * window.kernel <= _MOST_POSITIONS:
        return _Positions(set((_added_to if layer.scatters else _read)(window, outputs.each)))
    return _Positions(None, span)  # which may be too wide where holes of a dilated layer meet a transposed layer


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
