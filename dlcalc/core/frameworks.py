"""Where PyTorch, Keras and ONNX Runtime differ: what each refuses, how each pads, which size rule it follows."""

from typing import NamedTuple

from dlcalc.core import padding as pad
from dlcalc.core import windows
from dlcalc.core.errors import DlcalcError
from dlcalc.core.layer import AxisLayer, Layer, flag
from dlcalc.core.padding import PaddingRule
from dlcalc.core.windows import SizeRule, Window

FRAMEWORKS = {"pytorch": "PyTorch", "tensorflow": "Keras", "onnx": "ONNX Runtime"}

SAME_WORDS = ("same", "same-upper", "same-lower")

# The padding words that each framework's layers take themselves ...
_NATIVE = {
    ("pytorch", "conv"): ("same", "same-upper", "valid"),
    ("tensorflow", "conv"): ("same", "same-upper", "valid", "causal"),
    ("tensorflow", "pool"): ("same", "same-upper", "valid"),
    ("tensorflow", "transposed"): ("same", "same-upper", "valid"),
    ("onnx", "conv"): (*SAME_WORDS, "valid", "causal", "full"),
    ("onnx", "pool"): (*SAME_WORDS, "valid", "causal", "full"),
    ("onnx", "transposed"): (*SAME_WORDS, "valid"),
}
# ... and those that become a pad layer of their own in front. Any other word is refused.
_AS_PAD_LAYER = {
    ("pytorch", "conv"): ("causal", "full"),
    ("pytorch", "pool"): ("causal", "full"),
    ("tensorflow", "conv"): ("full",),
    ("tensorflow", "pool"): ("full",),
}


class Warned(NamedTuple):
    """Something that the reader of an answer should know."""

    code: str
    message: str


class Plan(NamedTuple):
    """How a framework computes one layer, before any size is known.

    Attributes:
        framework: ``pytorch``, ``tensorflow`` or ``onnx``.
        layer: the layer as it was asked.
        family: of its kind.
        axes: its numbers along each axis.
        size: the rule for the output size.
        pad_layer: the padding stands in a layer of its own, in front.
        warnings: what its author should know.
    """

    framework: str
    layer: Layer
    family: str
    axes: tuple[AxisLayer, ...]
    size: SizeRule
    pad_layer: bool
    warnings: tuple[Warned, ...]


def plan(framework: str, layer: Layer, axes: tuple[AxisLayer, ...]) -> Plan:
    """What the framework makes of a layer.

    Raises:
        DlcalcError: ``unsupported-by-framework``, ``padding-too-large``, ``output-padding-too-large``; ``usage`` for a
            framework that is not one of ``FRAMEWORKS``.
    """
    if framework not in FRAMEWORKS:
        hint = "one of " + ", ".join(FRAMEWORKS)
        raise DlcalcError("usage", f"unknown framework {framework!r}", hint=hint, option="framework")
    warnings: list[Warned] = []
    pad_layer = _needs_pad_layer(framework, layer, axes)
    if pad_layer:
        warnings.append(_pad_layer_warning(framework, layer))
    if framework == "tensorflow":
        _refuse_keras(layer, axes)
    elif framework == "onnx":
        _refuse_onnx(layer, axes)
    else:
        _refuse_pytorch(layer, axes, pad_layer)
    if layer.family == "transposed":
        _refuse_output_padding(framework, axes)
    if framework == "onnx" and layer.family == "pool":
        warnings += _onnx_pool_warnings(layer, axes)
    size = _size_rule(framework, layer, pad_layer)
    return Plan(framework, layer, layer.family, axes, size, pad_layer, tuple(warnings))


def _size_rule(framework: str, layer: Layer, pad_layer: bool) -> SizeRule:
    if layer.family == "transposed":
        keras = framework == "tensorflow" and layer.output_padding is None
        return windows.TRANSPOSED_KERAS if keras else windows.TRANSPOSED
    if layer.ceil_mode:
        return windows.CEIL_AFTER_PAD if pad_layer else windows.CEIL
    return windows.FLOOR


