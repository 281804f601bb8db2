"""The headers of an .npz file: a zip archive of .npy files, of which only the first bytes are read."""

import re
from struct import unpack
from typing import Any

from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.weights.tensors import BITS, TEXT, Checkpoint, Storage, StoredTensor
from dlcalc.files import malformed
from dlcalc.files.archive import Archive, Member, open_archive
from dlcalc.files.json_document import quoted
from dlcalc.files.weights import trusted_shape

_HINT = "a file that numpy.savez writes"
_MAX_HEADER = 10_000  # bytes, as NumPy allows
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}  # version -> the length of the header
_DESCR = re.compile(r"([<>=|]?)([biufcSUVO])([0-9]{1,9})?", re.ASCII)
_OBJECTS = re.compile(r"(?:^|')[<>=|]?O[0-9]*(?:'|$)")  # also as a field of a record
_KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex"}


def read_npz(path: str) -> Checkpoint:
    """Read the headers of the arrays in an .npz file.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file`` for pickled objects, ``unsupported-dtype``,
            ``unsupported-file``.
        OSError: what the system says.
    """
    with open_archive(path) as archive:
        arrays = [member for member in archive.members.values() if member.name.endswith(".npy")]
        tensors = [_tensor(archive, member) for member in arrays]
        others = [name for name in archive.members if not name.endswith(".npy")]
    if not tensors:
        raise malformed(path, "there is no array in it", _HINT)
    notices: tuple[Notice, ...] = ()
    if others:
        message = f"{quoted(others[0])} is no array, nor counted, nor what else there is ({len(others)} members)"
        notices = (Notice("entries-left-out", message),)
    return Checkpoint(
        path,
        "npz",
        {tensor.name: tensor for tensor in tensors},
        tuple(tensor.storage for tensor in tensors),
        False,
        1,
        archive.file_bytes,
        notices,
    )


def _tensor(archive: Archive, member: Member) -> StoredTensor:
    path, name = archive.path, member.name.removesuffix(".npy")
    big, dtype, item, shape, by_column, length = _header(path, name, archive.head(member.name, 12 + _MAX_HEADER))
    offset = None if member.offset is None else member.offset + length
    storage = Storage(path, member.name, offset, member.bytes - length)
    strides = _by_column(shape) if by_column and len(shape) > 1 else None
    tensor = StoredTensor(name, dtype, shape, storage.bytes, storage, 0, strides, big)
    if tensor.entries * item != storage.bytes:
        problem = f"{quoted(name)} needs {tensor.entries * item:,} bytes by its header, and has {storage.bytes:,}"
        raise malformed(path, problem, _HINT)
    return tensor


def _by_column(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for extent in shape:
        strides.append(step)
        step *= extent
    return tuple(strides)


def _header(path: str, name: str, head: bytes) -> tuple[bool, str, int, tuple[int, ...], bool, int]:
    """Read the header of an array: byte order, dtype, bytes of an entry, shape, order and its own length."""
    version = head[6] if head[:6] == b"\x93NUMPY" and len(head) >= 12 else 0
    if version not in _LENGTHS or head[7]:
        raise malformed(path, f"{quoted(name)} does not begin as a .npy file", _HINT)
    begin = 10 if version == 1 else 12
    (length,) = unpack(_LENGTHS[version], head[8:begin])
    if length > _MAX_HEADER or begin + length > len(head):
        raise malformed(path, f"the header of {quoted(name)} is said to have {length:,} bytes", _HINT)
    text = head[begin : begin + length].decode("utf-8" if version == 3 else "latin-1", "replace")
    fields = _literal(text)
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise malformed(path, f"the header of {quoted(name)} does not say descr, fortran_order and shape", _HINT)
    if type(fields["fortran_order"]) is not bool or not isinstance(fields["shape"], tuple):
        raise malformed(path, f"the header of {quoted(name)} has an order or a shape that cannot be", _HINT)
    shape = trusted_shape(fields["shape"], path, name, _HINT)
    big, dtype, item = _dtype(path, name, fields["descr"])
    return big, dtype, item, shape, fields["fortran_order"], begin + length


def _literal(text: str) -> Any:
    """Read a value that is written as Python writes it; None where it is none."""
    import warnings
    from ast import literal_eval

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _dtype(path: str, name: str, descr: object) -> tuple[bool, str, int]:
    """Read whether an entry begins with its highest byte, its dtype and its bytes."""
    matched = _DESCR.fullmatch(descr) if isinstance(descr, str) else None
    kind = matched[2] if matched else ""
    if _OBJECTS.search(str(descr)):
        message = f"{path}: {quoted(name)} holds pickled Python objects, which could run any code"
        raise DlcalcError("unsafe-file", message, hint="an array of numbers, like array.astype('float32')")
    if matched:
        size = int(matched[3] or 0)
        if kind in "SU":
            return False, TEXT, size * (4 if kind == "U" else 1)
        dtype = "bfloat16" if matched[0] in ("V2", "|V2", "<V2") else f"{_KINDS.get(kind)}{8 * size}"
        dtype = "bool" if dtype == "bool8" else dtype
        if dtype in BITS:
            return matched[1] == ">", dtype, size
    message = f"{path}: {quoted(name)} has the dtype {str(descr)[:40]!r}"
    raise DlcalcError("unsupported-dtype", message, hint="an array of numbers, like array.astype('float32')")
