"""Which other files a file may name: those of its own folder."""

import os

from dlcalc.core.errors import DlcalcError
from dlcalc.files.json_document import quoted


def inside(folder: str, name: str, source: str) -> str:
    """Return the path of a file that ``source`` names, if it stays in the folder.

    A symbolic link may lead within the folder, or, in a cache of the Hugging Face Hub, into its ``blobs``.

    Raises:
        DlcalcError: ``unsafe-file``.

    >>> inside("models", "part-1.safetensors", "models/index.json")
    'models/part-1.safetensors'
    """
    parts = name.replace("\\", "/").split("/")
    if not name or "\0" in name or ".." in parts or not parts[0] or parts[0].endswith(":"):
        raise _leaves(source, name)
    path = os.path.join(folder, name)
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if not real.startswith(root.rstrip(os.sep) + os.sep) and os.path.dirname(real) != _blobs(root):
        raise _leaves(source, name)
    return path


def _blobs(root: str) -> str | None:
    """Find where a cache of the Hugging Face Hub keeps the content of a snapshot."""
    repository, snapshots, _ = root.rpartition(f"{os.sep}snapshots{os.sep}")
    return os.path.join(repository, "blobs") if snapshots else None


def _leaves(source: str, name: str) -> DlcalcError:
    message = f"{source} names {quoted(name)}, which is not in its folder"
    return DlcalcError("unsafe-file", message, hint="the files beside the one that names them")
