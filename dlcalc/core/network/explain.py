"""The explanation of a stack: layer by layer the size, and the recurrences of what its outputs see."""

from collections.abc import Mapping

from dlcalc.core.conv.receptive_field import Field
from dlcalc.core.conv.shape import AxisShape, ConvShape, LayerShape
from dlcalc.core.conv.window import in_formula, numbers, symbols
from dlcalc.core.evidence.step import Step
from dlcalc.core.network.network import WHOLE
from dlcalc.core.numeric.ratio import as_float, as_number

_FIELDS = "Araujo et al. 2019"
_ENUMERATED = "taps that meet an output"


def explain_network(answer: ConvShape) -> tuple[Step, ...]:
    """The terms of every layer, axis by axis; once where all axes are alike."""
    found: list[Step] = []
    alike = all(len(set(layer.axes)) == 1 for layer in answer.layers)
    names = answer.question.axes[-1:] if alike else answer.question.axes
    for name in names:
        index = answer.question.axes.index(name)
        before = Field(1, 1, (1, 1), (0, 1))
        behind_transposed = False
        for layer in answer.layers:
            place: Mapping[str, str | int] = {"layer": layer.name} if alike else {"layer": layer.name, "axis": name}
            axis = layer.axes[index]
            behind_transposed = behind_transposed or layer.plan.family == "transposed"
            if layer.plan.family == "bn":
                found.append(Step("r", "r0", str(before.size), before.size, "y = scale*x + shift", "unchanged", place))
            elif layer.plan.family in WHOLE.values():
                found += _whole(layer, axis, answer.question.size[index], place)
            else:
                terms = _size(layer, axis, name, place)
                found += terms + _seen(axis, before, name, place, layer, behind_transposed)
            before = axis.field
    return tuple(found)


def _size(layer: LayerShape, axis: AxisShape, name: str, place: Mapping[str, str | int]) -> list[Step]:
    from dlcalc.core.conv.explain import axis_size_steps

    return [step._replace(where=place) for step in axis_size_steps(layer, axis, name)]


def _whole(layer: LayerShape, axis: AxisShape, pixels: int, place: Mapping[str, str | int]) -> list[Step]:
    size: object = axis.output if layer.output else None
    middle = axis.field.center
    return [
        Step("output", "one, of all positions", str(axis.window.input), size, "by definition", "all at once", place),
        Step("r", "the whole input", str(pixels), axis.field.size, "by definition", "receptive field", place),
        Step(
            "c",
            "(input - 1)/2",
            f"({pixels} - 1)/2",
            None if middle is None else as_float(middle),
            "by definition",
            "centre of the whole input",
            place,
        ),
    ]


def _seen(
    axis: AxisShape, before: Field, name: str, place: Mapping[str, str | int], layer: LayerShape, enumerated: bool
) -> list[Step]:
    """The receptive field, the jump and the centre, from those in front of the layer."""
    field = axis.field
    values = numbers(axis.window)
    j0, c0 = _written(before.jump), "-" if before.center is None else _written(before.center)
    values |= {"r0": str(before.size), "j0": j0, "c0": c0}
    letters = symbols(name)

    def step(symbol: str, formula: str, value: object, source: str, why: str) -> Step:
        return Step(symbol, formula.format(**letters), formula.format(**values), value, source, why, place)

    center = None if field.center is None else as_float(field.center)
    jump = "{j0}/{s}" if layer.plan.family == "transposed" else "{j0}*{s}"
    steps = []
    if enumerated:
        reached = "last - first pixel that its taps reach, {k} taps, stride {s}, dilation {d}, + 1"
        steps.append(step("r", reached, field.size, _ENUMERATED, "receptive field, at most"))
        if field.smallest != field.size:
            steps.append(step("r_min", reached, field.smallest, _ENUMERATED, "receptive field, at least"))
    else:
        steps.append(step("r", "{r0} + ({ke} - 1)*{j0}", field.size, f"{_FIELDS}, eq. 1", "receptive field"))
    steps.append(step("j", jump, as_number(field.jump), f"{_FIELDS}, eq. 2", "pixels between neighbouring outputs"))
    if enumerated:
        middle = "(first + last pixel)/2 of the first output that has any"
        steps.append(step("c", middle, center, _ENUMERATED, "centre of its field"))
    else:
        formula = "{c0} + (({ke} - 1)/2 - {pl})*{j0}"
        steps.append(step("c", formula, center, f"{_FIELDS}, eq. 3", "centre of the first output's field"))
    return steps


def _written(value: tuple[int, int]) -> str:
    numerator, denominator = value
    return in_formula(numerator) if denominator == 1 else f"({numerator}/{denominator})"
