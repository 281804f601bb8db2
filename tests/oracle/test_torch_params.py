"""Parameters, multiply-accumulates and memory against PyTorch's own modules and its own counter, run for real."""

import warnings
from typing import Any

import pytest

from dlcalc.core.conv.layer import per_axis
from dlcalc.core.params.count import ConvParams
from tests.support.random_params import answers

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")

NAMES = {"conv": "Conv", "transposed": "ConvTranspose"}


def module(answer: ConvParams) -> Any:
    """The module that the question describes; None where that takes a pad layer of its own."""
    asked = answer.layers[0].question
    if asked.layer is None:
        return torch.nn.Linear(asked.c_in, asked.c_out, asked.bias)
    axes = per_axis(asked.layer, len(asked.axes))
    padding: Any = asked.layer.padding
    if not isinstance(padding, str):
        if any(axis.padding[0] != axis.padding[1] for axis in axes):
            return None
        padding = tuple(axis.padding[0] for axis in axes)
    options: dict[str, Any] = {
        "stride": tuple(axis.stride for axis in axes),
        "dilation": tuple(axis.dilation for axis in axes),
        "groups": asked.groups,
        "bias": asked.bias,
        "padding": padding,
    }
    if asked.layer.output_padding is not None:
        options["output_padding"] = tuple(axis.output_padding for axis in axes)
    kernel = tuple(axis.kernel for axis in axes)
    return getattr(torch.nn, f"{NAMES[asked.kind]}{len(axes)}d")(asked.c_in, asked.c_out, kernel, **options)


def test_parameters_equal_torch() -> None:
    compared = dict.fromkeys(("conv", "transposed", "linear"), 0)
    for answer in answers(8_000, seed=1, frameworks=("pytorch",), words=("same", "valid")):
        made = module(answer)
        if made is None:
            continue
        (layer,) = answer.layers
        amounts = layer.amounts
        assert made.weight.numel() == amounts.weights, answer.question
        assert (0 if made.bias is None else made.bias.numel()) == amounts.bias
        assert sum(one.numel() for one in made.parameters()) == amounts.params
        assert tuple(made.weight.shape[2:]) == layer.kernel
        if answer.question.dtype in ("float32", "float16", "bfloat16", "float64"):
            made = made.to(getattr(torch, answer.question.dtype))
            assert sum(one.numel() * one.element_size() for one in made.parameters()) == amounts.param_bytes
        compared[answer.layers[0].question.kind] += 1
    assert min(compared.values()) > 400, compared
    assert sum(compared.values()) > 4_000


def test_work_equals_the_counter_of_torch() -> None:
    """torch counts 2 a MAC, none for the bias, and of a transposed layer the inputs."""
    counting = pytest.importorskip("torch.utils.flop_counter")
    compared = dict.fromkeys(("conv", "transposed", "linear"), 0)
    for answer in answers(8_000, seed=2, frameworks=("pytorch",), words=("same", "valid")):
        made, work = module(answer), answer.amounts.work
        if made is None or work is None:
            continue
        asked = answer.layers[0].question
        data = torch.zeros(asked.n, asked.c_in, *(asked.size or ()))
        with warnings.catch_warnings(), torch.no_grad(), counting.FlopCounterMode(display=False) as counter:
            warnings.simplefilter("ignore")
            output = made(data)
        assert counter.get_total_flops() == 2 * work.macs, asked
        each = answer.amounts.param_bytes // answer.amounts.params
        assert output.numel() * each == work.activation_bytes
        assert (data.numel() + output.numel()) * each == work.peak_activation_bytes
        compared[asked.kind] += 1
    assert min(compared.values()) > 300, compared
    assert sum(compared.values()) > 2_000


def test_the_work_on_real_data_is_what_a_layer_of_ones_adds_up_to() -> None:
    """With every input and every weight 1, the outputs add up to the products on real data, and not on the padding."""
    compared = dict.fromkeys(("conv", "transposed"), 0)
    for answer in answers(6_000, seed=3, frameworks=("pytorch",), words=("same", "valid")):
        made, work = module(answer), answer.amounts.work
        asked = answer.layers[0].question
        if made is None or work is None or asked.layer is None:
            continue
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            made = made.double()
            made.weight.fill_(1)
            if made.bias is not None:
                made.bias.zero_()
            total = made(torch.ones(asked.n, asked.c_in, *(asked.size or ()), dtype=torch.float64)).sum()
        assert int(total) == work.macs_without_padding, asked
        compared[asked.kind] += 1
    assert min(compared.values()) > 500, compared
