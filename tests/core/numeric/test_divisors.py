from math import gcd

from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.numeric.divisors import nearest_common_divisors


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
