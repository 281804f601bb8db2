"""Reading a file that somebody saved a model in: its ending says how."""

import errno
import os
import stat
from collections.abc import Callable, Mapping

from dlcalc.core.errors import DlcalcError
from dlcalc.core.weights.tensors import Checkpoint

GRAPHS = (".onnx", ".keras", ".pt2")  # that hold layers, and not weights alone
_INDEX = ".index.json"
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


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
    try:
        return _read(path, _READERS)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_FILE:
            hint = f"a file that is there, {ENDINGS}"
            raise DlcalcError("file-not-found", f"there is no file {path[:80]!r}", hint=hint, option=option) from None
        message = f"{path[:80]!r} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise DlcalcError("file-unreadable", message, hint=f"a file, {ENDINGS}", option=option) from None
    except DlcalcError as error:
        raise DlcalcError(error.code, error.message, hint=error.advice, option=option) from None


def _shard(path: str) -> Checkpoint:
    return _read(path, _SHARDS)


def _read(path: str, readers: Mapping[str, Callable[[str], Checkpoint]]) -> Checkpoint:
    lower = path.lower()
    for ending in GRAPHS:
        if lower.endswith(ending):
            hint = f"a file of weights, {ENDINGS}"
            what = "graphs of .onnx are not read yet" if ending == ".onnx" else "it holds layers, and not weights alone"
            raise DlcalcError("unsupported-file", f"{path}: {what}", hint=hint)
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
