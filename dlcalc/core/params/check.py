"""An independent proof of the counts: visit the entries of the weight tensor and the taps of every window.

Shares nothing with the closed forms. Channels belong together if they lie in the same part when input and output are
each cut into as many equal parts as there are groups; a product counts if its position is inside, looked at one by one.

Where that is too long, the weights are the blocks that the groups cut out of a full tensor, and the taps are summed
over the taps or over the windows, whichever are fewer.
"""

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from dlcalc.core.conv.shape import AxisShape
    from dlcalc.core.params.count import ConvParams, LayerParams
    from dlcalc.core.params.question import ParamsQuestion

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
    if answer.question.network.file is not None:
        return _check_model(answer, budget)
    failures: list[Failure] = _sizes(answer, budget)
    totals: dict[str, list[int | None]] = {}
    channels, memory = _channels(answer), _Memory(answer)
    for layer in answer.layers:
        said = _Channels(layer.c_in, layer.c_out, layer.groups)
        failures += [
            Failure({"layer": layer.name}, key, one, other)
            for key, one, other in zip(_CHANNEL_KEYS, said, channels[layer.name], strict=True)
            if one != other
        ]
        found = _counted(layer, channels[layer.name], answer.question, memory, budget)
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
    if any(layer.shape.plan is not None and layer.shape.axes for layer in answer.layers):
        keys.append("output")
    return Proof(method, manner, {"keys": keys, "entries": budget.visited}, tuple(failures))


def _check_model(answer: "ConvParams", budget: _Budget) -> Proof:
    """Prove the work of the layers of a model, the weights that each has to itself, and that totals are sums."""
    failures: list[Failure] = []
    for layer in answer.layers:
        if layer.kind not in _MIXING or layer.amounts.work is None:
            continue
        where: dict[str, object] = {"layer": layer.name}
        channels = _Channels(layer.c_in, layer.c_out, layer.groups)
        pairs, weights = _weights(channels, layer.kernel, budget)
        used: int = pairs * layer.samples
        for axis in layer.shape.axes if layer.kind != "linear" else ():
            used *= _taps(layer.kind, axis, budget)[0]
        if used != layer.amounts.work.macs:
            failures.append(Failure(where, "macs", layer.amounts.work.macs, used))
        stored = layer.amounts.weights  # none of a layer that shares them
        if stored not in (0, weights) and not layer.shape.node.inputs[1:]:
            failures.append(Failure(where, "weights", stored, weights))
    each = [layer.amounts.by_key() for layer in answer.layers]
    keys = ("weights", "bias", "params", "buffers", "param_bytes", "macs", "flops", "activation_bytes")
    sums: dict[str, int | None] = {key: sum(numbers[key] for numbers in each) for key in keys}
    said = {key: number for key, number in answer.amounts.by_key().items() if key in sums}
    failures += _differences({}, said, sums)
    method = "enumeration" if budget.enough else "summation"
    manner = f"by counting {budget.visited:,} entries and taps of its layers one by one, and adding up"
    if not budget.enough:
        manner = "by summation, too much to count one by one"
    return Proof(method, manner, {"keys": list(keys), "entries": budget.visited}, tuple(failures))


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


class _Channels(NamedTuple):
    """The channels of the map that a layer reads, of the one that it makes, and the groups that they are cut into."""

    read: int
    made: int
    groups: int


_CHANNEL_KEYS = ("input_channels", "output_channels", "groups")
_MIXING = ("conv", "transposed", "linear")  # kinds in which channels meet


def _channels(answer: "ConvParams") -> dict[str, _Channels]:
    """Follow the channels from layer to layer, as the layers were asked for."""
    made = {one.name: one.channels or 0 for one in answer.question.network.inputs}
    found: dict[str, _Channels] = {}
    for layer in answer.layers:
        op, kind = layer.shape.node.op, layer.kind
        each = [made[name] for name in layer.shape.node.inputs]
        read, positions = each[0], 1
        for extent in layer.shape.input:
            positions *= extent
        if kind == "linear":
            read *= positions
        out = read if op.channels is None else op.channels
        if kind == "flatten":
            out = read * positions
        for axis in range(len(answer.question.axes) if kind in ("pixel-shuffle", "pixel-unshuffle") else 0):
            factor = op.amount[axis] if isinstance(op.amount, tuple) else op.amount
            assert isinstance(factor, int)
            out = out // factor if kind == "pixel-shuffle" else out * factor
        if kind in ("add", "multiply"):
            out = max(each)
        elif kind == "concat":
            out = sum(each)
        made[layer.name] = out
        found[layer.name] = _Channels(read, out, read if op.depthwise else op.groups)
    return found


