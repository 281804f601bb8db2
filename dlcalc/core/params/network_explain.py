"""The explanation of a stack's counts: the weights and the work layer by layer, then the totals."""

from dlcalc.core.evidence.step import Step
from dlcalc.core.params.count import DTYPES, ConvParams, LayerParams
from dlcalc.core.params.explain import steps_of

_SUMMED = ("weights", "bias", "params", "buffers", "param_bytes", "macs", "macs_without_padding", "flops")
_LAYER = ("weights", "bias", "macs")  # what is worth saying of every layer


def stack_steps(answer: ConvParams) -> tuple[Step, ...]:
    """The counts of every layer, then their sums."""
    found: list[Step] = []
    for layer in answer.layers:
        found += [step._replace(place=("layer", layer.name)) for step in _of(layer)]
    totals = answer.amounts.by_key()
    each = [layer.amounts.by_key() for layer in answer.layers]
    for key, total in totals.items():
        parts = [counts.get(key, 0) for counts in each]
        if key == "peak_activation_bytes":
            formula, text = "the largest of the layers' input + output", f"max({_listed(parts, ', ')})"
        else:
            formula, text = f"sum of the layers' {key}", _listed(parts, " + ")
        why = "of all layers together" if key in _SUMMED else f"{DTYPES[answer.question.dtype]} bytes an entry"
        found.append(Step(key, formula, text, total, "by definition", why, ("layer", "total")))
    return tuple(found)


def _listed(parts: list[int], sign: str) -> str:
    """What is not 0, and not more than can be read."""
    some = [str(part) for part in parts if part] or ["0"]
    return sign.join(some if len(some) <= 12 else [*some[:6], "...", *some[-5:]])


def _of(layer: LayerParams) -> list[Step]:
    if layer.kind == "batch-norm":
        channels, learned = str(layer.asked.c_in), layer.amounts.norm
        why = "scale and shift of each channel"
        return [
            Step("params", "2*C", f"2*{channels}", learned, "Ioffe & Szegedy 2015", why),
            Step("buffers", "2*C", f"2*{channels}", learned, "Ioffe & Szegedy 2015", "mean and variance of each"),
        ]
    if layer.kind not in ("conv", "transposed", "linear"):
        return [Step("params", "0", "0", 0, "by definition", "it learns nothing")]
    return [step for step in steps_of(layer) if step.symbol in _LAYER]
