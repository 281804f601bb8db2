"""Keras's layers: what each class with its configuration is among the kinds that are known here, and what it stores."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

from dlcalc.core.conv.layer import Kind, Layer
from dlcalc.core.network.network import ELEMENTWISE, Op, OpKind
from dlcalc.core.tensors.saved import Dims, Stored

Config = Mapping[str, Any]


class Part(NamedTuple):
    """One node that a layer becomes; most become one.

    Attributes:
        op: what it does.
        stored: what it stores.
        name: behind the name of the layer, where that becomes several.
        reads: the numbers of the tensors given to the layer that it reads, or the names of parts before it; None for
            all that are given.
        keeps: of a pooling of all positions, whether the axes stay.
        known: whether the class is known here.
    """

    op: Op
    stored: Stored = Stored()
    name: str = ""
    reads: tuple[int | str, ...] | None = None
    keeps: bool = True
    known: bool = True


class UnbuiltError(Exception):
    """A layer whose weights depend on an extent that the file does not state."""


def parts_of(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read a layer.

    Args:
        class_name: as the file has it.
        config: likewise.
        shapes: of the tensors that it is given, as the file states them.

    Raises:
        UnbuiltError: where a shape does not say what the layer stores.
        KeyError, TypeError, ValueError: for a configuration that is not as Keras writes it.
    """
    if class_name in _MAKERS:
        return _MAKERS[class_name](class_name, config, shapes)
    if class_name in _POINTWISE or class_name.startswith("Random"):
        return [Part(Op(_POINTWISE.get(class_name, "identity")), reads=(0,))]
    return [Part(Op("tensor"), known=False)]


def _numbers(value: Any) -> tuple[int, ...]:
    numbers = tuple(value) if isinstance(value, list) else (value,)
    if any(type(number) is not int for number in numbers):
        raise TypeError(f"{str(value)[:40]} is no list of whole numbers")
    return numbers


def _whole(value: Any) -> int:
    (number,) = _numbers(value)
    return number


def _axes(class_name: str) -> int:
    return next((int(before) for before, letter in pairwise(class_name) if letter == "D" and before.isdigit()), 0)


def _spread(value: Any, axes: int) -> tuple[int, ...]:
    numbers = _numbers(value)
    return numbers * axes if len(numbers) == 1 else numbers


def _last(config: Config) -> bool:
    return config.get("data_format") != "channels_first"


def _extent(shape: Dims, axis: int) -> int:
    extent = shape[axis] if -len(shape) <= axis < len(shape) else None
    if not isinstance(extent, int):
        raise UnbuiltError
    return extent


def _channels(config: Config, shapes: list[Dims]) -> int:
    return _extent(shapes[0], -1 if _last(config) else 1)


def _windows(class_name: str, config: Config, kernel: Any, kind: Kind) -> Layer:
    axes = _axes(class_name)
    strides = config.get("strides")
    padding = config["padding"]
    if padding not in ("valid", "same", "causal"):
        raise ValueError(f"the padding {str(padding)[:40]!r} is unknown")
    extra = config.get("output_padding") if kind == "transposed" else None
    return Layer(
        _spread(kernel, axes),
        None if strides is None else _spread(strides, axes),
        padding,
        _spread(config.get("dilation_rate", 1), axes),
        kind,
        None if extra is None else _spread(extra, axes),
    )


