"""The receptive field of every node of a network, along each axis: exact, behind transposed layers and joins too.

Araujo et al., Computing Receptive Fields of CNNs, Distill 2019, compose windows by three recurrences, for the extent,
the jump and the centre. Behind a transposed layer the outputs differ, with a period; so what is composed here is the
first and the last pixel that each output of a period sees. Without transposed layers the period is 1, and the
recurrences remain. A join sees the hull of what it joins. As for one layer, the field is geometry: positions in the
padding count; but only outputs that there are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import gcd, lcm

from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.window import Window
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.geometry import adaptive_window
from dlcalc.core.network.layer_shape import LayerShape
from dlcalc.core.network.network import ADAPTIVE, JOINS, Input
from dlcalc.core.network.sight import Sight, Track, charged, seen, with_field
from dlcalc.core.numeric.ratio import Ratio, ratio

_LIMIT = 10**4000  # of a jump: Python writes hardly longer numbers, and strides multiply
_START = Sight((Track((0,), (0,), 1),), Field(1, 1, (1, 1), (0, 1)))  # every pixel sees itself
_ONE_BY_ONE = Window(0, 1, 1, 1, 0, 0, 0)[1:]


def starts(inputs: Iterable[Input], axes: int) -> dict[str, tuple[Sight, ...]]:
    """Give what the pixels of the inputs see: themselves."""
    return {one.name: (_START,) * axes for one in inputs}


def seen_by(
    layer: LayerShape, read: Sequence[tuple[Sight, ...]], pixels: tuple[int, ...]
) -> tuple[tuple[Sight, ...], LayerShape]:
    """Compose what a node's outputs see; and put the field into each axis of the node.

    Args:
        layer: a node on its own.
        read: what the outputs of the maps that it reads see, the current one first.
        pixels: of the network's input.

    Raises:
        DlcalcError: ``invalid-value`` where outputs repeat too late to be gone through, or a jump is beyond writing.
    """
    if layer.kind in JOINS:
        return _join(layer, read)
    sights = tuple([_behind(layer, *of) for of in zip(layer.axes, read[0], pixels, strict=True)])
    axes = tuple([axis._replace(field=sight.field) for axis, sight in zip(layer.axes, sights, strict=True)])
    return sights, layer._replace(axes=axes)


class Seeing:
    """What the nodes of a model see, as far as that is known; nothing of inputs that are no maps is seen.

    Args:
        inputs: of the network.
        axes: of its first input.
        pixels: along each.
    """

    def __init__(self, inputs: Iterable[Input], axes: int, pixels: tuple[int, ...]) -> None:
        self.axes, self.pixels = axes, pixels
        maps = [one for one in inputs if one.size and len(one.size) == axes]
        self.sights = starts(maps, axes)
        self.blind = {one.name for one in inputs} - set(self.sights)

    def behind(self, layer: LayerShape) -> LayerShape:
        """Put the field into each axis of a node, or say that it is not known."""
        names = layer.node.inputs
        seeing = [index for index, name in enumerate(names) if name not in self.blind]
        if not seeing:
            self.blind.add(layer.name)
        known = (
            layer.seen and len(layer.axes) == self.axes and seeing and all(names[at] in self.sights for at in seeing)
        )
        if not known or (layer.kind not in JOINS and 0 not in seeing):
            return layer._replace(seen=False)
        read = tuple([layer.read[index] for index in seeing])
        some = [self.sights[names[index]] for index in seeing]
        try:
            self.sights[layer.name], found = seen_by(layer._replace(read=read), some, self.pixels)
        except DlcalcError:  # outputs that repeat too late: of a file nobody can change that
            return layer._replace(seen=False)
        return found._replace(read=layer.read)


def _behind(layer: LayerShape, axis: AxisShape, sight: Sight, pixels: int) -> Sight:
    """Compose one more layer along one axis."""
    if layer.kind == "linear" and not layer.output:  # and not one that works at each position of a map
        return with_field(Sight((Track((0,), (pixels - 1,), 0),), sight.field), sight.field.jump, 1)
    window, adaptive = axis.window, layer.kind in ADAPTIVE and axis.output > 1
    if window[1:] == _ONE_BY_ONE and not adaptive:
        return sight
    jump = _times(sight.field.jump, axis.field.jump)
    if max(jump) >= _LIMIT:
        message = "the jump has more than 4000 digits"
        raise DlcalcError("invalid-value", message, hint="fewer layers, or smaller strides", option="layers")
    sight = _expanded(sight)
    if adaptive:
        return with_field(_adaptive(sight, axis), jump, axis.output)
    if not layer.scatters:
        return with_field(_slide(sight, window), jump, axis.output)
    found = sight._replace(deferred=window)
    (lows, highs, step), *others = sight.tracks
    low, high = lows[0], highs[0]
    if not others and len(lows) == 1 and low is not None and high is not None:
        return found._replace(field=_uniform_transposed(low, high, step, axis.field, jump))
    return with_field(_expanded(found), jump, axis.output)


def _times(one: Ratio, other: Ratio) -> Ratio:
    return ratio(one[0] * other[0], one[1] * other[1])


def _uniform_transposed(low: int, high: int, step: int, own: Field, jump: Ratio) -> Field:
    """Compose a transposed layer whose inputs all see equally much: its own field, the pixels of it ``step`` apart."""
    extent = high - low + 1
    size, smallest = [(one - 1) * step + extent if one else 0 for one in (own.size, own.smallest)]
    if own.center is None:
        return Field(size, smallest, jump, None)
    numerator, denominator = own.center
    return Field(size, smallest, jump, ratio((low + high) * denominator + 2 * step * numerator, 2 * denominator))


def _slide(sight: Sight, window: Window) -> Sight:
    """Compose a convolution or a pooling."""
    tracks = []
    for track in sight.tracks:
        (low, *more), (high, *_), step = track
        if not more and low is not None and high is not None:
            last = window.extent - 1 - window.before
            tracks.append(Track((low - window.before * step,), (high + last * step,), step * window.stride))
            continue
        period = len(track.lows)
        length = period // gcd(period, window.stride)
        sight = charged(sight, length * min(window.kernel, period // gcd(period, window.dilation)), length)
        tracks.append(_slide_along(track, window, length))
    return sight._replace(tracks=tuple(tracks))


def _slide_along(track: Track, window: Window, length: int) -> Track:
    """Compose a convolution with outputs that differ.

    Taps whose inputs are a whole number of periods apart see the same, further on: of them the first and the last are
    enough.
    """
    period = len(track.lows)
    taps = min(window.kernel, period // gcd(period, window.dilation))
    last = window.extent - 1
    steps = range(0, taps * window.dilation, window.dilation)
    lows, highs = [], []
    for start in range(-window.before, length * window.stride - window.before, window.stride):
        lows.append(min(seen(track.lows, track.step, (start + step for step in steps)), default=None))
        highs.append(max(seen(track.highs, track.step, (start + last - step for step in steps)), default=None))
    return Track(lows, highs, length * window.stride // period * track.step)


def _expanded(sight: Sight) -> Sight:
    """Let the tracks go through the transposed layer that is deferred."""
    window = sight.deferred
    if window is None:
        return sight
    tracks = []
    for track in sight.tracks:
        period, divisor = len(track.lows), gcd(window.stride, window.dilation)
        repeat = period // gcd(period, window.dilation // divisor)
        visits = period * window.stride * min(repeat, -(-window.kernel * divisor // window.stride))
        sight = charged(sight, visits, period * window.stride)
        tracks.append(_scatter_along(track, window))
    return sight._replace(tracks=tuple(tracks), deferred=None)


def _scatter_along(track: Track, window: Window) -> Track:
    """Expand a transposed layer into a period of its outputs.

    Output t is reached by the taps b with t + before - b * d a multiple of s: with g = gcd(s, d) every (s/g)-th, their
    inputs d/g apart.
    """
    period, stride, dilation = len(track.lows), window.stride, window.dilation
    divisor = gcd(stride, dilation)
    taps, inputs = stride // divisor, dilation // divisor
    repeat = period // gcd(period, inputs)
    inverse = pow(inputs, -1, taps) if taps > 1 else 0
    lows: list[int | None] = []
    highs: list[int | None] = []
    for position in range(window.before, window.before + period * stride):
        tap = position // divisor * inverse % taps
        count = 0 if position % divisor else (window.kernel - 1 - tap) // taps + 1
        last = (position - tap * dilation) // stride
        first = last - (count - 1) * inputs
        some = range(0, min(count, repeat) * inputs, inputs)
        lows.append(min(seen(track.lows, track.step, (first + on for on in some)), default=None))
        highs.append(max(seen(track.highs, track.step, (last - back for back in some)), default=None))
    return Track(lows, highs, track.step)


def _adaptive(sight: Sight, axis: AxisShape) -> Sight:
    """Compose an adaptive pooling: the windows repeat after o/gcd(i, o) of them."""
    size, outputs = axis.window.input, axis.output
    divisor = gcd(size, outputs)
    tracks = []
    for track in sight.tracks:
        period = len(track.lows)
        inputs = size // divisor  # of one period of windows
        rounds = period // gcd(period, inputs)
        length = rounds * outputs // divisor
        sight = charged(sight, length * min(axis.window.kernel, period), length)
        lows, highs = [], []
        for output in range(length):
            first, last = adaptive_window(size, outputs, output)
            lows.append(
                min(seen(track.lows, track.step, range(first, min(last, first + period - 1) + 1)), default=None)
            )
            highs.append(
                max(seen(track.highs, track.step, range(max(first, last - period + 1), last + 1)), default=None)
            )
        tracks.append(Track(lows, highs, rounds * inputs // period * track.step))
    return sight._replace(tracks=tuple(tracks))


def _join(layer: LayerShape, read: Sequence[tuple[Sight, ...]]) -> tuple[tuple[Sight, ...], LayerShape]:
    """Join maps: an output sees the hull of what it sees of each; of a map that is spread, its one position."""
    sights, misaligned = [], False
    for index, axis in enumerate(layer.axes):
        tracks, fields, visited = list[Track](), list[Field](), 0
        for one, of in zip(layer.read, read, strict=True):
            sight = _expanded(of[index])
            visited = max(visited, sight.visited)
            if axis.output > 1 and (not one.size or one.size[index] == 1):
                tracks += [Track(track.lows[:1], track.highs[:1], 0) for track in sight.tracks]
            else:
                tracks += sight.tracks
                fields.append(sight.field)
        misaligned = misaligned or len({(field.jump, field.center) for field in fields}) > 1
        found = _merged(Sight((), _START.field, None, visited), tracks)
        sights.append(with_field(found, fields[0].jump, axis.output))
    axes = tuple([axis._replace(field=sight.field) for axis, sight in zip(layer.axes, sights, strict=True)])
    return tuple(sights), layer._replace(axes=axes, misaligned=misaligned)


def _merged(sight: Sight, tracks: Iterable[Track]) -> Sight:
    """Merge the tracks that go on equally fast, each position's hull over the common period."""
    by_pace: dict[Ratio, Track] = {}
    for track in tracks:
        pace = ratio(track.step, len(track.lows))
        other = by_pace.setdefault(pace, track)
        if other != track:
            length = lcm(len(track.lows), len(other.lows))
            sight = charged(sight, 2 * length, length)
            lows = [
                _hull(min, *of) for of in zip(_repeated(track, 0, length), _repeated(other, 0, length), strict=True)
            ]
            highs = [
                _hull(max, *of) for of in zip(_repeated(track, 1, length), _repeated(other, 1, length), strict=True)
            ]
            by_pace[pace] = Track(lows, highs, length // len(track.lows) * track.step)
    return sight._replace(tracks=tuple(by_pace.values()))


def _repeated(track: Track, side: int, length: int) -> Iterator[int | None]:
    pixels = track[side]
    assert not isinstance(pixels, int)
    for position in range(length):
        pixel = pixels[position % len(pixels)]
        yield None if pixel is None else pixel + position // len(pixels) * track.step


def _hull(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else choose(one, other)
