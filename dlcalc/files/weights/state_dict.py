"""A state dict that torch.save wrote: a zip archive with a pickle of the tensors, and their numbers beside it."""

from typing import Any, NamedTuple

from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.weights.tensors import BITS, Checkpoint, Storage, StoredTensor
from dlcalc.files import malformed
from dlcalc.files.archive import Archive, open_archive
from dlcalc.files.json_document import MAX_BYTES, quoted
from dlcalc.files.weights import MAX_ENTRIES, trusted_shape
from dlcalc.files.weights.opcodes import SAVED, Call, Name, Pairs, Persistent, interpret

_HINT = "a file that torch.save writes"
_STORAGES = {  # of which each entry has a dtype
    "torch.DoubleStorage": "float64",
    "torch.FloatStorage": "float32",
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.LongStorage": "int64",
    "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8",
    "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
    "torch.ComplexDoubleStorage": "complex128",
    "torch.ComplexFloatStorage": "complex64",
}
_UNTYPED = "torch.storage.UntypedStorage"  # of bytes
_DTYPES = {f"torch.{dtype}": dtype for dtype, bits in BITS.items() if bits >= 8}
_LONGEST_KEY = 100  # of a storage, which are numbered
_TENSOR, _WITH_DTYPE, _PARAMETER = (f"torch._utils._rebuild_{what}" for what in ("tensor_v2", "tensor_v3", "parameter"))
_OTHERS = ("collections.OrderedDict", "torch.serialization._get_layout")
_ALLOWED = frozenset((*_STORAGES, _UNTYPED, *_DTYPES, _TENSOR, _WITH_DTYPE, _PARAMETER, *_OTHERS))
NESTED = ("state_dict", "model", "model_state_dict", "ema")  # the keys under which a checkpoint has its state dict
_LEGACY = (  # how a file begins that torch.save wrote before 1.6, or still writes when it is told to
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
)


def read_state_dict(path: str) -> Checkpoint:
    """Read which tensors are in a file that torch.save wrote.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file`` for a pickle of more than tensors, ``unsupported-file``.
        OSError: what the system says.
    """
    _refuse_legacy(path)
    with open_archive(path) as archive:
        file = _File(archive, _root(archive), {})
        content = interpret(archive.read(f"{file.root}/data.pkl", MAX_BYTES), _ALLOWED, path)
        order = f"{file.root}/byteorder"
        big = order in archive.members and archive.read(order, 16) == b"big"
    entries, notices = _state_dict(path, content)
    tensors = {name: _tensor(file, name, value, big) for name, value in entries}
    return Checkpoint(
        path, "pytorch", tensors, tuple(file.storages.values()), False, 1, archive.file_bytes, tuple(notices)
    )


class _File(NamedTuple):
    """An archive, the folder in it that all members are in, and the storages met so far, by their keys."""

    archive: Archive
    root: str
    storages: dict[str, Storage]


def _refuse_legacy(path: str) -> None:
    with open(path, "rb") as stream:
        first = stream.read(len(_LEGACY))
    if first == _LEGACY:
        hint = f"state = torch.load({path!r}, weights_only=True)\ntorch.save(state, 'weights.pt')"
        raise DlcalcError("unsupported-file", f"{path} has the legacy format of torch.save, which is no zip", hint=hint)
    if first[:2] != b"PK":
        raise malformed(path, "it is no zip archive, as torch.save writes", _HINT)


def _root(archive: Archive) -> str:
    """Find the folder of the pickle; other archives of PyTorch are told apart."""
    roots = [name.removesuffix("/data.pkl") for name in archive.members if name.endswith("/data.pkl")]
    roots = [root for root in roots if "/" not in root]
    names = {name.partition("/")[2] for name in archive.members}
    if "constants.pkl" in names:
        message = f"{archive.path} is a TorchScript program"
        raise DlcalcError("unsupported-file", message, hint=SAVED)
    if not roots and "archive_format" in names:
        message = f"{archive.path} is an exported program, whose ending is .pt2"
        raise DlcalcError("unsupported-file", message, hint=SAVED)
    if len(roots) != 1:
        raise malformed(archive.path, f"it has {len(roots)} pickles named data.pkl, and not one", _HINT)
    return roots[0]


