"""What an output of a network sees, read back from its bars."""

import re
from collections.abc import Iterator

import pytest

from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network.input_span import input_spans
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.numeric.ratio import as_float, as_number
from dlcalc.core.outcome import Outcome
from dlcalc.notation.conv_shape import question
from dlcalc.report.conv_shape import drawing as conv_drawing
from dlcalc.report.conv_shape.drawing import Map, maps, picture
from dlcalc.report.table import print_outcome
from tests.support.random_networks import answers
from tests.support.streams import Ascii


def stem(**size: int) -> ConvShape:
    return conv_shape(question({"layers": "7s2p3 max3s2p1 3p1", **size}))


GOLDEN = """
  56
  an input of 224 gives 56  (3 layers, pytorch)

  width, what output 27 (of 0 to 55) sees of every map, down to the input

  conv2         27  1 of 56    ....................##.....................
  pool1   26 to 28  3 of 56    ...................####....................
  conv1   51 to 57  7 of 112   ...................####....................
  input  99 to 117  19 of 224  ...................####....................

  # seen
  . not seen; every map stands above the pixels of the input that it is about

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


BRANCHED = [
    "3p1 @a max2 3p1 up2 cat@a 3",
    "7s2p3 max3s2p1 @x 3p1 bn relu 3p1 add@x relu",
    "@a 3s2p1 @b gap mul@b convt2s2 add@a",
    "3p1 @a aavg4 3p1 @b from@a amax4 add@b crop1 up3 aavg5",
    "pad3 3 crop2 up3 2s2 unshuffle2 shuffle2 gap flatten fc10",
    "rep3 @x 3p1 3p1 add@x max2 end gap",
]
TEXT = re.compile(r" *(none|-?[\d,]+(?: to -?[\d,]+)?)  ([\d,]+) of ([\d,]+)")


def looked_at() -> Iterator[ConvShape]:
    yield from answers(400, seed=91)
    for words in BRANCHED:
        for size in (24, 48, 224):
            answer = conv_shape(question({"layers": words, "w": size}))
            yield answer
            for layer in answer.layers:
                yield answer._replace(question=answer.question._replace(at=layer.name))


def test_every_row_is_what_an_output_sees() -> None:
    for answer in looked_at():
        layers, at = answer.layers, answer.question.at
        last = layers[-1] if at is None else answer.layer(at)
        expected = input_spans(answer, 0, (last.axes[0].output - 1) // 2, at)
        rows = picture(maps(answer, 0), 76, True).rows
        assert [row.label for row in rows] == [name for name, _, _ in expected]
        assert (rows[0].label, rows[-1].label) == (last.name, "input")
        texts = [TEXT.match(row.cells) for row in rows]
        assert None not in texts
        start = max(text.end() for text in texts if text) + 2
        width = max(len(row.cells) for row in rows) - start
        ends = [pixels(answer, name, size, (0, size - 1)) for name, size, _ in expected]
        low, high = min(begin for begin, _ in ends), max(end for _, end in ends)
        for text, row, (name, size, span), there in zip(texts, rows, expected, ends, strict=True):
            assert text
            bar = row.cells[start:]
            to_scale(bar, "[.#]", [(end - low) / (high - low) * width for end in there])
            assert int(text[3].replace(",", "")) == size
            if span is None:
                assert (text[1], text[2]) == ("none", "0")
                assert "#" not in bar
                continue
            numbers = [int(number) for number in re.findall(r"-?\d+", text[1].replace(",", ""))]
            assert numbers == ([span[0]] if span[0] == span[1] else [*span])
            real = [position for position in range(size) if span[0] <= position <= span[1]]
            assert int(text[2].replace(",", "")) == len(real)
            if real:
                seen = pixels(answer, name, size, (real[0], real[-1]))
                to_scale(bar, "#", [(end - low) / (high - low) * width for end in seen])
            else:
                assert "#" not in bar


def pixels(answer: ConvShape, name: str, size: int, span: tuple[int, int]) -> tuple[float, float]:
    """Where some positions of a map begin and end, in pixels of the input."""
    center, jump = 0.0, 1.0
    if name != "input":
        layer = answer.layer(name)
        field = layer.axes[0].field
        center, jump = as_float(field.center or (0, 1)), float(as_number(field.jump))
        if size == 1:  # which is about all that it sees
            jump = float(field.size)
    return center + (span[0] - 0.5) * jump, center + (span[1] + 0.5) * jump


def to_scale(bar: str, characters: str, ends: list[float]) -> None:
    """These characters are one run, within one of where it would be on a ruler."""
    runs = list(re.finditer(f"{characters}+", bar))
    assert len(runs) == 1
    assert abs(runs[0].start() - ends[0]) < 1.01
    assert abs(runs[0].end() - ends[1]) < 1.01


def test_what_lies_in_the_padding_is_said() -> None:
    seen = [Map("conv1", 3, (1, 1)), Map("input", 5, (-1, 2))]
    assert "positions below 0 and behind the end are padding" in picture(seen, 76, True).notes
    inside = [Map("conv1", 3, (1, 1)), Map("input", 5, (0, 4))]
    assert not any("padding" in note for note in picture(inside, 76, True).notes)


def test_of_many_layers_the_first_and_the_last() -> None:
    many = [Map(f"conv{number}", 9, (4, 4)) for number in range(100)]
    drawn = picture(many, 76, False)
    assert len(drawn.rows) == 41
    assert drawn.rows[20].label == "⋯"
    assert drawn.notes[0] == "left out: 60 layers"


@pytest.mark.parametrize("width", [30, 40, 80])
def test_numbers_give_way_to_bars(width: int) -> None:
    huge = 10**40
    for seen in ([Map("conv1", huge, (1, 1)), Map("input", huge, (0, huge - 1))], maps(stem(w=224), 0)):
        rows = picture(seen, width, True).rows
        assert all(len(row.label) + 2 + len(row.cells) <= width for row in rows)
        assert all(re.search(r"[.#]{8,}$", row.cells) for row in rows)
