"""PyTorch's .pt2: an exported program, a zip of JSON and raw weights. The graph is read; no weight and no pickle is."""

from math import prod
from typing import Any

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Network
from dlcalc.files import malformed
from dlcalc.files.archive import Archive, open_archive
from dlcalc.files.json_document import MAX_BYTES, document, quoted
from dlcalc.files.models.exported_graph import Weights, read_graph

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
        weights = _weights(archive, name)
    version = content.get("schema_version")
    major = version.get("major") if isinstance(version, dict) else None
    if major != _MAJOR:
        message = f"{path}: its schema is {major!r}, and {_MAJOR} is read"
        raise DlcalcError("unsupported-file", message, hint=f"saved anew: {_AGAIN}")
    return read_graph(content, path, weights)


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


def _weights(archive: Archive, program: str) -> Weights:
    """Read what the list of weights says: the entries of each, and which lie at the same place of the same storage."""
    root, _, name = program.rpartition("models/")
    config = f"{root}data/weights/{name.removesuffix('.json')}_weights_config.json"
    if config not in archive.members:
        return Weights()
    content: Any = document(archive.read(config, MAX_BYTES), f"{archive.path}: {config}", _AGAIN).get("config")
    first: dict[str, str] = {}
    shared, params, buffers = dict[str, str](), dict[str, int](), dict[str, int]()
    try:
        for tensor, entry in content.items():
            meta = entry["tensor_meta"]
            sizes = [size["as_int"] for size in meta["sizes"]]
            if any(type(size) is not int or size < 0 for size in sizes):
                raise ValueError(f"{quoted(tensor)} has no sizes")
            (params if entry["is_param"] else buffers)[tensor] = prod(sizes)
            place = repr((entry["path_name"], sizes, meta["strides"], meta["storage_offset"]))
            other = first.setdefault(place, tensor) if params.get(tensor, buffers.get(tensor)) else tensor
            if other != tensor:
                shared[tensor] = other
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        problem = f"its list of weights is not as PyTorch writes it ({type(error).__name__}: {error})"
        raise malformed(archive.path, problem[:200], _AGAIN) from None
    return Weights(shared, params, buffers)
