"""The values along one axis: against every value tried, and at any size."""

from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlcalc.core.conv.layer import AxisLayer, FrameworkName, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.axis import accepted_steps, confirm, inputs_giving, sections, values_giving
from dlcalc.core.solve.open_axis import OpenAxis
from dlcalc.core.solve.question import FAR, Run, Unknown, ascending
from tests.support.open_axes import VALUES, axes, output


def least(axis: OpenAxis) -> int:
    return axis.classes()[0][0]


def expected(axis: OpenAxis, targets: set[int]) -> list[int]:
    return [value for value in VALUES if value >= least(axis) and output(axis, value) in targets]


def covered(runs: tuple[Run, ...]) -> list[int]:
    """The values of runs, of those without end too, as far as they are tried."""
    bounded = [run._replace(last=VALUES.stop) if run.last is None else run for run in runs]
    return [value for value in ascending(bounded) if value in VALUES]


@given(axes(), st.integers(1, 12))
@settings(max_examples=250)
def test_all_values_and_only_those_that_give_the_target(axis: OpenAxis, target: int) -> None:
    try:
        runs = values_giving(axis, target)
    except DlcalcError:
        assert not expected(axis, {target})
        return
    assert covered(runs) == expected(axis, {target})
    for value in islice(ascending(runs), 20):
        assert output(axis, value) == target


@given(axes().map(lambda axis: axis._replace(unknown="input")), st.integers(1, 8), st.integers(0, 3), st.booleans())
@settings(max_examples=200)
def test_all_inputs_of_a_set_of_sizes(axis: OpenAxis, low: int, more: int, second: bool) -> None:
    targets = [Run(low, low + more), *([Run(low + more + 2, low + more + 2)] if second else [])]
    try:
        runs = inputs_giving(axis, targets)
    except DlcalcError:
        assert not expected(axis, set(ascending(targets)))
        return
    assert covered(runs) == expected(axis, set(ascending(targets)))


@given(axes(), st.integers(1, 12))
@settings(max_examples=100)
def test_sections_are_apart(axis: OpenAxis, target: int) -> None:
    seen: set[int] = set()
    for start, step, last in sections(axis, target):
        values = set(range(start, min(start + last * step, 100) + 1, step))
        assert not values & seen
        seen |= values
    assume(axis.unknown != "stride")
    assert seen == set(range(least(axis), 101))


def open_axis(layer: Layer, size: int, unknown: Unknown, framework: FrameworkName = "pytorch") -> OpenAxis:
    padding = layer.padding if isinstance(layer.padding, str) else (0, 0)
    assert isinstance(layer.kernel, int)
    assert isinstance(layer.dilation, int)
    numbers = AxisLayer(layer.kernel, 1, layer.dilation, padding, None)
    return OpenAxis(framework, layer, "w", size, numbers, (), unknown)


def test_what_is_too_long_to_be_typed_is_no_value() -> None:
    """Strides from 10**18 - 2 on give 1; the kernel of one tap needs one that has 19 digits."""
    assert values_giving(open_axis(Layer(3), 10**18 - 1, "stride"), 1) == (Run(10**18 - 3, None),)
    assert values_giving(open_axis(Layer(1), 10**18 - 1, "stride"), 1) == (Run(10**18 - 1, None),)
    padded = open_axis(Layer(1), 10**18 - 1, "stride")
    padded = padded._replace(numbers=padded.numbers._replace(padding=(5, 5)))
    assert values_giving(padded, 1) == ()
    transposed = open_axis(Layer(1, 1, kind="transposed"), 1, "input")
    assert inputs_giving(transposed, [Run(10**18 - 5, 10**18 + 5)]) == (Run(10**18 - 5, 10**18 - 1),)


def test_too_many_ranges_are_refused() -> None:
    zigzag = open_axis(Layer(2, 1, "same", 10**17 - 10**9, "max-pool"), 10**17, "stride", "onnx")
    with pytest.raises(DlcalcError, match="more than 100,000 ranges") as refused:
        list(sections(zigzag, 1))
    assert refused.value.code == "too-many-questions"


@pytest.mark.parametrize("targets", [[Run(1, None)], [Run(1, 200_000)]])
def test_too_many_sizes_are_refused_where_each_has_inputs_of_its_own(targets: list[Run]) -> None:
    torn = open_axis(Layer(2, 3, "same", 1, "max-pool"), 1, "input", "onnx")
    with pytest.raises(DlcalcError, match="more than 100,000 sizes") as refused:
        inputs_giving(torn, targets)
    assert refused.value.code == "too-many-questions"


CODES = [("....", (0, 3)), ("aa..", (2, 3)), ("aab.", (3, 3)), ("..bb", (0, 1)), ("a..b", (1, 2)), ("aabb", None)]


@pytest.mark.parametrize(("codes", "steps"), CODES)
def test_steps_that_are_accepted(codes: str, steps: tuple[int, int] | None) -> None:
    assert accepted_steps(lambda number: None if codes[number] == "." else codes[number], 0, len(codes) - 1) == steps


def test_a_value_that_does_not_give_the_target_is_a_bug() -> None:
    confirm((Run(3, 5),), lambda value: 7, 7, "output_padding")
    with pytest.raises(AssertionError, match="output padding 5 gives 8, not 7"):
        confirm((Run(3, 5),), lambda value: 8 if value == 5 else 7, 7, "output_padding")


def test_far_is_beyond_every_threshold() -> None:
    """The largest threshold is that of a padding or an input: a stride per window, and the extent of the window."""
    most = 10**18 - 1
    assert 10**1000 * most + most * most + most < FAR
