"""An independent proof of the counts: visit the entries of the weight tensor and the taps of every window.

Shares nothing with the closed forms. Channels belong together if they lie in the same part when input and output are
each cut into as many equal parts as there are groups; a product counts if its position is inside, looked at one by one.

Where that is too long, the weights are the blocks that the groups cut out of a full tensor, and the taps are summed
over the taps or over the windows, whichever are fewer.
"""

from itertools import product
from typing import TYPE_CHECKING

from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from dlcalc.core.conv.shape import AxisShape
    from dlcalc.core.params.count import ConvParams, LayerParams

MAX_ENTRIES = 10_000_000


class _Budget:
    """The number of entries that may still be visited, and whether that was enough so far."""

    def __init__(self, limit: int) -> None:
        self.limit, self.visited, self.enough = limit, 0, True

    def allows(self, entries: int) -> bool:
        """Tell whether so many entries may still be visited, and count them as visited if so."""
        if entries > self.limit - self.visited:
            self.enough = False
            return False
        self.visited += entries
        return True


def check_params(answer: "ConvParams", limit: int = MAX_ENTRIES) -> Proof:
    """Prove the numbers of an answer by counting, if that visits at most ``limit`` entries, or else by summation."""
    budget = _Budget(limit)
    failures: list[Failure] = []
    totals: dict[str, list[int | None]] = {}
    before: LayerParams | None = None
    for layer in answer.layers:
        failures += _chained(before, layer) + _sizes(layer, budget)
        before = layer
        found = _counted(layer, budget)
        failures += _differences({"layer": layer.name}, layer.amounts.by_key(), found)
        for key, number in found.items():
            totals.setdefault(key, []).append(number)
    totals = {key: each for key, each in totals.items() if len(each) == len(answer.layers)}
    if len(answer.layers) > 1 or not failures:
        failures += _differences({}, answer.amounts.by_key(), {key: _total(key, each) for key, each in totals.items()})
    keys = [key for key, each in totals.items() if None not in each]
    method = "enumeration" if budget.enough else "summation"
    manner = f"by counting {budget.visited:,} entries and taps one by one"
    if not budget.enough:
        manner = "by summation, too much to count one by one"
        if len(keys) < len(totals):
            manner += ": all but " + ", ".join(key for key in totals if key not in keys)
    if any(layer.shape is not None for layer in answer.layers):
        keys.append("output")
    return Proof(method, manner, {"keys": keys, "entries": budget.visited}, tuple(failures))


def _total(key: str, each: "list[int | None]") -> int | None:
    known = [number for number in each if number is not None]
    if len(known) < len(each):
        return None
    return max(known) if key.startswith("peak") else sum(known)


def _differences(place: dict[str, object], said: dict[str, int], found: "dict[str, int | None]") -> list[Failure]:
    failures = [
        Failure(place, key, said.get(key), number)
        for key, number in found.items()
        if number is not None and said.get(key) != number
    ]
    return failures + [Failure(place, key, number, None) for key, number in said.items() if key not in found]


def _chained(before: "LayerParams | None", layer: "LayerParams") -> list[Failure]:
    """Compare the input of a layer with the output of the layer before it."""
    if before is None or not before.output or (before.output, before.question.c_out) == (layer.input, layer.channels):
        return []
    said, found = [*layer.input, layer.channels], [*before.output, before.question.c_out]
    return [Failure({"layer": layer.name}, "input", said, found)]


def _sizes(layer: "LayerParams", budget: _Budget) -> list[Failure]:
    """Prove the output of a layer and its padding as conv-shape does."""
    if layer.shape is None:
        return []
    from dlcalc.core.conv.check import check_layer as check_shape

    proof = check_shape(layer.shape, budget.limit - budget.visited)
    if proof.method == "enumeration":
        budget.visited += int(str(proof.details["positions"]))
    else:
        budget.enough = False
    return [failure for failure in proof.failures if failure.key in ("output", "padding")]