def _convolution(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    kind: Kind = "transposed" if "Transpose" in class_name else "conv"
    layer = _windows(class_name, config, config["kernel_size"], kind)
    filters, groups, bias = _whole(config["filters"]), _whole(config.get("groups") or 1), bool(config["use_bias"])
    weights = prod(_numbers(list(layer.kernel if isinstance(layer.kernel, tuple) else (layer.kernel,))))
    weights *= _channels(config, shapes) // max(1, groups) * filters
    op = Op(kind, layer, filters, groups, bias=bias, last=_last(config))
    return [Part(op, Stored(weights, bias * filters))]


def _depthwise(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read a depthwise convolution, and one with a 1x1 convolution behind it, on which the bias stands."""
    separable = class_name.startswith("Separable")
    layer = _windows(class_name, config, config["kernel_size"], "conv")
    channels, bias = _channels(config, shapes), bool(config["use_bias"])
    made = channels * _whole(config["depth_multiplier"])
    axes = _axes(class_name)
    taps = prod(_spread(config["kernel_size"], axes))
    last = _last(config)
    own = Op("conv", layer, made, channels, bias=bias and not separable, last=last)
    first = Part(own, Stored(taps * made, 0 if separable else bias * made), "depthwise" if separable else "")
    if not separable:
        return [first]
    filters = _whole(config["filters"])
    behind = Op("conv", Layer((1,) * axes), filters, bias=bias, last=last)
    return [first, Part(behind, Stored(made * filters, bias * filters), "pointwise", ("depthwise",))]


def _dense(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    units, bias = _whole(config["units"]), bool(config["use_bias"])
    return [_linear(_extent(shapes[0], -1), units, bias)]


def _linear(features: int, units: int, bias: bool, name: str = "", reads: tuple[int | str, ...] = (0,)) -> Part:
    op = Op("linear", None, units, bias=bias, amount=features)
    return Part(op, Stored(features * units, bias * units), name, reads)


def _attention(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read multi-head attention: three projections, two products, and a projection of what comes of them."""
    heads, key, bias = _whole(config["num_heads"]), _whole(config["key_dim"]), bool(config["use_bias"])
    value = _whole(config["value_dim"]) if config.get("value_dim") is not None else key
    at = (0, 1, 2 if len(shapes) > 2 else 1)  # the query, the value, and the key, which is the value if it is not given
    query, values, keys = (_extent(shapes[min(index, len(shapes) - 1)], -1) for index in at)
    given = config.get("output_shape")
    output = query if given is None else _numbers(given)[-1]
    return [
        _linear(query, heads * key, bias, "query", (0,)),
        _linear(keys, heads * key, bias, "key", (min(at[2], len(shapes) - 1),)),
        _linear(values, heads * value, bias, "value", (min(at[1], len(shapes) - 1),)),
        Part(Op("matmul"), name="products", reads=("query", "key", "value")),
        _linear(heads * value, output, bias, "output", ("products",)),
    ]


def _batch_norm(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    channels = _extent(shapes[0], _whole(config["axis"]))
    learned = channels * (bool(config["scale"]) + bool(config["center"]))
    return [Part(Op("batch-norm"), Stored(other=learned, buffers=2 * channels), reads=(0,))]


def _norm(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    entries = prod(_extent(shapes[0], axis) for axis in _numbers(config.get("axis", -1)))
    learned = entries * (bool(config.get("scale", True)) + bool(config.get("center", class_name != "RMSNormalization")))
    kind: OpKind = "group-norm" if class_name == "GroupNormalization" else "layer-norm"
    return [Part(Op(kind), Stored(other=learned), reads=(0,))]


def _normalization(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read a normalization by statistics of the data: a mean and a variance, and how many data there were."""
    given = config.get("mean") is not None
    axes = config.get("axis")
    entries = 1 if axes is None else prod(_extent(shapes[0], axis) for axis in _numbers(axes))
    return [Part(Op("identity"), Stored(buffers=0 if given else 2 * entries + 1), reads=(0,))]


def _pool(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    kind: Kind = "max-pool" if class_name.startswith("Max") else "avg-pool"
    layer = _windows(class_name, config, config["pool_size"], kind)
    return [Part(Op(kind, layer, last=_last(config)), reads=(0,))]


def _global_pool(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    axes = _axes(class_name)
    over = tuple(range(1, axes + 1) if _last(config) else range(2, axes + 2))
    op = Op("global-avg-pool", amount=over, last=_last(config))
    return [Part(op, reads=(0,), keeps=bool(config.get("keepdims")))]


def _sides(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read a padding with zeros, or a cropping."""
    crop = class_name.startswith("Cropping")
    value, axes = config["cropping" if crop else "padding"], _axes(class_name)
    entries = [value] * axes if isinstance(value, int) else [value] if axes == 1 and len(value) == 2 else value
    pairs = tuple([(one, one) if isinstance(one, int) else (_whole(one[0]), _whole(one[1])) for one in entries])
    return [Part(Op("crop" if crop else "pad", amount=pairs, last=_last(config)), reads=(0,))]


def _upsampling(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    factors = _spread(config["size"], _axes(class_name))
    nearest = config.get("interpolation", "nearest") == "nearest"
    return [Part(Op("upsample" if nearest else "resize", amount=factors, last=_last(config)), reads=(0,))]


def _reshape(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    if class_name == "Flatten":
        return [Part(Op("flatten"), reads=(0,))]
    if class_name == "Permute":
        return [Part(Op("permute", amount=(0, *_numbers(config["dims"]))), reads=(0,))]
    return [Part(Op("reshape", amount=_numbers(config["target_shape"])), reads=(0,))]


def _join(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    if class_name == "Concatenate":
        return [Part(Op("concat", amount=_whole(config.get("axis", -1))))]
    return [Part(Op("multiply" if class_name in ("Multiply", "TrueDivide", "Divide") else "add"))]


def _prelu(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    shared = _numbers(config.get("shared_axes") or [])
    entries = prod(1 if axis in shared else _extent(shapes[0], axis) for axis in range(1, len(shapes[0])))
    return [Part(Op("identity"), Stored(other=entries), reads=(0,))]


def _embedding(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    rows, columns = _whole(config["input_dim"]), _whole(config["output_dim"])
    return [Part(Op("tensor", channels=columns), Stored(other=rows * columns), reads=(0,))]


def _scaled(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read the scales of keras.applications: of ConvNeXt one a channel, of InceptionResNetV2 one for the second map."""
    if class_name == "LayerScale":
        return [Part(Op("multiply"), Stored(other=_whole(config["projection_dim"])), reads=(0,))]
    return [Part(Op("add"))]


def _recurrent(class_name: str, config: Config, shapes: list[Dims]) -> list[Part]:
    """Read a recurrent layer: what it stores; its work is not counted."""
    units, features, bias = _whole(config["units"]), _extent(shapes[0], -1), bool(config["use_bias"])
    gates = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[class_name]
    biases = bias * gates * units * (2 if class_name == "GRU" and config.get("reset_after") else 1)
    stored = Stored(gates * units * (features + units), biases)
    return [Part(Op("tensor"), stored, reads=(0,), known=False)]


_Maker = Callable[[str, Config, list[Dims]], list[Part]]
_DIMS = ("1D", "2D", "3D")
_MAKERS: dict[str, _Maker] = {
    **dict.fromkeys((f"Conv{dims}" for dims in _DIMS), _convolution),
    **dict.fromkeys((f"Conv{dims}Transpose" for dims in _DIMS), _convolution),
    **dict.fromkeys((f"{kind}Conv{dims}" for kind in ("Depthwise", "Separable") for dims in _DIMS[:2]), _depthwise),
    "Dense": _dense,
    "MultiHeadAttention": _attention,
    "BatchNormalization": _batch_norm,
    **dict.fromkeys(("LayerNormalization", "RMSNormalization", "GroupNormalization"), _norm),
    "Normalization": _normalization,
    **dict.fromkeys((f"{kind}Pooling{dims}" for kind in ("Max", "Average") for dims in _DIMS), _pool),
    **dict.fromkeys((f"Global{kind}Pooling{dims}" for kind in ("Max", "Average") for dims in _DIMS), _global_pool),
    **dict.fromkeys((f"{kind}{dims}" for kind in ("ZeroPadding", "Cropping") for dims in _DIMS), _sides),
    **dict.fromkeys((f"UpSampling{dims}" for dims in _DIMS), _upsampling),
    **dict.fromkeys(("Flatten", "Reshape", "Permute"), _reshape),
    **dict.fromkeys(
        ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "TrueDivide", "Divide"), _join
    ),
    "PReLU": _prelu,
    "Embedding": _embedding,
    **dict.fromkeys(("LayerScale", "CustomScaleLayer"), _scaled),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _recurrent),
}
_POINTWISE: dict[str, OpKind] = {
    **{name.replace("hard", "hard_"): name for name in ELEMENTWISE},
    **dict.fromkeys(("ReLU", "Relu"), "relu"),
    "LeakyReLU": "leaky",
    "ELU": "elu",
    "Softmax": "softmax",
    "GELU": "gelu",
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"), "dropout"),
    **dict.fromkeys(
        (
            *("Activation", "Identity", "Rescaling", "GaussianNoise", "GaussianDropout", "ActivityRegularization"),
            *("UnitNormalization", "Masking", "Sigmoid", "Tanh", "Silu", "Gelu", "Exp", "Log", "Sqrt", "Square", "Abs"),
            *("Negative", "Clip", "Cast", "Power", "Round", "Identity", "DropPath", "Hard_sigmoid"),
        ),
        "identity",
    ),
}
