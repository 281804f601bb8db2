"""Drawings of layers: the windows of one layer, or the receptive field of one output of a network."""

from collections.abc import Sequence
from functools import partial

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import AxisShape, ConvShape, ConvShapeQuestion, LayerShape
from dlcalc.report.conv_shape import field_picture, layer_sheet, network_sheet, view, window_picture
from dlcalc.report.sheet import Drawing, Picture, Sheet


def sheet(answer: ConvShape) -> Sheet:
    """Lay out the size and a drawing per axis; axes that are the same share a drawing."""
    layers, axes = answer.layers, answer.question.axes
    together: dict[object, list[int]] = {}
    for number in range(len(axes)):
        alike = tuple((layer.axes[number].window, layer.axes[number].output) for layer in layers)
        together.setdefault(alike, []).append(number)
    drawings = []
    for numbers in together.values():
        *first, last = (AXES[axes[number]] for number in numbers)
        names = f"{', '.join(first)} and {last}" if first else last
        drawings.append((_sights if len(layers) > 1 else _windows)(layers, numbers[0], names))
    one_layer = isinstance(answer.question, ConvShapeQuestion)
    caption = layer_sheet.caption(answer) if one_layer else network_sheet.caption(answer)
    return Sheet(network_sheet.made(answer), caption, (), (), tuple(drawings))


def _sights(layers: Sequence[LayerShape], axis: int, names: str) -> Drawing:
    """Draw what the output in the middle sees, layer by layer."""
    maps = field_picture.maps(layers, axis)
    last = maps[0].size - 1
    output = f"output {last // 2:,} (of 0 to {last:,})" if last else "the one output"
    return Drawing(f"{names}, what {output} sees of every map, down to the input", partial(field_picture.picture, maps))


def _windows(layers: Sequence[LayerShape], axis: int, names: str) -> Drawing:
    """Draw the windows of one layer."""
    (layer,) = layers
    shape = layer.axes[axis]
    return Drawing(f"{names}, {_counted(layer, shape)}", partial(_drawn, layer, shape))


def _counted(layer: LayerShape, axis: AxisShape) -> str:
    inputs, outputs = _many(axis.window.input, "input"), _many(axis.output, "output")
    if layer.plan.family == "transposed":
        return f"each input adds to outputs: {inputs}, {outputs}"
    return f"each window gives an output: {inputs}, {outputs}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _drawn(layer: LayerShape, axis: AxisShape, width: int, ascii_only: bool) -> Picture:
    transposed = layer.plan.family == "transposed"
    glyphs = window_picture.ASCII if ascii_only else window_picture.UNICODE
    drawn = window_picture.picture(window_picture.scene(axis, transposed), width, glyphs)
    if not axis.unread:
        return drawn
    lost = "reach no output" if transposed else "are read by no window"
    if axis.unread == 1:
        lost = lost.replace("reach", "reaches").replace("are", "is")
    inputs = _many(axis.window.input, "input")
    return drawn._replace(notes=(f"{axis.unread:,} of {inputs} {lost}", *drawn.notes))


VIEW = view.VIEW._replace(sheet=sheet)
