"""What padding words promise, against the positions that they add: windows counted one by one."""

from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.conv.layer import AxisLayer, PaddingWord
from dlcalc.core.conv.window import BY_WORD

sizes, kernels, steps = st.integers(1, 60), st.integers(1, 9), st.integers(1, 6)


def padded(word: PaddingWord, size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int, int]:
    """The padding on both sides, and the windows that fit, each tried."""
    axis = AxisLayer(kernel, stride, dilation, word, None)
    before, after = BY_WORD[word].sides(size, axis)
    reach = dilation * (kernel - 1)
    return before, after, sum(1 for start in range(-before, size + after, stride) if start + reach < size + after)


@given(sizes, kernels, steps, steps)
def test_same_gives_a_window_per_stride_and_no_position_too_many(size: int, k: int, s: int, d: int) -> None:
    before, after, windows = padded("same", size, k, s, d)
    assert windows == len(range(0, size, s))
    assert after - before in (0, 1)
    assert padded("same-upper", size, k, s, d) == (before, after, windows)
    assert padded("same-lower", size, k, s, d) == (after, before, windows)
    if before + after:  # one position less, and the last window is gone
        reach = d * (k - 1)
        assert (windows - 1) * s - before + reach == size + after - 1


@given(sizes, kernels, steps)
def test_causal_sees_nothing_that_comes_later(size: int, k: int, d: int) -> None:
    before, after, windows = padded("causal", size, k, 1, d)
    assert (before, after, windows) == (d * (k - 1), 0, size)


@given(sizes, kernels, steps)
def test_full_takes_every_window_that_meets_the_input(size: int, k: int, d: int) -> None:
    before, after, windows = padded("full", size, k, 1, d)
    reach = d * (k - 1)
    assert (before, after) == (reach, reach)
    assert windows == len([start for start in range(-2 * reach, size + reach) if start + reach >= 0 and start < size])


@given(sizes, kernels, steps, steps)
def test_valid_adds_nothing(size: int, k: int, s: int, d: int) -> None:
    assert padded("valid", size, k, s, d)[:2] == (0, 0)
