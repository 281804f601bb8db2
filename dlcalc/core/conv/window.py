"""The size of the output: the number of windows along one axis. Dumoulin & Visin, arXiv 1603.07285, relationships 1-15.

A rule is one row: its formula as text, from which the explanation is printed, beside the function that computes it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dlcalc.core.conv.layer import AxisLayer, PaddingWord, Sides
from dlcalc.core.evidence import GUIDE, WAVENET


class Window(NamedTuple):
    """The geometry of one axis with its padding resolved: what every formula of a layer is computed from.

    Attributes:
        input: positions of the input.
        kernel: taps of the window.
        stride: positions from one window to the next.
        dilation: positions from one tap to the next.
        before: positions padded before the first; negative where input is left out.
        after: positions padded after the last.
        output_padding: extra positions of a transposed layer's output.
    """

    input: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    output_padding: int

    @property
    def extent(self) -> int:
        """Positions from the first tap to the last, holes included: d(k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """The extent of the input with its padding."""
        return self.input + self.before + self.after


class SizeRule(NamedTuple):
    """A formula for the output size.

    Attributes:
        formula: the text, with fields for the symbols.
        textbook: the same as it is commonly written, for padding P on each side and no dilation.
        source: where it is given.
        value: the function from a window to the number of outputs.
    """

    formula: str
    textbook: str
    source: str
    value: Callable[[Window], int]


def _floor(window: Window) -> int:
    size, kernel, stride, dilation, before, after, _ = window
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


def _ceil(window: Window, limit: int) -> int:
    count = -((window.extent - window.padded) // window.stride) + 1
    return count - 1 if (count - 1) * window.stride >= limit else count


def _transposed(window: Window) -> int:
    whole = (window.input - 1) * window.stride + window.extent
    return whole - window.before - window.after + window.output_padding


_TORCH = "PyTorch MaxPool2d, ceil_mode"
FLOOR = SizeRule(
    "floor(({i} - {ke} + {pl} + {pr})/{s}) + 1",
    "({i} - {k} + 2{p})/{s} + 1",
    f"{GUIDE}, relationships 6 and 15",
    _floor,
)
CEIL = SizeRule(
    "ceil(({i} - {ke} + {pl} + {pr})/{s}) + 1 - [ceil(({i} - {ke} + {pl} + {pr})/{s})*{s} >= {i} + {pl}]",
    "({i} - {k} + 2{p})/{s} + 1 rounded up, but no window starts in the padding at the end; [...] is 1 where it holds",
    _TORCH,
    lambda window: _ceil(window, window.input + window.before),
)
CEIL_AFTER_PAD = SizeRule(
    "ceil(({i} - {ke} + {pl} + {pr})/{s}) + 1 - [ceil(({i} - {ke} + {pl} + {pr})/{s})*{s} >= {i} + {pl} + {pr}]",
    "({i} - {k} + 2{p})/{s} + 1 rounded up, but no window starts behind the padded input; [...] is 1 where it holds",
    f"{_TORCH}, after a pad layer",
    lambda window: _ceil(window, window.padded),
)
TRANSPOSED = SizeRule(
    "({i} - 1)*{s} - {pl} - {pr} + {ke} + {op}",
    "({i} - 1){s} - 2{p} + {k} + output padding",
    f"{GUIDE}, relationship 14",
    _transposed,
)


def symbols(name: str) -> dict[str, str]:
    """Name the symbols of one axis, by the fields of the formulas."""
    letter = name.upper()
    own = {"i": f"{letter}1", "output": f"{letter}2", "r0": "r0", "j0": "j0", "c0": "c0"}
    return own | {"k": "K", "s": "S", "d": "d", "ke": "K_e", "P": "P", "p": "P", "pl": "P_l", "pr": "P_r", "op": "op"}


def numbers(window: Window) -> dict[str, str]:
    """Write the numbers of one axis as text, by the fields of the formulas."""
    fields = dict(zip(("i", "k", "s", "d", "pl", "pr", "op"), window, strict=True))
    fields |= {"ke": window.extent, "P": window.before + window.after, "r0": 1, "j0": 1, "c0": 0}
    return {key: in_formula(value) for key, value in fields.items()}


def in_formula(value: int) -> str:
    """Write a number inside a formula: a negative one in parentheses.

    >>> in_formula(3), in_formula(-3)
    ('3', '(-3)')
    """
    return f"({value})" if value < 0 else str(value)


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
    "2*({ke} - 1)", "{P}/2", f"{GUIDE}, relationship 4", lambda size, layer: 2 * (layer.extent - 1), half
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
