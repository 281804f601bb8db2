"""How a count of parameters or of work is worked out, with every choice that can go wrong as a value of its own."""

from collections.abc import Callable, Mapping
from math import prod
from typing import NamedTuple

from dlcalc.core.conv import working as conv
from dlcalc.core.conv.coverage import real_taps
from dlcalc.core.conv.window import Window
from dlcalc.core.evidence.diagnosis import Numbers
from dlcalc.core.numeric.ratio import Ratio, ratio
from dlcalc.core.params.count import LayerParams
from dlcalc.core.params.question import DTYPES, ParamsQuestion

MACS = ("macs", "macs_without_padding")
WORK = (*MACS, "flops")


class AxisWork(NamedTuple):
    """The work of the windows along one axis.

    Attributes:
        kernel: taps.
        input, output: positions; 1 where no size is known.
        starts: windows, each with all its taps: outputs of a convolution, inputs of a transposed one.
        real: products on real data.
    """

    kernel: int
    input: int
    output: int
    starts: int
    real: int


class Working(NamedTuple):
    """How a number is worked out; a mistake is an edit of the right working.

    Attributes:
        key: which number.
        each: bytes per entry.
        axes: the windows along each axis.
        c_in, c_out: channels of the input and of the output.
        groups: into how many groups the channels are divided.
        n: samples in a batch.
        biases: entries of all biases.
        among_weights: entries that are none of the weights and are counted among them.
        bias_adds: how often the addition of a bias is counted as work.
        norm: entries of a batch norm per channel: 2 trained, or 4 with its statistics.
        given: entries of the input of the network, where the layer is its first and memory is asked for.
        added: what is added to the number before it is scaled.
        sizes: how the output along each axis is worked out, where work is asked for.
        separable: a depthwise and a pointwise layer in place of the one.
        scale: what the number is multiplied by in the end: the wrong unit.
        rounding: ``exact``, ``down`` or ``up``, to a whole number.
    """

    key: str
    each: int
    axes: tuple[AxisWork, ...]
    c_in: int
    c_out: int
    groups: int
    n: int
    biases: int
    among_weights: int = 0
    bias_adds: int = 0
    norm: int = 0
    given: int = 0
    added: int = 0
    sizes: conv.Working = ()
    separable: bool = False
    scale: Ratio = (1, 1)
    rounding: str = "exact"


def layer_working(layer: LayerParams, question: ParamsQuestion, key: str) -> Working:
    """Make the working of a number of a layer, without a mistake."""
    axes = [AxisWork(taps, 1, 1, 1, 1) for taps in layer.kernel]
    sizes: conv.Working = ()
    if layer.kernel and layer.shape.axes:
        axes = [_along(axis.window, axis.output, layer.shape.scatters) for axis in layer.shape.axes]
        if layer.shape.plan is not None and key in WORK:
            sizes = conv.layer_working(layer.shape.plan, layer.shape.axes)
    biases = layer.c_out if layer.bias else 0
    each = DTYPES[question.dtype]
    given = 0
    if key == "activation_bytes" and layer.shape.number == 1 and question.size is not None:
        given = question.n * question.c_in * prod(question.size)
    n, groups = layer.samples, layer.groups
    return Working(key, each, tuple(axes), layer.c_in, layer.c_out, groups, n, biases, given=given, sizes=sizes)


def _along(window: Window, output: int, transposed: bool) -> AxisWork:
    starts = window.input if transposed else output
    return AxisWork(window.kernel, window.input, output, starts, real_taps(window, output, transposed))


def with_sizes(work: Working, sizes: conv.Working) -> Working | None:
    """Make the working of the same layer on an output that is worked out otherwise; None where there is none."""
    outputs, axes = conv.evaluate(sizes, "output"), []
    assert outputs is not None
    for axis, (output, over) in zip(sizes, outputs, strict=True):
        if output < 1 or over != 1:
            return None
        kernel, stride, dilation, _, extra = axis.layer
        window = Window(axis.input, kernel, stride, dilation, axis.before, axis.after, extra or 0)
        axes.append(_along(window, output, axis.family == "transposed"))
    return work._replace(axes=tuple(axes), sizes=sizes)


def evaluate(work: Working, key: str) -> Numbers:
    """Compute the number that a working gives."""
    return (rescaled(_NUMBERS[key](work), work),)


def rescaled(number: int, work: Working) -> Ratio:
    """Convert a number to the unit of a working, rounded as it says."""
    numerator, denominator = work.scale
    result = ratio((number + work.added) * numerator, denominator)
    if work.rounding == "exact" or result[1] == 1:
        return result
    down = result[0] // result[1]
    return (down if work.rounding == "down" else down + 1, 1)


def _weights(work: Working) -> int:
    taps = prod(axis.kernel for axis in work.axes)
    if work.separable:
        return taps * work.c_in + work.c_in * work.c_out
    return work.c_in // work.groups * taps * work.c_out


def _params(work: Working) -> int:
    return _weights(work) + work.biases + work.norm * work.c_out


def _outputs(work: Working) -> int:
    return work.n * work.c_out * prod(axis.output for axis in work.axes)


def _inputs(work: Working) -> int:
    return work.n * work.c_in * prod(axis.input for axis in work.axes)


def _macs(work: Working, used: int) -> int:
    """Count the multiply-accumulates of ``used`` products per pair of channels; a pointwise layer may follow."""
    if work.separable:
        return work.n * work.c_in * used + work.c_in * _outputs(work)
    return work.n * (work.c_in // work.groups) * used * work.c_out


def _all_macs(work: Working) -> int:
    return _macs(work, prod(axis.starts * axis.kernel for axis in work.axes))


def _real_macs(work: Working) -> int:
    return _macs(work, prod(axis.real for axis in work.axes))


_NUMBERS: Mapping[str, Callable[[Working], int]] = {
    "weights": lambda work: _weights(work) + work.among_weights,
    "bias": lambda work: work.biases,
    "params": _params,
    "buffers": lambda work: 2 * work.c_out if work.norm == 4 else 0,
    "param_bytes": lambda work: _params(work) * work.each,
    "macs": lambda work: _all_macs(work) + work.bias_adds * _outputs(work),
    "macs_without_padding": lambda work: _real_macs(work) + work.bias_adds * _outputs(work),
    "flops": lambda work: 2 * _all_macs(work) + work.bias_adds * _outputs(work),
    "activation_bytes": lambda work: _outputs(work) * work.each,
    "peak_activation_bytes": lambda work: (_inputs(work) + _outputs(work)) * work.each,
}
