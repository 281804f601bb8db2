"""An index of weights in several files: JSON that says which tensor is in which."""

import os
from collections.abc import Callable

from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.weights.tensors import Checkpoint
from dlcalc.files import malformed
from dlcalc.files.containment import inside
from dlcalc.files.json_document import MAX_BYTES, document, quoted
from dlcalc.files.weights import by_number

_HINT = "an index that save_pretrained writes, with a weight_map"


def read_index(path: str, read_shard: Callable[[str], Checkpoint]) -> Checkpoint:
    """Read an index, and the header of each file that it names.

    Args:
        path: the index.
        read_shard: reads one of the files.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file`` for a file outside of its folder, ``file-not-found`` for one
            that is missing, and what ``read_shard`` raises.
        OSError: what the system says.
    """
    with open(path, "rb") as stream:
        text = stream.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise malformed(path, f"it has more than {MAX_BYTES:,} bytes", _HINT)
    index = document(text, path, _HINT)
    names = index.get("weight_map")
    if not isinstance(names, dict) or not names or not all(isinstance(shard, str) for shard in names.values()):
        raise malformed(path, "it has no weight_map, from names of tensors to names of files", _HINT)
    opened: dict[str, Checkpoint] = {}  # by their real paths: a file that has a thousand names is read once
    shards = {shard: _shard(path, shard, read_shard, opened) for shard in sorted(set(names.values()))}
    tensors = {}
    for name in by_number(names, path, _HINT):
        if name not in shards[names[name]].tensors:
            raise malformed(path, f"it says that {quoted(name)} is in {quoted(names[name])}, and it is not", _HINT)
        tensors[name] = shards[names[name]].tensors[name]
    found = tuple(opened.values())
    return Checkpoint(
        path,
        found[0].format,
        tensors,
        tuple(storage for shard in found for storage in shard.storages),
        all(shard.packed for shard in found) and sum(len(shard.tensors) for shard in found) == len(tensors),
        len(found),
        sum(shard.file_bytes for shard in found),
        (*(notice for shard in found for notice in shard.notices), *_notices(index, names, shards)),
    )


def _shard(path: str, shard: str, read: Callable[[str], Checkpoint], opened: dict[str, Checkpoint]) -> Checkpoint:
    """Read a file that an index names, once."""
    file = inside(os.path.dirname(path), shard, path)
    real = os.path.realpath(file)
    try:
        if real not in opened:
            opened[real] = read(file)
        return opened[real]
    except FileNotFoundError:
        message = f"{path} names {quoted(shard)}, and there is no such file"
        raise DlcalcError("file-not-found", message, hint="all the files beside the index") from None


def _notices(index: dict[str, object], names: dict[str, str], shards: dict[str, Checkpoint]) -> list[Notice]:
    """Say where the index does not tell what is in the files."""
    notices = []
    unlisted = [
        name
        for shard, found in shards.items()
        for name in found.tensors
        if name not in names or shards[names[name]] is not found
    ]
    if unlisted:
        message = f"{len(unlisted)} tensors of the files, like {quoted(unlisted[0])}, are not in the index, nor counted"
        notices.append(Notice("entries-left-out", message))
    metadata = index.get("metadata")
    said = metadata.get("total_size") if isinstance(metadata, dict) else None
    total = sum(shards[shard].tensors[name].bytes for name, shard in names.items())
    if isinstance(said, int | float) and said != total:
        notices.append(Notice("total-size-differs", f"the index says {said:,} bytes, and its tensors have {total:,}"))
    return notices
