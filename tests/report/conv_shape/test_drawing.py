"""What an output of a stack sees, read back from its bars."""

import re

import pytest

from dlcalc.core.conv.shape import ConvShape
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network.receptive_field import input_spans
from dlcalc.core.outcome import Outcome
from dlcalc.notation.conv_shape import question
from dlcalc.report.conv_shape import drawing as conv_drawing
from dlcalc.report.conv_shape.drawing import Map, maps, picture
from dlcalc.report.table import print_outcome
from tests.support.random_stacks import answers
from tests.support.streams import Ascii


def stem(**size: int) -> ConvShape:
    return conv_shape(question({"layers": "7s2p3 max3s2p1 3p1", **size}))


GOLDEN = """
  56
  an input of 224 gives 56  (3 layers, pytorch)

  width, what output 27 (of 0 to 55) sees of every map, down to the input

  conv2         27  1 of 56    .....................#.....................
  pool1   26 to 28  3 of 56    ....................###....................
  conv1   51 to 57  7 of 112   ...................####....................
  input  99 to 117  19 of 224  ...................####....................

  # seen   . not seen; every row is a whole map

"""


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "76")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_in_a_pipe() -> None:
    stream = Ascii()
    print_outcome(Outcome(stem(w=224)), conv_drawing.VIEW, stream)
    assert stream.getvalue() == GOLDEN


def test_every_row_is_what_an_output_sees() -> None:
    for answer in answers(400, seed=91):
        layers = answer.layers
        rows = picture(maps(layers, 0), 76, True).rows
        middle = (layers[-1].axes[0].output - 1) // 2
        expected = input_spans(layers, 0, middle)
        sizes = [layers[-1].axes[0].output, *(layer.axes[0].window.input for layer in reversed(layers))]
        assert [row.label for row in rows] == [*(layer.name for layer in reversed(layers)), "input"]
        for (_, cells), span, size in zip(rows, expected, sizes, strict=True):
            where, bar = cells.rsplit("  ", 1)
            numbers = [int(number) for number in re.findall(r"-?\d+", where.replace(",", ""))]
            if span is None:
                assert where.split() == ["none", "0", "of", str(size)]
                assert set(bar) == {"."}
                continue
            ends = [span[0]] if span[0] == span[1] else [*span]
            real = [position for position in range(size) if span[0] <= position <= span[1]]
            assert numbers == [*ends, len(real), size]
            to_scale(bar, max(0, span[0]) / size, min(size, span[1] + 1) / size)


def to_scale(bar: str, begin: float, end: float) -> None:
    """What is seen is one run of characters, within one of where it would be on a ruler."""
    if begin >= 1 or end <= 0:
        assert set(bar) == {"."}
        return
    run = re.fullmatch(r"\.*(#+)\.*", bar)
    assert run is not None
    assert abs(run.start(1) - begin * len(bar)) < 1.01
    assert abs(run.end(1) - end * len(bar)) < 1.01


def test_what_lies_in_the_padding_is_said() -> None:
    seen = [Map("conv1", 3, (1, 1)), Map("input", 5, (-1, 2))]
    assert "positions below 0 and behind the end are padding" in picture(seen, 76, True).notes
    inside = [Map("conv1", 3, (1, 1)), Map("input", 5, (0, 4))]
    assert len(picture(inside, 76, True).notes) == 1


def test_of_many_layers_the_first_and_the_last() -> None:
    many = [Map(f"conv{number}", 9, (4, 4)) for number in range(100)]
    drawn = picture(many, 76, False)
    assert len(drawn.rows) == 41
    assert drawn.rows[20].label == "⋯"
    assert drawn.notes[0] == "left out: 60 layers"


@pytest.mark.parametrize("width", [30, 40, 80])
def test_numbers_give_way_to_bars(width: int) -> None:
    huge = 10**40
    for seen in ([Map("conv1", huge, (1, 1)), Map("input", huge, (0, huge - 1))], maps(stem(w=224).layers, 0)):
        rows = picture(seen, width, True).rows
        assert all(len(row.label) + 2 + len(row.cells) <= width for row in rows)
        assert all(re.search(r"[.#]{8,}$", row.cells) for row in rows)
