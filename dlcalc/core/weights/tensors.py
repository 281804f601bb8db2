"""The tensors of a file, as its headers describe them, and where their bytes lie."""

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from dlcalc.core.errors import Notice

# Bits of one entry. A text is no number; its bytes are said by the file.
BITS = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8": 8,
    "float8_e4m3fn": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2": 8,
    "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float4_e2m1fn": 4,
    "int64": 64,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "uint64": 64,
    "uint32": 32,
    "uint16": 16,
    "uint8": 8,
    "bool": 8,
    "complex64": 64,
    "complex128": 128,
}
TEXT = "text"


class Storage(NamedTuple):
    """A run of bytes that tensors lie in.

    Attributes:
        file: the path of the file.
        member: the name of the member of an archive; empty where the file is none.
        offset: of its first byte in the file; None in a compressed member.
        bytes: how many there are, expanded.
    """

    file: str
    member: str
    offset: int | None
    bytes: int


class StoredTensor(NamedTuple):
    """One tensor of a file.

    Attributes:
        name: as the file has it.
        dtype: of an entry, one of ``BITS`` or ``TEXT``.
        shape: its extents; none of a single number.
        bytes: of all its entries.
        storage: the bytes that it lies in.
        start: the first of its bytes, counted from the first of the storage.
        strides: from entry to entry along each axis, in entries; None where it is row by row without gaps.
        big_endian: whether the first byte of an entry is its highest.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    storage: Storage
    start: int = 0
    strides: tuple[int, ...] | None = None
    big_endian: bool = False

    @property
    def entries(self) -> int:
        """The number of its entries."""
        return prod(self.shape)

    @property
    def end(self) -> int:
        """The byte behind its last one, counted from the first of the storage."""
        if self.strides is None or not self.bytes:
            return self.start + self.bytes
        last = sum((extent - 1) * stride for extent, stride in zip(self.shape, self.strides, strict=True))
        return self.start + (last + 1) * (self.bytes // self.entries)


class Checkpoint(NamedTuple):
    """A file of weights, or several that an index names.

    Attributes:
        file: the path that was given.
        format: ``safetensors``, ``npz`` or ``pytorch``.
        tensors: by their names, in the order in which their author or else their names put them.
        storages: all runs of bytes for tensors, also those that no tensor lies in.
        packed: whether the format allows no gap between tensors.
        files: how many there are.
        file_bytes: their length together.
        notices: caveats about the file.
    """

    file: str
    format: str
    tensors: Mapping[str, StoredTensor]
    storages: tuple[Storage, ...]
    packed: bool
    files: int
    file_bytes: int
    notices: tuple[Notice, ...] = ()
