"""Calls of PyTorch's operations whose numbers matter, read one by one as layers."""

from typing import NamedTuple

from dlcalc.core.conv.layer import Kind, Layer, Padding
from dlcalc.core.network.network import Op, OpKind
from dlcalc.core.tensors.saved import Dims
from dlcalc.files.models.call import Call, Operand


class Layered(NamedTuple):
    """A call as a layer.

    Attributes:
        op: the layer.
        reads: the operands that it works on, the current map first; those of the file alone are constants to it.
        weight, bias: the operands that are those of a layer with weights.
        equation: of a product of tensors.
        keeps: of a mean, whether its axes stay.
        known: whether the operation is known here.
    """

    op: Op
    reads: tuple[Operand, ...]
    weight: Operand | None = None
    bias: Operand | None = None
    equation: str = ""
    keeps: bool = True
    known: bool = True


def _spread(numbers: tuple[int, ...] | None, axes: int, default: int) -> tuple[int, ...] | None:
    """Give a number for each axis."""
    if numbers is None:
        return None
    numbers = numbers or (default,)
    return numbers * axes if len(numbers) == 1 else numbers if len(numbers) == axes else None


def _extents(dims: Dims) -> tuple[int, ...] | None:
    numbers = tuple([one for one in dims if isinstance(one, int)])
    return numbers if len(numbers) == len(dims) else None


def convolution(call: Call) -> Layered | None:
    """Read conv1d, conv_transpose2d, convolution and the like."""
    weight, bias, current = call.operand("weight"), call.operand("bias"), call.operand("input", "self")
    shape = None if weight is None else _extents(weight.dims)
    if current is None or weight is None or shape is None or len(shape) < 3 or len(shape) > 5:
        return None
    axes = len(shape) - 2
    transposed = call.op.startswith("conv_transpose") or call.flag("transposed")
    groups = call.whole("groups", 1)
    stride, dilation = (_spread(call.numbers(key), axes, 1) for key in ("stride", "dilation"))
    padding: Padding | None = _spread(call.numbers("padding"), axes, 0)
    word = call.text("padding")
    if word in ("same", "valid"):
        padding = "same" if word == "same" else "valid"
    extra = _spread(call.numbers("output_padding"), axes, 0)
    if stride is None or dilation is None or padding is None or groups is None or extra is None:
        return None
    kind: Kind = "transposed" if transposed else "conv"
    layer = Layer(shape[2:], stride, padding, dilation, kind, extra if transposed else None)
    channels = shape[1] * groups if transposed else shape[0]
    reads = (current, *((weight,) if weight.layer is not None else ()))
    op = Op(kind, layer, channels, groups, bias=bias is not None, last=False)
    return Layered(op, reads, weight, bias)


def pool(call: Call) -> Layered | None:
    """Read a pooling whose windows are given."""
    axes = int(next(letter for letter in call.op if letter.isdigit()))
    kernel = _spread(call.numbers("kernel_size"), axes, 0)
    given = call.numbers("stride")
    stride = kernel if given == () else _spread(given, axes, 1)
    padding, dilation = _spread(call.numbers("padding"), axes, 0), _spread(call.numbers("dilation"), axes, 1)
    if kernel is None or stride is None or padding is None or dilation is None or 0 in kernel:
        return None
    kind: Kind = "max-pool" if call.op.startswith("max") else "avg-pool"
    layer = Layer(kernel, stride, padding, dilation, kind, None, call.flag("ceil_mode"))
    return Layered(Op(kind, layer, last=False), tuple(call.read[:1]))


def adaptive(call: Call) -> Layered | None:
    """Read a pooling to a given size."""
    axes = int(next(letter for letter in call.op if letter.isdigit()))
    size = _spread(call.numbers("output_size"), axes, 0)
    if size is None or 0 in size:
        return None
    kind: OpKind = "adaptive-max-pool" if "max" in call.op else "adaptive-avg-pool"
    return Layered(Op(kind, amount=size, last=False), tuple(call.read[:1]))


def linear(call: Call) -> Layered | None:
    """Read linear, and products with a matrix that is stored."""
    if call.op == "linear":
        current, weight, bias = call.operand("input"), call.operand("weight"), call.operand("bias")
        axis = 1
    elif call.op == "addmm":
        current, weight, bias, axis = call.operand("mat1"), call.operand("mat2"), call.operand("self"), 0
    else:
        current, weight, bias, axis = call.operand("self"), call.operand("mat2", "other"), None, 0
    if current is None or weight is None:
        return None
    shape = _extents(weight.dims)
    if weight.layer is None and shape is not None and len(shape) == 2:
        op = Op("linear", None, shape[1 - axis], bias=bias is not None, amount=shape[axis])
        return Layered(op, (current,), weight, bias if bias is not None and bias.layer is None else None)
    return None if call.op == "linear" else product(current, weight, bias)


def product(one: Operand, other: Operand, added: Operand | None = None) -> Layered | None:
    """Read a product of tensors, at least one of which layers make."""
    stored = next((operand for operand in (one, other) if operand.layer is None), None)
    if one.layer is not None:
        return Layered(Op("matmul"), (one, other), stored, added if added and added.layer is None else None)
    ranks = len(one.dims), len(other.dims)
    if min(ranks) < 2 or max(ranks) > 20:
        return None
    batch = "abcdefghijklmnopqr"[: max(ranks) - 2]
    left, right = batch[len(batch) - ranks[0] + 2 :] + "xy", batch[len(batch) - ranks[1] + 2 :] + "yz"
    return Layered(Op("matmul"), (other, one), stored, None, f"{right},{left}->{batch}xz")


