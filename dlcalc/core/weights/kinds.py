"""What a tensor is for, as far as its name, its shape and its neighbours tell."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from dlcalc.core.weights.tensors import TEXT, StoredTensor

Kind = Literal[
    "conv",
    "linear",
    "embedding",
    "bias",
    "norm-scale",
    "norm-shift",
    "other",
    "statistics",
    "buffer",
    "num_batches_tracked",
    "text",
]
BUFFERS: tuple[Kind, ...] = ("statistics", "buffer")  # that are kept and not learned
UNCOUNTED: tuple[Kind, ...] = ("num_batches_tracked", "text")  # that neither PyTorch nor Keras count

_STATISTICS = ("running_mean", "running_var", "moving_mean", "moving_variance")
_MASKS = ("attn_mask", "masked_bias", "causal_mask")
_INDICES = ("position_ids", "token_type_ids", "relative_position_index", "relative_coords_table", "inv_freq")
_LINEAR = ("recurrent_kernel", "in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
_IN_ATTENTION = ("query", "key", "value", "attention_output")  # of Keras, whose kernels have an axis for the heads
_NORM = re.compile(r"norm|(?:^|_)(?:bn|ln|gn)[0-9]*(?:_|$)")
_EMBEDDING = re.compile(r"embed|^w[tp]e$|_emb$|^emb(?:_|$)")
_RECURRENT = re.compile(r"weight_[ih]h_l[0-9]+(?:_reverse)?")
_BIAS = re.compile(r"(?:.*_)?bias(?:_[ih]h_l[0-9]+(?:_reverse)?|_[kv])?|b")
_WEIGHT = re.compile(r"(?:weight|kernel|w|weight_v|depthwise_kernel|pointwise_kernel)")


class _Place(NamedTuple):
    """A name, taken apart: ``layer1.0.conv1`` and ``weight``."""

    module: str
    leaf: str


def _place(name: str) -> _Place:
    """Take a name apart, of PyTorch (``conv1.weight``) or of Keras and JAX (``conv1/kernel:0``)."""
    plain = name.replace("/", ".").removesuffix(":0")
    module, _, leaf = plain.rpartition(".")
    return _Place(module, leaf)


def kinds(tensors: Iterable[StoredTensor]) -> dict[str, Kind]:
    """Tell what each tensor is for, by its name.

    A transposed convolution is called a convolution: its weights look alike.

    >>> from dlcalc.core.weights.tensors import Storage
    >>> where = Storage("x.safetensors", "", 0, 0)
    >>> shapes = {"conv1.weight": (64, 3, 7, 7), "bn1.weight": (64,), "bn1.running_mean": (64,), "fc.bias": (10,)}
    >>> list(kinds(StoredTensor(name, "float32", shape, 0, where) for name, shape in shapes.items()).values())
    ['conv', 'norm-scale', 'statistics', 'bias']
    """
    modules: dict[str, dict[str, StoredTensor]] = {}
    places = {tensor.name: (_place(tensor.name), tensor) for tensor in tensors}
    for place, tensor in places.values():
        modules.setdefault(place.module, {})[place.leaf] = tensor
    return {name: _kind(place, tensor, modules[place.module]) for name, (place, tensor) in places.items()}


def _kind(place: _Place, tensor: StoredTensor, siblings: Mapping[str, StoredTensor]) -> Kind:
    leaf, rank = place.leaf, len(tensor.shape)
    layer = place.module.rpartition(".")[2].lower()
    if tensor.dtype == TEXT:
        return "text"
    if leaf == "num_batches_tracked" or (leaf == "count" and {"mean", "variance"} <= set(siblings)):
        return "num_batches_tracked"
    if leaf in _STATISTICS or place.module.startswith("batch_stats") or _normalizes(leaf, siblings):
        return "statistics"
    if leaf in _MASKS or leaf in _INDICES or tensor.dtype in ("int64", "bool") or _is_mask(leaf, tensor):
        return "buffer"
    if rank <= 1 and (kind := _of_vector(leaf, layer, tensor, siblings)) is not None:
        return kind
    if leaf == "embeddings" or _EMBEDDING.search(leaf) or (_EMBEDDING.search(layer) and rank == 2):
        return "embedding"
    if leaf in _LINEAR or _RECURRENT.fullmatch(leaf) or (layer in _IN_ATTENTION and leaf == "kernel"):
        return "linear"
    if _WEIGHT.fullmatch(leaf) and rank >= 2:
        return "linear" if rank == 2 else "conv" if rank <= 5 else "other"
    return "bias" if _BIAS.fullmatch(leaf) and rank <= 2 else "other"


def _normalizes(leaf: str, siblings: Mapping[str, StoredTensor]) -> bool:
    """Tell a statistic of Keras's Normalization layer."""
    return leaf in ("mean", "variance") and {"mean", "variance"} <= set(siblings)


def _is_mask(leaf: str, tensor: StoredTensor) -> bool:
    """Tell the causal mask that GPT-2 calls its bias."""
    return leaf == "bias" and tensor.shape[:2] == (1, 1) and len(tensor.shape) == 4


def _of_vector(leaf: str, layer: str, tensor: StoredTensor, siblings: Mapping[str, StoredTensor]) -> Kind | None:
    """Tell what a vector is for: a bias, or the scale or the shift of a norm."""
    vectors = {name for name, other in siblings.items() if other.shape == tensor.shape and len(other.shape) == 1}
    norm = bool(vectors & {*_STATISTICS, "beta"} or _NORM.search(layer) or _NORM.search(leaf))
    if leaf == "beta":
        return "norm-shift"
    if leaf in ("gamma", "scale") or (leaf == "weight" and len(tensor.shape) == 1):
        return "norm-scale" if norm or (leaf == "weight" and "bias" in vectors) else None
    if _BIAS.fullmatch(leaf):
        return "norm-shift" if norm or (leaf == "bias" and "weight" in vectors) else "bias"
    return None
