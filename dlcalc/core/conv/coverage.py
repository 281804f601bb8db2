"""What the windows of a layer read and see along one axis: unread positions, real products, the receptive field."""

from math import gcd
from typing import NamedTuple

from dlcalc.core.conv.window import Window
from dlcalc.core.numeric.lattice import count_pairs_below, count_residues_below, count_sums_below, least_residue
from dlcalc.core.numeric.ratio import Ratio, ratio


def unread(window: Window, outputs: int) -> int:
    """Count the positions of the input that lie in none of the windows of a convolution or a pooling.

    Args:
        window: the geometry of the axis.
        outputs: how many windows there are, at least 1.

    >>> unread(Window(224, kernel=11, stride=4, dilation=1, before=0, after=0, output_padding=0), 54)
    1
    >>> unread(Window(5, kernel=3, stride=1, dilation=2, before=0, after=0, output_padding=0), 1)
    2
    """
    size, kernel, stride, dilation, before, _, _ = window
    if dilation == 1 and stride <= kernel:  # the windows touch or overlap: together they are one interval
        end = min(before + size, (outputs - 1) * stride + kernel)
        return size - max(0, end - max(0, before))
    read_before = count_sums_below(before, outputs, stride, kernel, dilation)
    return size - count_sums_below(before + size, outputs, stride, kernel, dilation) + read_before


def unread_transposed(window: Window, outputs: int) -> int:
    """Count the inputs of a transposed convolution whose products are all cropped away.

    Input x lands on output position x * s + b * d - before for every tap b.

    >>> unread_transposed(Window(3, kernel=1, stride=2, dilation=1, before=1, after=1, output_padding=0), 3)
    2
    """
    size, kernel, stride, dilation, before, _, _ = window
    reach = dilation * (kernel - 1)
    end = before + outputs  # in the coordinates of the whole output, what is kept is [before, end)
    inside = _multiples_in(before, end, stride, size)  # inputs whose first product is kept
    first = max(0, -(-(before - reach) // stride))  # inputs that only a later tap can bring in
    count = max(0, min(size, -(-before // stride)) - first)
    if outputs < dilation:  # a tap may jump over everything that is kept
        count = count_residues_below(outputs, count, dilation, stride, first * stride - before)
    return size - inside - count


def _multiples_in(start: int, end: int, step: int, size: int) -> int:
    """Count those of 0, step, ..., (size - 1) * step that lie in [start, end)."""
    low = max(0, -(-start // step))
    return max(0, min(size, -(-end // step)) - low)


def meets(window: Window, count: int, position: int) -> bool:
    """Tell whether a tap of one of ``count`` windows falls on a position, counted from the first that is no padding.

    Of a convolution or a pooling that is to read an input. Of a transposed one the windows are the products of inputs,
    and the position is one of the output.

    >>> alone = Window(5, kernel=3, stride=1, dilation=2, before=0, after=0, output_padding=0)
    >>> [meets(alone, 1, position) for position in range(5)]
    [True, False, True, False, True]
    """
    target = position + window.before  # = a * stride + b * dilation, for a < count and b < kernel
    divisor = gcd(window.stride, window.dilation)
    if target % divisor:
        return False
    period = window.stride // divisor  # of the taps b that leave a multiple of the stride
    least = max(0, -(-(target - (count - 1) * window.stride) // window.dilation))
    tap = target // divisor * pow(window.dilation // divisor, -1, period) % period if period > 1 else 0
    tap += -(-(least - tap) // period) * period
    return tap < window.kernel and tap * window.dilation <= target


def real_taps(window: Window, outputs: int, transposed: bool) -> int:
    """Count the taps of all windows on real data: on the input, or, of a transposed convolution, within the output.

    Window x reads, and input x of a transposed convolution adds to, position x*s + b*d - before with its tap b. The
    pairs (x, b) for which that is a position are the ones below its end, less those below its start.

    >>> real_taps(Window(7, kernel=3, stride=1, dilation=1, before=1, after=1, output_padding=0), 7, transposed=False)
    19
    >>> real_taps(Window(4, kernel=3, stride=2, dilation=1, before=1, after=1, output_padding=0), 7, transposed=True)
    10
    """
    size, kernel, stride, dilation, before, *_ = window
    starts, kept = (size, outputs) if transposed else (outputs, size)
    end = count_pairs_below(before + kept, starts, stride, kernel, dilation)
    return end - count_pairs_below(before, starts, stride, kernel, dilation)


class Field(NamedTuple):
    """The receptive field of a layer's outputs, along one axis.

    Attributes:
        size: the extent of the receptive field, in pixels of the network's input; of a transposed layer, the largest.
        smallest: the smallest extent among the outputs; other than ``size`` only behind a transposed layer.
        jump: pixels of the network's input between neighbouring outputs.
        center: the pixel, counted from 0, in the middle of the first output's field; None if no output has one.
    """

    size: int
    smallest: int
    jump: Ratio
    center: Ratio | None


def through_windows(window: Window) -> Field:
    """Compute the field of a convolution or a pooling: r = ke, j = s, centre = (ke - 1)/2 - before.

    >>> through_windows(Window(224, kernel=7, stride=2, dilation=1, before=3, after=3, output_padding=0))
    Field(size=7, smallest=7, jump=(2, 1), center=(0, 1))
    """
    extent = window.extent
    doubled = extent - 1 - 2 * window.before
    return Field(extent, extent, (window.stride, 1), (doubled, 2) if doubled % 2 else (doubled // 2, 1))


def through_transposed(window: Window, outputs: int) -> Field:
    """Compute the field of a transposed convolution, which differs between outputs with a period of the stride.

    Position t of the whole output is reached by the taps b with t - b * d a multiple of s. With g = gcd(s, d) they are
    every (s/g)-th tap, their inputs d/g apart; if g does not divide t there are none. Only outputs that there are
    count: fewer than a stride may all see equally much.

    >>> through_transposed(Window(4, kernel=3, stride=2, dilation=1, before=1, after=1, output_padding=0), 7)
    Field(size=2, smallest=1, jump=(1, 2), center=(0, 1))
    """
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    divisor = gcd(stride, dilation)
    taps, inputs = stride // divisor, dilation // divisor
    most = -(-kernel // taps)
    first = -(-window.before // divisor)  # of the positions that are multiples of g, in units of g
    met = (window.before + outputs - 1) // divisor - first + 1
    inverse = pow(inputs, -1, taps) if taps > 1 else 0
    full = count_residues_below(kernel - (most - 1) * taps, met, taps, inverse, first * inverse)
    largest = 0 if not met else most if full else most - 1
    least = 0 if met < outputs else most if full == met else most - 1
    size, smallest = [(count - 1) * inputs + 1 if count else 0 for count in (largest, least)]
    return Field(size, smallest, (1, stride), _first_center(window, outputs, divisor))


def _first_center(window: Window, outputs: int, divisor: int) -> Ratio | None:
    """Find the midpoint of the inputs of the first output that has any; None if none of the outputs has."""
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    taps, inputs = stride // divisor, dilation // divisor
    first = -(-window.before // divisor)
    skipped = least_residue(min(kernel, taps), taps, inputs, -first)
    position = (first + skipped) * divisor
    if position - window.before >= outputs:
        return None
    tap = position // divisor * pow(inputs, -1, taps) % taps if taps > 1 else 0
    count = (kernel - 1 - tap) // taps + 1
    last = (position - tap * dilation) // stride
    return ratio(2 * last - (count - 1) * inputs, 2)