def baddbmm(call: Call) -> Layered | None:
    """Read a product of batches of matrices."""
    one, other = call.operand("batch1", "self"), call.operand("batch2", "mat2")
    return None if one is None or other is None else product(one, other, call.operand("self"))


def einsum(call: Call) -> Layered | None:
    """Read a product of two tensors by an equation."""
    equation, operands = call.text("equation").replace(" ", ""), call.operands
    read, arrow, written = equation.partition("->")
    terms = read.split(",")
    if not arrow or len(terms) != 2 or len(operands) != 2:
        return None
    stored = next((operand for operand in operands if operand.layer is None), None)
    if operands[0].layer is None:
        return Layered(Op("matmul"), operands[::-1], stored, None, f"{terms[1]},{terms[0]}->{written}")
    return Layered(Op("matmul"), operands, stored, None, equation)


def cat(call: Call) -> Layered | None:
    """Read a concatenation."""
    axis = call.whole("dim")
    return None if axis is None else Layered(Op("concat", amount=axis), (*call.read, *call.constants))


def permute(call: Call) -> Layered | None:
    """Read an exchange of axes."""
    rank = len(call.output)
    order = list(range(rank))
    if call.op == "permute":
        numbers = call.numbers("dims")
        if numbers is None or len(numbers) != rank:
            return None
        order = list(numbers)
    else:
        ends = ("axis0", "axis1") if call.op == "swapaxes" else ("dim0", "dim1")
        one, other = (0, 1) if call.op == "t" else (call.whole(ends[0]), call.whole(ends[1]))
        if one is None or other is None or not all(-rank <= axis < rank for axis in (one, other)):
            return None
        order[one], order[other] = order[other], order[one]
    if any(not -rank <= axis < rank for axis in order):
        return None
    return Layered(Op("permute", amount=tuple([axis % rank for axis in order])), tuple(call.read[:1]))


def part(call: Call) -> Layered | None:
    """Read a part along one axis."""
    axis, dims = call.whole("dim"), call.output
    if axis is None or not -len(dims) <= axis < len(dims):
        return None
    extent = dims[axis]
    if not isinstance(extent, int):
        return None
    cropped = _cropped(call, axis % len(dims))
    if cropped is not None:
        return cropped
    return Layered(Op("slice", channels=extent, amount=(axis,)), tuple(call.read[:1]))


def _cropped(call: Call, axis: int) -> Layered | None:
    """Read a slice along an axis behind the first two, each position of which is taken."""
    reads, step, start = tuple(call.read[:1]), call.whole("step", 1), call.whole("start")
    if not reads:
        return None
    extent, made = (shape[axis] if axis < len(shape) else None for shape in (call.read[0].dims, call.output))
    if call.op != "slice" or axis < 2 or step != 1 or start is None:
        return None
    if not isinstance(extent, int) or not isinstance(made, int) or len(call.output) not in (3, 4, 5):
        return None
    before = min(max(start + extent if start < 0 else start, 0), extent)
    sides = [(0, 0)] * (len(call.output) - 2)
    sides[axis - 2] = (before, extent - before - made)
    if min(sides[axis - 2]) < 0 or made == extent:
        return None
    return Layered(Op("crop", amount=tuple(sides), last=False), reads)


def mean(call: Call) -> Layered | None:
    """Read what is taken over whole axes."""
    axes = call.numbers("dim")
    if not axes:
        return None
    return Layered(Op("global-avg-pool", amount=axes), tuple(call.read[:1]), keeps=call.flag("keepdim"))


def upsample(call: Call) -> Layered | None:
    """Read a resampling; by whole factors to the nearest it is known what its outputs see."""
    reads = tuple(call.read[:1])
    if "nearest" in call.op and reads:
        factors = [_factor(*pair) for pair in zip(call.output[2:], reads[0].dims[2:], strict=False)]
        scales = call.floats("scale_factors")
        if scales and all(scale == int(scale) >= 1 for scale in scales):
            factors = [int(scale) for scale in scales]
        some = tuple([factor for factor in factors if factor])
        if len(some) == len(reads[0].dims) - 2:
            return Layered(Op("upsample", amount=some, last=False), reads)
    return Layered(Op("resize"), reads)


def _factor(made: object, read: object) -> int:
    if isinstance(made, int) and isinstance(read, int) and read > 0 and made % read == 0:
        return made // read
    return 0


def shuffle(call: Call) -> Layered | None:
    """Read channels that become positions, or the other way round."""
    up = call.op == "pixel_shuffle"
    factor = call.whole("upscale_factor" if up else "downscale_factor")
    return Layered(Op("pixel-shuffle" if up else "pixel-unshuffle", amount=factor, last=False), tuple(call.read[:1]))


def pad(call: Call) -> Layered | None:
    """Read a padding, or a cropping, which is one below 0."""
    numbers, reads = call.numbers("pad") or call.numbers("padding"), tuple(call.read[:1])
    axes = len(call.output) - 2
    if not numbers or len(numbers) % 2 or axes < 1 or len(numbers) > 2 * axes:
        return None
    sides = [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 2)][::-1]
    sides = [(0, 0)] * (axes - len(sides)) + sides
    if min(numbers) >= 0:
        return Layered(Op("pad", amount=tuple(sides), last=False), reads)
    if max(numbers) > 0:
        return None
    return Layered(Op("crop", amount=tuple([(-before, -after) for before, after in sides]), last=False), reads)
