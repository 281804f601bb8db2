"""An independent proof of the totals: the bytes of the files that tensors own, each byte once.

Shares nothing with the products of shapes. The bytes of each run are gone through from its first to its last, tensor by
tensor; those that are owned, divided by the size of an entry, are the entries. What no tensor owns is said; in a format
without gaps it is a failure.
"""

from typing import TYPE_CHECKING

from dlcalc.core.evidence.proof import Failure, Proof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlcalc.core.weights.answer import CountedTensor, StoredParams
    from dlcalc.core.weights.tensors import Storage

_KEPT = ("statistics", "buffer")
_NOT_COUNTED = ("num_batches_tracked", "text")


def check_stored(answer: "StoredParams") -> Proof:
    """Prove the totals of an answer by the bytes of its files."""
    checkpoint = answer.question.checkpoint
    failures: list[Failure] = []
    entries = {"params": 0, "buffers": 0}
    param_bytes = unowned = owned = 0
    runs: dict[Storage, list[CountedTensor]] = {storage: [] for storage in checkpoint.storages}
    for one in answer.tensors:
        if one.tensor.bytes:  # where nothing is, nothing lies
            runs[one.tensor.storage].append(one)
    for storage, some in runs.items():
        reached = 0
        for one, fresh in _swept(some):
            owned += fresh
            begin, end, size = one.tensor.start, one.tensor.end, one.tensor.bytes
            if end > storage.bytes:
                failures.append(Failure({"tensor": one.tensor.name}, "end", end, storage.bytes))
            unowned += max(0, begin - reached)
            if begin < reached and checkpoint.packed:
                failures.append(Failure({"tensor": one.tensor.name}, "begin", begin, reached))
            reached = max(reached, end)
            if one.kind in _NOT_COUNTED:
                continue
            count, rest = divmod(8 * fresh, _bits(one.tensor.dtype))
            if rest:
                failures.append(Failure({"tensor": one.tensor.name}, "bytes", size, fresh))
            entries["buffers" if one.kind in _KEPT else "params"] += count
            param_bytes += 0 if one.kind in _KEPT else fresh
        unowned += storage.bytes - reached
    if checkpoint.packed and unowned:
        failures.append(Failure({}, "unowned_bytes", 0, unowned))
    found = {**entries, "param_bytes": param_bytes}
    said = {"params": answer.params, "buffers": answer.buffers, "param_bytes": answer.param_bytes}
    failures += [Failure({}, key, said[key], number) for key, number in found.items() if said[key] != number]
    manner = f"by the {owned:,} bytes that tensors fill"
    manner += f"; {unowned:,} bytes are of none" if unowned else ", without a gap"
    return Proof("bytes", manner, {"keys": list(found), "bytes": owned, "unowned_bytes": unowned}, tuple(failures))


def _swept(tensors: "Iterable[CountedTensor]") -> "Iterable[tuple[CountedTensor, int]]":
    """Go through the tensors of a run from its first byte on, with the bytes that each adds to those before it."""
    covered = 0  # all bytes before it are owned, where tensors leave no gaps between their own entries
    for one in sorted(tensors, key=lambda one: (one.tensor.start, -one.tensor.end)):
        start, end, size = one.tensor.start, one.tensor.end, one.tensor.bytes
        dense = end - start == size
        if dense:
            yield one, max(0, end - max(start, covered))
        else:
            yield one, size if end > covered else 0
        if dense:
            covered = max(covered, end)


def _bits(dtype: str) -> int:
    """Read the bits of an entry in the name of its dtype, which ends or begins its number with them."""
    if dtype == "bool":
        return 8
    digits = "".join(character if character.isdigit() else " " for character in dtype.partition("_")[0]).split()
    return int(digits[0])
