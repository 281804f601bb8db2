"""PyTorch's operations, as layers: what each target of an exported graph is among the kinds that are known here."""

from collections.abc import Callable

from dlcalc.core.network.network import ELEMENTWISE, Op, OpKind
from dlcalc.files.models import aten_calls as calls
from dlcalc.files.models.aten_calls import Layered
from dlcalc.files.models.call import Call


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Operations that hand on what they read, and are no layers.
SAME = _words(
    "alias clone contiguous detach lift_fresh lift_fresh_copy lift to _to_copy type_as view_as_real "
    "view_as_complex float half bfloat16 double cpu cuda positive real"
)
_ELEMENTWISE: dict[str, OpKind] = {
    "leaky_relu": "leaky",
    "hardtanh": "relu6",
    "_softmax": "softmax",
    "native_dropout": "dropout",
    "feature_dropout": "dropout",
    "alpha_dropout": "dropout",
    **{name: name for name in ELEMENTWISE if name not in ("leaky", "identity")},
}
# One entry at a time, and no name of their own here.
_POINTWISE = _words(
    "celu softplus softsign log_sigmoid logsigmoid prelu _prelu_kernel rrelu threshold hardshrink softshrink "
    "tanhshrink exp expm1 log log1p log2 log10 sqrt rsqrt abs neg sign sin cos tan asin acos atan sinh cosh erf "
    "erfc round floor ceil trunc frac reciprocal square clamp clamp_min clamp_max log_softmax _log_softmax "
    "softmin masked_fill logical_not bitwise_not isnan isinf nan_to_num zeros_like ones_like full_like empty_like "
    "rand_like randn_like fill zero bernoulli tril triu cumsum cumprod flip channel_shuffle "
    "native_channel_shuffle fake_quantize_per_tensor_affine relu_ uniform normal polar"
)
_JOINED = _words(
    "add sub rsub maximum minimum where lerp addcmul addcdiv atan2 fmod remainder floor_divide eq ne gt ge lt le "
    "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor pow hypot xlogy copysign logaddexp"
)
_PRODUCTS = frozenset(("mul", "multiply", "div", "divide", "true_divide"))
_NORMS: dict[str, OpKind] = {
    **dict.fromkeys(
        (
            "batch_norm",
            "native_batch_norm",
            "cudnn_batch_norm",
            "_native_batch_norm_legit",
            "_native_batch_norm_legit_no_training",
            "_native_batch_norm_legit_functional",
            "_batch_norm_with_update",
            "_batch_norm_with_update_functional",
            "_batch_norm_no_update",
        ),
        "batch-norm",
    ),
    **dict.fromkeys(("layer_norm", "native_layer_norm", "rms_norm", "_fused_rms_norm"), "layer-norm"),
    **dict.fromkeys(("group_norm", "native_group_norm", "instance_norm"), "group-norm"),
}
# Operations that move numbers, or reduce them, and do no work that is counted; the file states what comes of them.
_MOVES = _words(
    "any all max min prod argmax argmin norm linalg_vector_norm var std var_mean logsumexp count_nonzero "
    "expand expand_as repeat repeat_interleave tile roll index index_select gather select unbind stack unfold "
    "im2col col2im embedding rot90 scatter scatter_add index_put copy select_scatter slice_scatter new_zeros "
    "new_full topk sort as_strided diagonal tensor_split hsplit vsplit affine_grid_generator arange"
)
RESHAPES = _words("view reshape _unsafe_view flatten squeeze unsqueeze unflatten view_as reshape_as _reshape_alias")
_SLICES = frozenset(("slice", "narrow", "chunk", "split", "split_with_sizes", "unsafe_chunk", "unsafe_split"))
_MEANS = frozenset(("mean", "sum", "amax", "amin"))
_ATTENTION = frozenset(
    (
        "scaled_dot_product_attention",
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_attention_math",
        "_scaled_dot_product_attention_math_for_mps",
    )
)


def layered(call: Call) -> Layered:
    """Read a call as a layer; one that is not known here, or whose numbers are computed, keeps its declared shape."""
    found = _read(call)
    if found is not None:
        return found
    known = call.op in _MOVES or call.op in _BY_NAME or call.op in RESHAPES or call.op in _MEANS
    return Layered(Op("tensor"), tuple(call.read), known=known)


def _read(call: Call) -> Layered | None:
    name, reads = call.op, tuple(call.read)
    if name in _BY_NAME:
        return _BY_NAME[name](call)
    if name in _ELEMENTWISE:
        return Layered(Op(_ELEMENTWISE[name]), reads[:1])
    if name in _POINTWISE and (name != "softmin" or reads):
        return Layered(Op("identity"), reads[:1])
    if name in _NORMS:
        return Layered(Op(_NORMS[name]), reads[:1])
    if name in _JOINED or name in _PRODUCTS:
        if len(call.operands) == 1:
            return Layered(Op("identity"), reads)
        return Layered(Op("multiply" if name in _PRODUCTS else "add"), (*reads, *call.constants))
    if name in RESHAPES:
        return Layered(Op("reshape"), reads[:1])
    if name in _SLICES:
        return calls.part(call)
    if name in _MEANS:
        return calls.mean(call)
    if name in _ATTENTION:
        operands = [call.operand(argument) for argument in ("query", "key", "value")]
        some = tuple([one for one in operands if one is not None])
        return Layered(Op("matmul"), some) if len(some) == 3 else None
    if name in ("expand", "expand_as") and reads and call.output == reads[0].dims:
        return Layered(Op("identity"), reads[:1])
    return None


_AXES = ("1d", "2d", "3d")
_RESAMPLED = ("linear1d", "bilinear2d", "trilinear3d", "bicubic2d", "bilinear2d_aa", "bicubic2d_aa")
_NEAREST = ("nearest1d", "nearest2d", "nearest3d", "nearest_exact1d", "nearest_exact2d", "nearest_exact3d")
_BY_NAME: dict[str, Callable[[Call], Layered | None]] = {
    **dict.fromkeys((f"{kind}{axes}" for kind in ("conv", "conv_transpose") for axes in _AXES), calls.convolution),
    **dict.fromkeys(("convolution", "_convolution", "mkldnn_convolution", "thnn_conv2d"), calls.convolution),
    **dict.fromkeys((f"{kind}_pool{axes}" for kind in ("max", "avg") for axes in _AXES), calls.pool),
    **dict.fromkeys((f"max_pool{axes}_with_indices" for axes in _AXES), calls.pool),
    **dict.fromkeys(
        (f"{first}adaptive_{kind}_pool{axes}" for first in ("", "_") for kind in ("max", "avg") for axes in _AXES),
        calls.adaptive,
    ),
    **dict.fromkeys(("linear", "addmm", "mm", "matmul"), calls.linear),
    **dict.fromkeys(("bmm", "baddbmm"), calls.baddbmm),
    "einsum": calls.einsum,
    **dict.fromkeys(("cat", "concat", "concatenate"), calls.cat),
    **dict.fromkeys(("permute", "transpose", "t", "swapaxes"), calls.permute),
    **dict.fromkeys((f"{first}upsample_{kind}" for first in ("", "_") for kind in _NEAREST), calls.upsample),
    **dict.fromkeys((f"{first}upsample_{kind}" for first in ("", "_") for kind in _RESAMPLED), calls.upsample),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle"), calls.shuffle),
    **dict.fromkeys(("pad", "constant_pad_nd"), calls.pad),
    **dict.fromkeys((f"{kind}_pad{axes}" for kind in ("reflection", "replication") for axes in _AXES), calls.pad),
}
