"""How the answers of softmax-grad look."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.softmax.row_values import blocks_of
from dlcalc.report import arrays
from dlcalc.report.arrays import MAX_ENTRIES, json_safe, short
from dlcalc.report.sheet import Bar, Cell, Grid, Sheet
from dlcalc.report.view import View

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_verdict import ArrayVerdict
    from dlcalc.core.softmax.question import SoftmaxQuestion


def as_json(answer: SoftmaxGrad) -> dict[str, object]:
    """Give the answer's own keys."""
    shapes = answer.shapes()
    small = {key: answer.array(key) for key, shape in shapes.items() if prod(shape) <= MAX_ENTRIES}
    lists, _ = arrays.as_lists(small)
    found: dict[str, object] = {
        "rows": answer.rows,
        "classes": answer.classes,
        **({} if answer.question.axis is None else {"class_axis": answer.question.axis.axis}),
        "reduction": answer.question.targets.reduction,
        **lists,
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
    axis = answer.question.axis
    worst = [
        {"row": row, **({} if axis is None else {"index": list(axis.place(row))}), "loss": json_safe(loss)}
        for row, loss in answer.summary.worst
    ]
    norms = {"grad_norm": json_safe(answer.summary.norm), "max_abs_grad": json_safe(answer.summary.largest)}
    return {**norms, "worst_rows": worst}


def bare(answer: SoftmaxGrad) -> Iterator[str]:
    """Give the gradient with respect to the logits, in the order that was asked for, a row per line, some at a time."""
    axis = answer.question.axis
    if axis is not None and axis.inner > 1:
        for start in range(0, answer.rows, axis.inner):
            block = answer.gradient[start : start + axis.inner].T
            yield arrays.bare(block.reshape(axis.classes, *axis.shape[axis.axis + 1 :]))
        return
    for part in blocks_of(answer.question):
        yield arrays.bare(answer.gradient[part])


_DIGITS = 6
_SHOWN = 60  # entries of a table; beyond, the worst rows


def sheet(answer: SoftmaxGrad) -> Sheet:
    """Lay out the loss, then the way from the logits to the gradient, class by class."""
    loss = answer.array("loss").reshape(-1)
    headline = "loss " + (", ".join(map(short, loss)) if loss.size <= 6 else f"of {loss.size:,} rows")
    rows = f"{answer.rows:,} row{'s' if answer.rows > 1 else ''} of {answer.classes:,} classes"
    if (axis := answer.question.axis) is not None:
        rows += f" along axis {axis.axis} of {' x '.join(map(str, axis.shape))}"
    caption = f"{rows}  (cross-entropy, {_reduction(answer)})"
    small = answer.rows * answer.classes <= _SHOWN
    grids, details = (_classes(answer), _besides(answer)) if small else ([], _worst(answer))
    return Sheet(headline, caption, tuple(grids), tuple(_rule(answer)), details=tuple(details), digits=_DIGITS)


def _rule(answer: SoftmaxGrad) -> Iterator[str]:
    """Give the formula of the gradient, and what its letters stand for."""
    targets, temperature = answer.question.targets, answer.question.temperature
    formula = "dC/dz = (a*sum(t) - t)/D"
    yield formula if temperature == 1 else f"{formula}/T, a = softmax(z/T), T = {temperature:g}"
    if _has_t(answer):
        alpha = targets.label_smoothing
        smooth = f"(1 - {alpha:g})*y + {alpha:g}/{answer.classes}" if alpha else "y"
        yield f"t = {smooth}" if targets.class_weights is None else f"t = w*({smooth})" if alpha else "t = w*y"
    given = ", y target" if _has_t(answer) else ", t target"
    yield f"a softmax{given}, D what the mean divides by"
    yield f"D = {short(0.0 if targets.of_nothing else targets.denominator)}"


def _has_t(answer: SoftmaxGrad) -> bool:
    """Whether the t of the formula is another than the target y."""
    return bool(answer.question.targets.label_smoothing) or answer.question.targets.class_weights is not None


def _reduction(answer: SoftmaxGrad) -> str:
    targets = answer.question.targets
    parts: list[str] = ["no reduction" if targets.reduction == "none" else targets.reduction]
    if targets.class_weights is not None:
        parts.append("class weights")
    if targets.label_smoothing:
        parts.append(f"smoothing {targets.label_smoothing:g}")
    return ", ".join(parts)


def _classes(answer: SoftmaxGrad) -> list[Grid]:
    has_t = _has_t(answer)
    header = ("class", "logit", "softmax", "", "target", *(("t",) if has_t else ()), "dC/da", "dC/dz")
    grids = []
    for row in range(answer.rows):
        rows = slice(row, row + 1)
        logits, softmax, target, *slopes = (column[row].tolist() for column in columns_of(answer))
        shares = [answer.question.targets.dense(rows)[0].tolist()] if has_t else []
        bars = [Bar(a if a == a else 0.0) for a in softmax]
        columns: list[Iterable[Cell]] = [
            map(str, range(answer.classes)),
            *(map(short, column) for column in (logits, softmax)),
        ]
        columns += [bars, *(map(short, column) for column in (target, *shares, *slopes))]
        lines: list[tuple[Cell, ...]] = list(zip(*columns, strict=True))
        kept = bool(answer.question.targets.kept(rows)[0])
        name = f"row {row}{_place(answer, row)}"
        title = f"{name}, loss {short(float(answer.row_losses[row]))}" if kept else f"{name}, ignored"
        marked = str(int(answer.target[row].argmax())) if kept else None
        grids.append(Grid(header, lines, marked, title if answer.rows > 1 else "", ("target", "logit")))
    return grids


def _place(answer: SoftmaxGrad, row: int) -> str:
    """Say where a row is, if rows lie along several axes."""
    axis = answer.question.axis
    return "" if axis is None or len(axis.shape) < 3 else f", at [{', '.join(map(str, axis.place(row)))}]"


def _besides(answer: SoftmaxGrad) -> list[Grid]:
    """Tabulate the Jacobian, and the gradients of a linear layer, where they were asked for and are small."""
    titles = {"jacobian": "Jacobian, da/dz", "grad_weight": "dC/dW", "grad_bias": "dC/db", "grad_x": "dC/dx"}
    grids = []
    for key, title in titles.items():
        shape = answer.shapes().get(key)
        if shape is None or shape[-1] > 10 or prod(shape) > 3 * _SHOWN:
            continue
        array = answer.array(key)
        blocks = array.reshape(-1, *array.shape[-2:]) if key == "jacobian" else [array.reshape(-1, array.shape[-1])]
        for number, block in enumerate(blocks):
            header = ("", *map(str, range(block.shape[-1])))
            lines = [(str(index), *map(short, line)) for index, line in enumerate(block.tolist())]
            grids.append(Grid(header, lines, None, f"{title}, row {number}" if len(blocks) > 1 else title))
    return grids


def _worst(answer: SoftmaxGrad) -> list[Grid]:
    norms = [("|dC/dz|, the norm", short(answer.summary.norm)), ("largest |dC/dz|", short(answer.summary.largest))]
    rows = [(f"row {row:,}{_place(answer, row)}", short(loss)) for row, loss in answer.summary.worst]
    return [Grid(("gradient", ""), norms), Grid(("largest losses", ""), rows)]


_COLUMNS = ("row", "class", "logit", "softmax", "target", "grad_softmax", "grad_logits", "row_loss")


def csv_rows(answer: SoftmaxGrad) -> Iterator[Mapping[str, object]]:
    """Yield one row per logit."""
    for part in blocks_of(answer.question):
        columns = [array[part] for array in columns_of(answer)]
        losses = answer.row_losses[part]
        for row, number in product(range(len(losses)), range(answer.classes)):
            entries = [json_safe(float(entry)) for entry in (*(column[row, number] for column in columns), losses[row])]
            yield dict(zip(_COLUMNS, (part.start + row, number, *entries), strict=True))


def columns_of(answer: SoftmaxGrad) -> list[Any]:
    """List the arrays of a row per logit: logits, softmax, target, dC/da and dC/dz."""
    return [answer.question.logits, answer.softmax, answer.target, answer.grad_softmax, answer.gradient]


VIEW: "View[SoftmaxQuestion, SoftmaxGrad, ArrayVerdict]" = View(
    "softmax-grad", as_json, bare, sheet, lambda _: _COLUMNS, csv_rows, arrays.judged, arrays.in_words
)
