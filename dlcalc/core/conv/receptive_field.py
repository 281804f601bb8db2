"""Receptive field, jump and centre. Araujo et al., Computing Receptive Fields of CNNs, Distill 2019.

The field is geometry: as in a convolution at the border, positions in the padding count. That makes it the same for
every size of input, and makes a transposed convolution of stride 1 equal to the convolution that it is.
"""

from math import gcd
from typing import NamedTuple

from dlcalc.core.conv.window import Window
from dlcalc.core.numeric.lattice import least_residue
from dlcalc.core.numeric.ratio import Ratio, ratio


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
    every (s/g)-th tap, their inputs d/g apart; if g does not divide t there are none.

    >>> through_transposed(Window(4, kernel=3, stride=2, dilation=1, before=1, after=1, output_padding=0), 7)
    Field(size=2, smallest=1, jump=(1, 2), center=(0, 1))
    """
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    divisor = gcd(stride, dilation)
    taps, inputs = stride // divisor, dilation // divisor
    most, least = -(-kernel // taps), 0 if divisor > 1 else kernel // taps
    size = (most - 1) * inputs + 1
    smallest = (least - 1) * inputs + 1 if least else 0
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
