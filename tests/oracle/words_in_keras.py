"""Networks in layer words, built of the layers of Keras 3, which are asked for their output shape and not run.

Keras is left to refuse what it refuses. A padding in numbers, or ``full``, is a pad in front of a layer, or behind a
transposed convolution a cut. It has no depthwise convolution on three axes, or one that is causal: that is one in
groups. Its documentation rules out a stride over 1 with a dilation over 1; its depthwise layers do not look, and it is
ruled out here.
"""

import re
import warnings
from math import prod
from typing import Any

from tests.oracle.ask_keras import keras
from tests.oracle.read_words import Amount, Facts, Node, RefusedError, Sides, Windows, read_amount, read_windows, walk

MODULES = {
    "conv": "Conv{}D",
    "convt": "Conv{}DTranspose",
    "dw": "DepthwiseConv{}D",
    "sep": "SeparableConv{}D",
    "max": "MaxPooling{}D",
    "avg": "AveragePooling{}D",
}
RESIZERS = {
    "up": "UpSampling{}D",
    "pad": "ZeroPadding{}D",
    "crop": "Cropping{}D",
    "aavg": "AdaptiveAveragePooling{}D",
    "amax": "AdaptiveMaxPooling{}D",
}
LACKING = r"shuffle|\bconvt\S*g[2-9]" + ("" if hasattr(keras.layers, "AdaptiveMaxPooling1D") else "|aavg|amax")
JOINS = {"add": "Add", "mul": "Multiply", "cat": "Concatenate"}
ACTIVATIONS = {"leaky": "leaky_relu", "hardswish": "hard_swish", "hardsigmoid": "hard_sigmoid"}
PLAIN = {"bn": "BatchNormalization", "ln": "LayerNormalization", "flatten": "Flatten", "identity": "Identity"}

Shape = tuple[int, ...]  # of a batch, channels last


def expressible(raw: dict[str, Any]) -> bool:
    """Whether Keras has all the layers: it has no shuffles, and no groups in a transposed convolution."""
    return not re.search(LACKING, raw["layers"])


