"""What the outputs of a node see along one axis, as far as it repeats; and the field that follows from it."""

from collections.abc import Iterable, Iterator, Sequence
from math import lcm
from typing import NamedTuple

from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.window import Window
from dlcalc.core.errors import DlcalcError
from dlcalc.core.numeric.ratio import Ratio, ratio

_MOST_VISITED = 1_000_000


class Track(NamedTuple):
    """The first and the last pixel that each output sees along one way to the input.

    The invariant: output t + len(lows) sees what output t sees, ``step`` pixels further on.

    Attributes:
        lows, highs: pixels, one per output of a period; None where an output sees nothing. Both have the same length.
        step: pixels from one period to the next; 0 where all outputs see the same.
    """

    lows: Sequence[int | None]
    highs: Sequence[int | None]
    step: int


class Sight(NamedTuple):
    """What the outputs of a node see, along one axis.

    Attributes:
        tracks: an output sees the hull of them; there are several where joined maps have different jumps.
        field: the largest and the smallest extent among the outputs that there are.
        deferred: a transposed layer that the tracks do not go through yet; only a layer behind it needs that.
        visited: how many taps have been followed so far.
    """

    tracks: tuple[Track, ...]
    field: Field
    deferred: Window | None = None
    visited: int = 0


def charged(sight: Sight, visits: int, period: int) -> Sight:
    """Count taps that are followed.

    Raises:
        DlcalcError: ``invalid-value`` where they are too many.
    """
    visited = sight.visited + visits
    if visited > _MOST_VISITED:
        message = f"the receptive field repeats every {period} outputs, which are too many to go through"
        raise DlcalcError(
            "invalid-value",
            message,
            hint="smaller strides of transposed layers, or a smaller adaptive pooling",
            option="layers",
        )
    return sight._replace(visited=visited)


def seen(pixels: Sequence[int | None], step: int, positions: Iterable[int]) -> Iterator[int]:
    """The pixels that some positions of a map see, of those of one period; nothing of a position that sees nothing."""
    period = len(pixels)
    for position in positions:
        pixel = pixels[position % period]
        if pixel is not None:
            yield pixel + position // period * step


def with_field(sight: Sight, jump: Ratio, outputs: int) -> Sight:
    """Find the largest and the smallest field of the outputs that there are, and the centre of the first with one."""
    if len(sight.tracks) > 1:
        return sight._replace(field=_of_several(sight, jump, outputs))
    ((lows, highs, _),) = sight.tracks
    if len(lows) == 1 and (low := lows[0]) is not None and (high := highs[0]) is not None:
        return sight._replace(field=Field(high - low + 1, high - low + 1, jump, ratio(low + high, 2)))
    spans = list(zip(lows[:outputs], highs[:outputs], strict=True))
    extents = [0 if low is None or high is None else high - low + 1 for low, high in spans]
    center = next((ratio(low + high, 2) for low, high in spans if low is not None and high is not None), None)
    return sight._replace(field=Field(max(extents), min(extents), jump, center))


def _of_several(sight: Sight, jump: Ratio, outputs: int) -> Field:
    """The field of tracks that go on at different paces: of outputs a common period apart the extents are convex."""
    period = lcm(*(len(track.lows) for track in sight.tracks))
    charged(sight, period * len(sight.tracks), period)
    extents: list[int] = []
    center: Ratio | None = None
    for first in range(min(period, outputs)):
        hull = _Hull(sight.tracks, first, period)
        last = (outputs - 1 - first) // period
        extents += [hull.extent(0), hull.extent(last), hull.extent(hull.least(last))]
        center = hull.center if center is None else center
    return Field(max(extents), min(extents), jump, center)


class _Hull:
    """What outputs a common period apart see, as lines: their first and last pixels, and how fast these go on."""

    def __init__(self, tracks: Sequence[Track], first: int, period: int) -> None:
        self.lines: list[tuple[int, int, int]] = []
        for lows, highs, step in tracks:
            place, on = first % len(lows), first // len(lows) * step
            low, high = lows[place], highs[place]
            if low is not None and high is not None:
                self.lines.append((low + on, high + on, period // len(lows) * step))

    @property
    def center(self) -> Ratio | None:
        """The middle of what the first of them sees."""
        if not self.lines:
            return None
        return ratio(min(low for low, _, _ in self.lines) + max(high for _, high, _ in self.lines), 2)

    def extent(self, number: int) -> int:
        """How much the output sees that is ``number`` periods behind the first."""
        if not self.lines:
            return 0
        high = max(high + number * step for _, high, step in self.lines)
        return high - min(low + number * step for low, _, step in self.lines) + 1

    def least(self, last: int) -> int:
        """Find which output up to ``last`` sees least."""
        low, high = 0, last
        while low < high:
            middle = (low + high) // 2
            if self.extent(middle + 1) >= self.extent(middle):
                high = middle
            else:
                low = middle + 1
        return low