def _needs_pad_layer(framework: str, layer: Layer, axes: tuple[AxisLayer, ...]) -> bool:
    """Whether the framework's own layer cannot express the padding, but a pad layer in front of it can."""
    word = layer.padding
    if isinstance(word, str):
        kind = framework, layer.family
        if word in _AS_PAD_LAYER.get(kind, ()):
            return True
        if word not in _NATIVE.get(kind, ()):
            raise _refused_word(framework, layer, word)
        return False
    if framework == "pytorch":
        return any(axis.padding[0] != axis.padding[1] for axis in axes)
    return framework == "tensorflow" and any(axis.padding != (0, 0) for axis in axes)


def _refused_word(framework: str, layer: Layer, word: str) -> DlcalcError:
    name = FRAMEWORKS[framework]
    if word == "same-lower":
        hint = "--framework onnx, or padding as begin:end"
    elif word in ("causal", "full"):
        hint = "padding as a number or begin:end"
    else:
        hint = "--padding 0" if word == "valid" else "padding as a number, or --framework tensorflow"
    message = f"{name} has no padding {word!r} for {layer.kind}"
    return DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")


def _pad_layer_warning(framework: str, layer: Layer) -> Warned:
    name = FRAMEWORKS[framework]
    if layer.family == "transposed":
        return Warned(
            "needs-crop-layer", f"{name}'s {layer.kind} layer cannot crop like this: cut the output afterwards"
        )
    return Warned(
        "needs-pad-layer", f"{name}'s {layer.kind} layer cannot pad like this: put an explicit pad layer before it"
    )


def _refuse_pytorch(layer: Layer, axes: tuple[AxisLayer, ...], pad_layer: bool) -> None:
    if layer.kind == "avg-pool":
        _refuse_dilation("PyTorch", layer, axes)
    if layer.padding in SAME_WORDS and any(axis.stride > 1 for axis in axes):
        hint = f"--padding {axes[-1].extent // 2}, or --framework tensorflow"
        message = f"PyTorch computes padding 'same' only with stride 1, not {max(axis.stride for axis in axes)}"
        raise DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")
    if layer.family == "pool" and not pad_layer:
        for axis in axes:
            if not isinstance(axis.padding, str) and axis.padding[0] > axis.kernel // 2:
                half = axis.kernel // 2
                message = f"padding {axis.padding[0]} is more than half the kernel {axis.kernel} of a PyTorch pooling"
                raise DlcalcError("padding-too-large", message, hint=f"--padding {half}", option="padding")


def _refuse_keras(layer: Layer, axes: tuple[AxisLayer, ...]) -> None:
    if layer.family == "pool":
        _refuse_dilation("Keras", layer, axes)
        if layer.ceil_mode:
            hint = "--padding same, or leave --ceil-mode out"
            raise DlcalcError(
                "unsupported-by-framework", "Keras pools have no ceil mode", hint=hint, option="ceil_mode"
            )
    elif any(axis.stride > 1 for axis in axes) and any(axis.dilation > 1 for axis in axes):
        message = "Keras does not combine a stride over 1 with a dilation over 1"
        raise DlcalcError("unsupported-by-framework", message, hint="--stride 1 or --dilation 1", option="dilation")
    if layer.padding == "causal" and len(axes) > 1:
        message = f"Keras pads 'causal' in one dimension only, not in {len(axes)}"
        hint = f"--padding {axes[0].extent - 1}:0"
        raise DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")


def _refuse_onnx(layer: Layer, axes: tuple[AxisLayer, ...]) -> None:
    if layer.padding in SAME_WORDS and layer.kind == "conv" and any(axis.dilation > 1 for axis in axes):
        message = "ONNX Runtime's Conv does not combine auto_pad SAME with a dilation over 1"
        hint = "--dilation 1, or padding as begin:end"
        raise DlcalcError("unsupported-by-framework", message, hint=hint, option="dilation")
    if layer.family == "pool":
        for axis in axes:
            padding = (
                axis.padding if isinstance(axis.padding, tuple) else _rule("onnx", layer, axes, axis, 1).sides(1, axis)
            )
            largest = max(padding)
            if layer.padding not in SAME_WORDS and largest >= axis.kernel:
                message = f"padding {largest} is not less than the kernel {axis.kernel} of an ONNX Runtime pooling"
                hint = f"--padding {axis.kernel - 1}"
                raise DlcalcError("padding-too-large", message, hint=hint, option="padding")


