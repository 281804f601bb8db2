"""The parameters of a network laid out for reading: a row per layer and their sums, then the memory."""

from dlcalc.core.params.count import Amounts, ConvParams, LayerParams
from dlcalc.core.params.question import DTYPES
from dlcalc.report.conv_params.layer_sheet import memory_grid, percent
from dlcalc.report.conv_shape.network_sheet import counted
from dlcalc.report.numbers import text, written
from dlcalc.report.sheet import Grid, Sheet

_TITLES = ("layer", "word", "output", "channels", "parameters", "share", "MACs", "share")


def sheet(answer: ConvParams) -> Sheet:
    """Lay the answer out as tables."""
    amounts, layers = answer.amounts, answer.layers
    rows = [_row(layer, amounts) for layer in layers]
    rows.append(("total", "", "", "", *_counts(amounts, amounts)))
    grids = [Grid(_TITLES, rows, "total").without_empty_columns(), *_details(answer)]
    rule = ("1 MAC = 2 FLOPs, a product and a sum; biases, poolings and batch norms add none",)
    return Sheet(f"{written(amounts.params)} parameters", _caption(answer), tuple(grids), rule if amounts.work else ())


def _caption(answer: ConvParams) -> str:
    question = answer.question
    on = f" on a {text(question.size)} input" if question.size else ""
    batch = f", batch of {written(question.n)}" if question.n > 1 else ""
    square = {2: ", taken as square", 3: ", taken as cubic"}.get(len(question.axes), "") if question.square else ""
    channels = f"{written(question.c_in)} channel{'s' if question.c_in > 1 else ''}"
    return f"{counted(len(answer.layers))}{on} of {channels}{square}{batch}"


def _row(layer: LayerParams, total: Amounts) -> tuple[str, ...]:
    word = layer.place.word if layer.place else ""
    output = (text(layer.output) or "-") if total.work else ""
    return layer.name, word, output, written(layer.question.c_out), *_counts(layer.amounts, total)


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
    rows += [("batch norms", amounts.norm)] if amounts.norm else []
    rows += [("parameters", amounts.params), ("buffers", amounts.buffers)]
    work = amounts.work
    grids = []
    if work is not None:
        peak = next(
            layer for layer in answer.layers if layer.amounts.work and _peak(layer) == work.peak_activation_bytes
        )
        rows.append(("all outputs", work.activation_bytes // each))
        rows.append((f"input + output of {peak.name}, the peak", work.peak_activation_bytes // each))
        share = f", {percent(work.macs_without_padding, work.macs)}" if work.macs else ""
        counts = [("MACs", work.macs), (f"  without padding{share}", work.macs_without_padding)]
        counts.append(("FLOPs, 2 a MAC", 2 * work.macs))
        grids.append(Grid(("", "count"), [(title, written(number)) for title, number in counts], "MACs", "work"))
    return [*grids, memory_grid(answer.question.dtype, rows, each, "parameters", "memory")]


def _peak(layer: LayerParams) -> int:
    return layer.amounts.work.peak_activation_bytes if layer.amounts.work else 0
