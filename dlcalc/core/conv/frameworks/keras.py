"""What Keras 3 does with a layer, on the TensorFlow backend."""

from dlcalc.core.conv.frameworks.framework import AxisLayers, Framework, Rule, SameRule, dilated, unsupported
from dlcalc.core.conv.layer import SAME_WORDS, Layer, PaddingWord
from dlcalc.core.conv.window import SAME_UPPER, PaddingRule, SizeRule, Window, half, transposed_same
from dlcalc.core.errors import DlcalcError, Fix, Notice

_KERAS = "Keras 3.15"
_SAME: tuple[PaddingWord, ...] = ("same", "same-upper")


def _ceil_mode(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if not layer.ceil_mode:
        return None
    return unsupported("Keras pools have no ceil mode", ("leave ", Fix("ceil_mode"), " out"), "ceil_mode")


def _strided_and_dilated(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if all(axis.stride == 1 for axis in axes) or all(axis.dilation == 1 for axis in axes):
        return None
    either = (Fix("stride", 1), " or ", Fix("dilation", 1))
    return unsupported("Keras does not combine a stride over 1 with a dilation over 1", either, "dilation")


def _causal_in_several(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if layer.padding != "causal" or len(axes) == 1:
        return None
    hint = Fix("padding", ((axes[0].extent - 1, 0),))
    return unsupported(f"Keras pads 'causal' in one dimension only, not in {len(axes)}", hint, "padding")


def _refused_by_the_backend(layer: Layer, axes: AxisLayers) -> Notice | None:
    if layer.family != "transposed" or layer.padding not in SAME_WORDS:
        return None
    if not any(axis.output_padding == 0 and axis.extent % 2 == 0 for axis in axes):
        return None
    text = "Keras states this size for 'same', output padding 0, an even kernel; TensorFlow refuses to run it"
    return Notice("backend-refuses", text)


def _size(window: Window) -> int:
    whole = (window.input - 1) * window.stride + max(window.extent, window.stride)
    return whole - window.before - window.after


class Keras(Framework):
    """The layers of Keras 3."""

    key = "tensorflow"
    name = "Keras"
    words = {"conv": (*_SAME, "valid", "causal"), "pool": (*_SAME, "valid"), "transposed": (*_SAME, "valid")}
    pad_layer_words = {"conv": ("full",), "pool": ("full",)}
    own_padding = "none"
    same = (
        SameRule("conv", _SAME, SAME_UPPER),
        SameRule("pool", _SAME, SAME_UPPER),
        SameRule(
            "transposed",
            _SAME,
            PaddingRule("max(0, {ke} - {s})", "floor({P}/2)", _KERAS, transposed_same, half),
            "no output padding is stated",
            lambda axis, size: axis.output_padding is None,
        ),
        SameRule(
            "transposed",
            _SAME,
            PaddingRule(
                "2*floor({ke}/2)",
                "max(0, floor(({P} - {op})/2))",
                _KERAS,
                lambda size, layer: 2 * (layer.extent // 2),
                lambda total, layer: max(0, (total - (layer.output_padding or 0)) // 2),
            ),
            "an output padding is stated, 0 too",
            lambda axis, size: axis.output_padding is not None,
        ),
    )
    refusals = (
        Rule("A pooling has no dilation.", f"{_KERAS} MaxPooling2D", dilated("Keras", "max-pool", "avg-pool")),
        Rule("A pooling has no ceil mode.", f"{_KERAS} MaxPooling2D", _ceil_mode),
        Rule(
            "A stride over 1 does not go with a dilation over 1, on any axis.",
            f"{_KERAS} Conv2D, dilation_rate",
            _strided_and_dilated,
        ),
        Rule("'causal' goes with one dimension only.", f"{_KERAS} Conv1D, padding", _causal_in_several),
    )
    output_padding = Rule("the stride", f"{_KERAS} Conv2DTranspose, output_padding", lambda axis: axis.stride)
    transposed_size = SizeRule(
        "({i} - 1)*{s} - {pl} - {pr} + max({ke}, {s})",
        "({i} - 1){s} - 2{p} + max({k}, {s})",
        f"{_KERAS} Conv2DTranspose",
        _size,
    )
    caveats = (
        Rule(
            "Keras states a size for 'same', output padding 0 and an even kernel; TensorFlow refuses to run it.",
            f"{_KERAS} Conv2DTranspose, as run",
            _refused_by_the_backend,
        ),
    )
    transposed_same_by_parity = True


KERAS = Keras()
