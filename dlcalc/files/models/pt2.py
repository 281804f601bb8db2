"""PyTorch's .pt2: an exported program, a zip of JSON and raw weights. The graph is read; no weight and no pickle is."""

from collections.abc import Mapping
from typing import Any

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Network
from dlcalc.files import malformed
from dlcalc.files.archive import Archive, open_archive
from dlcalc.files.json_document import MAX_BYTES, document, quoted
from dlcalc.files.models.exported_graph import read_graph

_AGAIN = "torch.export.save(torch.export.export(model.eval(), (example,)), 'model.pt2')"
_MAJOR = 8
_OLD = "serialized_exported_program.json"


def read_pt2(path: str) -> Network:
    """Read the network of an exported program.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file``, ``unsupported-file``.
        OSError: what the system says.
    """
    with open_archive(path) as archive:
        name = _program(archive)
        content = document(archive.read(name, MAX_BYTES), f"{path}: {name}", _AGAIN)
        shared = _shared(archive, name)
    version = content.get("schema_version")
    major = version.get("major") if isinstance(version, dict) else None
    if major != _MAJOR:
        message = f"{path}: its schema is {major!r}, and {_MAJOR} is read"
        raise DlcalcError("unsupported-file", message, hint=f"saved anew: {_AGAIN}")
    return read_graph(content, path, shared)


def _program(archive: Archive) -> str:
    """Find the member with the graph."""
    names = sorted(archive.members)
    models = [name for name in names if name.endswith(".json") and name.split("/")[-2:-1] == ["models"]]
    found = next((name for name in models if name.endswith("/model.json")), models[0] if models else None)
    if found is None:
        found = next((name for name in names if name.split("/")[-1] == _OLD), None)
    if found is not None:
        return found
    if any("/aotinductor/" in name for name in names):
        message = f"{archive.path}: it is compiled, and holds no graph"
        raise DlcalcError("unsupported-file", message, hint=f"the program before it was compiled: {_AGAIN}")
    raise malformed(archive.path, "it has no models/*.json, the graph of an exported program", _AGAIN)


def _shared(archive: Archive, program: str) -> Mapping[str, str]:
    """Find which parameters are others by another name: those that lie at the same place of the same storage."""
    root, _, name = program.rpartition("models/")
    config = f"{root}data/weights/{name.removesuffix('.json')}_weights_config.json"
    if config not in archive.members:
        return {}
    content = document(archive.read(config, MAX_BYTES), f"{archive.path}: {config}", _AGAIN).get("config")
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for tensor, entry in content.items() if isinstance(content, dict) else ():
        if not isinstance(entry, dict):
            raise malformed(archive.path, f"its weight {quoted(tensor)} is no object", _AGAIN)
        place = repr((entry.get("path_name"), _place(entry.get("tensor_meta"))))
        found[tensor] = first.setdefault(place, tensor)
    return {tensor: other for tensor, other in found.items() if tensor != other}


def _place(meta: Any) -> object:
    return {key: meta.get(key) for key in ("sizes", "strides", "storage_offset")} if isinstance(meta, dict) else None
