"""Which positions are met by a tap, and how many taps are real, against the taps one by one."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.conv.coverage import meets, real_taps
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


small = st.integers(1, 9)
windows = st.builds(
    lambda size, kernel, stride, dilation, before: Window(size, kernel, stride, dilation, before, 0, 0),
    st.integers(1, 20),
    small,
    small,
    small,
    st.integers(-9, 30),
)


@given(windows, st.integers(1, 60), st.booleans())
def test_real_taps(window: Window, outputs: int, transposed: bool) -> None:
    size, kernel, stride, dilation, before, *_ = window
    starts, kept = (size, outputs) if transposed else (outputs, size)
    places = [x * stride + b * dilation - before for x in range(starts) for b in range(kernel)]
    assert real_taps(window, outputs, transposed) == sum(0 <= place < kept for place in places)


def test_taps_at_18_digits() -> None:
    window = Window(10**17, 3, 1, 1, 1, 1, 0)
    assert real_taps(window, 10**17, transposed=False) == 3 * 10**17 - 2
