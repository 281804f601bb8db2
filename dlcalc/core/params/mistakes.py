"""The mistakes that are made about the parameters, work and memory of a layer, commonest first."""

from collections.abc import Callable, Iterable
from itertools import product

from dlcalc.core.conv.mistakes import BY_NAME
from dlcalc.core.evidence.diagnosis import Mistake, phrase
from dlcalc.core.params.working import MACS, WORK, AxisWork, Working, with_sizes

_COUNTS = ("weights", "bias", "params")
BYTES = ("param_bytes", "activation_bytes", "peak_activation_bytes")
OF_SIZES = ("stride-ignored", "stride-twice", "padding-ignored", "dilation-ignored")
MEMORY = ("activations-with-input", "activations-twice")
_PRODUCTS = ("weights", "params", "param_bytes", *WORK)  # of channels and kernel
_MIB_PER_MB = (10**6, 2**20)


def _about(*keys: str) -> Callable[[Working], bool]:
    """Make the test whether a working is that of one of some keys."""
    return lambda work: work.key in keys


def _bias_included(work: Working) -> Iterable[Working]:
    """Count the bias among the parameters, or its additions among the work, as one operation or as two."""
    if work.key in WORK:
        for adds in (1, 2) if work.key == "flops" else (1,):
            yield work._replace(bias_adds=work.bias_adds + adds)
    elif work.key == "weights":
        yield work._replace(among_weights=work.c_out)
    elif not work.biases:
        yield work._replace(biases=work.c_out)


def _kernel_not_squared(work: Working) -> Iterable[Working]:
    """Take K for K*K, and K or K*K for K*K*K: along the other axes a window has one tap, on real data."""
    for kept in product((True, False), repeat=len(work.axes)):
        if any(kept) and not all(kept):
            yield work._replace(
                axes=tuple(axis if keep else _one_tap(axis) for keep, axis in zip(kept, work.axes, strict=True))
            )


def _one_tap(axis: AxisWork) -> AxisWork:
    return axis._replace(kernel=1, real=axis.starts)


def _channels_swapped(work: Working) -> Iterable[Working]:
    biases = work.c_in if work.biases == work.c_out else work.biases
    yield work._replace(c_in=work.c_out, c_out=work.c_in, biases=biases)


def _depthwise_separable(work: Working) -> Iterable[Working]:
    """Compute two layers, each of which has a bias, or the last alone."""
    separable = work._replace(separable=True, groups=1)
    if work.biases:
        yield separable._replace(biases=work.biases + work.c_in)
    yield separable


def _as_of_sizes(name: str) -> Mistake[Working]:
    """Make a mistake about the size of the output, of which the work follows."""
    of_sizes = BY_NAME[name]

    def edit(work: Working) -> Iterable[Working]:
        edited = (with_sizes(work, sizes) for sizes in of_sizes.edits(work.sizes))
        return (changed for changed in edited if changed is not None)

    return Mistake(name, phrase(of_sizes), lambda work: bool(work.sizes), edit)


def _transposed(work: Working) -> bool:
    return any(axis.family == "transposed" for axis in work.sizes)


def _in_other_units(work: Working) -> Iterable[Working]:
    """Take a number of MiB for one of MB, or the other way round, or give it where bytes are asked for."""
    mib, mb = _MIB_PER_MB
    for scale in ((mib, mb), (mb, mib)):
        for rounding in ("exact", "down", "up"):
            yield work._replace(scale=scale, rounding=rounding)
    yield work._replace(scale=(1, mb))


def _units(work: Working) -> str:
    if work.scale[0] == 1:
        return "giving MiB and not bytes"
    return "taking MiB for MB" if work.scale[0] < work.scale[1] else "taking MB for MiB"


def _once(axis: AxisWork) -> AxisWork:
    """Take a single window, with all its taps on real data."""
    return axis._replace(starts=1, output=1, real=axis.kernel)


def _scaled(numerator: int, denominator: int = 1) -> Callable[[Working], Iterable[Working]]:
    return lambda work: (work._replace(scale=(work.scale[0] * numerator, work.scale[1] * denominator)),)


