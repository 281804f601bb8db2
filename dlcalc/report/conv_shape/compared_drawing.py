"""Drawings of one layer, or a network, in several frameworks: one picture a framework, aligned at the input."""

from functools import partial
from typing import TYPE_CHECKING

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import AXES
from dlcalc.core.network.compare import SideBySide
from dlcalc.report.conv_shape import drawing, frameworks, window_picture
from dlcalc.report.sheet import Drawing, Picture, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.network.layer_shape import ConvShape
    from dlcalc.core.network.network import ShapeQuestion
    from dlcalc.core.outcome import Judged

Answers = list[tuple[str, "ConvShape"]]  # each with the name of its framework


def sheet(answer: SideBySide) -> Sheet:
    """Lay out what differs, and along each axis the pictures; axes that are the same share them."""
    answers = [(framework_of(side.framework).name, side.answer) for side in answer.sides if side.answer is not None]
    together: dict[object, list[int]] = {}
    for number in range(len(answer.question.axes)):
        along = [layer.axes[number] for _, made in answers for layer in made.layers]
        together.setdefault(tuple((axis.window, axis.output) for axis in along), []).append(number)
    drawings = []
    for numbers in together.values() if answers else ():
        names = " and ".join(AXES[answer.question.axes[number]] for number in numbers)
        drawings.append(_drawing(answers, numbers[0], names))
    compared = frameworks.sheet(answer)
    return Sheet(compared.headline, compared.caption, (), compared.rule, tuple(drawings))


def _drawing(answers: Answers, number: int, names: str) -> Drawing:
    (_, one), *_ = answers
    if len(one.layers) == 1 and one.layers[0].plan is not None:
        layers = [(name, made.layers[0]) for name, made in answers]
        scenes = [(name, window_picture.scene(layer.axes[number], layer.scatters)) for name, layer in layers]
        what = "each input adds to outputs" if one.layers[0].scatters else "each window gives an output"
        return Drawing(f"{names}, {what}", partial(_windows, scenes))
    maps = [(name, drawing.maps(made, number)) for name, made in answers]
    return Drawing(f"{names}, what the output in the middle sees of every map", partial(drawing.pictures, maps))


def _windows(scenes: list[tuple[str, window_picture.Scene]], width: int, ascii_only: bool) -> Picture:
    glyphs = window_picture.ASCII if ascii_only else window_picture.UNICODE
    return window_picture.pictures(scenes, width, glyphs)


VIEW: "View[ShapeQuestion, SideBySide, Judged]" = View(
    "conv-shape", frameworks.as_json, frameworks.bare, sheet, frameworks.csv_header, frameworks.csv_rows
)
