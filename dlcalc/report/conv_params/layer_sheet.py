"""The answer of conv-params laid out for reading: the parameters, then the work and the activations."""

from collections.abc import Iterable

from dlcalc.core.params.count import ConvParams, LayerParams
from dlcalc.core.params.explain import weights_step
from dlcalc.core.params.question import DTYPES
from dlcalc.report.numbers import text, written
from dlcalc.report.sheet import Grid, Sheet


def sheet(answer: ConvParams) -> Sheet:
    """Lay the answer out as tables."""
    question, layer = answer.question, answer.layers[-1]
    each, amounts = DTYPES[question.dtype], answer.amounts
    rows = [("weights", amounts.weights), ("bias", amounts.bias), ("parameters", amounts.params)]
    if not amounts.bias:
        rows.append(("  with a bias", amounts.weights + layer.question.c_out))
    rows.append(("buffers", amounts.buffers))
    grids = [memory_grid(question.dtype, rows, each, "parameters")]
    if amounts.work is not None:
        grids += _work(answer, layer, each)
    return Sheet(
        f"{written(amounts.params)} parameters", caption(answer), tuple(grids), tuple(_rule(layer, len(grids) > 1))
    )


def caption(answer: ConvParams) -> str:
    """Say in a line what was counted."""
    return f"{described(answer.layers[-1])}, {'with' if answer.question.bias else 'without'} a bias"


def described(layer: LayerParams) -> str:
    """Describe a layer in words: ``3 x 3 conv, 64 -> 128 channels in 8 groups``."""
    question = layer.question
    if not layer.kernel:
        return f"linear, {written(question.c_in)} -> {written(question.c_out)} features"
    groups = f" in {written(question.groups)} groups" if question.groups > 1 else ""
    channels = f"{written(question.c_in)} -> {written(question.c_out)} channel{'s' if question.c_out > 1 else ''}"
    return f"{text(layer.kernel)} {question.kind}, {channels}{groups}"


def _work(answer: ConvParams, layer: LayerParams, each: int) -> list[Grid]:
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
    return [
        Grid(("", "count"), rows, "MACs", _title(layer)),
        memory_grid(question.dtype, memory, each, None, "activations"),
    ]


def _title(layer: LayerParams) -> str:
    """Say which input the work is done on, and that it is taken as square where one extent was given."""
    question, title = layer.question, "work"
    if layer.kernel:
        square = ("square " if len(layer.kernel) == 2 else "cubic ") if question.square else ""
        title = f"work on a {square}{text(layer.input)} input, output {text(layer.output)}"
    return f"{title}, batch of {written(question.n)}" if question.n > 1 else title


def _rule(layer: LayerParams, worked: bool) -> list[str]:
    step = weights_step(layer)
    lines = [f"weights = {step.formula}", f"        = {step.substituted} = {layer.amounts.weights:,}"]
    if worked:
        lines.append("1 MAC = 2 FLOPs, a product and a sum, and a bias adds none;")
        lines.append("fvcore and the ResNet paper call a MAC a FLOP, torch's counter prints 2 a MAC")
    return lines


def memory_grid(dtype: str, rows: Iterable[tuple[str, int]], each: int, marked: str | None, title: str = "") -> Grid:
    """Tabulate numbers of entries of ``each`` bytes: the entries, their bytes, and those in MiB and MB."""
    cells = [(name, written(count), written(count * each), *_units(count * each)) for name, count in rows]
    return Grid((dtype, "entries", "bytes", "MiB", "MB"), cells, marked, title)


def _units(count: int) -> tuple[str, str]:
    return in_units(count, 2**20), in_units(count, 10**6)


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
