"""Which positions a layer reads, and how many of its products are real: in closed form, without visiting a window."""

from math import gcd

from dlcalc.core.conv.window import Window
from dlcalc.core.numeric.lattice import count_pairs_below, count_residues_below, count_sums_below


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


def taps_on_input(window: Window, outputs: int) -> int:
    """Count the taps of all windows of a convolution that lie on the input, and not on its padding.

    Window x reads position x*s + b*d - before with its tap b: the pairs (x, b) for which that is a position of the
    input are the ones below its end, less those below its start.

    >>> taps_on_input(Window(7, kernel=3, stride=1, dilation=1, before=1, after=1, output_padding=0), 7)
    19
    """
    return _pairs_within(window, outputs, window.input)


def taps_on_output(window: Window, outputs: int) -> int:
    """Count the products of a transposed convolution that land in the output, and not in what its padding cuts off.

    Input x adds to position x*s + b*d - before with its tap b.

    >>> taps_on_output(Window(4, kernel=3, stride=2, dilation=1, before=1, after=1, output_padding=0), 7)
    10
    """
    return _pairs_within(window, window.input, outputs)


def _pairs_within(window: Window, count: int, positions: int) -> int:
    """Count the pairs of one of ``count`` starts and a tap whose sum is one of ``positions`` positions."""
    _, kernel, stride, dilation, before, *_ = window
    end = count_pairs_below(before + positions, count, stride, kernel, dilation)
    return end - count_pairs_below(before, count, stride, kernel, dilation)
