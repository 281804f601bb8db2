"""The taps on real data against the taps, one by one."""

from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.conv.coverage import taps_on_input, taps_on_output
from dlcalc.core.conv.window import Window

small = st.integers(1, 9)
windows = st.builds(
    lambda size, kernel, stride, dilation, before: Window(size, kernel, stride, dilation, before, 0, 0),
    st.integers(1, 20),
    small,
    small,
    small,
    st.integers(-9, 30),
)


@given(windows, st.integers(1, 30))
def test_taps_on_the_input(window: Window, outputs: int) -> None:
    size, kernel, stride, dilation, before, *_ = window
    places = [x * stride + b * dilation - before for x in range(outputs) for b in range(kernel)]
    assert taps_on_input(window, outputs) == sum(0 <= place < size for place in places)


@given(windows, st.integers(1, 60))
def test_taps_on_the_output(window: Window, outputs: int) -> None:
    size, kernel, stride, dilation, before, *_ = window
    places = [x * stride + b * dilation - before for x in range(size) for b in range(kernel)]
    assert taps_on_output(window, outputs) == sum(0 <= place < outputs for place in places)


def test_at_any_size() -> None:
    window = Window(10**17, 3, 1, 1, 1, 1, 0)
    assert taps_on_input(window, 10**17) == 3 * 10**17 - 2
