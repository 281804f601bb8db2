"""The header of a .safetensors file: its length, JSON of names, types, shapes and offsets, then the numbers."""

import os
from collections.abc import Mapping
from struct import unpack
from typing import Any

from dlcalc.core.errors import DlcalcError
from dlcalc.core.weights.tensors import BITS, Checkpoint, Storage, StoredTensor
from dlcalc.files import malformed
from dlcalc.files.json_document import MAX_BYTES, document, quoted
from dlcalc.files.weights import by_number, trusted_shape

_HINT = "a file that safetensors.torch.save_file writes"
_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
    "F6_E2M3": "float6_e2m3fn",
    "F6_E3M2": "float6_e3m2fn",
    "F4": "float4_e2m1fn",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}


def read_safetensors(path: str) -> Checkpoint:
    """Read the header of a .safetensors file.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file``, ``unsupported-dtype``.
        OSError: what the system says.
    """
    with open(path, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        first = stream.read(8)
        if len(first) < 8:
            raise malformed(path, f"its {size} bytes are too few for the length of a header", _HINT)
        (length,) = unpack("<Q", first)
        if length > size - 8:
            raise malformed(path, f"it says that its header has {length:,} bytes, and {size - 8:,} follow", _HINT)
        if length > MAX_BYTES:
            raise malformed(path, f"its header has {length:,} bytes, and {MAX_BYTES:,} are allowed", _HINT)
        text = stream.read(length)
    if not text.startswith(b"{"):
        raise malformed(path, "its header does not begin with {", _HINT)
    header = document(text, path, _HINT)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise malformed(path, "its __metadata__ are not texts by name", _HINT)
    storage = Storage(path, "", 8 + length, size - 8 - length)
    found = {name: _tensor(name, entry, storage) for name, entry in header.items()}
    tensors = {name: found[name] for name in by_number(found, path, _HINT)}
    _refuse_gaps(tensors, storage)
    return Checkpoint(path, "safetensors", tensors, (storage,), True, 1, size)


def _tensor(name: str, entry: Any, storage: Storage) -> StoredTensor:
    path, said = storage.file, quoted(name)
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= set(entry):
        raise malformed(path, f"{said} is not said by dtype, shape and data_offsets", _HINT)
    dtype = _DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype is None:
        hint = f"one of {', '.join(_DTYPES)}"
        raise DlcalcError("unsupported-dtype", f"{path}: {said} has the dtype {str(entry['dtype'])[:40]!r}", hint=hint)
    shape = trusted_shape(entry["shape"], path, name, _HINT)
    offsets = entry["data_offsets"]
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(offset) is int for offset in offsets):
        raise malformed(path, f"the data_offsets of {said} are not two whole numbers", _HINT)
    begin, end = offsets
    if not 0 <= begin <= end <= storage.bytes:
        problem = f"{said} lies outside of the {storage.bytes:,} bytes of numbers"
        raise malformed(path, problem, _HINT)
    tensor = StoredTensor(name, dtype, shape, end - begin, storage, begin)
    if tensor.entries * BITS[dtype] != 8 * (end - begin):
        needed = f"{(tensor.entries * BITS[dtype] + 7) // 8:,}"
        raise malformed(path, f"{said} needs {needed} bytes by its shape, and has {end - begin:,}", _HINT)
    return tensor


def _refuse_gaps(tensors: Mapping[str, StoredTensor], storage: Storage) -> None:
    """Refuse numbers that overlap, or that no tensor owns: the format allows neither."""
    reached = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.bytes)):
        if tensor.start != reached:
            between = "overlaps what stands before it" if tensor.start < reached else "leaves a gap before it"
            raise malformed(storage.file, f"{quoted(tensor.name)} {between}", _HINT)
        reached += tensor.bytes
    if reached != storage.bytes:
        problem = f"its tensors end after {reached:,} of {storage.bytes:,} bytes of numbers"
        raise malformed(storage.file, problem, _HINT)
