"""The sizes of one layer laid out for reading: a row per quantity, a column per axis."""

from collections.abc import Mapping

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import ConvShape
from dlcalc.core.conv.window import FLOOR, Window, in_formula, numbers, symbols
from dlcalc.report.numbers import text, written
from dlcalc.report.sheet import Grid, Sheet

_ROWS = {
    "input": "input",
    "kernel": "kernel",
    "stride": "stride",
    "dilation": "dilation",
    "padding": "padding",
    "output_padding": "output padding",
    "output": "output",
    "unread": "unread input",
    "receptive_field": "receptive field",
    "receptive_field_min": "  at the least",
    "jump": "jump",
    "center": "centre",
}


def sheet(answer: ConvShape, keys: Mapping[str, object]) -> Sheet:
    """Lay the answer out: a row per quantity of the layer's JSON keys, a column per axis."""
    names = answer.question.axes
    rows = []
    for key, title in _ROWS.items():
        values = keys.get(key)
        if isinstance(values, dict):
            rows.append((title, *(written(values[name]) for name in names)))
    header = ("", *(AXES[name] for name in names))
    grids = (Grid(header, rows, "output"),)
    return Sheet(text(answer.output), caption(answer), grids, tuple(_rule(answer)))


def caption(answer: ConvShape) -> str:
    """Say which layer makes what of which input."""
    layer = answer.layers[-1].plan.layer
    size, output = [axis.window.input for axis in answer.layers[0].axes], list(answer.output)
    if answer.question.axes == ("w",) and answer.question.dims is None and layer.padding != "causal":
        # one number was typed, and a square image is meant
        size, output = size * 2, output * 2
    kind = f"{layer.kind}, {answer.question.framework}"
    return f"a {text(size)} input gives {text(output)}  ({kind})"


def _rule(answer: ConvShape) -> list[str]:
    """Write the size rule in symbols, then with the numbers of each axis."""
    layer, names = answer.layers[-1], answer.question.axes
    windows = [axis.window for axis in layer.axes]
    rule = layer.plan.size
    formula = "({i} - {k} + 2*{p})/{s} + 1" if rule is FLOOR and all(map(_is_textbook, windows)) else rule.formula
    shown = (rule.textbook if formula != rule.formula else formula).format(**symbols(names[-1]))
    lines = [f"{names[-1].upper()}2 = {shown}"]
    for name, axis in zip(names, layer.axes, strict=True):
        substituted = formula.format(**numbers(axis.window), p=in_formula(axis.window.before))
        lines.append(f"{f'{name.upper()}2' if len(names) > 1 else '  '} = {substituted} = {axis.output:,}")
    return lines


def _is_textbook(window: Window) -> bool:
    """Tell whether (W1 - K + 2P)/S + 1 says it all: no dilation, the same padding on both sides, no remainder."""
    exact = (window.padded - window.kernel) % window.stride == 0
    return exact and window.dilation == 1 and window.before == window.after
