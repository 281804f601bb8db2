"""How many products of a layer meet real data along one axis: in closed form, exact at any size."""

from dlcalc.core.conv.window import Window
from dlcalc.core.numeric.lattice import count_pairs_below


def taps_on_input(window: Window, outputs: int) -> int:
    """How many taps of all the windows of a convolution lie on the input, and not on its padding.

    Window x reads position x*s + b*d - before with its tap b: the pairs (x, b) for which that is a position of the
    input are the ones below its end, less those below its start.

    >>> taps_on_input(Window(7, kernel=3, stride=1, dilation=1, before=1, after=1, output_padding=0, extent=3), 7)
    19
    """
    return _pairs_within(window, outputs, window.input)


def taps_on_output(window: Window, outputs: int) -> int:
    """How many products of a transposed convolution land inside the output, and not in what its padding cuts off.

    Input x adds to position x*s + b*d - before with its tap b.

    >>> taps_on_output(Window(4, kernel=3, stride=2, dilation=1, before=1, after=1, output_padding=0, extent=3), 7)
    10
    """
    return _pairs_within(window, window.input, outputs)


def _pairs_within(window: Window, count: int, positions: int) -> int:
    """Pairs of ``count`` starts and a tap whose position is one of ``positions``."""
    _, kernel, stride, dilation, before, *_ = window
    end = count_pairs_below(before + positions, count, stride, kernel, dilation)
    return end - count_pairs_below(before, count, stride, kernel, dilation)
