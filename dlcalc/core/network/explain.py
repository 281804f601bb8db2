"""The explanation of a network: layer by layer the size, and the recurrences of what its outputs see."""

from collections.abc import Mapping

from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.explain import AxisSteps
from dlcalc.core.conv.shape import AxisShape, ConvShape, LayerShape
from dlcalc.core.conv.window import in_formula
from dlcalc.core.evidence import FIELDS
from dlcalc.core.evidence.step import Step, Steps
from dlcalc.core.network.network import WHOLE
from dlcalc.core.numeric.ratio import as_float, as_number

_ENUMERATED = "taps that meet an output"


def explain_network(answer: ConvShape) -> tuple[Step, ...]:
    """List the terms of every layer, axis by axis; once where all axes are alike."""
    steps: list[Step] = []
    alike = all(len(set(layer.axes)) == 1 for layer in answer.layers)
    names = answer.question.axes[-1:] if alike else answer.question.axes
    for name in names:
        index = answer.question.axes.index(name)
        before = Field(1, 1, (1, 1), (0, 1))
        enumerated = False
        for layer in answer.layers:
            where: Mapping[str, str | int] = {"layer": layer.name} if alike else {"layer": layer.name, "axis": name}
            axis, family = layer.axes[index], layer.plan.family
            enumerated = enumerated or family == "transposed"
            if family == "bn":
                unchanged = str(before.size), before.size, "y = scale*x + shift", "unchanged"
                steps.append(Step("r", "r0", *unchanged, where))
            elif family in WHOLE.values():
                steps += _whole(layer, axis, answer.question.size[index], where)
            else:
                steps += _windows(layer, axis, before, name, where, enumerated)
            before = axis.field
    return tuple(steps)


def _whole(layer: LayerShape, axis: AxisShape, pixels: int, where: Mapping[str, str | int]) -> list[Step]:
    """The steps of a layer whose outputs see the whole input."""
    terms, given = Steps(where), "by definition"
    size = axis.output if layer.output else None
    center = None if axis.field.center is None else as_float(axis.field.center)
    terms.add("output", "one, of all positions", str(axis.window.input), size, given, "all at once")
    terms.add("r", "the whole input", str(pixels), axis.field.size, given, "receptive field")
    terms.add("c", "(input - 1)/2", f"({pixels} - 1)/2", center, given, "centre of the whole input")
    return terms.steps


def _windows(
    layer: LayerShape, axis: AxisShape, before: Field, name: str, where: Mapping[str, str | int], enumerated: bool
) -> list[Step]:
    """The steps of a layer with windows, its receptive field from that in front of it."""
    field = axis.field
    center = None if field.center is None else as_float(field.center)
    c0 = "-" if before.center is None else _written(before.center)
    terms = AxisSteps(name, axis, where, {"r0": str(before.size), "j0": _written(before.jump), "c0": c0})
    terms.size(layer.plan.size)
    if enumerated:
        reached = "last - first pixel that its taps reach, {k} taps, stride {s}, dilation {d}, + 1"
        terms.term("r", reached, field.size, _ENUMERATED, "receptive field, at most")
        if field.smallest != field.size:
            terms.term("r_min", reached, field.smallest, _ENUMERATED, "receptive field, at least")
    else:
        terms.term("r", "{r0} + ({ke} - 1)*{j0}", field.size, f"{FIELDS}, eq. 1", "receptive field")
    jump = "{j0}/{s}" if layer.plan.family == "transposed" else "{j0}*{s}"
    terms.term("j", jump, as_number(field.jump), f"{FIELDS}, eq. 2", "pixels between neighbouring outputs")
    if enumerated:
        middle = "(first + last pixel)/2 of the first output that has any"
        terms.term("c", middle, center, _ENUMERATED, "centre of its field")
    else:
        formula = "{c0} + (({ke} - 1)/2 - {pl})*{j0}"
        terms.term("c", formula, center, f"{FIELDS}, eq. 3", "centre of the first output's field")
    return terms.steps


def _written(value: tuple[int, int]) -> str:
    numerator, denominator = value
    return in_formula(numerator) if denominator == 1 else f"({numerator}/{denominator})"
