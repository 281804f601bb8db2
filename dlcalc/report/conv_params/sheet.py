"""The parameters of a layer laid out for reading, then its work and activations; and of a network, a row per layer."""

from collections.abc import Iterable, Sequence

from dlcalc.core.params.count import NORMS, Amounts, ConvParams, LayerParams, total
from dlcalc.core.params.explain import weights_step
from dlcalc.core.params.question import DTYPES
from dlcalc.report.arrays import article, text, written
from dlcalc.report.blocks import rows as rows_by_block
from dlcalc.report.blocks import summaries
from dlcalc.report.conv_shape.sheet import BLOCK_RULE, channels_of, counted
from dlcalc.report.sheet import Grid, Sheet


def of_layer(answer: ConvParams) -> Sheet:
    """Lay the answer out as tables."""
    question, layer = answer.question, answer.layers[-1]
    each, amounts = DTYPES[question.dtype], answer.amounts
    rows = [("weights", amounts.weights), ("bias", amounts.bias), ("parameters", amounts.params)]
    if not amounts.bias:
        rows.append(("  with a bias", amounts.weights + layer.c_out))
    rows.append(("buffers", amounts.buffers))
    grid = memory_grid(question.dtype, rows, each, "parameters")
    work = () if amounts.work is None else _work(answer, layer, each)
    return Sheet(f"{written(amounts.params)} parameters", caption(answer), (grid,), _rule(answer), details=work)


def caption(answer: ConvParams) -> str:
    """Say in a line what was counted."""
    return f"{described(answer.layers[-1])}, {'with' if answer.layers[-1].bias else 'without'} a bias"


def described(layer: LayerParams) -> str:
    """Describe a layer in words: ``3 x 3 conv, 64 -> 128 channels in 8 groups``."""
    c_in, c_out, groups = layer.c_in, layer.c_out, layer.groups
    if not layer.kernel:
        return f"linear, {written(c_in)} -> {written(c_out)} features"
    channels = f"{written(c_in)} -> {written(c_out)} channel{'s' if c_out > 1 else ''}"
    return f"{text(layer.kernel)} {layer.kind}, {channels}{f' in {written(groups)} groups' if groups > 1 else ''}"


_MAC = (
    "1 MAC = 2 FLOPs, a product and a sum, and a bias adds none;\n"
    "fvcore and the ResNet paper call a MAC a FLOP, torch's counter prints 2 a MAC"
)


def _work(answer: ConvParams, layer: LayerParams, each: int) -> tuple[Grid, Grid]:
    question = answer.question
    found = answer.amounts.by_key()
    rows = [("MACs", written(found["macs"]))]
    if layer.kernel:
        share = percent(found["macs_without_padding"], found["macs"])
        rows.append((f"  without padding, {share}", written(found["macs_without_padding"])))
    rows.append(("FLOPs, 2 a MAC", written(found["flops"])))
    outputs = found["activation_bytes"] // each
    both = found["peak_activation_bytes"] // each
    memory = [("input", both - outputs), ("output", outputs), ("input + output", both)]
    return (
        Grid(("", "count"), rows, "MACs", _title(answer), note=_MAC),
        memory_grid(question.dtype, memory, each, None, "activations"),
    )


def _title(answer: ConvParams) -> str:
    """Say which input the work is done on, and that it is taken as square where one extent was given."""
    question, title, layer = answer.question, "work", answer.layers[-1]
    if layer.kernel:
        square = ("square " if len(layer.kernel) == 2 else "cubic ") if question.square else ""
        size = (
            f"a {square}{text(layer.shape.input)}"
            if square
            else f"{article(layer.shape.input[0])} {text(layer.shape.input)}"
        )
        title = f"work on {size} input, output {text(layer.shape.output)}"
    return f"{title}, batch of {written(question.n)}" if question.n > 1 else title


def _rule(answer: ConvParams) -> tuple[str, str]:
    layer = answer.layers[-1]
    step = weights_step(layer, answer.question)
    return f"weights = {step.formula}", f"        = {step.substituted} = {layer.amounts.weights:,}"


def memory_grid(dtype: str, rows: Iterable[tuple[str, int]], each: int, marked: str | None, title: str = "") -> Grid:
    """Tabulate numbers of entries of ``each`` bytes: the entries, their bytes, and those in MiB and MB."""
    cells = []
    for name, count in rows:
        size = count * each
        cells.append((name, written(count), written(size), in_units(size, 2**20), in_units(size, 10**6)))
    return Grid((dtype, "entries", "bytes", "MiB", "MB"), cells, marked, title, spare=("MB", "MiB"))


def in_units(count: int, unit: int) -> str:
    """Write a number of bytes in a unit, with two decimals or as many as show two digits; no float overflows.

    >>> in_units(294912, 2**20), in_units(553430176, 10**6), in_units(0, 2**20)
    ('0.28', '553.43', '0.00')
    """
    decimals = 2
    while 0 < count * 10**decimals < 10 * unit and decimals < 9:
        decimals += 1
    scaled = (2 * count * 10**decimals + unit) // (2 * unit)
    whole, fraction = divmod(scaled, 10**decimals)
    return f"{whole:,}.{fraction:0{decimals}}"


