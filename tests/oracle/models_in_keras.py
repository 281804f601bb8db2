"""Small models in Keras: what each file is recorded from. Keras works on PyTorch here, whose counter counts work."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tests.oracle.ask_keras import keras
from tests.oracle.models_in_torch import attention, counting, torch

layers = keras.layers


class Saved(NamedTuple):
    """A model, and the shapes of an example."""

    name: str
    model: Any
    example: tuple[tuple[int, ...], ...]


def _nested() -> Any:
    """A model with another in it that works twice, with shared weights; two outputs; open sizes."""
    given = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(8, 3, 2, "same", name="stem")(given)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="bn")(x))
    separable = layers.SeparableConv2D(8, 3, padding="same", name="sep")
    inner = keras.Sequential(
        [keras.Input((None, None, 8)), separable, layers.Activation("relu", name="act")], name="inner"
    )
    y = layers.Concatenate(name="cat")([layers.Add(name="add")([x, inner(inner(x))]), x])
    y = layers.GlobalAveragePooling2D(name="gap")(layers.DepthwiseConv2D(3, depth_multiplier=2, name="dw")(y))
    out = layers.Dense(5, name="fc")(y)
    return keras.Model(given, [out, layers.Multiply(name="mul")([out, out])], name="nested")


def _windows() -> Any:
    rows = [
        keras.Input((30, 40, 4), name="image"),
        layers.ZeroPadding2D(((1, 2), (3, 4)), name="pad"),
        layers.Conv2D(8, (3, 5), dilation_rate=(2, 1), groups=2, use_bias=False, name="conv"),
        layers.MaxPooling2D(3, 2, "same", name="max"),
        layers.AveragePooling2D(2, name="mean"),
        layers.Conv2DTranspose(6, 3, 2, "same", name="up"),
        layers.Cropping2D(1, name="crop"),
        layers.UpSampling2D(2, name="nearest"),
        layers.UpSampling2D(2, interpolation="bilinear", name="bilinear"),
        layers.PReLU(shared_axes=[1, 2], name="prelu"),
        layers.LayerNormalization(name="ln"),
        layers.Permute((3, 1, 2), name="permute"),
        layers.Flatten(name="flatten"),
        layers.Dense(3, name="fc"),
    ]
    return keras.Sequential(rows, name="windows")


def _sequence() -> Any:
    """Tokens, one axis, attention, and a dense layer at each position."""
    tokens = keras.Input((12,), dtype="int32", name="tokens")
    x = layers.Embedding(30, 8, name="embedding")(tokens)
    x = layers.Conv1D(8, 3, padding="causal", name="conv")(x)
    x = layers.Add(name="residual")([x, layers.MultiHeadAttention(2, 4, name="attention")(x, x)])
    x = layers.Dense(16, name="wide")(layers.LayerNormalization(name="norm")(x))
    return keras.Model(tokens, layers.GlobalMaxPooling1D(name="pooled")(x), name="sequence")


def _volume() -> Any:
    given = keras.Input((8, 10, 12, 2), name="volume")
    x = layers.Conv3DTranspose(3, 3, 2, "same", name="up")(layers.Conv3D(4, 3, name="conv")(given))
    return keras.Model(given, layers.MaxPooling3D(2, name="pool")(x), name="volume")


def models() -> Iterator[Saved]:
    """Every model that is recorded."""
    yield Saved("keras-nested", _nested(), ((2, 33, 47, 3),))
    yield Saved("keras-windows", _windows(), ((2, 30, 40, 4),))
    yield Saved("keras-sequence", _sequence(), ((2, 12),))
    yield Saved("keras-volume", _volume(), ((1, 8, 10, 12, 2),))


def save(one: Saved, path: str) -> dict[str, Any]:
    """Save a model, and answer: the shape of each layer's output, and Keras's own total."""
    one.model.set_weights([np.zeros_like(weight) for weight in one.model.get_weights()])  # so that the file compresses
    one.model.save(path)
    counter = counting.FlopCounterMode(display=False)
    with torch.no_grad(), attention.sdpa_kernel(attention.SDPBackend.MATH), counter:
        one.model(*[np.zeros(shape, "float32") for shape in one.example], training=False)
    trained = sum(int(np.prod(weight.shape)) for weight in one.model.trainable_weights)
    found = {layer.name: list(layer.output.shape) for layer in one.model.layers if not hasattr(layer, "layers")}
    return {
        "outputs": {name: shape for name, shape in found.items() if name not in ("image", "tokens", "volume")},
        "params": trained,
        "buffers": one.model.count_params() - trained,
        "macs": counter.get_total_flops() // 2,
        "example": one.example,
    }
