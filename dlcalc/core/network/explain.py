"""The explanation of sizes and receptive fields: of one layer term by term, of a network layer by layer."""

from collections.abc import Mapping
from math import prod

from dlcalc.core.conv.coverage import Field
from dlcalc.core.conv.explain import AxisSteps
from dlcalc.core.conv.window import in_formula
from dlcalc.core.evidence import FIELDS
from dlcalc.core.evidence.step import Step
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ADAPTIVE, JOINS, WHOLE
from dlcalc.core.numeric.ratio import as_float, as_number

_ENUMERATED = "taps that meet an output"
_GIVEN = "by definition"

# Kind -> the formula of the size, and what it means.
_SIZES = {
    "pad": ("{i} + {pl} + {pr}", "zeros at both ends"),
    "crop": ("{i} + {pl} + {pr}", "positions left out at both ends, as a padding below 0"),
    "upsample": ("{i}*{s}", "each position repeated"),
    "pixel-shuffle": ("{i}*{s}", "channels become positions"),
    "pixel-unshuffle": ("{i}/{s}", "positions become channels"),
    "adaptive-avg-pool": ("the size that is asked for", "windows from floor(t*i/o) to ceil((t + 1)*i/o)"),
    "adaptive-max-pool": ("the size that is asked for", "windows from floor(t*i/o) to ceil((t + 1)*i/o)"),
    "global-avg-pool": ("one, of all positions", "all at once"),
    "flatten": ("one, of all positions", "every channel and position becomes a feature"),
    "linear": ("one, of all positions", "all at once"),
}


def explain_shape(answer: ConvShape) -> tuple[Step, ...]:
    """List the terms of the answer, axis by axis; of layers in words once where all axes are alike."""
    steps: list[Step] = []
    axes = answer.question.axes
    if answer.question.network.single is not None:
        (layer,) = answer.layers
        assert layer.plan is not None
        for name, axis in zip(axes, layer.axes, strict=True):
            terms = AxisSteps(name, axis, {"axis": name})
            terms.size(layer.plan.size)
            (terms.transposed if layer.scatters else terms.windows)()
            steps += terms.steps
        return tuple(steps)
    alike = all(len({axis[:4] for axis in layer.axes}) == 1 for layer in answer.layers)
    for name in axes[-1:] if alike else axes:
        network = _NetworkSteps(answer, axes.index(name))
        for layer in answer.layers:
            found = network.steps_of(layer, {"layer": layer.name} if alike else {"layer": layer.name, "axis": name})
            steps += found if answer.question.at in (None, layer.name) else []
    return tuple(steps)


