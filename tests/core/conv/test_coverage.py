"""Which positions are met by a tap, against the taps themselves."""

from itertools import product

from dlcalc.core.conv.coverage import meets
from dlcalc.core.conv.window import Window


def test_every_position_around_every_small_window() -> None:
    met = 0
    for kernel, stride, dilation, count, before in product(
        range(1, 5), range(1, 6), range(1, 6), range(1, 5), (-2, 0, 1, 3)
    ):
        window = Window(9, kernel, stride, dilation, before, 0, 0)
        taps = {a * stride + b * dilation - before for a in range(count) for b in range(kernel)}
        for position in range(min(taps) - 3, max(taps) + 4):
            assert meets(window, count, position) == (position in taps), (window, count, position)
            met += position in taps
    assert met > 5_000


def test_at_18_digits() -> None:
    big = 10**17
    window = Window(10 * big, kernel=big, stride=big + 1, dilation=big - 1, before=0, after=0, output_padding=0)
    inside = 7 * (big + 1) + 12345 * (big - 1)
    assert meets(window, big, inside)
    assert not meets(window, 7, inside)