def _state_dict(path: str, content: Any) -> tuple[list[tuple[str, Any]], list[Notice]]:
    """Find the tensors of the pickle, or of an entry of it, and say what else there is."""
    if type(content) is not Pairs:
        message = f"{path} holds {'a tensor' if _is_tensor(content) else 'something'}, and not a state dict"
        raise DlcalcError("unsupported-file", message, hint=SAVED)
    nested = {key: value for key, value in content if isinstance(key, str) and type(value) is Pairs}
    chosen = next((key for key in NESTED if key in nested and _named_tensors(nested[key])), None)
    entries = content if chosen is None else nested[chosen]
    tensors = _named_tensors(entries)
    if not tensors:
        keys = ", ".join(quoted(key) for key, _ in content[:8] if isinstance(key, str))
        message = f"{path} has no tensors by name, nor a state dict under {', '.join(NESTED)}: it has {keys or 'none'}"
        raise DlcalcError("unsupported-file", message, hint=SAVED)
    if len({name for name, _ in tensors}) < len(tensors):
        raise malformed(path, "a name stands in it twice", _HINT)
    left = [key for key, value in entries if not (isinstance(key, str) and _is_tensor(value))]
    left += [key for key, _ in content if key != chosen] if chosen else []
    if not left:
        return tensors, []
    where = f"the tensors of {chosen} are counted; " if chosen else ""
    names = ", ".join(quoted(key) if isinstance(key, str) else "a key that is no text" for key in left[:8])
    more = f" and {len(left) - 8} more" if len(left) > 8 else ""
    return tensors, [Notice("entries-left-out", f"{where}{names}{more} left out")]


def _is_tensor(value: Any) -> bool:
    return type(value) is Call and value.name in (_TENSOR, _WITH_DTYPE, _PARAMETER)


def _named_tensors(entries: Pairs) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in entries if isinstance(key, str) and _is_tensor(value)]


def _tensor(file: _File, name: str, value: Any, big: bool) -> StoredTensor:
    """Read a tensor from the record of the call that would make it."""
    path = file.archive.path
    said = f"the tensor {quoted(name)}"
    for _ in range(2):  # a parameter is a tensor in a wrapper
        if type(value) is Call and value.name == _PARAMETER and value.arguments:
            value = value.arguments[0]
    if not _is_tensor(value) or value.name == _PARAMETER or len(value.arguments) < 6:
        raise malformed(path, f"{said} is not made of a storage, an offset, a shape and strides", _HINT)
    source, offset, shape, strides, *rest = value.arguments
    storage, dtype = _storage(file, said, source)
    if value.name == _WITH_DTYPE:
        named = rest[2] if len(rest) > 2 else None
        dtype = _DTYPES.get(named.full, "") if type(named) is Name else ""
    if dtype not in BITS:
        raise malformed(path, f"{said} has no dtype", _HINT)
    shape = trusted_shape(shape, path, name, _HINT)
    legal = type(strides) is tuple and len(strides) == len(shape) and type(offset) is int
    if not legal or not all(type(stride) is int and 0 <= stride < MAX_ENTRIES for stride in (offset, *strides)):
        raise malformed(path, f"the offset or the strides of {said} cannot be", _HINT)
    item = BITS[dtype] // 8
    dense = all(
        extent <= 1 or stride == row for extent, stride, row in zip(shape, strides, _by_row(shape), strict=True)
    )
    tensor = StoredTensor(name, dtype, shape, 0, storage, offset * item, None if dense else strides, big)
    tensor = tensor._replace(bytes=tensor.entries * item)
    if tensor.bytes and tensor.end > storage.bytes:  # one without entries may begin anywhere
        problem = f"{said} reaches to byte {tensor.end:,} of a storage of {storage.bytes:,}"
        raise malformed(path, problem, _HINT)
    return tensor


def _by_row(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for extent in reversed(shape):
        strides.append(step)
        step *= max(extent, 1)
    return tuple(reversed(strides))


def _storage(file: _File, said: str, source: Any) -> tuple[Storage, str]:
    """Find the storage that a pickle names, and the dtype of its entries; of an untyped one, the empty text."""
    path = file.archive.path
    parts = source.said if type(source) is Persistent else None
    if type(parts) is not tuple or len(parts) != 5 or parts[0] != "storage" or type(parts[1]) is not Name:
        raise malformed(path, f"{said} has no storage", _HINT)
    _, kind, key, _, count = parts
    dtype = _STORAGES.get(kind.full, "")
    short = isinstance(key, str) and len(key) <= _LONGEST_KEY
    member = file.archive.members.get(f"{file.root}/data/{key}") if short else None
    counted = type(count) is int and 0 <= count < MAX_ENTRIES
    if member is None or not counted or (kind.full != _UNTYPED and not dtype):
        raise malformed(path, f"the storage of {said} is not in the archive", _HINT)
    if count * (BITS[dtype] // 8 if dtype else 1) != member.bytes:
        problem = f"the storage of {said} has {member.bytes:,} bytes, and not what its pickle says"
        raise malformed(path, problem, _HINT)
    storage = Storage(path, member.name, member.offset, member.bytes)
    return file.storages.setdefault(member.name, storage), dtype
