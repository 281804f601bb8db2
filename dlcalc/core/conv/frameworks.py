"""How PyTorch, Keras and ONNX Runtime each compute a layer: by which size rule, and with what to be warned of."""

from typing import NamedTuple

from dlcalc.core.conv import window as windows
from dlcalc.core.conv.layer import SAME_WORDS, AxisLayer, Layer
from dlcalc.core.conv.refusals import refuse_keras, refuse_onnx, refuse_output_padding, refuse_pytorch
from dlcalc.core.conv.window import SizeRule
from dlcalc.core.errors import DlcalcError, Fix, Notice

FRAMEWORKS = {"pytorch": "PyTorch", "tensorflow": "Keras", "onnx": "ONNX Runtime"}

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
    warnings: tuple[Notice, ...]


def plan(framework: str, layer: Layer, axes: tuple[AxisLayer, ...]) -> Plan:
    """What the framework makes of a layer.

    Raises:
        DlcalcError: ``unsupported-by-framework``, ``padding-too-large``, ``output-padding-too-large``; ``usage`` for a
            framework that is not one of ``FRAMEWORKS``.
    """
    if framework not in FRAMEWORKS:
        hint = "one of " + ", ".join(FRAMEWORKS)
        raise DlcalcError("usage", f"unknown framework {framework!r}", hint=hint, option="framework")
    warnings: list[Notice] = []
    pad_layer = needs_pad_layer(framework, layer, axes)
    if pad_layer:
        warnings.append(_pad_layer_warning(framework, layer))
    if framework == "tensorflow":
        refuse_keras(layer, axes)
    elif framework == "onnx":
        refuse_onnx(layer, axes)
    else:
        refuse_pytorch(layer, axes, pad_layer)
    if layer.family == "transposed":
        refuse_output_padding(framework, axes)
    if framework == "onnx" and layer.family == "pool":
        warnings += _onnx_pool_warnings(layer, axes)
    if framework == "tensorflow" and layer.family == "transposed":
        warnings += _keras_transposed_warnings(layer, axes)
    size = size_rule(framework, layer, pad_layer)
    return Plan(framework, layer, layer.family, axes, size, pad_layer, tuple(warnings))


def size_rule(framework: str, layer: Layer, pad_layer: bool) -> SizeRule:
    """The rule for the output size of a layer, whose padding may be a layer of its own."""
    if layer.family == "transposed":
        keras = framework == "tensorflow" and layer.output_padding is None
        return windows.TRANSPOSED_KERAS if keras else windows.TRANSPOSED
    if layer.ceil_mode:
        return windows.CEIL_AFTER_PAD if pad_layer else windows.CEIL
    return windows.FLOOR


def needs_pad_layer(framework: str, layer: Layer, axes: tuple[AxisLayer, ...]) -> bool:
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
    hint: list[str | Fix] = [Fix("padding", 0)] if word == "valid" else ["padding as a number or begin:end"]
    if word == "same-lower" and layer.dilation == 1:
        hint += [", or ", Fix("framework", "onnx")]
    elif word in SAME_WORDS and framework == "pytorch" and not layer.ceil_mode and layer.dilation == 1:
        hint += [", or ", Fix("framework", "tensorflow")]
    message = f"{name} has no padding {word!r} for {layer.kind}"
    return DlcalcError("unsupported-by-framework", message, hint=hint, option="padding")


def _pad_layer_warning(framework: str, layer: Layer) -> Notice:
    name = FRAMEWORKS[framework]
    if layer.family == "transposed":
        return Notice(
            "needs-crop-layer", f"{name}'s {layer.kind} layer cannot crop like this: cut the output afterwards"
        )
    return Notice(
        "needs-pad-layer", f"{name}'s {layer.kind} layer cannot pad like this: put an explicit pad layer before it"
    )


def _onnx_pool_warnings(layer: Layer, axes: tuple[AxisLayer, ...]) -> list[Notice]:
    warnings = []
    if layer.padding in SAME_WORDS and any(axis.dilation > 1 for axis in axes):
        text = "ONNX Runtime's pools compute SAME from the undilated kernel, so the size is not ceil(input/stride)"
        warnings.append(Notice("same-ignores-dilation", text))
    if layer.padding == "valid" and layer.ceil_mode:
        text = "for VALID with ceil_mode the ONNX text and its implementations differ: this is ONNX Runtime's answer"
        warnings.append(Notice("implementations-differ", text))
    return warnings


def _keras_transposed_warnings(layer: Layer, axes: tuple[AxisLayer, ...]) -> list[Notice]:
    if layer.padding in SAME_WORDS and any(axis.output_padding == 0 and axis.extent % 2 == 0 for axis in axes):
        text = "Keras states this size for 'same', output padding 0, an even kernel; TensorFlow refuses to run it"
        return [Notice("backend-refuses", text)]
    return []
