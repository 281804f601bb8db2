"""The picture read back: what is drawn is what the windows' positions say, one by one."""

import re
from itertools import product
from typing import NamedTuple

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import layer_question
from dlcalc.report.conv_shape.window_picture import ASCII, UNICODE, Glyphs, picture, scene
from dlcalc.report.sheet import Picture
from tests.support.random_layers import answers

LEFT_OUT = re.compile(r"positions (-?[\d,]+) to (-?[\d,]+)")


def number(text: str) -> int:
    return int(text.replace(",", ""))


class ReadBack(NamedTuple):
    """What a picture says: of each position its character, and of each row by its number those of its window."""

    line: dict[int, str]
    rows: dict[int, dict[int, str]]
    left_out: tuple[int, int] | None


def columns(drawn: Picture, first: int, glyphs: Glyphs) -> tuple[dict[int, int], tuple[int, int] | None]:
    """The column of each position, from where the line starts, what it is said to leave out, and how far cells are."""
    line = drawn.rows[1].cells
    before, gap, after = line.partition(f" {glyphs.gap} ")
    cell = 2 if before[1:2] == " " else 1
    found = {first + number: number * cell for number in range((len(before) + cell - 1) // cell)}
    if not gap:
        return found, None
    said = next(match for note in drawn.notes if (match := LEFT_OUT.search(note)))
    start, end = number(said[1]), number(said[2])
    assert max(found) == start - 1
    offset = len(before) + len(gap)
    found |= {end + 1 + number: offset + number * cell for number in range((len(after) + cell - 1) // cell)}
    return found, (start, end)


def read(drawn: Picture, first: int, count: int, glyphs: Glyphs) -> ReadBack:
    places, left_out = columns(drawn, first, glyphs)
    rows = {}
    for label, cells in drawn.rows[2:]:
        if label != glyphs.gap:
            name = label.split(" ", 1)[1]
            row = int(name) if name.isdigit() else count - 1 - int(name.removeprefix("last").removeprefix(" - ") or 0)
            rows[row] = {position: cells[column : column + 1] or " " for position, column in places.items()}
    line = drawn.rows[1].cells
    return ReadBack({position: line[column] for position, column in places.items()}, rows, left_out)


def compare(axis: AxisShape, transposed: bool, width: int, glyphs: Glyphs) -> ReadBack:
    """Draw, read back, and compare with the positions written out."""
    window, inside = axis.window, axis.output if transposed else axis.window.input
    count = window.input if transposed else axis.output
    windows = [
        {row * window.stride + tap * window.dilation - window.before for tap in range(window.kernel)}
        for row in range(count)
    ]
    met = set().union(*windows)
    first = min(0, -window.before)
    last = max(inside - 1, inside + window.after - 1, *met)
    drawn = picture(scene(axis, transposed), width, glyphs)
    found = read(drawn, first, count, glyphs)
    hidden = set(range(found.left_out[0], found.left_out[1] + 1)) if found.left_out else set()
    assert sorted({*found.line, *hidden}) == list(range(first, last + 1))
    for position, character in found.line.items():
        if 0 <= position < inside:
            expected = glyphs.inside if position in met else glyphs.missed
        else:
            expected = glyphs.padding if position < inside + max(0, window.after) else glyphs.beyond
        assert character == expected, (axis, position)
    for row, cells in found.rows.items():
        taps = windows[row]
        for position, character in cells.items():
            if position in taps:
                assert character == (glyphs.tap if 0 <= position < inside else glyphs.outside)
            else:
                within = min(taps) < position < max(taps)
                assert character == (glyphs.hole if within else " "), (axis, row, position)
    ruler(drawn, found, columns(drawn, first, glyphs)[0])
    if hidden:
        labels = [row.label for row in drawn.rows]
        gaps = [row.cells for row in drawn.rows if row.cells and row.label]
        lost = [set(range(min(windows[row]), max(windows[row]) + 1)) & hidden for row in found.rows]
        assert [glyphs.gap in cells for cells in gaps[1:]] == [bool(each) for each in lost], axis
        if glyphs.gap in labels:  # of the rows at an end all but the outermost are seen whole
            at_ends = [row for row in found.rows if row not in (0, count - 1)]
            assert not any(lost[[*found.rows].index(row)] for row in at_ends), axis
    return found


def ruler(drawn: Picture, found: ReadBack, places: dict[int, int]) -> None:
    """Every number stands with its last digit over its own column."""
    text = drawn.rows[0].cells
    shown = {int(match[0]): match.end() - 1 for match in re.finditer(r"\d+", text)}
    assert shown.items() <= places.items()
    if 0 in found.line:
        assert 0 in shown


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_every_small_window(glyphs: Glyphs) -> None:
    drawn = 0
    for size, kernel, stride, dilation, pads in product(
        (1, 2, 5, 9), (1, 2, 3), (1, 2, 4), (1, 2), ((0, 0), (1, 1), (0, 2), (3, 1))
    ):
        for kind in ("conv", "transposed"):
            layer = Layer(kernel, stride, (pads,), dilation, kind)
            try:
                answer = conv_shape(layer_question(("w",), (size,), layer))
            except DlcalcError as error:
                assert error.code in ("kernel-exceeds-input", "empty-output")
                continue
            found = compare(answer.layers[0].axes[0], kind == "transposed", 200, glyphs)
            assert found.left_out is None
            drawn += 1
    assert drawn > 400


@pytest.mark.parametrize(("width", "glyphs"), [(200, UNICODE), (60, ASCII), (40, UNICODE), (30, UNICODE), (24, ASCII)])
def test_random_layers_at_any_width(width: int, glyphs: Glyphs) -> None:
    """Of every kind, in every framework: words, ceil mode, input left out in front."""
    elided = drawn = 0
    for answer in answers(1_500, seed=81):
        for axis in answer.layers[0].axes:
            found = compare(axis, answer.layers[0].scatters, width, glyphs)
            elided += found.left_out is not None
            drawn += 1
    assert drawn > 1_200
    assert (elided > 0) == (width < 200)


def test_nothing_is_wider_than_it_may_be() -> None:
    for answer in answers(600, seed=82):
        for axis, width, glyphs in product(answer.layers[0].axes, (30, 40, 80), (UNICODE, ASCII)):
            rows = picture(scene(axis, answer.layers[0].scatters), width, glyphs).rows
            labels = max(len(row.label) for row in rows)
            assert all(labels + 2 + len(row.cells) <= width for row in rows), (axis, width)


def drawing(size: int, layer: Layer, width: int = 76) -> tuple[AxisShape, Picture]:
    axis = conv_shape(layer_question(("w",), (size,), layer)).layers[0].axes[0]
    return axis, picture(scene(axis, layer.family == "transposed"), width, UNICODE)


def test_the_first_and_the_last_windows_of_many() -> None:
    axis, drawn = drawing(224, Layer(3, 1, 1))
    found = compare(axis, False, 76, UNICODE)
    assert list(found.rows) == [0, 1, 2, 3, 4, 5, 218, 219, 220, 221, 222, 223]
    assert [row.label for row in drawn.rows].count("⋯") == 1
    assert drawn.notes[0].startswith("left out: windows 6 to 217, positions ")


def test_rows_alone_are_left_out_where_the_columns_fit() -> None:
    axis, drawn = drawing(30, Layer(1))
    found = compare(axis, False, 200, UNICODE)
    assert (len(found.rows), found.left_out) == (12, None)
    assert drawn.notes[0] == "left out: windows 6 to 23"


def test_a_window_wider_than_the_picture_goes_through_the_gap() -> None:
    _, drawn = drawing(500, Layer(490, 5))
    rows = {row.label: row.cells for row in drawn.rows}
    assert rows["window 0"].startswith("█")
    assert "█ ⋯ █" in rows["window 0"]
    assert "⋯" not in drawing(500, Layer(3))[1].rows[2].cells


def test_18_digits() -> None:
    size = 10**18 - 1
    _, drawn = drawing(size, Layer(3, 2, 1))
    labels = [row.label for row in drawn.rows]
    assert "window 0" in labels
    assert "window last" in labels
    assert "window last - 4" in labels
    assert all(len(row.label) + len(row.cells) <= 74 for row in drawn.rows)
    assert drawing(7, Layer(size, 10**17, "full", 10**17))[1].rows
    assert drawing(size, Layer(3, 10**17, 1, kind="transposed"))[1].rows


def test_the_legend_names_what_is_drawn_and_nothing_else() -> None:
    assert drawing(7, Layer(3))[1].notes == ["█ tap   ○ input"]
    legend = "█ tap   ▒ tap on padding   ─ hole   ○ input   × input that no window reads   ░ padding"  # noqa: RUF001
    assert drawing(10, Layer(3, 2, 1, 2), 100)[1].notes == [legend]
    legend = "█ product   ▒ product cut off   ○ output   × output that no input reaches   ░ cut off"  # noqa: RUF001
    assert drawing(4, Layer(1, 3, 1, kind="transposed"), 100)[1].notes == [legend]