# Kinds that multiply nothing: of them a batch norm learns two numbers for each channel, and keeps two.
_WITHOUT_WEIGHTS = ("max-pool", "avg-pool", "global-avg-pool", "batch-norm")


def _counted(layer: "LayerParams", budget: _Budget) -> "dict[str, int | None]":
    """Count the numbers of a layer, by their keys; None where they are out of reach."""
    question = layer.question
    pairs = weights = bias = norm = 0
    axes: list[AxisShape] = []
    if layer.kind not in _WITHOUT_WEIGHTS:
        pairs, weights = _weights(layer, budget)
        bias = question.c_out * question.bias
        if question.bias and budget.allows(question.c_out):
            bias = sum(1 for _ in range(question.c_out))
        axes = [*layer.shape.layers[-1].axes] if layer.shape else []
    elif layer.kind == "batch-norm":
        channels = question.c_out
        norm = sum(2 for _ in range(channels)) if budget.allows(channels) else channels + channels
    params = weights + bias + norm
    each = int("".join(filter(str.isdigit, question.dtype))) // 8  # a dtype says its bits in its name
    found: dict[str, int | None] = {"weights": weights, "bias": bias, "params": params, "buffers": norm}
    found["param_bytes"] = params * each
    if question.size is None and layer.kind != "linear":
        return found
    used: int = pairs * question.n
    real: int | None = used
    for axis in axes:
        taps, real_taps = _taps(question.kind, axis, budget)
        used *= taps
        real = None if real is None or real_taps is None else real * real_taps
    taken, made = question.n * layer.channels * each, question.n * question.c_out * each  # bytes
    for size in layer.input:
        taken *= size
    for size in layer.output:
        made *= size
    found |= {"macs": used, "macs_without_padding": real, "flops": used + used}
    return found | {"activation_bytes": made, "peak_activation_bytes": taken + made}


def _weights(layer: "LayerParams", budget: _Budget) -> tuple[int, int]:
    """Count the pairs of channels that meet, and the entries of the weight tensor."""
    question = layer.question
    c_in, c_out, groups = question.c_in, question.c_out, question.groups
    full = c_in * c_out
    for taps in layer.kernel:
        full *= taps
    if not budget.allows(full):
        per_pair = full // (c_in * c_out)
        pairs = groups * ((c_in // groups) * (c_out // groups))  # as many blocks as groups
        return pairs, pairs * per_pair
    meeting = [(x, y) for x, y in product(range(c_in), range(c_out)) if x * groups // c_in == y * groups // c_out]
    entries = sum(1 for _ in product(meeting, *map(range, layer.kernel)))
    return len(meeting), entries


def _taps(kind: str, axis: "AxisShape", budget: _Budget) -> tuple[int, int | None]:
    """Count the products along one axis one by one, or sum them over the windows or the taps, whichever are fewer.

    Returns:
        All of them, and those on real data; None where these are out of reach.
    """
    size, kernel, stride, dilation, before, *_ = axis.window
    starts, kept = (size, axis.output) if kind == "transposed" else (axis.output, size)
    if not budget.allows(starts * kernel):
        return starts * kernel, _summed(starts, stride, kernel, dilation, before, before + kept, budget)
    used = real = 0
    for start in range(-before, starts * stride - before, stride):
        for position in range(start, start + kernel * dilation, dilation):
            used += 1
            if 0 <= position < kept:
                real += 1
    return used, real


def _summed(many: int, step: int, few: int, jump: int, low: int, high: int, budget: _Budget) -> int | None:
    """Count the a*step + b*jump in [low, high), a < many and b < few: one interval of a for every b."""
    if few > many:
        many, step, few, jump = few, jump, many, step
    if not budget.allows(few):
        return None
    found = 0
    for offset in range(0, few * jump, jump):
        first = max(0, -((offset - low) // step))
        last = min(many - 1, (high - 1 - offset) // step)
        found += max(0, last - first + 1)
    return found
