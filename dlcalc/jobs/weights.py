"""Reading the weights that somebody saved, from headers alone: the ending says how."""

import os
import stat
from collections.abc import Callable, Mapping

from dlcalc.core.errors import DlcalcError
from dlcalc.core.weights.tensors import Checkpoint
from dlcalc.files import faults
from dlcalc.jobs.models import is_graph

_INDEX = ".index.json"


def _safetensors(path: str) -> Checkpoint:
    from dlcalc.files.weights.safetensors import read_safetensors

    return read_safetensors(path)


def _npz(path: str) -> Checkpoint:
    from dlcalc.files.weights.npz import read_npz

    return read_npz(path)


def _state_dict(path: str) -> Checkpoint:
    from dlcalc.files.weights.state_dict import read_state_dict

    return read_state_dict(path)


def _index(path: str) -> Checkpoint:
    from dlcalc.files.weights.sharded import read_index

    return read_index(path, _shard)


# How a file with an ending is read; of an index, each file that it names.
_SHARDS: dict[str, Callable[[str], Checkpoint]] = {
    ".safetensors": _safetensors,
    ".npz": _npz,
    ".pt": _state_dict,
    ".pth": _state_dict,
    ".ckpt": _state_dict,
    ".bin": _state_dict,
}
_READERS = {_INDEX: _index, **_SHARDS}
ENDINGS = f"one of {', '.join(_SHARDS)}, or an index, .safetensors{_INDEX}"


def load_weights(path: str, option: str) -> Checkpoint:
    """Read the headers of a file of weights.

    Args:
        path: the file.
        option: whose value it is.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``, ``malformed-file``, ``unsafe-file``,
            ``unsupported-file``, ``unsupported-dtype``.
    """
    with faults(path, option, f", {ENDINGS}"):
        return _read(path, _READERS)


def _shard(path: str) -> Checkpoint:
    return _read(path, _SHARDS)


def _read(path: str, readers: Mapping[str, Callable[[str], Checkpoint]]) -> Checkpoint:
    lower = path.lower()
    if is_graph(path):
        message = f"{path}: it holds layers, and not weights alone"
        raise DlcalcError("unsupported-file", message, hint=f"a file of weights, {ENDINGS}")
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        hint = f"a file in it, like {os.path.join(path, 'model.safetensors')}"
        raise DlcalcError("file-unreadable", f"{path} is a folder", hint=hint)
    if not stat.S_ISREG(mode):  # a pipe has no length, and would be waited for
        raise DlcalcError("file-unreadable", f"{path} is no regular file", hint=f"a file, {ENDINGS}")
    for ending, read in readers.items():
        if lower.endswith(ending):
            return read(path)
    raise DlcalcError("unsupported-file", f"{path} has no ending that is read here", hint=ENDINGS)
