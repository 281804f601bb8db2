"""The explanation of a total over tensors: kind by kind, and of one tensor: its entries, its bytes, its kind."""

from dlcalc.core.evidence.step import Step, Steps, sum_in_formula
from dlcalc.core.weights.answer import CountedTensor, StoredParams, by_kind, total
from dlcalc.core.weights.kinds import BUFFERS, UNCOUNTED
from dlcalc.core.weights.tensors import BITS

_SOURCE = "the headers of the file"


def explain_stored(answer: StoredParams) -> tuple[Step, ...]:
    """List every total with the kinds that it is made of; or, of the tensor that is asked about, its numbers."""
    at = answer.question.at
    for one in answer.tensors:
        if one.tensor.name == at:
            return _steps_of(one)
    steps = Steps()
    kinds = by_kind(answer.tensors)
    learned = {kind: some for kind, some in kinds.items() if kind not in BUFFERS and kind not in UNCOUNTED}
    for symbol, chosen, why in (
        ("params", learned, "what is learned, once each"),
        ("buffers", {kind: some for kind, some in kinds.items() if kind in BUFFERS}, "what is kept and not learned"),
    ):
        sums = {kind: total(some) for kind, some in chosen.items()}
        said = sum_in_formula([f"{one.entries:,}" for one in sums.values()], 12, 11)
        value = sum(one.entries for one in sums.values())
        steps.add(symbol, sum_in_formula(list(sums), 12, 11) or "none", said, value, _SOURCE, why)
    sums = {kind: total(some) for kind, some in learned.items()}
    said = sum_in_formula([f"{one.bytes:,}" for one in sums.values()], 12, 11)
    formula = "the bytes of the same tensors"
    steps.add("param_bytes", formula, said, answer.param_bytes, _SOURCE, "each entry in its own dtype")
    return tuple(steps.steps)


def _steps_of(one: CountedTensor) -> tuple[Step, ...]:
    tensor = one.tensor
    steps = Steps({"tensor": tensor.name})
    shape = "*".join(map(str, tensor.shape))
    steps.add("entries", "the product of the shape", shape, tensor.entries, _SOURCE, f"{one.kind}, by name and shape")
    if tensor.dtype in BITS:
        bits = BITS[tensor.dtype]
        said = f"{tensor.entries:,}*{bits}/8"
        steps.add("bytes", "entries*bits/8", said, tensor.bytes, _SOURCE, f"{tensor.dtype} has {bits} bits")
    if one.shared_with is not None:
        why = f"{one.shared_with!r} has the others, and they are counted there"
        said = f"{tensor.entries:,} - {one.shared_entries:,}"
        steps.add("counted", "entries - shared", said, one.entries, _SOURCE, why)
    return tuple(steps.steps)