def facts(raw: dict[str, Any]) -> Facts | str:
    """Build a network, asked for in the keys of a batch; if Keras refuses a word, that word."""
    network = _Network(raw["dims"], raw["bias"])
    given = (raw["n"], *map(int, raw["size"].split("x")), raw["c_in"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by a stride of 0 before it refuses it
        refused = walk(raw["layers"], given, network.layer, network.join)
    return refused or Facts(network.nodes, network.in_features)


class _Network:
    """Builds one layer after the other, and takes down what each makes and learns."""

    def __init__(self, axes: int, bias: bool) -> None:
        self.axes, self.bias = axes, bias
        self.nodes: list[Node] = []
        self.in_features: list[int] = []

    def layer(self, word: str, current: Shape) -> Shape:
        axes, asked = self.axes, read_amount(word, self.axes)
        if word in PLAIN:
            return self.build(current, getattr(keras.layers, PLAIN[word])())
        if asked and asked.kind == "gn":
            return self.build(current, keras.layers.GroupNormalization(asked.numbers[0]))
        if asked and asked.kind == "fc":
            dense = keras.layers.Dense(asked.numbers[0], use_bias=self.bias if asked.bias is None else asked.bias)
            self.in_features.append(prod(current[1:]))
            return self.build(current, keras.layers.Flatten(), dense)
        if word == "dropout":
            return self.build(current, keras.layers.Dropout(0.5))
        if word == "relu6" or (word.isalpha() and word != "gap"):
            return self.build(current, keras.layers.Activation(ACTIVATIONS.get(word, word)))
        if len(current) != axes + 2:
            raise RefusedError(f"{word} on a vector")
        if word == "gap":
            return self.build(current, getattr(keras.layers, f"GlobalAveragePooling{axes}D")(keepdims=True))
        if asked:
            return self.build(current, _resizing(asked, axes))
        windows = read_windows(word, axes)
        return self.windowed(windows, current, self.bias if windows.bias is None else windows.bias)

    def join(self, how: str, maps: list[Shape]) -> Shape:
        """Join maps; in a sum or a product an entry of a vector stands for all positions of a channel."""
        made = getattr(keras.layers, JOINS[how])()
        made.build(maps)
        return self.note(tuple(made.compute_output_shape(maps)))

    def build(self, current: Shape, *layers: Any) -> Shape:
        """Add layers that are one node."""
        for layer in layers:
            layer.build(current)
            current = tuple(layer.compute_output_shape(current))
        return self.note(
            current,
            sum(_entries(layer.trainable_weights) for layer in layers),
            sum(_entries(layer.non_trainable_weights) for layer in layers if layer.built),
        )

    def note(self, output: Shape, params: int = 0, buffers: int = 0) -> Shape:
        if min(output) < 1:
            raise RefusedError("nothing is left")
        self.nodes.append(Node((output[-1], *output[1:-1]), params, buffers, None))
        return output

    def windowed(self, windows: Windows, current: Shape, bias: bool) -> Shape:
        """Add a convolution or a pooling, with the pad in front of it or the cut behind it."""
        kind, axes, channels = windows.kind, self.axes, current[-1]
        if max(windows.stride) > 1 < max(windows.dilation) and kind in ("dw", "sep"):
            raise RefusedError("a stride and a dilation")
        own, outer = _padding(windows)
        options: dict[str, Any] = {"strides": windows.stride, "padding": own}
        if kind not in ("max", "avg"):
            options |= {"use_bias": bias, "dilation_rate": windows.dilation}
        elif max(windows.dilation) > 1:
            options["dilation_rate"] = windows.dilation
        if windows.ceil_mode:
            options["ceil_mode"] = True
        if windows.output_padding is not None:
            options["output_padding"] = windows.output_padding
        if windows.groups != 1:
            options["groups"] = windows.groups
        make: Any = getattr(keras.layers, MODULES[kind].format(axes), None)
        pad = [_sided("pad", outer)] if outer and kind != "convt" else []
        cut = [_sided("crop", outer)] if outer and kind == "convt" else []
        if kind in ("max", "avg"):
            return self.build(current, *pad, make(windows.taps, **options))
        if kind in ("conv", "convt"):
            return self.build(current, *pad, make(windows.channels, windows.taps, **options), *cut)
        outputs = channels if windows.channels is None or kind == "sep" else windows.channels
        in_groups = make is None or own == "causal"
        if kind == "dw" and not in_groups:
            if outputs % channels:
                raise RefusedError("no whole multiplier")
            return self.build(current, *pad, make(windows.taps, depth_multiplier=outputs // channels, **options))
        if kind == "dw":
            grouped = getattr(keras.layers, f"Conv{axes}D")(outputs, windows.taps, groups=channels, **options)
            return self.build(current, *pad, grouped)
        pointwise = getattr(keras.layers, f"Conv{axes}D")(windows.channels, 1, use_bias=bias)
        if in_groups:
            options["use_bias"] = False
            grouped = getattr(keras.layers, f"Conv{axes}D")(outputs, windows.taps, groups=channels, **options)
            return self.build(self.build(current, *pad, grouped), pointwise)
        return self.separable(current, pad, make(windows.channels, windows.taps, **options))

    def separable(self, current: Shape, pad: list[Any], made: Any) -> Shape:
        """Add a separable convolution, which is one layer of Keras, as its two nodes."""
        channels = current[-1]
        for layer in (*pad, made):
            layer.build(current)
            current = tuple(layer.compute_output_shape(current))
        depthwise, *rest = made.trainable_weights
        self.note((*current[:-1], channels), _entries([depthwise]))
        return self.note(current, _entries(rest))


def _resizing(asked: Amount, axes: int) -> Any:
    if asked.kind in ("pad", "crop"):
        return _sided(asked.kind, asked.sides)
    made = getattr(keras.layers, RESIZERS[asked.kind].format(axes))
    return made(asked.numbers if axes > 1 or asked.kind != "up" else asked.numbers[0])


def _sided(kind: str, sides: list[Sides]) -> Any:
    """A pad or a crop."""
    return getattr(keras.layers, RESIZERS[kind].format(len(sides)))(sides[0] if len(sides) == 1 else tuple(sides))


def _padding(windows: Windows) -> tuple[str, list[Sides] | None]:
    """The padding of the layer itself, and the one outside it; a word that is not taken is left to it to refuse."""
    padding = windows.padding
    if not isinstance(padding, str):
        return "valid", padding if any(map(any, padding)) else None
    if windows.kind != "convt" and padding == "full":
        return "valid", [(extent - 1, extent - 1) for extent in windows.extents]
    return "same" if padding == "same-upper" else padding, None


def _entries(weights: list[Any]) -> int:
    return sum(prod(one.shape) for one in weights)
