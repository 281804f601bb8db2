"""Ask PyTorch's own modules, run for real. Every answer is plain numbers, or None where PyTorch refuses."""

import warnings
from typing import Any

import pytest

from dlcalc.core.batch_norm.question import BnFoldQuestion
from dlcalc.core.conv.layer import AxisLayer, per_axis
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.params.count import ConvParams
from tests.support.random_layers import layer_of
from tests.support.random_softmax import Case

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")

MODULES = {"conv": "Conv", "transposed": "ConvTranspose", "max-pool": "MaxPool", "avg-pool": "AvgPool"}


def axes_of(question: ShapeQuestion) -> tuple[AxisLayer, ...]:
    return per_axis(layer_of(question), len(question.axes))


def expressible(question: ShapeQuestion) -> bool:
    """Whether the module takes the padding itself: anything else needs a pad layer, and is tested as one."""
    return all(isinstance(p, str) or p[0] == p[1] for p in (axis.padding for axis in axes_of(question)))


def module(question: ShapeQuestion, padding: Any) -> Any:
    layer, axes = layer_of(question), axes_of(question)
    options: dict[str, Any] = {"stride": tuple(axis.stride for axis in axes), "padding": padding}
    if layer.kind != "avg-pool":
        options["dilation"] = tuple(axis.dilation for axis in axes)
    elif any(axis.dilation > 1 for axis in axes):
        raise TypeError("AvgPool has no dilation")
    if layer.family == "pool":
        options["ceil_mode"] = layer.ceil_mode
    if layer.output_padding is not None:
        options["output_padding"] = tuple(axis.output_padding for axis in axes)
    kernel = tuple(axis.kernel for axis in axes)
    make = getattr(torch.nn, f"{MODULES[layer.kind]}{len(axes)}d")
    if layer.family == "pool":  # AvgPool1d wants plain numbers or tuples of one
        return make(kernel, **options)
    return make(1, 1, kernel, bias=False, **options)


