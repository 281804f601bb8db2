"""Reading a model that somebody saved with its layers, and not its weights alone: the ending says how."""

import os
from collections.abc import Callable

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Network
from dlcalc.files import faults


def _pt2(path: str) -> Network:
    from dlcalc.files.models.pt2 import read_pt2

    return read_pt2(path)


def _keras(path: str) -> Network:
    from dlcalc.files.models.keras import read_keras

    return read_keras(path)


# How a file with an ending is read.
READERS: dict[str, Callable[[str], Network]] = {".keras": _keras, ".pt2": _pt2}
ENDINGS = ", ".join(READERS)
_NOT_YET = (".onnx",)


def is_graph(path: object) -> bool:
    """Tell whether a path has the ending of a file that holds layers.

    >>> is_graph("resnet50.pt2"), is_graph("model.safetensors")
    (True, False)
    """
    return isinstance(path, str) and path.lower().endswith((*READERS, *_NOT_YET))


def load_model(path: str | os.PathLike[str]) -> Network:
    """Read the network of a model file: its layers under their authors' names, and what it stores of each.

    Args:
        path: a ``.pt2`` of PyTorch or a ``.keras``. Nothing that it names is imported, called or unpickled.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``, ``malformed-file``, ``unsafe-file``,
            ``unsupported-file``.

    Source:
        torch/_export/serde/schema.py of PyTorch 2.13; keras/src/saving/saving_lib.py of Keras 3.15.

    >>> load_model("missing.pt2")
    Traceback (most recent call last):
    dlcalc.core.errors.DlcalcError: there is no file 'missing.pt2'
    """
    return load_graph(os.fspath(path), "path")


def load_graph(path: str, option: str = "path") -> Network:
    """Read the network of a model file.

    Args:
        path: the file.
        option: whose value it is.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``, ``malformed-file``, ``unsafe-file``,
            ``unsupported-file``, ``missing-dependency``.
    """
    with faults(path, option, f", one of {ENDINGS}"):
        if path.lower().endswith(_NOT_YET):
            message = f"{path[:80]}: graphs of .onnx are not read yet"
            raise DlcalcError("unsupported-file", message, hint=f"one of {ENDINGS}")
        mode = os.stat(path).st_mode
        read = next((read for ending, read in READERS.items() if path.lower().endswith(ending)), None)
        if read is None:
            message = f"{path[:80]!r} has no ending of a model file"
            raise DlcalcError("unsupported-file", message, hint=f"one of {ENDINGS}")
        if not os.path.isfile(path):
            raise DlcalcError("file-unreadable", f"{path[:80]!r} is no regular file ({mode:o})", hint="a file")
        return read(path)
