from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.validation import groups_do_not_divide, nearest_common_divisors


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.integers(2, 6_000))
def test_the_nearest_on_each_side(first: int, second: int, near: int) -> None:
    divisors = [number for number in range(1, gcd(first, second) + 1) if first % number == 0 == second % number]
    if near not in divisors:
        below, above = [d for d in divisors if d < near][-1:], [d for d in divisors if d > near][:1]
        assert nearest_common_divisors(near, first, second) == below + above


def test_beyond_what_can_be_looked_at_they_still_divide() -> None:
    number = 2**20 * 3**24
    for near in (10**11, 10**17, 7 * 10**5):
        found = nearest_common_divisors(near, number, 3 * number)
        assert found
        assert all(number % divisor == 0 for divisor in found)


@pytest.mark.parametrize(
    ("groups", "c_in", "c_out", "message", "hint"),
    [
        (3, 64, 128, "groups 3 does not divide the 64 input channels", "groups=2 or groups=4"),
        (4, 8, 6, "groups 4 does not divide the 6 output channels", "groups=2"),
        (4, None, 6, "groups 4 does not divide the 6 output channels", "groups=3 or groups=6"),
        (4, 6, None, "groups 4 does not divide the 6 input channels", "groups=3 or groups=6"),
    ],
)
def test_groups_that_do_not_divide(groups: int, c_in: int | None, c_out: int | None, message: str, hint: str) -> None:
    error = groups_do_not_divide(groups, c_in, c_out)
    assert (error.code, error.message, error.hint) == ("groups-do-not-divide", message, hint)
