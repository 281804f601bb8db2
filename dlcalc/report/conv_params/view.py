"""How the answers of conv-params look."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.core.params.count import ConvParams, LayerParams
from dlcalc.core.params.question import KINDS, ParamsQuestion
from dlcalc.report.arrays import text, written
from dlcalc.report.conv_shape.view import (
    OF_FILES,
    OF_WORDS,
    axes_of,
    by_axis,
    columns_by_axis,
    flattened,
    in_words,
    judged_by_axis,
    written_as,
)
from dlcalc.report.conv_shape.view import layer_as_json as geometry_as_json
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.evidence.claim import Verdict
    from dlcalc.report.sheet import Sheet

_BEFORE_SIZES = ("weights", "bias", "params", "buffers", "param_bytes")
_AFTER_SIZES = ("macs", "macs_without_padding", "flops", "activation_bytes", "peak_activation_bytes")
_WINDOW_KEYS = ("stride", "dilation", "padding", "output_padding")


def as_json(answer: ConvParams) -> dict[str, object]:
    """Give the answer's own keys.

    >>> from dlcalc.core.conv_params import answer as conv_params
    >>> from dlcalc.core.params.question import layer_question
    >>> as_json(conv_params(layer_question(512, 10, bias=True)))["params"]
    5130
    """
    question, sizes = answer.question, dict[str, object]()
    if answer.amounts.work is not None:
        sizes = _sizes(answer.layers[0].shape.input, answer.layers[-1], question)
    if question.network.file is not None:
        from dlcalc.report.conv_shape.of_files import ends_by_name

        last = answer.shape.layers[-1]
        sizes = {"input": _size(question.size or (), question), "output": by_axis(last, last.output, question.axes)}
        sizes = ends_by_name(answer.shape, sizes)
    found: dict[str, object] = {"dtype": question.dtype, **_amounts(answer.amounts.by_key(), sizes)}
    if answer.peak_layer is not None and question.network.single is None:
        found["peak_layer"] = answer.peak_layer
    if question.summary:
        return found | {"blocks": _blocks(answer)}
    return found | {"layers": [layer_as_json(layer, question) for layer in answer.layers]}


def _blocks(answer: ConvParams) -> list[dict[str, object]]:
    """Give the blocks of a network, and the layers between them, without the layers in them."""
    from dlcalc.core.params.count import total
    from dlcalc.report.blocks import summaries

    found: list[dict[str, object]] = []
    for name, group in summaries(answer.layers, lambda layer: layer.shape):
        counts = total([layer.amounts for layer in group.layers]).by_key()
        block: dict[str, object] = {"name": name, "repeat": group.times}
        if "macs" in counts:
            last = group.layers[-1].shape
            block["output"] = by_axis(last, last.output, answer.question.axes)
        found.append(block | {key: counts[key] for key in ("params", "macs") if key in counts})
    return found


def _amounts(found: Mapping[str, int], sizes: Mapping[str, object]) -> dict[str, object]:
    """Put the amounts in the order of the interface: those that need no size, the sizes, those that need one."""
    before = {key: found[key] for key in _BEFORE_SIZES}
    return {**before, **sizes, **{key: found[key] for key in _AFTER_SIZES if key in found}}


def layer_as_json(layer: LayerParams, question: ParamsQuestion) -> dict[str, object]:
    """Give a layer's own keys: its kind and geometry, then the keys of the answer."""
    shape = layer.shape
    axes = shape.names(question.axes)
    found: dict[str, object] = {"name": layer.name, "kind": shape.said_kind}
    if shape.node.word or shape.node.saved is not None:
        found |= written_as(shape)
    if layer.kernel:
        found["kernel"] = dict(zip(axes, layer.kernel, strict=True))
        if layer.kind in KINDS:
            found["groups"] = layer.groups
    if shape.node.saved is None:
        found |= {"input_channels": shape.read[0].channels, "output_channels": layer.c_out}
    sizes: dict[str, object] = {}
    if shape.plan is not None and shape.axes:
        # its geometry, in the words of conv-shape
        geometry = geometry_as_json(shape, axes)
        found |= {key: geometry[key] for key in _WINDOW_KEYS if key in geometry}
    if layer.amounts.work is not None:
        sizes = _sizes(shape.input, layer, question)
    return found | _amounts(layer.amounts.by_key(), sizes)


def _sizes(size: tuple[int, ...], last: LayerParams, question: ParamsQuestion) -> dict[str, object]:
    shape, axes = last.shape, question.axes
    return {"input": by_axis(shape, size, axes), "output": by_axis(shape, shape.output, axes)}


def _size(size: tuple[int, ...], question: ParamsQuestion) -> dict[str, int]:
    return dict(zip(question.axes, size, strict=False))  # of which a vector has none


def bare(answer: ConvParams) -> tuple[str]:
    """Give the number of parameters alone, like ``73728``."""
    return (str(answer.amounts.params),)


def judged(answer: ConvParams, verdict: "Verdict") -> dict[str, object]:
    """Say what is expected and what is right, and how far they are apart if no mistake explains it."""
    from dlcalc.core.params.judge import claimable

    return judged_by_axis(verdict, claimable(answer)[verdict.claim.key])


def sheet(answer: ConvParams) -> "Sheet":
    """Lay out the parameters, then the work and the activations; of a network a row per layer."""
    from dlcalc.report.conv_params import sheet as sheets

    if answer.question.network.single is not None:
        return sheets.of_layer(answer)
    return sheets.of_network(answer)


_SUMMARY = ("params", "param_bytes", "macs", "activation_bytes")
_SUMMARY_TITLES = ("parameters", "bytes", "output", "MACs", "bytes of output")


def summary(answer: ConvParams) -> tuple[str, ...]:
    """Give an answer as one row among many."""
    found = answer.amounts.by_key()
    params, memory, *work = [written(found.get(key)) for key in _SUMMARY]
    return params, memory, text(answer.layers[-1].shape.output) or "-", *work


def csv_header(questions: "Sequence[ParamsQuestion] | None") -> tuple[str, ...]:
    """Name the columns, for answers to questions like these, or to any."""
    axes = axes_of(questions)
    if questions and all(question.summary for question in questions):
        return ("dtype", "name", "repeat", *columns_by_axis(["output"], axes), "params", "macs")
    sized = questions is None or any(question.size for question in questions)
    in_words = questions is None or any(question.network.single is None for question in questions)
    worked = sized or in_words or any(question.size is not None for question in questions or ())
    of_files = bool(questions) and all(question.network.file is not None for question in questions or ())
    named = (*OF_FILES, *OF_WORDS) if of_files else OF_WORDS
    words = [key for key in named if not key.endswith("channels")] if in_words else []
    columns = ["dtype", "name", "kind", *words, *columns_by_axis(["kernel"], axes), "groups"]
    columns += ["input_channels", "output_channels"]
    windows, sizes = (columns_by_axis(keys, axes if sized else ()) for keys in (_WINDOW_KEYS, ("input", "output")))
    return (*columns, *windows, *_BEFORE_SIZES, *sizes, *(_AFTER_SIZES if worked else ()))


def csv_rows(answer: ConvParams) -> list[Mapping[str, object]]:
    """Give one row per layer, or per block."""
    of_all = {"dtype": answer.question.dtype}
    if answer.question.summary:
        return [of_all | flattened(block) for block in _blocks(answer)]
    return [of_all | flattened(layer_as_json(layer, answer.question)) for layer in answer.layers]


VIEW = View("conv-params", as_json, bare, sheet, csv_header, csv_rows, judged, in_words, summary, _SUMMARY_TITLES)
