"""How the answer about a file of weights looks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.core.weights.answer import CountedTensor, StoredParams, total
from dlcalc.core.weights.kinds import BUFFERS, UNCOUNTED
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.report.conv_params.stored_blocks import Block, blocks, plain
from dlcalc.report.conv_shape.view import in_words, judged_by_axis
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.evidence.claim import Verdict
    from dlcalc.report.sheet import Sheet


def as_json(answer: StoredParams) -> dict[str, object]:
    """Give the answer's own keys."""
    checkpoint = answer.question.checkpoint
    found: dict[str, object] = {"model": checkpoint.file, "format": checkpoint.format, **answer.by_key()}
    if answer.question.summary:
        return found | {"blocks": [_block_as_json(block) for block in blocks(answer.tensors)]}
    return found | {"tensors": [_tensor_as_json(one) for one in answer.tensors]}


def _tensor_as_json(one: CountedTensor) -> dict[str, object]:
    tensor = one.tensor
    found: dict[str, object] = {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape)}
    found |= {"bytes": tensor.bytes, "kind": one.kind}
    return found if one.shared_with is None else found | {"shared_with": one.shared_with}


def _block_as_json(block: Block) -> dict[str, object]:
    tensors = [one for some in block.rounds for one in some]
    learned = total(one for one in tensors if one.kind not in BUFFERS and one.kind not in UNCOUNTED)
    kept = total(one for one in tensors if one.kind in BUFFERS)
    found: dict[str, object] = {"name": block.title, "repeat": len(block.rounds)}
    return found | {"params": learned.entries, "buffers": kept.entries, "param_bytes": learned.bytes}


def bare(answer: StoredParams) -> tuple[str]:
    """Give the number of parameters alone."""
    return (str(answer.params),)


def sheet(answer: StoredParams) -> "Sheet":
    """Lay out the totals kind by kind, then a row per tensor."""
    from dlcalc.report.conv_params import stored_sheet

    return stored_sheet.sheet(answer)


def judged(_: StoredParams, verdict: "Verdict") -> dict[str, object]:
    """Say what is expected and what is right, and how far they are apart if no mistake explains it."""
    return judged_by_axis(verdict, ())


_COLUMNS = ("name", "kind", "dtype", "shape", "entries", "bytes", "shared_with")
_OF_BLOCKS = ("name", "repeat", "params", "buffers", "param_bytes")


def csv_header(questions: Sequence[WeightsQuestion] | None) -> tuple[str, ...]:
    """Name the columns."""
    return ("model", *(_OF_BLOCKS if questions and all(one.summary for one in questions) else _COLUMNS))


def csv_rows(answer: StoredParams) -> list[Mapping[str, object]]:
    """Give one row per tensor, or per block."""
    model = {"model": plain(answer.question.checkpoint.file)}
    rows: list[Mapping[str, object]] = []
    if answer.question.summary:
        found = map(_block_as_json, blocks(answer.tensors))
        return [{**model, **block, "name": plain(str(block["name"]))} for block in found]
    for one in answer.tensors:
        tensor, shared = one.tensor, one.shared_with
        of_one = {"name": plain(tensor.name), "shape": "x".join(map(str, tensor.shape)), "entries": tensor.entries}
        of_one |= {} if shared is None else {"shared_with": plain(shared)}
        rows.append({**model, **_tensor_as_json(one), **of_one})
    return rows


VIEW = View("conv-params", as_json, bare, sheet, csv_header, csv_rows, judged, in_words)
