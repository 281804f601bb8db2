"""Runs hold the numbers that they are made of, and bisection finds what a walk finds."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.solve.question import Run, ascending, bisect_first, joined

BEYOND = 80  # runs without end are looked at up to here


@st.composite
def run(draw: st.DrawFn) -> Run:
    first, step = draw(st.integers(0, 40)), draw(st.sampled_from((1, 1, 2)))
    return Run(first, draw(st.none() | st.integers(0, 10).map(lambda steps: first + steps * step)), step)


def numbers(runs: list[Run] | tuple[Run, ...]) -> set[int]:
    return {
        value
        for run in runs
        for value in range(run.first, BEYOND if run.last is None else run.last + 1, run.step)
        if value < BEYOND
    }


@given(run())
def test_the_length_is_how_many_values_there_are(one: Run) -> None:
    assert one.length == len(list(one.values()))
    assert one.last is None or list(one.values())[-1] == one.last


@given(st.lists(run().filter(lambda one: one.last is not None)))
def test_ascending_gives_each_number_once_and_in_order(runs: list[Run]) -> None:
    assert list(ascending(runs)) == sorted(numbers(runs))


@given(st.lists(run().filter(lambda one: one.step == 1)))
def test_joined_runs_hold_the_same_numbers_and_do_not_touch(runs: list[Run]) -> None:
    result = joined(runs)
    assert numbers(result) == numbers(runs)
    for before, after in pairwise(result):
        assert before.last is not None
        assert before.last + 1 < after.first


@given(st.lists(run()))
def test_runs_with_gaps_are_left_as_they_are(runs: list[Run]) -> None:
    result = joined(runs)
    assert numbers(result) == numbers(runs)
    assert Counter(run for run in result if run.step > 1) == Counter(run for run in runs if run.step > 1)


@given(st.integers(0, 50), st.integers(-1, 60), st.integers(0, 120))
def test_bisection_finds_what_a_walk_finds(low: int, length: int, threshold: int) -> None:
    high = low + length
    walked = next((number for number in range(low, high + 1) if number >= threshold), high + 1)
    assert bisect_first(lambda number: number >= threshold, low, high) == walked


@given(st.integers(1, 10**18))
def test_bisection_asks_as_often_as_the_distance_has_digits(threshold: int) -> None:
    asked = []

    def reached(number: int) -> bool:
        asked.append(number)
        return number >= threshold

    assert bisect_first(reached, 0, 10**54) == threshold
    assert len(asked) <= 2 * threshold.bit_length() + 4
