"""What ONNX Runtime does with a layer: as it runs, where the ONNX operators' text says less or something else."""

from dlcalc.core.conv.frameworks.framework import AxisLayers, Framework, Rule, SameRule, padding_too_large, unsupported
from dlcalc.core.conv.layer import SAME_WORDS, Axis, AxisLayer, Layer, PaddingWord
from dlcalc.core.conv.window import (
    BY_WORD,
    SAME_LOWER,
    SAME_UPPER,
    PaddingRule,
    Window,
    half,
    larger_half,
    transposed_same,
)
from dlcalc.core.errors import DlcalcError, Fix, Notice

_ORT = "ONNX Runtime 1.32"
_UPPER: tuple[PaddingWord, ...] = ("same", "same-upper")
_LOWER: tuple[PaddingWord, ...] = ("same-lower",)
_BY_KERNEL = "(ceil({i}/{s}) - 1)*{s} + {k} - {i}"
_LEFT_OUT = "the padding would be less than 0"


def _dilated_same(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if layer.kind != "conv" or layer.padding not in SAME_WORDS or all(axis.dilation == 1 for axis in axes):
        return None
    message = "ONNX Runtime's Conv does not combine auto_pad SAME with a dilation over 1"
    return unsupported(message, (Fix("dilation", 1), ", or padding as begin:end"), "dilation")


def _not_under_the_kernel(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if layer.family != "pool" or layer.padding in SAME_WORDS:
        return None
    for axis in axes:
        padding = axis.padding
        largest = max(BY_WORD[padding].sides(1, axis) if isinstance(padding, str) else padding)
        if largest >= axis.kernel:
            rule = f"is not less than the kernel {axis.kernel} of an ONNX Runtime pooling"
            return padding_too_large(largest, rule, min(axis.kernel for axis in axes) - 1)
    return None


def _left_out(layer: Layer, axes: AxisLayers, pad_layer: bool, name: Axis, window: Window) -> DlcalcError | None:
    total = window.before + window.after
    if total >= 0 or layer.kind != "max-pool" or any(axis.dilation > 1 for axis in axes):
        return None  # its code for dilation does not look
    message = f"ONNX Runtime's max-pool refuses SAME where it would leave input out (padding {total})"
    return unsupported(message, Fix("padding", "valid"), "padding")


def _dilated_same_pool(layer: Layer, axes: AxisLayers) -> Notice | None:
    if layer.family != "pool" or layer.padding not in SAME_WORDS or all(axis.dilation == 1 for axis in axes):
        return None
    text = "ONNX Runtime's pools compute SAME from the undilated kernel, so the size is not ceil(input/stride)"
    return Notice("same-ignores-dilation", text)


def _valid_in_ceil_mode(layer: Layer, axes: AxisLayers) -> Notice | None:
    if not layer.ceil_mode or layer.padding != "valid":
        return None
    text = "for VALID with ceil_mode the ONNX text and its implementations differ: this is ONNX Runtime's answer"
    return Notice("implementations-differ", text)


def _by_kernel(size: int, layer: AxisLayer) -> int:
    """The padding by which as many windows fit as strides, without a dilation; negative where they need less input."""
    return (-(-size // layer.stride) - 1) * layer.stride + layer.kernel - size


def _fits(axis: AxisLayer, size: int) -> bool:
    return _by_kernel(size, axis) >= 0


# Where the padding would be less than 0 input is left out, and the operators divide it between the sides differently.
_CROP_LESS_1 = PaddingRule(
    _BY_KERNEL, "-floor((-{P} - 1)/2)", f"{_ORT}, as run", _by_kernel, lambda total, layer: -((-total - 1) // 2)
)
_CROP_LESS_2 = PaddingRule(
    _BY_KERNEL,
    "-max(0, floor((-{P} - 2)/2))",
    f"{_ORT}, as run",
    _by_kernel,
    lambda total, layer: -max(0, (-total - 2) // 2),
)
_CROP_HALF = PaddingRule(
    _BY_KERNEL, "-floor(-{P}/2)", f"{_ORT}, as run", _by_kernel, lambda total, layer: -(-total // 2)
)


class OnnxRuntime(Framework):
    """The operators of ONNX Runtime."""

    key = "onnx"
    name = "ONNX Runtime"
    words = {
        "conv": (*SAME_WORDS, "valid", "causal", "full"),
        "pool": (*SAME_WORDS, "valid", "causal", "full"),
        "transposed": (*SAME_WORDS, "valid"),
    }
    pad_layer_words = {}
    own_padding = "any"
    same = (
        SameRule("conv", _UPPER, SAME_UPPER, "the padding is not less than 0", _fits),
        SameRule("conv", _LOWER, SAME_LOWER, "the padding is not less than 0", _fits),
        SameRule("conv", _UPPER, _CROP_LESS_1, _LEFT_OUT),
        SameRule("conv", _LOWER, _CROP_LESS_2, _LEFT_OUT),
        SameRule(
            "pool",
            _UPPER,
            PaddingRule(_BY_KERNEL, "floor({P}/2)", f"{_ORT}, pooling", _by_kernel, half),
            "the padding is not less than 0",
            _fits,
        ),
        SameRule(
            "pool",
            _LOWER,
            PaddingRule(_BY_KERNEL, "ceil({P}/2)", f"{_ORT}, pooling", _by_kernel, larger_half),
            "the padding is not less than 0",
            _fits,
        ),
        SameRule("pool", _UPPER, _CROP_HALF, _LEFT_OUT),
        SameRule("pool", _LOWER, _CROP_LESS_1, _LEFT_OUT),
        SameRule(
            "transposed", _UPPER, PaddingRule("max(0, {ke} + {op} - {s})", "floor({P}/2)", _ORT, transposed_same, half)
        ),
        SameRule(
            "transposed",
            _LOWER,
            PaddingRule("max(0, {ke} + {op} - {s})", "ceil({P}/2)", _ORT, transposed_same, larger_half),
        ),
    )
    refusals = (
        Rule("A convolution does not combine 'same' with a dilation over 1.", f"{_ORT} Conv", _dilated_same),
        Rule(
            "The padding of a pooling, on either side, is less than its kernel.",
            f"{_ORT} MaxPool, pads",
            _not_under_the_kernel,
        ),
    )
    input_refusals = (
        Rule(
            "A max pooling without dilation is refused where 'same' would leave input out.",
            f"{_ORT} MaxPool, as run",
            _left_out,
        ),
    )
    output_padding = Rule("the stride", f"{_ORT} ConvTranspose, output_padding", lambda axis: axis.stride)
    caveats = (
        Rule("'same' of a pooling follows from its kernel without the holes.", f"{_ORT} MaxPool", _dilated_same_pool),
        Rule(
            "'valid' goes with ceil mode, where the text of the ONNX operators says something else.",
            f"{_ORT} MaxPool, as run",
            _valid_in_ceil_mode,
        ),
    )
    crops = Notice(
        "crops-input",
        "ONNX Runtime leaves input out: SAME would pad by less than 0, because the kernel is under the stride",
    )
    refuses_crops = ("max-pool",)
    pools_ignore_dilation = True
    has_adaptive_pools = False


ONNX_RUNTIME = OnnxRuntime()
