"""The explanation of a shape: every term with its formula, its numbers, its value and its source."""

from dlcalc.core.conv.shape import AxisShape, ConvShape, LayerShape
from dlcalc.core.conv.window import SizeRule, in_formula, numbers, symbols
from dlcalc.core.evidence.step import Step
from dlcalc.core.numeric.ratio import as_float, as_number

_GUIDE = "Dumoulin & Visin 2016"
_FIELDS = "Araujo et al. 2019"


def explain_layer(answer: ConvShape) -> tuple[Step, ...]:
    """Every term of the answer, axis by axis, in the order in which they are computed."""
    layer = answer.layers[-1]
    found: list[Step] = []
    for name, axis in zip(answer.question.axes, layer.axes, strict=True):
        terms = _Terms(name, axis)
        terms.size(layer.plan.size)
        if layer.plan.layer.family == "transposed":
            terms.transposed()
        else:
            terms.windows()
        found += terms.steps
    return tuple(found)


def size_steps(answer: ConvShape, name: str) -> list[Step]:
    """The terms of the output size along one axis."""
    layer = answer.layers[-1]
    return axis_size_steps(layer, layer.axes[answer.question.axes.index(name)], name)


def axis_size_steps(layer: LayerShape, axis: AxisShape, name: str) -> list[Step]:
    """The terms of the output size of one layer along one axis."""
    terms = _Terms(name, axis)
    terms.size(layer.plan.size)
    return terms.steps


class _Terms:
    """Collects the steps of one axis; a formula's fields are the names of ``symbols`` and of ``numbers``."""

    def __init__(self, name: str, axis: AxisShape) -> None:
        self.axis, self.window, self.name = axis, axis.window, name
        self.symbols = symbols(name)
        self.numbers = numbers(axis.window) | {"output": in_formula(axis.output)}
        self.steps: list[Step] = []

    def add(self, key: str, formula: str, value: int | float | None, source: str, why: str) -> None:
        """Append the step that computes ``key``."""
        symbol = self.symbols.get(key, key)
        substituted = formula.format(**self.numbers)
        self.steps.append(Step(symbol, self.fill(formula), substituted, value, source, why, {"axis": self.name}))

    def fill(self, formula: str) -> str:
        """The formula in the axis's symbols."""
        return formula.format(**self.symbols)

    def size(self, rule: SizeRule) -> None:
        """The extent of the kernel, the padding where it is more than what was typed, and the output."""
        window, padding = self.window, self.axis.padding_rule
        extent = window.extent
        self.add("ke", "{d}*({k} - 1) + 1", extent, f"{_GUIDE}, section 5.1", "extent of the kernel with its holes")
        if padding is not None:
            self.add("P", padding.total, window.before + window.after, padding.source, "padding on both sides")
            self.add("pl", padding.before, window.before, padding.source, "padding before the first pixel")
            self.add("pr", "{P} - {pl}", window.after, padding.source, "padding after the last pixel")
        self.add("output", rule.formula, self.axis.output, rule.source, f"in textbooks {self.fill(rule.textbook)}")

    def windows(self) -> None:
        """What a convolution or a pooling reads and sees."""
        field = self.axis.field
        read = "{i} - |{{a*{s} + b*{d} - {pl} : a < {output}, b < {k}}} within 0..{i}-1|"
        self.add("unread", read, self.axis.unread, "union of the windows", "input that no window reads")
        field_why = "receptive field; in front of the layer r0 = 1"
        self.add("r", "{r0} + ({ke} - 1)*{j0}", field.size, f"{_FIELDS}, eq. 1", field_why)
        jump_why = "pixels between neighbouring outputs; in front of the layer j0 = 1"
        self.add("j", "{j0}*{s}", as_number(field.jump), f"{_FIELDS}, eq. 2", jump_why)
        assert field.center is not None
        center_why = "centre of the first output's field; in front of the layer c0 = 0"
        center = "{c0} + (({ke} - 1)/2 - {pl})*{j0}"
        self.add("c", center, as_float(field.center), f"{_FIELDS}, eq. 3", center_why)

    def transposed(self) -> None:
        """What a transposed convolution reads and sees."""
        field = self.axis.field
        read = "{i} - |{{x < {i} : 0 <= x*{s} + b*{d} - {pl} < {output} for a b < {k}}}|"
        self.add("unread", read, self.axis.unread, "products within the output", "input that reaches no output")
        extent = "(ceil({k}*gcd({s}, {d})/{s}) - 1)*{d}/gcd({s}, {d}) + 1"
        self.add(
            "r", extent, field.size, "taps that meet an output", "receptive field: inputs behind an output, at most"
        )
        if field.smallest != field.size:
            least = "0 if gcd({s}, {d}) > 1, else max(0, (floor({k}/{s}) - 1)*{d} + 1)"
            self.add("r_min", least, field.smallest, "taps that meet an output", "inputs behind an output, at least")
        self.add("j", "{j0}/{s}", as_number(field.jump), f"{_FIELDS}, eq. 2", "pixels between neighbouring outputs")
        middle = None if field.center is None else as_float(field.center)
        center = "midpoint of (t - b*{d})/{s} over b < {k}, for the first t >= {pl} that has any"
        self.add("c", center, middle, "taps that meet an output", "centre of the first output's field")
