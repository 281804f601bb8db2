"""An independent method for a layer: walk over its windows one by one and count, without the closed forms.

A framework's choice of padding is checked by what it is for (as many windows as strides fit, the last one ending with
the padding), not by the formula that found it; each framework's rule is stated here once more, in other words.
"""

from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlcalc.core.conv.frameworks import Plan
    from dlcalc.core.conv.layer import Sides
    from dlcalc.core.conv.shape import AxisShape

MAX_POSITIONS = 10_000_000


class Counted(NamedTuple):
    """The numbers that a walk along one axis counts, under the names of the answer's keys; ratios are exact."""

    output: int
    padding: bool
    unread: int
    receptive_field: int
    receptive_field_min: int
    jump: tuple[int, int]
    center: tuple[int, int] | None


def proof_of(method: str, visited: int, failures: list[Failure]) -> Proof:
    """Sum up a proof: everything was walked through, or the sizes alone were held against their bounds."""
    keys = Counted._fields if method == "enumeration" else ("output",)
    manner = "by bounds, the output size alone" if method == "bounds" else f"by enumeration of {visited:,} positions"
    return Proof(method, manner, {"keys": keys, "positions": visited}, tuple(failures))


def differences(
    where: "Mapping[str, object]", keys: tuple[str, ...], stated: tuple[object, ...], counted: tuple[object, ...]
) -> list[Failure]:
    """List the keys of which something else is stated than was counted; ratios as floats."""

    def plain(value: object) -> object:
        return value[0] / value[1] if isinstance(value, tuple) else value

    pairs = zip(keys, stated, counted, strict=True)
    return [Failure(where, key, plain(said), plain(found)) for key, said, found in pairs if said != found]


def positions(plan: "Plan", axis: "AxisShape") -> int:
    """Count the positions that a walk along the axis visits."""
    window = axis.window
    if plan.layer.kind == "transposed":
        return (window.input + window.stride) * window.kernel
    return window.input + axis.output * window.kernel


def walk(plan: "Plan", axis: "AxisShape", asked: "str | Sides") -> Counted:
    """Walk along one axis of a layer."""
    return (_scatter if plan.layer.kind == "transposed" else _slide)(plan, axis, asked)


