"""The counts of random networks: against the counting proof, and against a count made here, window by window."""

from itertools import product
from math import prod
from typing import Any

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.network.network import Op, chain
from dlcalc.core.params import check as counting
from dlcalc.core.params.count import ConvParams, network_params
from dlcalc.core.params.question import ParamsQuestion
from tests.conftest import Run
from tests.support.random_param_networks import answers

BYTES = {"float32": 4, "float16": 2, "float64": 8, "int8": 1}


def numbers(value: Op) -> tuple[int, int, int, int]:
    """Kernel, stride, padding and dilation of a layer of these networks, the same along all axes."""
    layer: Any = value.layer
    return layer.kernel, layer.stride or layer.kernel, layer.padding, layer.dilation


def windows(layer: Op, size: int) -> tuple[int, list[list[int]]]:
    """Positions of the output along an axis, and for each window where its taps fall."""
    k, s, p, d = numbers(layer)
    reach = d * (k - 1) + 1
    if layer.kind == "transposed":
        return (size - 1) * s - 2 * p + reach, [[x * s + b * d - p for b in range(k)] for x in range(size)]
    starts = []
    start = -p
    ceil = layer.layer is not None and layer.layer.ceil_mode
    while start + reach - (s - 1) * ceil <= size + p and not (ceil and start >= size):
        starts.append(start)
        start += s
    return len(starts), [[start + b * d for b in range(k)] for start in starts]


def counted(answer: ConvParams) -> dict[str, int]:
    """The numbers of a whole chain, by counting."""
    asked = answer.question
    size, channels, each = asked.size, asked.c_in, BYTES[asked.dtype]
    found = dict.fromkeys(("weights", "bias", "params", "buffers", "macs", "macs_without_padding"), 0)
    memory, peak = 0, 0
    for layer in [node.op for node in asked.network.nodes]:
        taken = asked.n * channels * prod(size) if size is not None else 0
        outputs = channels if layer.depthwise or layer.channels is None else layer.channels
        if layer.kind == "batch-norm":
            found["params"] += sum(1 for _ in product("gb", range(channels)))
            found["buffers"] += sum(1 for _ in product("mv", range(channels)))
        elif layer.kind == "global-avg-pool":
            size = (1,) * len(asked.axes)
        elif layer.kind == "linear":
            assert size is not None
            weights = sum(1 for _ in range(channels * prod(size)) for _ in range(outputs))
            found["weights"] += weights
            found["macs"] += asked.n * weights
            found["macs_without_padding"] += asked.n * weights
            size = ()
        else:
            assert layer.layer is not None
            axes = [windows(layer, extent) for extent in size] if size is not None else []
            if layer.kind in ("conv", "transposed"):
                groups = channels if layer.depthwise else layer.groups
                pairs = sum(
                    x * groups // channels == y * groups // outputs for x in range(channels) for y in range(outputs)
                )
                k = numbers(layer)[0]
                found["weights"] += pairs * k ** len(asked.axes)
                if size is not None:
                    ends = [*size] if layer.kind == "conv" else [made for made, _ in axes]
                    taps = [sum(len(one) for one in each_axis) for _, each_axis in axes]
                    real = [
                        sum(0 <= tap < end for one in each_axis for tap in one)
                        for end, (_, each_axis) in zip(ends, axes, strict=True)
                    ]
                    found["macs"] += asked.n * pairs * prod(taps)
                    found["macs_without_padding"] += asked.n * pairs * prod(real)
            size = tuple(made for made, _ in axes) if size is not None else None
        if layer.kind in ("conv", "transposed", "linear"):
            found["bias"] += outputs if (asked.bias if layer.bias is None else layer.bias) else 0
        channels = outputs
        if size is not None:
            made = asked.n * channels * prod(size)
            memory, peak = memory + made * each, max(peak, (taken + made) * each)
    found["params"] += found["weights"] + found["bias"]
    found["param_bytes"] = found["params"] * each
    if asked.size is None:
        return {key: value for key, value in found.items() if "macs" not in key}
    return found | {"flops": 2 * found["macs"], "activation_bytes": memory, "peak_activation_bytes": peak}


def test_random_chains_are_counted() -> None:
    proved = 0
    for answer in answers(300, seed=81, small=True):
        said = answer.amounts.by_key()
        found = counted(answer)
        if answer.question.size is None:  # of one that ends in an fc, the work is known behind the gap alone
            said = {key: said[key] for key in found}
        assert said == found, answer.question
        proof = counting.check_params(answer)
        assert proof.passed, (answer.question, proof)
        assert proof.method == "enumeration"
        proved += 1
    assert proved == 300


@pytest.mark.parametrize("key", ["weights", "bias", "buffers", "param_bytes"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_wrong_count_in_any_layer_is_seen(key: str, number: int) -> None:
    answer = next(found for found in answers(50, seed=82, small=True) if len(found.layers) > 3)
    layers = list(answer.layers)
    amounts = layers[number].amounts
    layers[number] = layers[number]._replace(amounts=amounts._replace(**{key: getattr(amounts, key) + 1}))
    proof = counting.check_params(answer._replace(layers=tuple(layers)))
    assert layers[number].name in [failure.where.get("layer") for failure in proof.failures]


def test_what_goes_from_layer_to_layer() -> None:
    layers = Op("conv", Layer(3), 8), Op("max-pool", Layer(2, kind="max-pool")), Op("batch-norm"), Op("linear", None, 5)
    answer = network_params(ParamsQuestion(chain(layers, (8, 6), 3)))
    assert [layer.name for layer in answer.layers] == ["conv1", "pool1", "bn1", "fc1"]
    assert [layer.kind for layer in answer.layers] == ["conv", "max-pool", "batch-norm", "linear"]
    assert [(layer.shape.input, layer.shape.output) for layer in answer.layers] == [
        ((8, 6), (6, 4)),
        ((6, 4), (3, 2)),
        ((3, 2), (3, 2)),
        ((3, 2), ()),
    ]
    assert [layer.shape.read[0].channels for layer in answer.layers] == [3, 8, 8, 8]
    assert answer.layers[3].c_in == 8 * 3 * 2


def test_behind_a_gap_the_size_is_known() -> None:
    layers = Op("conv", Layer(3), 8), Op("global-avg-pool"), Op("linear", None, 5)
    answer = network_params(ParamsQuestion(chain(layers, None, 3)))
    assert [layer.shape.output for layer in answer.layers] == [(), (1, 1), ()]
    assert answer.layers[2].c_in == 8


def test_check_on_the_command_line(conv_params: Run) -> None:
    found = conv_params("--c-in 3 --w 9 --bias 3p1c4 bn max2 dw3p1 convt2s2c2 gap fc3 --check --json")
    assert found.code == 0
    assert found.json["check"]["passed"]
    assert found.json["check"]["method"] == "enumeration"
