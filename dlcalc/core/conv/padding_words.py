"""Which rule a padding word stands for, in each framework and for each kind of layer."""

from dlcalc.core.conv import padding as pad
from dlcalc.core.conv.frameworks import Plan
from dlcalc.core.conv.layer import SAME_WORDS, AxisLayer
from dlcalc.core.conv.padding import PaddingRule
from dlcalc.core.errors import DlcalcError, Fix


def rule_of(plan: Plan, axis: AxisLayer, word: str, size: int) -> PaddingRule:
    """The rule by which the plan's framework pads an axis of ``size``.

    Raises:
        DlcalcError: ``unsupported-by-framework``.
    """
    if word not in SAME_WORDS:
        return pad.BY_WORD[word]
    if plan.family == "transposed":
        if plan.framework == "onnx":
            return pad.TRANSPOSED_SAME_LOWER if word == "same-lower" else pad.TRANSPOSED_SAME_UPPER
        return pad.KERAS_TRANSPOSED_SAME if axis.output_padding is None else pad.KERAS_TRANSPOSED_SAME_EXTRA
    return _onnx_same(plan, axis, word, size) if plan.framework == "onnx" else pad.SAME_UPPER


def _onnx_same(plan: Plan, axis: AxisLayer, word: str, size: int) -> PaddingRule:
    """ONNX Runtime's pools pad by the undilated kernel, and where that is less than 0 its operators leave input out."""
    lower, kind = word == "same-lower", plan.layer.kind
    total = pad.SAME_UPPER_BY_KERNEL.total_of(size, axis)
    if total >= 0:
        if plan.family == "conv":
            return pad.BY_WORD[word]
        return pad.SAME_LOWER_BY_KERNEL if lower else pad.SAME_UPPER_BY_KERNEL
    if kind == "max-pool" and all(other.dilation == 1 for other in plan.axes):  # its code for dilation does not look
        message = f"ONNX Runtime's max-pool refuses SAME where it would leave input out (padding {total})"
        raise DlcalcError("unsupported-by-framework", message, hint=Fix("padding", "valid"), option="padding")
    if kind == "conv":
        return pad.CROP_LESS_2 if lower else pad.CROP_LESS_1
    return pad.CROP_LESS_1 if lower else pad.CROP_HALF
