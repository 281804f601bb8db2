"""The receptive field of a network along one axis: exact, behind transposed layers too.

Araujo et al., Computing Receptive Fields of CNNs, Distill 2019, compose windows by three recurrences, for the extent,
the jump and the centre. Behind a transposed layer the outputs differ, with a period; so what is composed here is the
first and the last pixel that each output of a period sees. Without transposed layers the period is 1, and the
recurrences remain. As for one layer, the field is geometry: positions in the padding count.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import NamedTuple

from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.shape import LayerShape
from dlcalc.core.conv.window import Window
from dlcalc.core.errors import DlcalcError
from dlcalc.core.numeric.ratio import Ratio, ratio

_MOST_VISITED = 1_000_000
_LIMIT = 10**4000  # of a jump: Python writes hardly longer numbers, and strides multiply


class Reach(NamedTuple):
    """The first and the last pixel that each output sees.

    The invariant: output t + len(lows) sees what output t sees, ``step`` pixels further on.

    Attributes:
        lows, highs: pixels, one per output of a period; None where an output sees nothing. Both have the same length.
        step: pixels from one period to the next.
    """

    lows: Sequence[int | None]
    highs: Sequence[int | None]
    step: int


class FieldState(NamedTuple):
    """The receptive fields of all outputs behind the layers so far, along one axis.

    Attributes:
        reach: of the outputs; where a transposed layer is deferred, of its inputs.
        deferred: a transposed layer that is not expanded into its outputs yet; only a layer behind it needs them.
        jump: pixels of the network's input between neighbouring outputs.
        whole: every output sees all of the network's input, this many pixels; 0 where it does not.
        visited: how many taps have been followed so far.
    """

    reach: Reach
    deferred: Window | None = None
    jump: Ratio = (1, 1)
    whole: int = 0
    visited: int = 0


START = FieldState(Reach((0,), (0,), 1))  # every pixel sees itself


def whole_input(state: FieldState, size: int) -> tuple[FieldState, Field]:
    """Compose a layer whose outputs see all of the network's input, which has ``size`` pixels."""
    return state._replace(whole=size), Field(size, size, state.jump, ratio(size - 1, 2))


def compose(state: FieldState, window: Window, transposed: bool, own: Field, outputs: int) -> tuple[FieldState, Field]:
    """Compose one more layer with windows: the state behind it, and the field of its outputs.

    Args:
        state: behind the layers in front of it.
        window: the geometry of the layer.
        transposed: whether the layer is a transposed convolution.
        own: the field of the layer alone, on its own input.
        outputs: how many outputs the layer has.

    Raises:
        DlcalcError: ``invalid-value`` where outputs repeat too late to be gone through, or a jump is beyond writing.
    """
    numerator, denominator = state.jump
    stride = window.stride
    jump = ratio(numerator, denominator * stride) if transposed else ratio(numerator * stride, denominator)
    if max(jump) >= _LIMIT:
        message = "the jump has more than 4000 digits"
        raise DlcalcError("invalid-value", message, hint="fewer layers, or smaller strides", option="layers")
    if state.whole:
        return whole_input(state._replace(jump=jump), state.whole)
    if state.deferred is not None:
        state = _expand_transposed(state, state.deferred)
    (lows, highs, step), _, _, _, visited = state
    low, high = lows[0], highs[0]
    if len(lows) == 1 and low is not None and high is not None:
        if not transposed:
            low, high = low - window.before * step, high + (window.extent - 1 - window.before) * step
            reach = Reach((low,), (high,), step * stride)
            extent = high - low + 1
            return FieldState(reach, None, jump, 0, visited), Field(extent, extent, jump, ratio(low + high, 2))
        return state._replace(deferred=window, jump=jump), _uniform_transposed(low, high, step, own, jump)
    expand = _expand_transposed if transposed else _compose_conv
    state = expand(state._replace(jump=jump), window)
    return state, _field(state, outputs)


