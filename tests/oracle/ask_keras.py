"""Ask Keras 3, on whatever backend is installed. Every answer is plain numbers, or None where Keras refuses.

The layers are built and asked for their output shape, and not run: TensorFlow aborts the process on some of them.
"""

import importlib.util
import os
from typing import Any

import pytest

from dlcalc.core.conv.layer import per_axis
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.params.count import ConvParams
from tests.support.random_layers import layer_of

if importlib.util.find_spec("tensorflow") is None:  # what Keras states does not depend on what computes it
    os.environ.setdefault("KERAS_BACKEND", "torch")

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install 'dlcalc-verify[oracle]'")

LAYERS = {
    "conv": "Conv{}D",
    "transposed": "Conv{}DTranspose",
    "max-pool": "MaxPooling{}D",
    "avg-pool": "AveragePooling{}D",
}


def layer(question: ShapeQuestion, padding: str) -> Any:
    asked, count = layer_of(question), len(question.axes)
    axes = per_axis(asked, count)
    options: dict[str, Any] = {"strides": tuple(axis.stride for axis in axes), "padding": padding}
    kernel = tuple(axis.kernel for axis in axes)
    make = getattr(keras.layers, LAYERS[asked.kind].format(count))
    if asked.family == "pool":
        if asked.ceil_mode or any(axis.dilation > 1 for axis in axes):
            raise ValueError("Keras pools have neither")
        return make(kernel, **options)
    options["dilation_rate"] = tuple(axis.dilation for axis in axes)
    if asked.output_padding is not None:
        options["output_padding"] = tuple(axis.output_padding for axis in axes)
    return make(1, kernel, use_bias=False, kernel_initializer="ones", **options)


def run(question: ShapeQuestion, padding: str, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The output size that the layer states; None if it refuses or states nothing."""
    try:
        output = tuple(layer(question, padding).compute_output_shape((1, *size, 1)))[1:-1]
    except (ValueError, TypeError):
        return None
    return output if all(extent is not None and extent > 0 for extent in output) else None


def expressible(question: ShapeQuestion) -> bool:
    """Whether the layer takes the padding itself: a word, or none at all."""
    padding = layer_of(question).padding
    return isinstance(padding, str) or padding == 0


def size(question: ShapeQuestion) -> tuple[int, ...] | None:
    """The output size of a layer whose padding is ``expressible``."""
    padding = layer_of(question).padding
    return run(question, padding if isinstance(padding, str) else "valid", question.size)


def size_behind_padding(question: ShapeQuestion, padded: tuple[int, ...]) -> tuple[int, ...] | None:
    """The output size of a padded input, for the layer without its own padding."""
    return run(question, "valid", padded)


def parameters(answer: ConvParams) -> dict[str, int] | None:
    """Weights, biases and both together; None for a transposed layer with groups, which Keras does not have."""
    (asked,) = answer.layers
    if not asked.kernel:
        made = keras.layers.Dense(asked.c_out, use_bias=asked.bias)
        made.build((None, asked.c_in))
    elif asked.kind == "transposed" and asked.groups > 1:
        return None
    else:
        options = {} if asked.kind == "transposed" else {"groups": asked.groups}
        make = getattr(keras.layers, LAYERS[asked.kind].format(len(asked.kernel)))
        made = make(asked.c_out, asked.kernel, use_bias=asked.bias, **options)
        made.build((None, *(None,) * len(asked.kernel), asked.c_in))
    weights, *bias = (int(keras.ops.size(variable)) for variable in made.weights)
    return {"weights": weights, "bias": sum(bias), "params": made.count_params()}


def running_statistics(batches: list[Any], momentum: float) -> dict[str, Any]:
    """The running statistics behind all mini-batches (N, C, H, W), and the epsilon that Keras takes by itself."""
    made = keras.layers.BatchNormalization(axis=1, momentum=momentum, dtype="float64")
    made.build((None, *batches[0].shape[1:]))
    for batch in batches:
        made(batch, training=True)
    mean, var = (keras.ops.convert_to_numpy(value) for value in (made.moving_mean, made.moving_variance))
    return {"mean": mean, "var": var, "eps": made.epsilon}
