"""Problems of conv-shape backwards, small enough that every value of the unknown number can be tried."""

from itertools import product

from hypothesis import strategies as st

from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, KINDS, PADDING_WORDS, Layer, per_axis
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.shape import network_shape
from dlcalc.core.solve.open_axis import OpenAxis, open_axes
from dlcalc.core.solve.question import UNKNOWNS, Inverse, InverseQuestion, Values

VALUES = range(60)  # of the unknown number


def small(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def axes(draw: st.DrawFn) -> OpenAxis:
    """An axis of a layer of one to three axes, which a framework may refuse."""
    unknown = draw(st.sampled_from(UNKNOWNS))
    kind = "transposed" if unknown == "output_padding" else draw(st.sampled_from(list(KINDS)))
    layer = Layer(
        kernel=draw(small(1, 5)),
        stride=1 if unknown == "stride" else draw(st.none() | small(1, 5)),
        padding=draw(small(0, 3) | st.sampled_from(PADDING_WORDS)),
        dilation=draw(small(1, 3)),
        kind=kind,
        output_padding=draw(st.none() | small(0, 3)) if kind == "transposed" else None,
        ceil_mode=KINDS[kind] == "pool" and draw(st.booleans()),
    )
    if unknown == "padding":
        layer = layer._replace(padding=0)
    if unknown == "output_padding":
        layer = layer._replace(output_padding=0)
    names = ALL_AXES[-draw(st.sampled_from((1, 1, 2, 3))) :]
    framework, size = draw(st.sampled_from(FRAMEWORKS)), draw(small(1, 20))
    numbers = per_axis(layer, len(names))
    return open_axes(framework, layer, names, (size,) * len(names), numbers, unknown, draw(st.booleans()))[0]


def output(axis: OpenAxis, value: int) -> int | None:
    """The size that a value gives; None where it is refused."""
    try:
        return axis.output_function()(value)
    except DlcalcError:
        return None


def output_of(question: InverseQuestion, values: Values) -> tuple[int, ...] | None:
    """The output with a solution in place of the unknown number; None where it is refused."""
    try:
        return network_shape(question.with_values(values)).output
    except DlcalcError:
        return None


def among(answer: Inverse, values: range) -> set[Values]:
    """The solutions that lie in a range, those behind the smallest of endless ones too."""
    if answer.listed is not None:
        return {each for each in answer.listed if set(each) <= set(values)}
    bounded = [[run._replace(last=values.stop) if run.last is None else run for run in runs] for runs in answer.runs]
    return set(product(*({value for run in runs for value in run.values() if value in values} for runs in bounded)))
