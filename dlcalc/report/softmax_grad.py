"""How the answers of softmax-grad look."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.softmax.row_values import blocks_of
from dlcalc.report import arrays
from dlcalc.report.arrays import MAX_ENTRIES, judged
from dlcalc.report.numbers import json_safe
from dlcalc.report.view import ClaimInWords, View

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_claim import ArrayVerdict
    from dlcalc.core.softmax.question import SoftmaxQuestion
    from dlcalc.report.sheet import Sheet


def as_json(answer: SoftmaxGrad) -> dict[str, object]:
    """Give the answer's own keys."""
    shapes = answer.shapes()
    small = {key: answer.array(key) for key, shape in shapes.items() if prod(shape) <= MAX_ENTRIES}
    found: dict[str, object] = {
        "rows": answer.rows,
        "classes": answer.classes,
        "reduction": answer.question.targets.reduction,
        **arrays.with_arrays(small),
    }
    if "target" in found:
        found["target"] = _whole(found["target"])
    omitted = [key for key in shapes if key not in small]
    if omitted:
        found |= {"omitted": omitted, **_instead(answer)}
    return found


def _whole(value: Any) -> Any:
    """Write whole numbers without a point, as targets are typed."""
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    return int(value) if value == int(value) else value


def _instead(answer: SoftmaxGrad) -> dict[str, object]:
    """Give the keys that stand in for arrays too large to show."""
    worst = [{"row": row, "loss": json_safe(loss)} for row, loss in answer.worst_rows]
    norms = {"grad_norm": json_safe(answer.grad_norm), "max_abs_grad": json_safe(answer.max_abs_grad)}
    return {**norms, "worst_rows": worst}


def bare(answer: SoftmaxGrad) -> Iterator[str]:
    """Give the gradient with respect to the logits, a row per line, some rows at a time."""
    for part in blocks_of(answer.question):
        yield arrays.bare(answer.gradient[part])


_COLUMNS = ("row", "class", "logit", "softmax", "target", "grad_softmax", "grad_logits")


def csv_header(questions: "Sequence[SoftmaxQuestion] | None") -> tuple[str, ...]:
    """Name the columns."""
    return (*_COLUMNS, "row_loss")


def csv_rows(answer: SoftmaxGrad) -> Iterator[Mapping[str, object]]:
    """Yield one row per logit."""
    for part in blocks_of(answer.question):
        columns = [array[part] for array in columns_of(answer)]
        losses = answer.row_losses[part]
        for row, number in product(range(len(losses)), range(answer.classes)):
            entries = [json_safe(float(column[row, number])) for column in columns]
            line = dict(zip(_COLUMNS, (part.start + row, number, *entries), strict=True))
            yield {**line, "row_loss": json_safe(float(losses[row]))}


def columns_of(answer: SoftmaxGrad) -> list[Any]:
    """List the arrays of a row per logit: logits, softmax, target, dC/da and dC/dz."""
    return [answer.question.logits, answer.softmax, answer.target, answer.grad_softmax, answer.gradient]


def sheet(answer: SoftmaxGrad) -> "Sheet":
    """Lay the answer out: the loss, then the way from the logits to the gradient, class by class."""
    from dlcalc.report import softmax_grad_sheet

    return softmax_grad_sheet.sheet(answer)


def in_words(verdict: "ArrayVerdict") -> ClaimInWords:
    """Say a judged claim."""
    from dlcalc.report.claims import arrays_in_words

    return arrays_in_words(verdict)


VIEW = View("softmax-grad", as_json, bare, sheet, csv_header, csv_rows, judged, in_words)
