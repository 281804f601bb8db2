"""From a padding word to positions: how many are added before and after, and by which formula.

A rule is one row: the formulas as text, from which the explanation is printed, beside the functions that compute them.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dlcalc.core.conv.layer import AxisLayer, PaddingWord, Sides
from dlcalc.core.evidence.sources import GUIDE, WAVENET


class PaddingRule(NamedTuple):
    """A rule from a padding word to positions, along one axis.

    Attributes:
        total: the formula of P = P_l + P_r.
        before: the formula of P_l; the rest of P goes to the end.
        source: where they are given.
        total_of: the function from the input and the layer's numbers to P.
        before_of: the function from P and the layer's numbers to P_l.
    """

    total: str
    before: str
    source: str
    total_of: Callable[[int, AxisLayer], int]
    before_of: Callable[[int, AxisLayer], int]

    def sides(self, size: int, layer: AxisLayer) -> Sides:
        """Compute the positions added before and after an axis of ``size``; negative where input is left out."""
        total = self.total_of(size, layer)
        before = self.before_of(total, layer)
        return before, total - before


def _same(size: int, layer: AxisLayer) -> int:
    return max(0, (-(-size // layer.stride) - 1) * layer.stride + layer.extent - size)


def half(total: int, layer: AxisLayer) -> int:
    """Half of the padding, rounded down."""
    return total // 2


def larger_half(total: int, layer: AxisLayer) -> int:
    """Half of the padding, rounded up."""
    return total - total // 2


def transposed_same(size: int, layer: AxisLayer) -> int:
    """The positions that a transposed layer computes beyond a stride per input."""
    return max(0, layer.extent + (layer.output_padding or 0) - layer.stride)


_SAME = "max(0, (ceil({i}/{s}) - 1)*{s} + {ke} - {i})"

VALID = PaddingRule("0", "0", "valid: no padding", lambda size, layer: 0, lambda total, layer: 0)
CAUSAL = PaddingRule(
    "{ke} - 1",
    "{P}",
    f"{WAVENET}, causal convolution",
    lambda size, layer: layer.extent - 1,
    lambda total, layer: total,
)
FULL = PaddingRule(
    "2*({ke} - 1)",
    "{P}/2",
    f"{GUIDE}, relationship 4",
    lambda size, layer: 2 * (layer.extent - 1),
    half,
)
SAME_UPPER = PaddingRule(_SAME, "floor({P}/2)", "TensorFlow SAME, ONNX SAME_UPPER", _same, half)
SAME_LOWER = PaddingRule(_SAME, "ceil({P}/2)", "ONNX SAME_LOWER", _same, larger_half)

# What the words mean to every framework that takes them; of the same-words, without the frameworks' own ways.
BY_WORD: Mapping[PaddingWord, PaddingRule] = {
    "valid": VALID,
    "causal": CAUSAL,
    "full": FULL,
    "same": SAME_UPPER,
    "same-upper": SAME_UPPER,
    "same-lower": SAME_LOWER,
}