class _NetworkSteps:
    """Explains the layers of a network along one axis, each from the layers that it reads."""

    def __init__(self, answer: ConvShape, index: int) -> None:
        self.index, self.axis_name = index, answer.question.axes[index]
        self.pixels = answer.question.size[index]
        inputs = [one.name for one in answer.question.network.inputs]
        self.fields = dict.fromkeys(inputs, Field(1, 1, (1, 1), (0, 1)))
        self.enumerated = dict.fromkeys(inputs, False)  # behind layers whose outputs see differently

    def steps_of(self, layer: LayerShape, where: Mapping[str, str | int]) -> list[Step]:
        """Explain one layer."""
        sources, axis = layer.node.inputs, layer.axes[self.index]
        before, kind = self.fields[sources[0]], layer.kind
        adaptive = kind in ADAPTIVE and axis.output > 1
        enumerated = layer.scatters or adaptive or layer.misaligned or any(self.enumerated[name] for name in sources)
        self.fields[layer.name], self.enumerated[layer.name] = axis.field, enumerated and kind != "linear"
        terms = self._terms(layer, before, where)
        if kind in JOINS:
            self._join(terms, layer, sources)
            return terms.steps
        if layer.plan is not None:
            terms.size(layer.plan.size)
        elif kind in _SIZES:
            formula, why = _SIZES[kind]
            size = axis.output if layer.output else None
            terms.term("output", formula, size, _GIVEN, why)
        else:
            terms.add(
                "r", "r0", str(before.size), before.size, f"{layer.said_kind}: one position at a time", "unchanged"
            )
            return terms.steps
        if layer.in_features is not None:
            counts = [layer.read[0].channels or 0, *layer.input]
            text = "*".join(map(str, counts))
            terms.add("in_features", "C*positions", text, prod(counts), _GIVEN, "what each output reads")
        self._field(terms, layer, enumerated)
        return [step._replace(substituted="") if step.substituted == step.formula else step for step in terms.steps]

    def _terms(self, layer: LayerShape, before: Field, where: Mapping[str, str | int]) -> AxisSteps:
        center = "-" if before.center is None else _written(before.center)
        in_front = {"r0": str(before.size), "j0": _written(before.jump), "c0": center}
        return AxisSteps(self.axis_name, layer.axes[self.index], where, in_front)

    def _field(self, terms: AxisSteps, layer: LayerShape, enumerated: bool) -> None:
        """Explain the receptive field from that in front of the layer."""
        field, kind = terms.axis.field, layer.kind
        center = None if field.center is None else as_float(field.center)
        if kind == "linear":
            terms.add("r", "the whole input", str(self.pixels), field.size, _GIVEN, "receptive field")
            terms.add("c", "(input - 1)/2", f"({self.pixels} - 1)/2", center, _GIVEN, "centre of the whole input")
            return
        if enumerated:
            reached = "last - first pixel that its taps reach, {k} taps, stride {s}, dilation {d}, + 1"
            if kind in ADAPTIVE:
                reached = "last - first pixel that its windows reach, {i} positions cut into {output}, + 1"
            terms.term("r", reached, field.size, _ENUMERATED, "receptive field, at most")
            if field.smallest != field.size:
                terms.term("r_min", reached, field.smallest, _ENUMERATED, "receptive field, at least")
        elif kind in WHOLE:
            terms.term("r", "({i} - 1)*{j0} + {r0}", field.size, f"{FIELDS}, eq. 1", "of all positions together")
        else:
            terms.term("r", "{r0} + ({ke} - 1)*{j0}", field.size, f"{FIELDS}, eq. 1", "receptive field")
        jump = "{j0}/{s}" if layer.scatters else "{j0}*{s}"
        if kind in ADAPTIVE and terms.axis.output > 1:
            jump = "{j0}*{i}/{output}"
        terms.term("j", jump, as_number(field.jump), f"{FIELDS}, eq. 2", "pixels between neighbouring outputs")
        if enumerated:
            middle = "(first + last pixel)/2 of the first output that has any"
            terms.term("c", middle, center, _ENUMERATED, "centre of its field")
        else:
            formula = "{c0} + (({ke} - 1)/2 - {pl})*{j0}"
            terms.term("c", formula, center, f"{FIELDS}, eq. 3", "centre of the first output's field")

    def _join(self, terms: AxisSteps, layer: LayerShape, sources: tuple[str, ...]) -> None:
        """Explain the receptive field of joined maps: the largest, or the hull where they are misaligned."""
        field = terms.axis.field
        sizes = [self.fields[name].size for name in sources]
        names = ", ".join(sources)
        if field.size == max(sizes) and not layer.misaligned:
            text = f"max({', '.join(map(str, sizes))})"
            terms.add("r", f"max of {names}", text, field.size, _GIVEN, "receptive field")
        else:
            why = "receptive field, at most: that of the maps together, which do not see the same middle"
            terms.add("r", f"last - first + 1 of what {names} see", "", field.size, _GIVEN, why)


def _written(value: tuple[int, int]) -> str:
    numerator, denominator = value
    return in_formula(numerator) if denominator == 1 else f"({numerator}/{denominator})"
