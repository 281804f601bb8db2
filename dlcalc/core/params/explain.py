"""The explanation of a count: every quantity with its formula, its numbers, its value and its source."""

from dlcalc.core.conv.coverage import real_taps
from dlcalc.core.conv.explain import AxisSteps
from dlcalc.core.evidence import GUIDE
from dlcalc.core.evidence.step import Step, Steps
from dlcalc.core.params.count import NORMS, ConvParams, LayerParams, Work
from dlcalc.core.params.question import DTYPES, KINDS, ParamsQuestion

_MAC = "fvcore and He et al. 2016 call it a FLOP"
_FLOPS = "as torch's counter and calflops; torchinfo and ptflops add the bias"

_SUMMED = ("weights", "bias", "params", "buffers", "param_bytes", "macs", "macs_without_padding", "flops")
_LAYER = ("weights", "bias", "macs")  # what is worth saying of every layer


def explain_params(answer: ConvParams) -> tuple[Step, ...]:
    """List every quantity of a layer, in the order in which they are computed; of a network each layer's counts."""
    if answer.question.network.single is not None:
        return tuple(_steps_of(answer.layers[-1], answer.question))
    steps: list[Step] = []
    at = answer.question.at
    for layer in answer.layers:
        if at in (None, layer.name):
            counts = _counts_of(layer, answer.question, _LAYER if at is None else None)
            steps += [step._replace(where={"layer": layer.name}) for step in counts]
    return (*steps, *(_sums(answer) if at is None else ()))


def _steps_of(layer: LayerParams, question: ParamsQuestion) -> list[Step]:
    terms = _LayerSteps(layer, question)
    terms.parameters()
    if layer.amounts.work is not None:
        terms.work(layer.amounts.work)
    return terms.steps


def weights_step(layer: LayerParams, question: ParamsQuestion) -> Step:
    """Explain how the weights of a layer are counted."""
    terms = _LayerSteps(layer, question)
    terms.weights()
    return terms.steps[0]


class _LayerSteps(Steps):
    """Collects the steps of one layer. A formula is a list of factors, each in symbols and in numbers."""

    def __init__(self, layer: LayerParams, question: ParamsQuestion) -> None:
        super().__init__()
        self.layer, self.question = layer, question
        self.each = DTYPES[question.dtype]

    def product(self, symbol: str, factors: list[tuple[str, object]], value: int, source: str, why: str) -> None:
        """Append a step that multiplies factors."""
        formula = "*".join(name for name, _ in factors)
        self.add(symbol, formula, "*".join(str(number) for _, number in factors), value, source, why)

    @property
    def taps(self) -> list[tuple[str, object]]:
        """The factors of the taps of a window: K*K where the axes are alike."""
        kernel = self.layer.kernel
        alike = len(set(kernel)) == 1
        return [("K" if alike else f"K_{axis}", taps) for axis, taps in zip(self.question.axes, kernel, strict=False)]

    @property
    def channels(self) -> list[tuple[str, object]]:
        """The factors of the pairs of channels that meet."""
        layer = self.layer
        if layer.groups == 1:
            return [("C_in", layer.c_in), ("C_out", layer.c_out)]
        return [("(C_in/g)", f"({layer.c_in}/{layer.groups})"), ("C_out", layer.c_out)]

    def weights(self) -> None:
        """Explain the entries of the weight tensor."""
        source = "y = Wx + b" if self.layer.kind == "linear" else f"{GUIDE}, section 2"
        why = "entries of the weight tensor"
        if self.layer.groups > 1:
            why += "; channels meet within a group"
        self.product("weights", [*self.taps, *self.channels], self.layer.amounts.weights, source, why)

    def parameters(self) -> None:
        """Explain the entries that are learned, and their memory."""
        amounts, question, layer = self.layer.amounts, self.question, self.layer
        self.weights()
        if layer.bias:
            self.add("bias", "C_out", str(layer.c_out), amounts.bias, "one an output channel", "entries of the bias")
        else:
            self.add("bias", "0", "0", 0, "C_out where there is one", "entries of the bias")
        parts = f"{amounts.weights} + {amounts.bias}"
        self.add("params", "weights + bias", parts, amounts.params, "by definition", "all entries that are learned")
        self.add("buffers", "0", "0", 0, "2C for a batch norm, and there is none", "entries kept and not learned")
        why = f"bytes of the parameters, {self.each} an entry"
        memory = [("params", amounts.params), ("bytes", self.each)]
        self.product("param_bytes", list(memory), amounts.param_bytes, question.dtype, why)

    def work(self, work: Work) -> None:
        """Explain the multiply-accumulates, and the memory of the input and the output."""
        question, counted, transposed = self.question, self.layer, self.layer.shape.scatters
        real: list[tuple[str, object]] = []
        layer = counted.shape
        if layer.plan is not None:
            for name, axis in zip(question.axes, layer.axes, strict=True):
                terms = AxisSteps(name, axis, {"axis": name})
                terms.size(layer.plan.size)
                taps = real_taps(axis.window, axis.output, transposed)
                formula, why = _REAL_TAPS[transposed]
                terms.term(f"T_{name}", formula, taps, "pairs of a window and a tap", why)
                self.steps += terms.steps
                real.append((f"T_{name}", taps))
        inputs, outputs = self.positions("1", layer.input), self.positions("2", layer.output)
        batch: list[tuple[str, object]] = [("N", counted.samples)]
        why = f"multiply-accumulates: K taps {'an input' if transposed else 'an output'} along each axis"
        factors = [*batch, *self.channels, *self.taps, *(inputs if transposed else outputs)]
        self.product("macs", factors, work.macs, _MAC, why)
        source, why = "T of the axes for their windows and taps", "multiply-accumulates on real data"
        self.product("macs_without_padding", [*batch, *self.channels, *real], work.macs_without_padding, source, why)
        why = "1 MAC = 2 FLOPs, a bias none"
        self.product("flops", [("2", 2), ("macs", work.macs)], 2 * work.macs, _FLOPS, why)
        each = ("bytes", self.each)
        why = f"bytes of the output, {self.each} an entry"
        output = [*batch, ("C_out", counted.c_out), *outputs, each]
        self.product("activation_bytes", output, work.activation_bytes, question.dtype, why)
        sides = [("C_in", counted.c_in), *inputs], [("C_out", counted.c_out), *outputs]
        both = [" + ".join("*".join(str(pair[i]) for pair in side) for side in sides) for i in (0, 1)]
        held: list[tuple[str, object]] = [*batch, (f"({both[0]})", f"({both[1]})"), each]
        why = "bytes of the input and the output together"
        self.product("peak_activation_bytes", held, work.peak_activation_bytes, question.dtype, why)

    def positions(self, number: str, sizes: tuple[int, ...]) -> list[tuple[str, object]]:
        """The factors of the positions along each axis of the input (1) or the output (2)."""
        return [(f"{axis.upper()}{number}", size) for axis, size in zip(self.question.axes, sizes, strict=False)]


