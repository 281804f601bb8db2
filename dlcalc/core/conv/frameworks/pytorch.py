"""What PyTorch does with a layer: its modules in ``torch.nn``."""

from dlcalc.core.conv.frameworks.framework import (
    AxisLayers,
    Framework,
    Rule,
    SameRule,
    dilated,
    padding_too_large,
    unsupported,
)
from dlcalc.core.conv.layer import AXES, SAME_WORDS, Axis, Layer
from dlcalc.core.conv.window import SAME_UPPER, Window
from dlcalc.core.errors import DlcalcError, Fix


def _strided_same(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if layer.padding not in SAME_WORDS or all(axis.stride == 1 for axis in axes):
        return None
    # where the size of the input is known, the padding itself stands here
    hint: list[str | Fix] = ["a padding in numbers, which depends on the size of the input"]
    if all(axis.dilation == 1 for axis in axes):
        hint += [", or ", Fix("framework", "tensorflow")]
    message = f"PyTorch computes padding 'same' only with stride 1, not {max(axis.stride for axis in axes)}"
    return unsupported(message, hint, "padding")


def _over_half_the_kernel(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
    if layer.family != "pool" or pad_layer:
        return None
    for axis in axes:
        if not isinstance(axis.padding, str) and axis.padding[0] > axis.kernel // 2:
            rule = f"is more than half the kernel {axis.kernel} of a PyTorch pooling"
            return padding_too_large(axis.padding[0], rule, min(axis.kernel for axis in axes) // 2)
    return None


def _small_volume(layer: Layer, axes: AxisLayers, pad_layer: bool, name: Axis, window: Window) -> DlcalcError | None:
    seen = window.padded if pad_layer else window.input
    if layer.kind != "avg-pool" or len(axes) < 3 or seen >= window.kernel:
        return None
    room = f"the {AXES[name]} {seen}, and PyTorch's AvgPool3d does not count the padding"
    hint = (Fix("kernel", seen), " at most, with no more than half of it for padding")
    message = f"kernel {window.kernel} is larger than {room}"
    return DlcalcError("kernel-exceeds-input", message, hint=hint, option="kernel")


class PyTorch(Framework):
    """PyTorch's modules."""

    key = "pytorch"
    name = "PyTorch"
    words = {"conv": ("same", "same-upper", "valid")}
    pad_layer_words = {"conv": ("causal", "full"), "pool": ("causal", "full")}
    own_padding = "even"
    same = (SameRule("conv", ("same", "same-upper"), SAME_UPPER),)
    refusals = (
        Rule("An average pooling has no dilation.", "PyTorch AvgPool2d", dilated("PyTorch", "avg-pool")),
        Rule("'same' goes with stride 1 only.", "PyTorch Conv2d, padding", _strided_same),
        Rule(
            "The padding of a pooling is at most half its kernel, rounded down; that of a pad layer has no bound.",
            "PyTorch MaxPool2d, padding",
            _over_half_the_kernel,
        ),
    )
    input_refusals = (
        Rule(
            "In three dimensions the kernel of an average pooling is at most the input without its padding.",
            "PyTorch AvgPool3d, as run",
            _small_volume,
        ),
    )
    output_padding = Rule(
        "the larger of stride and dilation",
        "PyTorch ConvTranspose2d, output_padding",
        lambda axis: max(axis.stride, axis.dilation),
    )


PYTORCH = PyTorch()
