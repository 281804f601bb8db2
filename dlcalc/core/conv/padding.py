"""From a padding word to positions: how many are added before and after, and by which formula.

A rule is one row: the formulas as text, from which the explanation is printed, beside the functions that compute them.
"""

from collections.abc import Callable
from typing import NamedTuple

from dlcalc.core.conv.layer import AxisLayer, Sides


class PaddingRule(NamedTuple):
    """How the padding of one axis comes about.

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
        """The positions added before and after an axis of ``size``; negative where input is left out instead."""
        total = self.total_of(size, layer)
        before = self.before_of(total, layer)
        return before, total - before


def _same(size: int, layer: AxisLayer) -> int:
    return max(0, (-(-size // layer.stride) - 1) * layer.stride + layer.extent - size)


def _same_by_kernel(size: int, layer: AxisLayer) -> int:
    return (-(-size // layer.stride) - 1) * layer.stride + layer.kernel - size


def _half(total: int, layer: AxisLayer) -> int:
    return total // 2


def _larger_half(total: int, layer: AxisLayer) -> int:
    return total - total // 2


def _transposed_same(size: int, layer: AxisLayer) -> int:
    return max(0, layer.extent + (layer.output_padding or 0) - layer.stride)


_SAME = "max(0, (ceil({i}/{s}) - 1)*{s} + {ke} - {i})"
_BY_KERNEL = "(ceil({i}/{s}) - 1)*{s} + {k} - {i}"
_ORT, _KERAS = "ONNX Runtime 1.32", "Keras 3.15"

VALID = PaddingRule("0", "0", "valid: no padding", lambda size, layer: 0, lambda total, layer: 0)
CAUSAL = PaddingRule(
    "{ke} - 1",
    "{P}",
    "van den Oord et al. 2016, causal convolution",
    lambda size, layer: layer.extent - 1,
    lambda total, layer: total,
)
FULL = PaddingRule(
    "2*({ke} - 1)",
    "{P}/2",
    "Dumoulin & Visin 2016, relationship 4",
    lambda size, layer: 2 * (layer.extent - 1),
    _half,
)
SAME_UPPER = PaddingRule(_SAME, "floor({P}/2)", "TensorFlow SAME, ONNX SAME_UPPER", _same, _half)
SAME_LOWER = PaddingRule(_SAME, "ceil({P}/2)", "ONNX SAME_LOWER", _same, _larger_half)
# ONNX Runtime's pools pad by the undilated kernel.
SAME_UPPER_BY_KERNEL = PaddingRule(_BY_KERNEL, "floor({P}/2)", f"{_ORT}, pooling", _same_by_kernel, _half)
SAME_LOWER_BY_KERNEL = PaddingRule(_BY_KERNEL, "ceil({P}/2)", f"{_ORT}, pooling", _same_by_kernel, _larger_half)
# ONNX Runtime does not stop at 0: it leaves input out, and its operators split a negative total in ways of their own.
CROP_HALF = PaddingRule(
    _BY_KERNEL, "-floor(-{P}/2)", f"{_ORT}, as run", _same_by_kernel, lambda total, layer: -(-total // 2)
)
CROP_LESS_1 = PaddingRule(
    _BY_KERNEL, "-floor((-{P} - 1)/2)", f"{_ORT}, as run", _same_by_kernel, lambda total, layer: -((-total - 1) // 2)
)
CROP_LESS_2 = PaddingRule(
    _BY_KERNEL,
    "-max(0, floor((-{P} - 2)/2))",
    f"{_ORT}, as run",
    _same_by_kernel,
    lambda total, layer: -max(0, (-total - 2) // 2),
)
TRANSPOSED_SAME_UPPER = PaddingRule("max(0, {ke} + {op} - {s})", "floor({P}/2)", _ORT, _transposed_same, _half)
TRANSPOSED_SAME_LOWER = PaddingRule("max(0, {ke} + {op} - {s})", "ceil({P}/2)", _ORT, _transposed_same, _larger_half)
KERAS_TRANSPOSED_SAME = PaddingRule("max(0, {ke} - {s})", "floor({P}/2)", _KERAS, _transposed_same, _half)
KERAS_TRANSPOSED_SAME_EXTRA = PaddingRule(
    "2*floor({ke}/2)",
    "max(0, floor(({P} - {op})/2))",
    _KERAS,
    lambda size, layer: 2 * (layer.extent // 2),
    lambda total, layer: max(0, (total - (layer.output_padding or 0)) // 2),
)

BY_WORD = {
    "valid": VALID,
    "causal": CAUSAL,
    "full": FULL,
    "same": SAME_UPPER,
    "same-upper": SAME_UPPER,
    "same-lower": SAME_LOWER,
}