# Whether the layer is transposed -> the formula of the taps on real data, and what they are.
_REAL_TAPS = {
    False: ("|{{(x, b) : x < {output}, b < {k}, 0 <= x*{s} + b*{d} - {pl} < {i}}}|", "taps that meet the input"),
    True: ("|{{(x, b) : x < {i}, b < {k}, 0 <= x*{s} + b*{d} - {pl} < {output}}}|", "products that land in the output"),
}


def _sums(answer: ConvParams) -> list[Step]:
    """Explain the totals of a network."""
    sums = Steps({"layer": "total"})
    each = [layer.amounts.by_key() for layer in answer.layers]
    for key, total in answer.amounts.by_key().items():
        parts = [counts.get(key, 0) for counts in each]
        if key == "peak_activation_bytes":
            formula, text = "the most that is alive while a layer runs", f"max({_listed(parts, ', ')})"
        else:
            formula, text = f"sum of the layers' {key}", _listed(parts, " + ")
        why = "of all layers together" if key in _SUMMED else f"{DTYPES[answer.question.dtype]} bytes an entry"
        sums.add(key, formula, text, total, "by definition", why)
    return sums.steps


def _listed(parts: list[int], sign: str) -> str:
    """Join the numbers that are not 0, and not more of them than can be read."""
    some = [str(part) for part in parts if part] or ["0"]
    return sign.join(some if len(some) <= 12 else [*some[:6], "...", *some[-5:]])


def _counts_of(layer: LayerParams, question: ParamsQuestion, symbols: tuple[str, ...] | None) -> list[Step]:
    """Explain the counts of one layer among others; all of them, or some."""
    if layer.shape.node.saved is not None and not (layer.kind in KINDS and layer.amounts.weights):
        return _of_file(layer)
    if layer.kind in NORMS:
        channels, learned = str(layer.c_in), layer.amounts.norm
        source, why = _NORM_SOURCES[layer.kind], "scale and shift of each channel"
        steps = [Step("params", "2*C", f"2*{channels}", learned, source, why)]
        if layer.amounts.buffers:
            steps.append(Step("buffers", "2*C", f"2*{channels}", learned, source, "mean and variance of each"))
        return steps
    if layer.kind not in KINDS:
        return [Step("params", "0", "", 0, "by definition", "it learns nothing")]
    return [step for step in _steps_of(layer, question) if symbols is None or step.symbol in symbols]


def _of_file(layer: LayerParams) -> list[Step]:
    """Explain the counts of a layer of a model that has no weights to itself: what is stored for it, and its work."""
    amounts, stored = layer.amounts, "the model file"
    shape = layer.shape.node.saved
    steps = [Step("params", "entries that are stored", "", amounts.params, stored, "counted once, where they are used")]
    if amounts.buffers:
        steps.append(Step("buffers", "entries that are stored", "", amounts.buffers, stored, "kept and not learned"))
    if amounts.work is not None and amounts.work.macs and shape is not None:
        read = " and ".join("x".join(map(str, one.dims or ())) for one in layer.shape.read)
        why = "products of tensors: each output has as many as the extents that meet"
        steps.append(Step("macs", "outputs*inner", f"of {read}", amounts.work.macs, shape.op, why))
    return steps


_NORM_SOURCES = {
    "batch-norm": "Ioffe & Szegedy 2015",
    "layer-norm": "Ba et al. 2016",
    "group-norm": "Wu & He 2018",
}