def _uniform_transposed(low: int, high: int, step: int, own: Field, jump: Ratio) -> Field:
    """Compose a transposed layer whose inputs all see equally much: its own field, the pixels of it ``step`` apart."""
    extent = high - low + 1
    size = (own.size - 1) * step + extent
    smallest = (own.smallest - 1) * step + extent if own.smallest else 0
    if own.center is None:
        return Field(size, smallest, jump, None)
    numerator, denominator = own.center
    return Field(size, smallest, jump, ratio((low + high) * denominator + 2 * step * numerator, 2 * denominator))


def _field(state: FieldState, outputs: int) -> Field:
    lows, highs, _ = state.reach
    extents = [0 if low is None or high is None else high - low + 1 for low, high in zip(lows, highs, strict=True)]
    first = next((number for number, extent in enumerate(extents[:outputs]) if extent), None)
    if first is None:
        return Field(max(extents), min(extents), state.jump, None)
    low, high = lows[first], highs[first]
    assert low is not None
    assert high is not None
    return Field(max(extents), min(extents), state.jump, ratio(low + high, 2))


def _compose_conv(state: FieldState, window: Window) -> FieldState:
    """Compose a convolution or a pooling with outputs that differ.

    Taps whose inputs are a whole number of periods apart see the same, further on: of them the first and the last are
    enough.
    """
    reach, period = state.reach, len(state.reach.lows)
    length = period // gcd(period, window.stride)
    taps = min(window.kernel, period // gcd(period, window.dilation))
    state = _charged(state, length * taps, length)
    last = window.extent - 1
    steps = range(0, taps * window.dilation, window.dilation)
    lows, highs = [], []
    for start in range(-window.before, length * window.stride - window.before, window.stride):
        lows.append(min(_seen(reach.lows, reach.step, (start + step for step in steps)), default=None))
        highs.append(max(_seen(reach.highs, reach.step, (start + last - step for step in steps)), default=None))
    return state._replace(reach=Reach(lows, highs, length * window.stride // period * reach.step))


def _expand_transposed(state: FieldState, window: Window) -> FieldState:
    """Expand a transposed layer into a period of its outputs.

    Output t is reached by the taps b with t + before - b * d a multiple of s: with g = gcd(s, d) every (s/g)-th, their
    inputs d/g apart.
    """
    reach, period = state.reach, len(state.reach.lows)
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    divisor = gcd(stride, dilation)
    taps, inputs = stride // divisor, dilation // divisor
    repeat = period // gcd(period, inputs)
    state = _charged(state, period * stride * min(repeat, -(-kernel // taps)), period * stride)
    inverse = pow(inputs, -1, taps) if taps > 1 else 0
    lows: list[int | None] = []
    highs: list[int | None] = []
    for position in range(window.before, window.before + period * stride):
        tap = position // divisor * inverse % taps
        count = 0 if position % divisor else (kernel - 1 - tap) // taps + 1
        last = (position - tap * dilation) // stride
        first = last - (count - 1) * inputs
        some = range(0, min(count, repeat) * inputs, inputs)
        lows.append(min(_seen(reach.lows, reach.step, (first + on for on in some)), default=None))
        highs.append(max(_seen(reach.highs, reach.step, (last - back for back in some)), default=None))
    return state._replace(reach=Reach(lows, highs, reach.step), deferred=None)


def _seen(pixels: Sequence[int | None], step: int, positions: Iterator[int]) -> Iterator[int]:
    period = len(pixels)
    for position in positions:
        pixel = pixels[position % period]
        if pixel is not None:
            yield pixel + position // period * step


def _charged(state: FieldState, visits: int, period: int) -> FieldState:
    visited = state.visited + visits
    if visited > _MOST_VISITED:
        message = f"the receptive field repeats every {period} outputs, which are too many to go through"
        raise DlcalcError("invalid-value", message, hint="a smaller stride of a transposed layer", option="layers")
    return state._replace(visited=visited)


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