MISTAKES: tuple[Mistake[Working], ...] = (
    # The commonest: layers have a bias unless they are told not to, and several tools count its additions.
    Mistake(
        "bias-included",
        "counting the bias",
        lambda work: work.key in ("weights", *WORK) or not work.biases,
        _bias_included,
    ),
    # An option that was typed, forgotten: the textbook formula has no bias.
    Mistake(
        "bias-forgotten", "leaving the bias out", lambda work: work.biases > 0, lambda work: (work._replace(biases=0),)
    ),
    # An option that was typed, forgotten.
    Mistake(
        "groups-ignored",
        "taking the groups as 1",
        lambda work: work.groups > 1,
        lambda work: (work._replace(groups=1),),
    ),
    # An option that was typed, forgotten; of a batch often meant so.
    Mistake(
        "batch-ignored",
        "leaving the batch out",
        lambda work: work.n > 1 and work.key not in (*_COUNTS, "buffers", "param_bytes"),
        lambda work: _scaled(1, work.n)(work),
    ),
    # The size of the output gone wrong, as it does in conv-shape.
    *map(_as_of_sizes, OF_SIZES),
    # A slip in the formula itself; it is off by a factor, so it is noticed more often.
    Mistake(
        "kernel-not-squared",
        "not taking the kernel along every axis",
        lambda work: any(axis.kernel > 1 for axis in work.axes),
        _kernel_not_squared,
    ),
    # The loops of a kernel run over its inputs where it is transposed, and else over its outputs.
    Mistake(
        "output-positions",
        "taking a window for each output, and not for each input,",
        lambda work: work.key in ("macs", "flops") and _transposed(work),
        lambda work: (work._replace(axes=tuple(axis._replace(starts=axis.output) for axis in work.axes)),),
    ),
    # The same the other way round.
    Mistake(
        "input-positions",
        "taking a window for each input, and not for each output,",
        lambda work: work.key in ("macs", "flops") and bool(work.sizes) and not _transposed(work),
        lambda work: (work._replace(axes=tuple(axis._replace(starts=axis.input) for axis in work.axes)),),
    ),
    # Only where there is a bias or a feature map: the weights are the same.
    Mistake(
        "channels-swapped",
        "exchanging the input and the output channels",
        lambda work: work.c_in != work.c_out,
        _channels_swapped,
    ),
    # One number read for the other.
    Mistake(
        "output-channels-squared",
        "taking the output channels for the input channels",
        lambda work: work.key in (*_COUNTS, "param_bytes") and work.c_in != work.c_out and work.groups == 1,
        lambda work: (work._replace(c_in=work.c_out),),
    ),
    # Another layer altogether.
    Mistake(
        "depthwise-separable",
        "computing a depthwise and a pointwise layer",
        lambda work: bool(work.axes) and not work.separable,
        _depthwise_separable,
    ),
    # The layer that follows, counted along: a sum over modules does so.
    Mistake(
        "batch-norm-included",
        "counting a batch norm, 2 a channel,",
        lambda work: work.key in ("params", "param_bytes") and not work.norm,
        lambda work: (work._replace(norm=2),),
    ),
    # Rarer: a sum over a checkpoint does so.
    Mistake(
        "batch-norm-with-statistics",
        "counting a batch norm with its statistics, 4 a channel and 2 of them buffers,",
        lambda work: work.key in ("params", "param_bytes", "buffers") and not work.norm,
        lambda work: (work._replace(norm=4),),
    ),
    # The commonest confusion of units: tools differ.
    Mistake("flops-not-macs", "counting 2 for each multiply-accumulate", _about(*MACS), _scaled(2)),
    # The same the other way round.
    Mistake("macs-not-flops", "counting 1 for each multiply-accumulate", _about("flops"), _scaled(1, 2)),
    # A sum of n products has n - 1 additions, and MACs count n.
    Mistake(
        "additions-exact",
        "counting one addition less than products, for each output,",
        _about("flops"),
        lambda work: (work._replace(bias_adds=work.bias_adds - 1),),
    ),
    # The cost of training where that of one pass is asked for.
    Mistake(
        "forward-plus-backward",
        "counting the backward pass too, 3 times the forward pass,",
        _about(*WORK),
        _scaled(3),
    ),
    # A unit, and one that is usually written behind the number.
    Mistake(
        "bytes-not-count",
        "giving bytes and not entries",
        lambda work: work.key in _COUNTS and work.each > 1,
        lambda work: _scaled(work.each)(work),
    ),
    # A tool that lists the input as a layer counts it.
    Mistake(
        "activations-with-input",
        "counting the input too",
        lambda work: work.given > 0,
        lambda work: (work._replace(added=work.added + work.given * work.each),),
    ),
    # As much again for the gradients.
    Mistake(
        "activations-twice", "counting each map twice, for its gradient too,", _about("activation_bytes"), _scaled(2)
    ),
    # Off by 5 %, in numbers that are usually rounded.
    Mistake("mib-not-mb", _units, _about(*BYTES), _in_other_units),
    # A factor of the product left out. It is common in a first week, and so far off that it is soon noticed: behind
    # what is not. First those of a textbook picture, in which one filter is flat, and one filter is drawn.
    Mistake(
        "input-channels-forgotten",
        "leaving the input channels out",
        lambda work: work.key in _PRODUCTS and work.c_in > work.groups,
        lambda work: (work._replace(c_in=1, groups=1),),
    ),
    Mistake(
        "output-channels-forgotten",
        "leaving the output channels out",
        lambda work: work.key in _PRODUCTS and work.c_out > 1,
        lambda work: (work._replace(c_out=1),),
    ),
    # As if every layer were pointwise, or linear.
    Mistake(
        "kernel-forgotten",
        "leaving the kernel out",
        lambda work: work.key in _PRODUCTS and any(axis.kernel > 1 for axis in work.axes),
        lambda work: (work._replace(axes=tuple(map(_one_tap, work.axes))),),
    ),
    # One number for the layer, and not one for each output channel.
    Mistake(
        "one-bias",
        "counting one bias for the whole layer",
        lambda work: work.biases > 1,
        lambda work: (work._replace(biases=1),),
    ),
    # A product is computed at each position, and a weight stored once.
    Mistake(
        "positions-forgotten",
        "counting one position of the output alone",
        lambda work: work.key in WORK and bool(work.sizes),
        lambda work: (work._replace(axes=tuple(map(_once, work.axes))),),
    ),
    # The reverse of `bytes-not-count`: the key says bytes, so it is rarer.
    Mistake(
        "count-not-bytes",
        "giving entries and not bytes",
        lambda work: work.key in BYTES and work.each > 1,
        lambda work: _scaled(1, work.each)(work),
    ),
)