def _sizes(answer: "ConvParams", budget: _Budget) -> list[Failure]:
    """Prove the sizes and their padding as conv-shape does."""
    if answer.question.size is None or not answer.question.axes:
        return []
    from dlcalc.core.network.check import check_shape

    proof = check_shape(answer.shape, budget.limit - budget.visited)
    if proof.method == "enumeration":
        budget.visited += int(str(proof.details["positions"]))
    else:
        budget.enough = False
    return [failure for failure in proof.failures if failure.key in ("input", "output", "padding")]


class _Memory:
    """The bytes that are held while each layer runs, from the maps that layers from there on read.

    A layer that looks at one entry at a time writes over what it reads, if no later layer reads that.
    """

    def __init__(self, answer: "ConvParams") -> None:
        question = answer.question
        self.each = int("".join(filter(str.isdigit, question.dtype))) // 8  # a dtype says its bits in its name
        self.n, self.known = question.n, all(one.size is not None for one in question.network.inputs)
        self.read: dict[str, int] = {}  # a map -> the number of the last layer that reads it
        for number, node in enumerate(question.network.nodes, 1):
            self.read |= dict.fromkeys(node.inputs, number)
        self.live = {one.name for one in question.network.inputs}
        self.homes = {one.name: one.name for one in question.network.inputs}  # a map -> the memory that it is in
        self.sizes = {one.name: self._bytes(one.channels, one.size) for one in question.network.inputs}

    def _bytes(self, channels: int | None, size: "tuple[int, ...] | None") -> int:
        count = self.n * (channels or 0) * self.each
        for extent in size or ():
            count *= extent
        return count

    def run(self, layer: "LayerParams", channels: int) -> tuple[int, int]:
        """Count the bytes that a layer with so many output channels makes, and those alive while it runs."""
        shape = layer.shape
        made = self._bytes(channels, shape.made.size)
        if not self.known:
            return made, made + sum(self._bytes(one.channels, one.size) for one in shape.read)
        self.live = {name for name in self.live if self.read.get(name, 0) > shape.number}
        later = {self.homes[name] for name in self.live}
        self.live.add(layer.name)
        sources = {self.homes[name] for name in shape.node.inputs}
        home = self.homes[shape.node.inputs[0]]
        if layer.kind in _IN_PLACE and home not in later:
            self.homes[layer.name] = home
            return 0, sum(self.sizes[name] for name in later | sources)
        self.homes[layer.name], self.sizes[layer.name] = layer.name, made
        return made, sum(self.sizes[name] for name in later | sources) + made


# Kinds that change each entry by itself, or only its place.
_IN_PLACE = (
    *("relu", "relu6", "leaky", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "tanh", "hardswish", "hardsigmoid"),
    *("softmax", "dropout", "identity", "flatten"),
)


def _counted(
    layer: "LayerParams", channels: _Channels, question: "ParamsQuestion", memory: _Memory, budget: _Budget
) -> "dict[str, int | None]":
    """Count the numbers of a layer, by their keys; None where they are out of reach."""
    pairs = weights = bias = norm = 0
    axes: tuple[AxisShape, ...] = ()
    made, own_bias = channels.made, layer.shape.node.op.bias
    if layer.kind in _MIXING:
        pairs, weights = _weights(channels, layer.kernel, budget)
        if question.bias if own_bias is None else own_bias:
            bias = sum(1 for _ in range(made)) if budget.allows(made) else made
        axes = layer.shape.axes if layer.kind != "linear" else ()
    elif layer.kind in ("batch-norm", "layer-norm", "group-norm"):  # two numbers for each channel
        norm = sum(2 for _ in range(made)) if budget.allows(made) else made + made
    params = weights + bias + norm
    kept = norm if layer.kind == "batch-norm" else 0  # a mean and a variance
    found: dict[str, int | None] = {"weights": weights, "bias": bias, "params": params, "buffers": kept}
    found["param_bytes"] = params * memory.each
    if not memory.known and layer.kind != "linear":
        return found
    used: int = pairs * question.n
    real: int | None = used
    for axis in axes:
        taps, real_taps = _taps(layer.kind, axis, budget)
        used *= taps
        real = None if real is None or real_taps is None else real * real_taps
    written, alive = memory.run(layer, made)
    found |= {"macs": used, "macs_without_padding": real, "flops": used + used}
    return found | {"activation_bytes": written, "peak_activation_bytes": alive}


def _weights(channels: _Channels, kernel: tuple[int, ...], budget: _Budget) -> tuple[int, int]:
    """Count the pairs of channels that meet, and the entries of the weight tensor."""
    c_in, c_out, groups = channels
    full = c_in * c_out
    for taps in kernel:
        full *= taps
    if not budget.allows(full):
        per_pair = full // (c_in * c_out)
        pairs = groups * ((c_in // groups) * (c_out // groups))  # as many blocks as groups
        return pairs, pairs * per_pair
    meeting = [(x, y) for x, y in product(range(c_in), range(c_out)) if x * groups // c_in == y * groups // c_out]
    entries = sum(1 for _ in product(meeting, *map(range, kernel)))
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
