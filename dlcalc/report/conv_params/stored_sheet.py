"""The weights of a file laid out for reading: the totals kind by kind, then a row per tensor."""

from collections.abc import Iterable

from dlcalc.core.weights.answer import CountedTensor, StoredParams, Sums, by_kind, total
from dlcalc.core.weights.kinds import BUFFERS, UNCOUNTED
from dlcalc.report.arrays import text, written
from dlcalc.report.conv_params.sheet import in_units, percent
from dlcalc.report.conv_params.stored_blocks import blocks, plain
from dlcalc.report.sheet import Grid, Sheet

_KINDS = ("", "tensors", "entries", "share", "bytes", "MiB", "MB")
_ALL = "all tensors"
_TENSORS = ("tensor", "kind", "dtype", "shape", "entries", "share", "bytes")


def sheet(answer: StoredParams) -> Sheet:
    """Lay the answer out as tables."""
    tensors = Grid(_TENSORS, list(_rows(answer)), _ALL, "tensors", ("bytes", "share", "kind"), _note(answer))
    headline = f"{written(answer.params)} parameters"
    return Sheet(
        headline, _caption(answer), (_kinds(answer),), _rule(answer), details=(tensors.without_empty_columns(),)
    )


def _caption(answer: StoredParams) -> str:
    checkpoint = answer.question.checkpoint
    count = len(answer.tensors)
    dtypes = list(dict.fromkeys(one.tensor.dtype for one in answer.tensors))
    types = ", ".join(dtypes[:3]) + (f" and {len(dtypes) - 3} more dtypes" if len(dtypes) > 3 else "")
    files = f"{checkpoint.files:,} files, " if checkpoint.files > 1 else ""
    size = f"{files}{in_units(checkpoint.file_bytes, 2**20)} MiB"
    return f"{written(count)} tensor{'s' if count > 1 else ''} of {types} in {plain(checkpoint.file)}, {size}"


def _kinds(answer: StoredParams) -> Grid:
    """Tabulate the kinds that are learned, the largest first, their sum, and what is not counted with them."""
    kinds = by_kind(answer.tensors)
    sums = {kind: total(some) for kind, some in kinds.items()}
    learned = sorted(
        (kind for kind in kinds if kind not in BUFFERS and kind not in UNCOUNTED), key=lambda kind: -sums[kind].entries
    )
    rows = [_sums(kind, len(kinds[kind]), sums[kind], answer.params) for kind in learned]
    count = sum(len(kinds[kind]) for kind in learned)
    rows.append(_sums("parameters", count, Sums(answer.params, answer.param_bytes), answer.params))
    rows += [_sums(kind, len(kinds[kind]), sums[kind]) for kind in (*BUFFERS, *UNCOUNTED) if kind in kinds]
    return Grid(_KINDS, rows, "parameters", spare=("MB", "share"))


def _sums(name: str, count: int, sums: Sums, of: int = 0) -> tuple[str, ...]:
    share = percent(sums.entries, of) if of else ""
    size = sums.bytes
    return (
        name,
        written(count),
        written(sums.entries),
        share,
        written(size),
        in_units(size, 2**20),
        in_units(size, 10**6),
    )


def _rows(answer: StoredParams) -> Iterable[tuple[str, ...]]:
    """Lay out a row per tensor; of modules that repeat one after another their sum, and below it the first."""
    dtypes = {one.tensor.dtype for one in answer.tensors if one.kind not in UNCOUNTED}
    at = answer.question.at

    def row(one: CountedTensor, name: str) -> tuple[str, ...]:
        tensor = one.tensor
        dtype = tensor.dtype if len(dtypes) > 1 else ""
        learned = one.kind not in BUFFERS and one.kind not in UNCOUNTED
        share = percent(one.entries, answer.params) if learned and answer.params else ""
        shape = text(tensor.shape) or "one number"
        return name, one.kind, dtype, shape, written(one.entries), share, written(one.bytes)

    if at is not None:
        yield from (row(one, plain(at)) for one in answer.tensors if one.tensor.name == at)
        return
    for block in blocks(answer.tensors):
        together = [one for some in block.rounds for one in some]
        sums = total(together)
        repeated = len(block.rounds) > 1
        learned = total(one for one in together if one.kind not in BUFFERS and one.kind not in UNCOUNTED)
        if repeated or answer.question.summary:
            share = percent(learned.entries, answer.params) if answer.params else ""
            times = f"{len(block.rounds):,} times" if repeated else ""
            yield plain(block.title), times, "", "", written(sums.entries), share, written(sums.bytes)
        if not answer.question.summary:
            cut = len(block.paths[0]) + 1 if repeated else 0
            indent = "  " if repeated else ""
            yield from (row(one, indent + plain(one.tensor.name[cut:])) for one in block.rounds[0])
    everything = total(answer.tensors)
    yield _ALL, "", "", "", written(everything.entries), "", written(everything.bytes)


def _rule(answer: StoredParams) -> tuple[str, ...]:
    lines = []
    kinds = {one.kind for one in answer.tensors}
    if kinds & {*BUFFERS}:
        lines.append(f"buffers, kept and not learned: {written(answer.buffers)}")
    if "num_batches_tracked" in kinds:
        lines.append("num_batches_tracked is in neither")
    shared = [one for one in answer.tensors if one.shared_with is not None]
    lines += [
        f"{plain(one.tensor.name)} has numbers of {plain(one.shared_with or '')}, which are counted once"
        for one in shared[:3]
    ]
    if len(shared) > 3:
        lines.append(f"and so have {len(shared) - 3:,} more; --json names them")
    return tuple(lines)


def _note(answer: StoredParams) -> str:
    if answer.question.summary or all(len(block.rounds) == 1 for block in blocks(answer.tensors)):
        return ""
    return "of modules that repeat, the first stands below the sum of all; --json and --format csv list all"