def run(question: ShapeQuestion, padding: Any, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The module's output size; None if it refuses."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            output: tuple[int, ...] = tuple(module(question, padding)(torch.zeros(1, 1, *size)).shape[2:])
        except (RuntimeError, ValueError, TypeError):
            return None
    return output if min(output) > 0 else None


def size(question: ShapeQuestion) -> tuple[int, ...] | None:
    """The output size of a layer whose padding is ``expressible``."""
    padding = layer_of(question).padding
    own = padding if isinstance(padding, str) else tuple(axis.padding[0] for axis in axes_of(question))
    return run(question, own, question.size)


def size_behind_padding(question: ShapeQuestion, padded: tuple[int, ...]) -> tuple[int, ...] | None:
    """The output size of a padded input, for the layer without its own padding."""
    return run(question, (0,) * len(padded), padded)


def counted(answer: ConvParams) -> Any:
    """The module with the channels of the question; None where that takes a pad layer of its own."""
    (asked,) = answer.layers
    layer = asked.shape.node.op.layer
    if layer is None:
        return torch.nn.Linear(asked.c_in, asked.c_out, asked.bias)
    axes = per_axis(layer, len(answer.question.axes))
    padding: Any = layer.padding
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
    if layer.output_padding is not None:
        options["output_padding"] = tuple(axis.output_padding for axis in axes)
    kernel = tuple(axis.kernel for axis in axes)
    return getattr(torch.nn, f"{MODULES[asked.kind]}{len(axes)}d")(asked.c_in, asked.c_out, kernel, **options)


def parameters(answer: ConvParams) -> dict[str, Any] | None:
    """Weights, biases, both together, and their bytes where PyTorch has modules of the number format."""
    made = counted(answer)
    if made is None:
        return None
    found = {
        "weights": made.weight.numel(),
        "bias": 0 if made.bias is None else made.bias.numel(),
        "params": sum(one.numel() for one in made.parameters()),
        "kernel": list(made.weight.shape[2:]),
    }
    if answer.question.dtype in ("float32", "float16", "bfloat16", "float64"):
        made = made.to(getattr(torch, answer.question.dtype))
        found["param_bytes"] = sum(one.numel() * one.element_size() for one in made.parameters())
    return found


def work(answer: ConvParams) -> dict[str, int] | None:
    """What torch's own counter counts: 2 per MAC, none for the bias, and of a transposed layer the inputs."""
    counting = pytest.importorskip("torch.utils.flop_counter")
    made, asked = counted(answer), answer.question
    if made is None or answer.amounts.work is None:
        return None
    data = torch.zeros(asked.n, asked.c_in, *(asked.size or ()))
    with warnings.catch_warnings(), torch.no_grad(), counting.FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        output = made(data)
    return {"flops": counter.get_total_flops(), "inputs": data.numel(), "outputs": output.numel()}


def work_on_data(answer: ConvParams) -> dict[str, int] | None:
    """With every input and every weight 1, the outputs add up to the products on real data, and not on the padding."""
    made, asked = counted(answer), answer.question
    if made is None or answer.amounts.work is None or not answer.layers[0].kernel:
        return None
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        made = made.double()
        made.weight.fill_(1)
        if made.bias is not None:
            made.bias.zero_()
        total = made(torch.ones(asked.n, asked.c_in, *(asked.size or ()), dtype=torch.float64)).sum()
    return {"macs_without_padding": int(total)}


def cross_entropy(case: Case) -> dict[str, Any]:
    """The loss and the gradient of the logits, in float64."""
    options = dict(case.options)
    weights, temperature = options.pop("class_weights"), options.pop("temperature")
    logits = torch.tensor(case.logits, requires_grad=True)
    target = torch.tensor(case.labels if case.labels is not None else case.distribution)
    weight = None if weights is None else torch.tensor(weights)
    loss = torch.nn.functional.cross_entropy(logits / temperature, target, weight=weight, **options)
    loss.sum().backward()
    return {"loss": loss.detach().numpy(), "grad_logits": logits.grad.numpy()}


def softmax(logits: Any, temperature: float) -> dict[str, Any]:
    """The softmax of every row of logits, and its Jacobian."""

    def function(z: Any) -> Any:
        return torch.softmax(z / temperature, dim=0)

    rows = [torch.tensor(row) for row in logits]
    return {
        "softmax": [function(row).numpy() for row in rows],
        "jacobian": [torch.autograd.functional.jacobian(function, row).numpy() for row in rows],
    }


def linear_layer(x: Any, weight: Any, bias: Any, labels: Any) -> dict[str, Any]:
    """The gradients of a linear layer under a mean cross-entropy."""
    tensors = [torch.tensor(values, requires_grad=True) for values in (x, weight, bias)]
    loss = torch.nn.functional.cross_entropy(tensors[0] @ tensors[1].T + tensors[2], torch.tensor(labels))
    loss.backward()
    keys = ("grad_x", "grad_weight", "grad_bias")
    return {key: tensor.grad.numpy() for key, tensor in zip(keys, tensors, strict=True)}


def running_statistics(batches: list[Any], momentum: float | None) -> dict[str, Any]:
    """The running statistics behind all mini-batches (N, C, H, W), and the outputs of each in training."""
    made = torch.nn.BatchNorm2d(batches[0].shape[1], momentum=momentum, dtype=torch.float64)
    outputs = [made(torch.tensor(batch)).detach().numpy() for batch in batches]
    return {"mean": made.running_mean.numpy(), "var": made.running_var.numpy(), "outputs": outputs}


def layer_and_norm(question: BnFoldQuestion) -> Any:
    """The layer of the question with the batch norm behind it, in evaluation mode, applied to its inputs."""
    layer, affine = question.layer, question.affine
    assert layer is not None
    space = len(layer.kernel)
    norm = getattr(torch.nn, f"BatchNorm{space or 1}d")(layer.outputs, eps=affine.eps, dtype=torch.float64)
    norm.running_mean.data, norm.running_var.data = torch.tensor(affine.mean), torch.tensor(affine.var)
    norm.weight.data, norm.bias.data = torch.tensor(affine.gamma), torch.tensor(affine.beta)
    return norm.eval()(weighted(layer)(torch.tensor(question.x))).detach().numpy()


def weighted(layer: Any) -> Any:
    """The module with the weights of a layer, of stride 1 and without padding."""
    if layer.kind == "linear":
        made = torch.nn.Linear(layer.inputs, layer.outputs, dtype=torch.float64)
    else:
        make = getattr(torch.nn, f"{MODULES[layer.kind]}{len(layer.kernel)}d")
        made = make(layer.inputs, layer.outputs, layer.kernel, groups=layer.groups, dtype=torch.float64)
    made.weight.data, made.bias.data = torch.tensor(layer.weight), torch.tensor(layer.bias)
    return made
