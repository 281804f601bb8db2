"""How the answers of conv-params look."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.core.params.count import ConvParams, LayerParams
from dlcalc.core.params.question import KINDS, ConvParamsQuestion
from dlcalc.report.arrays import text, written
from dlcalc.report.conv_shape.view import axes_of, columns_by_axis, flattened, in_words, judged_by_axis
from dlcalc.report.conv_shape.view import layer_as_json as geometry_as_json
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.evidence.claim import Verdict
    from dlcalc.core.params.question import StackParamsQuestion
    from dlcalc.report.sheet import Sheet

_BEFORE_SIZES = ("weights", "bias", "params", "buffers", "param_bytes")
_AFTER_SIZES = ("macs", "macs_without_padding", "flops", "activation_bytes", "peak_activation_bytes")
_WINDOW_KEYS = ("stride", "dilation", "padding", "output_padding")


def as_json(answer: ConvParams) -> dict[str, object]:
    """Give the answer's own keys.

    >>> from dlcalc.core.conv_params import answer as conv_params
    >>> as_json(conv_params(ConvParamsQuestion(512, 10, bias=True)))["params"]
    5130
    """
    sizes: dict[str, object] = {}
    if answer.amounts.work is not None:
        sizes = _sizes(answer.layers[0], answer.layers[-1])
    layers = [layer_as_json(layer) for layer in answer.layers]
    return {"dtype": answer.question.dtype, **_amounts(answer.amounts.by_key(), sizes), "layers": layers}


def _amounts(found: Mapping[str, int], sizes: Mapping[str, object]) -> dict[str, object]:
    """Put the amounts in the order of the interface: those that need no size, the sizes, those that need one."""
    before = {key: found[key] for key in _BEFORE_SIZES}
    return {**before, **sizes, **{key: found[key] for key in _AFTER_SIZES if key in found}}


def layer_as_json(layer: LayerParams) -> dict[str, object]:
    """Give a layer's own keys: its kind and geometry, then the keys of the answer."""
    asked = layer.question
    found: dict[str, object] = {"name": layer.name, "kind": layer.kind}
    if layer.place is not None and layer.place.word:
        found["word"] = layer.place.word
    if asked.layer is not None:
        found["kernel"] = dict(zip(asked.axes, layer.kernel, strict=True))
        if asked.kind in KINDS:
            found["groups"] = asked.groups
    found |= {"input_channels": layer.channels, "output_channels": asked.c_out}
    sizes: dict[str, object] = {}
    if layer.shape is not None:
        # its geometry, in the words of conv-shape
        geometry = geometry_as_json(layer.shape.layers[-1], asked.axes)
        found |= {key: geometry[key] for key in _WINDOW_KEYS if key in geometry}
    if layer.amounts.work is not None:
        sizes = _sizes(layer, layer)
    return found | _amounts(layer.amounts.by_key(), sizes)


def _sizes(first: LayerParams, last: LayerParams) -> dict[str, object]:
    axes = first.question.axes  # of which a vector has none
    return {"input": dict(zip(axes, first.input, strict=False)), "output": dict(zip(axes, last.output, strict=False))}


def bare(answer: ConvParams) -> tuple[str]:
    """Give the number of parameters alone, like ``73728``."""
    return (str(answer.amounts.params),)


def judged(answer: ConvParams, verdict: "Verdict") -> dict[str, object]:
    """Say what is expected and what is right, and how far they are apart if no mistake explains it."""
    key = verdict.claim.key
    return judged_by_axis(verdict, answer.question.axes if key == "output" and answer.layers[-1].output else ())


def sheet(answer: ConvParams) -> "Sheet":
    """Lay out the parameters, then the work and the activations; of a network a row per layer."""
    from dlcalc.report.conv_params import sheet as sheets

    if isinstance(answer.question, ConvParamsQuestion):
        return sheets.of_layer(answer)
    return sheets.of_network(answer)


_SUMMARY = ("params", "param_bytes", "macs", "activation_bytes")
_SUMMARY_TITLES = ("parameters", "bytes", "output", "MACs", "bytes of output")


def summary(answer: ConvParams) -> tuple[str, ...]:
    """Give an answer as one row among many."""
    found = answer.amounts.by_key()
    params, memory, *work = [written(found.get(key)) for key in _SUMMARY]
    return params, memory, text(answer.layers[-1].output) or "-", *work


def csv_header(questions: "Sequence[ConvParamsQuestion | StackParamsQuestion] | None") -> tuple[str, ...]:
    """Name the columns, for answers to questions like these, or to any."""
    axes = axes_of(questions)
    sized = questions is None or any(question.size is not None for question in questions)
    single = [question for question in questions or () if isinstance(question, ConvParamsQuestion)]
    stacked = questions is None or len(single) < len(questions)
    worked = sized or stacked or any(question.kind == "linear" for question in single)
    word = ["word"] if stacked else []
    columns = ["dtype", "name", "kind", *word, *columns_by_axis(["kernel"], axes), "groups"]
    columns += ["input_channels", "output_channels"]
    windows, sizes = (columns_by_axis(keys, axes if sized else ()) for keys in (_WINDOW_KEYS, ("input", "output")))
    return (*columns, *windows, *_BEFORE_SIZES, *sizes, *(_AFTER_SIZES if worked else ()))


def csv_rows(answer: ConvParams) -> list[Mapping[str, object]]:
    """Give one row per layer."""
    of_all = {"dtype": answer.question.dtype}
    return [of_all | flattened(layer_as_json(layer)) for layer in answer.layers]


VIEW = View("conv-params", as_json, bare, sheet, csv_header, csv_rows, judged, in_words, summary, _SUMMARY_TITLES)
