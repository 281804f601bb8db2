"""The explanation of a layer's shape: every term with its formula, its numbers, its value and its source."""

from collections.abc import Mapping

from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.window import SizeRule, in_formula, numbers, symbols
from dlcalc.core.evidence import FIELDS, GUIDE
from dlcalc.core.evidence.step import Steps
from dlcalc.core.numeric.ratio import as_float, as_number


class AxisSteps(Steps):
    """Collects the steps of one axis; a formula is written once, its fields the keys of ``symbols`` and ``numbers``.

    Args:
        name: the axis.
        axis: its numbers.
        where: the part of the answer that the steps are about.
        in_front: the ``r0``, ``j0`` and ``c0`` of the layer in front, where there is one.
    """

    def __init__(
        self, name: str, axis: AxisShape, where: Mapping[str, str | int], in_front: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(where)
        self.axis, self.symbols = axis, symbols(name)
        self.numbers = numbers(axis.window) | {"output": in_formula(axis.output), **(in_front or {})}

    def term(self, key: str, formula: str, value: int | float | None, source: str, why: str) -> None:
        """Append the step that computes ``key``."""
        substituted = formula.format(**self.numbers)
        self.add(self.symbols.get(key, key), formula.format(**self.symbols), substituted, value, source, why)

    def size(self, rule: SizeRule) -> None:
        """Explain the extent of the kernel, the padding where it is more than what was typed, and the output."""
        window, padding = self.axis.window, self.axis.padding_rule
        why = "extent of the kernel with its holes"
        self.term("ke", "{d}*({k} - 1) + 1", window.extent, f"{GUIDE}, section 5.1", why)
        if padding is not None:
            self.term("P", padding.total, window.before + window.after, padding.source, "padding on both sides")
            self.term("pl", padding.before, window.before, padding.source, "padding before the first pixel")
            self.term("pr", "{P} - {pl}", window.after, padding.source, "padding after the last pixel")
        textbook = rule.textbook.format(**self.symbols)
        self.term("output", rule.formula, self.axis.output, rule.source, f"in textbooks {textbook}")

    def windows(self) -> None:
        """Explain what a convolution or a pooling reads and sees."""
        field = self.axis.field
        read = "{i} - |{{a*{s} + b*{d} - {pl} : a < {output}, b < {k}}} within 0..{i}-1|"
        self.term("unread", read, self.axis.unread, "union of the windows", "input that no window reads")
        why = "receptive field; in front of the layer r0 = 1"
        self.term("r", "{r0} + ({ke} - 1)*{j0}", field.size, f"{FIELDS}, eq. 1", why)
        why = "pixels between neighbouring outputs; in front of the layer j0 = 1"
        self.term("j", "{j0}*{s}", as_number(field.jump), f"{FIELDS}, eq. 2", why)
        assert field.center is not None
        why = "centre of the first output's field; in front of the layer c0 = 0"
        self.term("c", "{c0} + (({ke} - 1)/2 - {pl})*{j0}", as_float(field.center), f"{FIELDS}, eq. 3", why)

    def transposed(self) -> None:
        """Explain what a transposed convolution reads and sees."""
        field = self.axis.field
        read = "{i} - |{{x < {i} : 0 <= x*{s} + b*{d} - {pl} < {output} for a b < {k}}}|"
        self.term("unread", read, self.axis.unread, "products within the output", "input that reaches no output")
        most = "(ceil({k}*gcd({s}, {d})/{s}) - 1)*{d}/gcd({s}, {d}) + 1"
        least = "0 if gcd({s}, {d}) > 1, else max(0, (floor({k}/{s}) - 1)*{d} + 1)"
        if self.axis.output < self.axis.window.stride:  # not all remainders of an output by the stride are there
            most = least = "last - first of (t - b*{d})/{s} over b < {k}, + 1, for t from {pl} to {pl} + {output} - 1"
        why = "receptive field: inputs behind an output, at most"
        self.term("r", most, field.size, "taps that meet an output", why)
        if field.smallest != field.size:
            self.term("r_min", least, field.smallest, "taps that meet an output", "inputs behind an output, at least")
        self.term("j", "{j0}/{s}", as_number(field.jump), f"{FIELDS}, eq. 2", "pixels between neighbouring outputs")
        middle = None if field.center is None else as_float(field.center)
        center = "midpoint of (t - b*{d})/{s} over b < {k}, for the first t >= {pl} that has any"
        self.term("c", center, middle, "taps that meet an output", "centre of the first output's field")