def _refuse_dilation(name: str, layer: Layer, axes: tuple[AxisLayer, ...]) -> None:
    if any(axis.dilation > 1 for axis in axes):
        message = f"{name}'s {layer.kind} has no dilation"
        raise DlcalcError("unsupported-by-framework", message, hint="--dilation 1", option="dilation")


def _refuse_output_padding(framework: str, axes: tuple[AxisLayer, ...]) -> None:
    for axis in axes:
        pytorch = framework == "pytorch"
        bound = max(axis.stride, axis.dilation) if pytorch else axis.stride
        if axis.output_padding is not None and axis.output_padding >= bound:
            rule = "the larger of stride and dilation" if pytorch else "the stride"
            message = f"output padding {axis.output_padding} is not less than {rule}, {bound}"
            hint = f"{flag('output_padding')} {bound - 1}"
            raise DlcalcError("output-padding-too-large", message, hint=hint, option="output_padding")


def _onnx_pool_warnings(layer: Layer, axes: tuple[AxisLayer, ...]) -> list[Warned]:
    warnings = []
    if layer.padding in SAME_WORDS and any(axis.dilation > 1 for axis in axes):
        text = "ONNX Runtime's pools compute SAME from the undilated kernel, so the size is not ceil(input/stride)"
        warnings.append(Warned("same-ignores-dilation", text))
    if layer.padding == "valid" and layer.ceil_mode:
        text = "for VALID with ceil_mode the ONNX text and its implementations differ: this is ONNX Runtime's answer"
        warnings.append(Warned("implementations-differ", text))
    return warnings


def resolve(plan: Plan, axis: AxisLayer, size: int) -> tuple[Window, PaddingRule | None]:
    """The geometry of one axis of ``size``, and the rule of its padding where that was a word."""
    extra = axis.output_padding or 0
    rule = None
    if isinstance(axis.padding, str):
        rule = _rule(plan.framework, plan.layer, plan.axes, axis, size)
        before, after = rule.sides(size, axis)
    else:
        before, after = axis.padding
    kernel, stride, dilation = axis.kernel, axis.stride, axis.dilation
    return Window(size, kernel, stride, dilation, before, after, extra, dilation * (kernel - 1) + 1), rule


_WORD_RULES = {
    "valid": pad.VALID,
    "causal": pad.CAUSAL,
    "full": pad.FULL,
    "same": pad.SAME_UPPER,
    "same-upper": pad.SAME_UPPER,
    "same-lower": pad.SAME_LOWER,
}


def _rule(framework: str, layer: Layer, axes: tuple[AxisLayer, ...], axis: AxisLayer, size: int) -> PaddingRule:
    word = axis.padding
    assert isinstance(word, str)
    if word not in SAME_WORDS:
        return _WORD_RULES[word]
    if layer.family == "transposed":
        if framework == "onnx":
            return pad.TRANSPOSED_SAME_LOWER if word == "same-lower" else pad.TRANSPOSED_SAME_UPPER
        return pad.KERAS_TRANSPOSED_SAME if axis.output_padding is None else pad.KERAS_TRANSPOSED_SAME_EXTRA
    if framework != "onnx":
        return pad.SAME_UPPER
    return _onnx_same(layer, axes, axis, size)


def _onnx_same(layer: Layer, axes: tuple[AxisLayer, ...], axis: AxisLayer, size: int) -> PaddingRule:
    lower = axis.padding == "same-lower"
    total = pad.SAME_UPPER_BY_KERNEL.total_of(size, axis)
    if total < 0:
        if layer.kind == "max-pool" and all(other.dilation == 1 for other in axes):  # its dilated code does not look
            message = f"ONNX Runtime's max-pool refuses SAME where it would leave input out (padding {total})"
            hint = "--padding valid"
            raise DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")
        if layer.kind == "conv":
            return pad.CROP_LESS_2 if lower else pad.CROP_LESS_1
        return pad.CROP_LESS_1 if lower else pad.CROP_HALF
    if layer.family == "pool":
        return pad.SAME_LOWER_BY_KERNEL if lower else pad.SAME_UPPER_BY_KERNEL
    return _WORD_RULES[str(axis.padding)]