def _slide(plan: "Plan", axis: "AxisShape", asked: "str | Sides") -> Counted:
    """Slide the window of a convolution or a pooling from the first padded position on, and mark what it reads."""
    size, kernel, stride, dilation, before, after, *_ = axis.window
    reach = dilation * (kernel - 1)  # from the first tap to the last
    end = size + after
    ceil_mode = plan.layer.ceil_mode
    start_limit = end if plan.pad_layer else size  # in ceil mode a window may not start beyond
    read, ones = bytearray(size), b"\1" * min(kernel, size)
    start = -before
    while (start - stride + reach + 1 < end and start < start_limit) if ceil_mode else start + reach < end:
        first = start if start >= 0 else start + -(start // dilation) * dilation
        last = min(start + reach + 1, size)
        if first < last:
            read[first:last:dilation] = ones[: len(range(first, last, dilation))]
        start += stride
    count = (start + before) // stride
    center = _half(2 * -before + reach)
    padding = _padding_holds(plan, axis, asked)
    return Counted(count, padding, read.count(0), reach + 1, reach + 1, (stride, 1), center)


def _padding_holds(plan: "Plan", axis: "AxisShape", asked: "str | Sides") -> bool:
    """Tell whether the padding does what its word promises; padding in numbers must be what was typed."""
    size, kernel, stride, dilation, before, after, *_ = axis.window
    reach = dilation * (kernel - 1)
    if not isinstance(asked, str):
        return (before, after) == asked
    if asked == "valid":
        return before == after == 0
    if asked == "causal":
        return -before + reach == 0 and after == 0
    if asked == "full":
        return -before + reach == 0 and before == after
    starts = range(0, size, stride)  # as many windows as strides fit
    onnx = plan.framework == "onnx"
    total = starts[-1] + (kernel if onnx else reach + 1) - size  # so that the last one ends with the padding
    if not onnx:
        total = max(0, total)
    elif total < 0:
        kept = _KEPT[plan.layer.kind, asked == "same-lower"]
        return (before, after) == (-max(0, (-total - kept) // 2), total - before)
    split = (0, -1) if asked == "same-lower" else (0, 1)
    return before + after == total and after - before in split


# Of the input that ONNX Runtime leaves out, half is left out in front, once these are kept: seen in its outputs.
_KEPT = {
    ("conv", False): 1,
    ("conv", True): 2,
    ("avg-pool", False): 0,
    ("avg-pool", True): 1,
    ("max-pool", False): 0,
    ("max-pool", True): 1,
}


def _scatter(plan: "Plan", axis: "AxisShape", asked: "str | Sides") -> Counted:
    """Scatter every input of a transposed convolution over the whole output, then cut that to what is kept."""
    size, kernel, stride, dilation, before, after, extra = axis.window
    taps = range(0, dilation * kernel, dilation)
    keras = plan.framework == "tensorflow" and plan.layer.output_padding is None
    whole = (size - 1) * stride + taps[-1] + 1  # the last product lands one before
    if keras:
        whole = max(whole, size * stride)  # every input has a block of a stride of its own
    outputs = whole + extra - after - before
    kept = range(before, before + outputs)
    unread = sum(1 for x in range(size) if not any(x * stride + tap in kept for tap in taps))
    center, fields = None, []
    for position in range(before, before + min(stride, outputs)):  # all that differ, of those that there are
        inputs = [(position - tap) // stride for tap in taps if (position - tap) % stride == 0]
        fields.append(max(inputs) - min(inputs) + 1 if inputs else 0)
        if inputs and center is None and position in kept:
            center = _half(max(inputs) + min(inputs))
    padding = _transposed_padding_holds(plan, axis, asked, outputs)
    return Counted(outputs, padding, unread, max(fields), min(fields), (1, stride), center)


def _transposed_padding_holds(plan: "Plan", axis: "AxisShape", asked: "str | Sides", outputs: int) -> bool:
    size, kernel, stride, dilation, before, after, extra = axis.window
    if not isinstance(asked, str):
        return (before, after) == asked
    if asked == "valid":
        return before == after == 0
    extent = dilation * (kernel - 1) + 1
    if plan.framework == "tensorflow" and plan.layer.output_padding is not None:
        # TensorFlow puts the input where the SAME convolution that it is the gradient of would have it.
        forward = max(0, (size - 1) * stride + extent - outputs)
        return before + after == extent - extent % 2 and before == forward // 2
    if outputs != size * stride and not (extent + extra < stride and before == after == 0):
        return False
    return after - before in ((0, -1) if asked == "same-lower" else (0, 1))


def bounds(plan: "Plan", where: "Mapping[str, object]", axis: "AxisShape") -> list[Failure]:
    """Hold the size against the two inequalities that define it, where there are too many windows to visit."""
    window, output = axis.window, axis.output
    extent = window.dilation * (window.kernel - 1) + 1
    end = window.input + window.before + window.after
    if plan.layer.kind == "transposed":
        keras = plan.framework == "tensorflow" and plan.layer.output_padding is None
        whole = output + window.before + window.after - window.output_padding
        holds = whole - (window.input - 1) * window.stride == (max(extent, window.stride) if keras else extent)
    elif plan.layer.ceil_mode:
        limit = end if plan.pad_layer else window.input + window.before
        last = (output - 1) * window.stride
        needed = last - window.stride + extent < end and (last < limit)
        more = last + extent < end and last + window.stride < limit
        holds = needed and not more
    else:
        last = (output - 1) * window.stride + extent
        holds = last <= end < last + window.stride
    return [] if holds else [Failure(where, "output", output, None)]


def _half(number: int) -> tuple[int, int]:
    return (number // 2, 1) if number % 2 == 0 else (number, 2)
