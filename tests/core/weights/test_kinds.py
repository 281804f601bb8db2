"""What a tensor is for, by its name, its shape and its neighbours: names that people's files have."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from dlcalc.core.weights.kinds import BUFFERS, UNCOUNTED, kinds
from dlcalc.core.weights.tensors import Storage, StoredTensor

WHERE = Storage("x.safetensors", "", 0, 0)
NORM = {"bn.running_mean": (8,), "bn.running_var": (8,), "bn.num_batches_tracked": ()}
KERAS_NORM = {"bn/beta:0": (8,), "bn/moving_mean:0": (8,), "bn/moving_variance:0": (8,)}


Shapes = Mapping[str, tuple[int, ...]]


def kind(name: str, shape: tuple[int, ...], dtype: str = "float32", others: Shapes = MappingProxyType({})) -> str:
    tensors = [StoredTensor(name, dtype, shape, 0, WHERE)]
    tensors += [StoredTensor(other, "float32", size, 0, WHERE) for other, size in others.items()]
    return kinds(tensors)[name]


@pytest.mark.parametrize(
    ("name", "shape", "right"),
    [
        ("conv1.weight", (64, 3, 7, 7), "conv"),
        ("layer1.0.downsample.0.weight", (256, 64, 1, 1), "conv"),
        ("wav.conv.weight", (8, 4, 3), "conv"),
        ("video.weight", (8, 4, 3, 3, 3), "conv"),
        ("conv/kernel:0", (3, 3, 4, 8), "conv"),
        ("params/Conv_0/kernel", (3, 3, 4, 8), "conv"),
        ("sep/depthwise_kernel", (3, 3, 4, 1), "conv"),
        ("sep/pointwise_kernel", (1, 1, 4, 8), "conv"),
        ("conv.weight_v", (8, 4, 3, 3), "conv"),
        ("fc.weight", (10, 8), "linear"),
        ("classifier.6.weight", (1000, 4096), "linear"),
        ("dense/kernel", (8, 10), "linear"),
        ("model.layers.0.self_attn.q_proj.weight", (8, 8), "linear"),
        ("attention.in_proj_weight", (24, 8), "linear"),
        ("lstm.weight_ih_l0", (32, 8), "linear"),
        ("lstm.weight_hh_l1_reverse", (32, 8), "linear"),
        ("lstm/lstm_cell/recurrent_kernel", (8, 32), "linear"),
        ("mha/query/kernel", (8, 2, 4), "linear"),
        ("fc.weight", (0, 8), "linear"),
        ("model.embed_tokens.weight", (100, 8), "embedding"),
        ("bert.embeddings.word_embeddings.weight", (100, 8), "embedding"),
        ("wte.weight", (100, 8), "embedding"),
        ("embedding/embeddings", (100, 8), "embedding"),
        ("pos_embed", (1, 197, 8), "embedding"),
        ("fc.bias", (10,), "bias"),
        ("dense/bias:0", (10,), "bias"),
        ("lstm.bias_ih_l0", (32,), "bias"),
        ("lstm.bias_hh_l0_reverse", (32,), "bias"),
        ("attention.in_proj_bias", (24,), "bias"),
        ("mha/query/bias", (2, 4), "bias"),
        ("input_layernorm.weight", (8,), "norm-scale"),
        ("model.norm.weight", (8,), "norm-scale"),
        ("bn1.weight", (8,), "norm-scale"),
        ("blocks.0.ln_1.bias", (8,), "norm-shift"),
        ("LayerNorm.gamma", (8,), "norm-scale"),
        ("LayerNorm.beta", (8,), "norm-shift"),
        ("LayerNorm_0/scale", (8,), "norm-scale"),
        ("bn.running_mean", (8,), "statistics"),
        ("bn/moving_variance", (8,), "statistics"),
        ("batch_stats/BatchNorm_0/mean", (8,), "statistics"),
        ("bn.num_batches_tracked", (), "num_batches_tracked"),
        ("embeddings.position_ids", (1, 512), "buffer"),
        ("attn.relative_position_index", (49, 49), "buffer"),
        ("rotary.inv_freq", (32,), "buffer"),
        ("h.0.attn.bias", (1, 1, 1024, 1024), "buffer"),
        ("act.weight", (1,), "other"),
        ("gamma", (8,), "other"),
        ("cls_token", (1, 1, 8), "other"),
        ("logit_scale", (), "other"),
        ("experts.gate_up_proj", (4, 8, 16), "other"),
        ("weight", (1, 2, 3, 4, 5, 6), "other"),
        ("", (2, 3), "other"),
        ("..", (2,), "other"),
    ],
)
def test_kind_by_name_and_shape(name: str, shape: tuple[int, ...], right: str) -> None:
    assert kind(name, shape) == right


@pytest.mark.parametrize(
    ("name", "shape", "others", "right"),
    [
        ("bn.weight", (8,), NORM, "norm-scale"),
        ("bn.bias", (8,), NORM, "norm-shift"),
        ("1.weight", (8,), {"1.bias": (8,), "1.running_mean": (8,)}, "norm-scale"),
        ("1.weight", (8,), {"1.bias": (8,)}, "norm-scale"),
        ("1.bias", (8,), {"1.weight": (8,)}, "norm-shift"),
        ("1.bias", (8,), {"1.weight": (8, 8)}, "bias"),
        ("1.weight", (8,), {"2.bias": (8,)}, "other"),
        ("bn/gamma:0", (8,), KERAS_NORM, "norm-scale"),
        ("x/gamma", (8,), {"x/beta": (8,)}, "norm-scale"),
        ("normalization/mean", (3,), {"normalization/variance": (3,), "normalization/count": ()}, "statistics"),
        (
            "normalization/count",
            (),
            {"normalization/mean": (3,), "normalization/variance": (3,)},
            "num_batches_tracked",
        ),
        ("mean", (3,), {}, "other"),
        ("count", (), {}, "other"),
    ],
)
def test_kind_by_neighbours(name: str, shape: tuple[int, ...], others: Shapes, right: str) -> None:
    assert kind(name, shape, others=others) == right


@pytest.mark.parametrize(
    ("dtype", "right"), [("int64", "buffer"), ("bool", "buffer"), ("text", "text"), ("int8", "linear")]
)
def test_kind_by_dtype(dtype: str, right: str) -> None:
    assert kind("fc.weight", (2, 3), dtype) == right


def test_what_is_no_parameter() -> None:
    assert set(BUFFERS) == {"statistics", "buffer"}
    assert set(UNCOUNTED) == {"num_batches_tracked", "text"}
