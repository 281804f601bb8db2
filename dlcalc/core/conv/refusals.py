"""Which layers each framework refuses, whatever the size of the input.

All raise ``DlcalcError``: ``unsupported-by-framework``, ``padding-too-large`` or ``output-padding-too-large``.
"""

from dlcalc.core.conv.layer import SAME_WORDS, AxisLayer, Layer
from dlcalc.core.errors import DlcalcError, Fix


def refuse_pytorch(layer: Layer, axes: tuple[AxisLayer, ...], pad_layer: bool) -> None:
    """What PyTorch's modules refuse; a pad layer in front has no limits."""
    if layer.kind == "avg-pool":
        _refuse_dilation("PyTorch", layer, axes)
    if layer.padding in SAME_WORDS and any(axis.stride > 1 for axis in axes):
        hint: list[str | Fix] = [Fix("padding", axes[-1].extent // 2)]
        if all(axis.dilation == 1 for axis in axes):
            hint += [", or ", Fix("framework", "tensorflow")]
        message = f"PyTorch computes padding 'same' only with stride 1, not {max(axis.stride for axis in axes)}"
        raise DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")
    if layer.family == "pool" and not pad_layer:
        for axis in axes:
            if not isinstance(axis.padding, str) and axis.padding[0] > axis.kernel // 2:
                rule = f"is more than half the kernel {axis.kernel} of a PyTorch pooling"
                raise _too_large(axis.padding[0], rule, min(axis.kernel for axis in axes) // 2)


def refuse_keras(layer: Layer, axes: tuple[AxisLayer, ...]) -> None:
    """What Keras 3 layers refuse."""
    if layer.family == "pool":
        _refuse_dilation("Keras", layer, axes)
        if layer.ceil_mode:
            message = "Keras pools have no ceil mode"
            out = ("leave ", Fix("ceil_mode"), " out")
            raise DlcalcError("unsupported-by-framework", message, hint=out, option="ceil_mode")
    elif any(axis.stride > 1 for axis in axes) and any(axis.dilation > 1 for axis in axes):
        message = "Keras does not combine a stride over 1 with a dilation over 1"
        either = (Fix("stride", 1), " or ", Fix("dilation", 1))
        raise DlcalcError("unsupported-by-framework", message, hint=either, option="dilation")
    if layer.padding == "causal" and len(axes) > 1:
        message = f"Keras pads 'causal' in one dimension only, not in {len(axes)}"
        hint = Fix("padding", ((axes[0].extent - 1, 0),))
        raise DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")


def refuse_onnx(layer: Layer, axes: tuple[AxisLayer, ...]) -> None:
    """What ONNX Runtime refuses whatever the size of the input."""
    if layer.padding in SAME_WORDS and layer.kind == "conv" and any(axis.dilation > 1 for axis in axes):
        message = "ONNX Runtime's Conv does not combine auto_pad SAME with a dilation over 1"
        hint = (Fix("dilation", 1), ", or padding as begin:end")
        raise DlcalcError("unsupported-by-framework", message, hint=hint, option="dilation")
    if layer.family == "pool" and layer.padding not in SAME_WORDS:
        from dlcalc.core.conv.padding import BY_WORD

        for axis in axes:
            word = axis.padding
            largest = max(BY_WORD[word].sides(1, axis) if isinstance(word, str) else word)
            if largest >= axis.kernel:
                rule = f"is not less than the kernel {axis.kernel} of an ONNX Runtime pooling"
                raise _too_large(largest, rule, min(axis.kernel for axis in axes) - 1)


def _too_large(padding: int, rule: str, most: int) -> DlcalcError:
    hint = Fix("padding", most)
    return DlcalcError("padding-too-large", f"padding {padding} {rule}", hint=hint, option="padding")


def _refuse_dilation(name: str, layer: Layer, axes: tuple[AxisLayer, ...]) -> None:
    if any(axis.dilation > 1 for axis in axes):
        message = f"{name}'s {layer.kind} has no dilation"
        raise DlcalcError("unsupported-by-framework", message, hint=Fix("dilation", 1), option="dilation")


def refuse_output_padding(framework: str, axes: tuple[AxisLayer, ...]) -> None:
    """Every framework has its bound for the output padding of a transposed layer."""
    pytorch = framework == "pytorch"
    bounds = [max(axis.stride, axis.dilation) if pytorch else axis.stride for axis in axes]
    for axis, bound in zip(axes, bounds, strict=True):
        if axis.output_padding is not None and axis.output_padding >= bound:
            rule = "the larger of stride and dilation" if pytorch else "the stride"
            message = f"output padding {axis.output_padding} is not less than {rule}, {bound}"
            hint = Fix("output_padding", min(bounds) - 1)
            raise DlcalcError("output-padding-too-large", message, hint=hint, option="output_padding")