def percent(part: int, whole: int) -> str:
    """Write a share in percent, to a tenth; less than all is never rounded to 100.

    >>> percent(361, 441), percent(9_999, 10_000), percent(5, 5)
    ('81.9 %', '99.9 %', '100 %')
    """
    if part == whole:
        return "100 %"
    tenths = (2000 * part + whole) // (2 * whole)
    if part < whole:
        tenths = min(tenths, 999)
    return f"{tenths // 10}.{tenths % 10} %"


_TITLES = ("layer", "word", "output", "channels", "parameters", "share", "MACs", "share")


def of_network(answer: ConvParams) -> Sheet:
    """Lay the answer out: a row per layer; of a block that repeats its sum, and below it its first round."""
    amounts, layers = answer.amounts, answer.layers

    def cells(layer: LayerParams) -> tuple[str, ...]:
        return (
            layer.name,
            layer.shape.node.word or layer.shape.said_kind,
            *_made(layer, amounts),
            *_counts(layer.amounts, amounts),
        )

    def block(some: Sequence[LayerParams]) -> tuple[str, ...]:
        return (*_made(some[-1], amounts), *_counts(total([layer.amounts for layer in some]), amounts))

    if answer.question.at is not None:
        rows = [cells(layer) for layer in layers if layer.name == answer.question.at]
    elif answer.question.summary:
        rows = [
            (name, f"{group.times:,} times" if group.block else "", *block(group.layers))
            for name, group in summaries(layers, lambda layer: layer.shape)
        ]
    else:
        rows = list(rows_by_block(layers, lambda layer: layer.shape, cells, block))
    rows.append(("total", "", "", "", *_counts(amounts, amounts)))
    titles = _TITLES if answer.question.network.file is None else ("layer", "kind", *_TITLES[2:])
    grid = Grid(titles, rows, "total", spare=("share", "word")).without_empty_columns()
    details = _details(answer) if answer.question.at is None else ()
    rule = ["1 MAC = 2 FLOPs, a product and a sum; biases, poolings and norms add none"] if amounts.work else []
    if any(layer.shape.node.blocks for layer in layers) and not answer.question.summary:
        rule.append(BLOCK_RULE)
        rule += [f"the rounds of {name} differ; --json and --format csv list all" for name in uneven(layers)]
    headline = f"{written(amounts.params)} parameters"
    return Sheet(headline, _caption(answer), (grid,), tuple(rule), details=tuple(details))


def uneven(layers: Sequence[LayerParams]) -> list[str]:
    """Name the outermost blocks whose rounds differ in their parameters or their work."""
    found = []
    for name, group in summaries(layers, lambda layer: layer.shape):
        count = len(group.first)
        rounds = [group.layers[start : start + count] for start in range(0, len(group.layers), count)]
        sums = [total([layer.amounts for layer in some]) for some in rounds]
        if len({(amounts.params, amounts.work and amounts.work.macs) for amounts in sums}) > 1:
            found.append(name)
    return found


def _caption(answer: ConvParams) -> str:
    question = answer.question
    on = f" on {article(question.size[0])} {text(question.size)} input" if question.size else ""
    batch = f", batch of {written(question.n)}" if question.n > 1 else ""
    square = {2: ", taken as square", 3: ", taken as cubic"}.get(len(question.axes), "") if question.square else ""
    channels = f"{written(question.c_in)} channel{'s' if question.c_in > 1 else ''}"
    return f"{counted(len(answer.layers))}{on} of {channels}{square}{batch}"


def _made(layer: LayerParams, total: Amounts) -> tuple[str, str]:
    """Write the size and the channels behind a layer."""
    size = text(layer.shape.output) or "-"
    if layer.shape.node.saved is not None:
        from dlcalc.report.conv_shape.of_files import tensor

        size = tensor(layer.shape)
    return size if total.work else "", channels_of(layer.shape)


def _counts(amounts: Amounts, total: Amounts) -> tuple[str, ...]:
    counts = [_share(amounts.params, total.params)]
    counts.append(_share(amounts.work.macs, total.work.macs) if amounts.work and total.work else ("", ""))
    return tuple(cell for pair in counts for cell in pair)


def _share(part: int, whole: int) -> tuple[str, str]:
    return written(part), percent(part, whole) if part else ""


def _details(answer: ConvParams) -> list[Grid]:
    """Tabulate the parts of the total, and the memory."""
    amounts, each = answer.amounts, DTYPES[answer.question.dtype]
    rows = [("weights", amounts.weights), ("bias", amounts.bias)]
    norms = "batch norms" if all(one.kind == "batch-norm" for one in answer.layers if one.kind in NORMS) else "norms"
    rows += [(norms, amounts.norm)] if amounts.norm else []
    rows += [("parameters", amounts.params), ("buffers", amounts.buffers)]
    work = amounts.work
    grids = []
    if work is not None:
        rows.append(("all outputs", work.activation_bytes // each))
        rows.append((f"the peak, in {answer.peak_layer}", work.peak_activation_bytes // each))
        share = f", {percent(work.macs_without_padding, work.macs)}" if work.macs else ""
        counts = [("MACs", work.macs), (f"  without padding{share}", work.macs_without_padding)]
        counts.append(("FLOPs, 2 a MAC", 2 * work.macs))
        grids.append(Grid(("", "count"), [(title, written(number)) for title, number in counts], "MACs", "work"))
    return [*grids, memory_grid(answer.question.dtype, rows, each, "parameters", "memory")]
