"""Files of weights, written by hand: byte by byte as their formats say, and by none of the code that reads them."""

import json
import os
import struct
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

_SAFE = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int64": "I64", "uint8": "U8"}
_SAFE |= {"float8_e4m3fn": "F8_E4M3", "float4_e2m1fn": "F4", "bool": "BOOL"}
_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "U8": 8, "F8_E4M3": 8, "F4": 4, "BOOL": 8}
_TORCH = {"float32": ("Float", 4), "float16": ("Half", 2), "int64": ("Long", 8), "uint8": ("Byte", 1)}


class Spec(NamedTuple):
    """A tensor to be written, full of zeros."""

    shape: tuple[int, ...]
    dtype: str = "float32"


Specs = Mapping[str, Spec]


def safetensors_header(specs: Specs, start: int = 0) -> dict[str, Any]:
    """The entries of a header, one behind another."""
    header: dict[str, Any] = {}
    for name, (shape, dtype) in specs.items():
        size = prod(shape) * _BITS[_SAFE[dtype]] // 8
        header[name] = {"dtype": _SAFE[dtype], "shape": list(shape), "data_offsets": [start, start + size]}
        start += size
    return header


def write_safetensors(path: Path, header: Mapping[str, Any] | bytes, data: int | None = None) -> Path:
    """Write a header as it is, and so many bytes of numbers; as many as it says where that is not said."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    if data is None:
        assert not isinstance(header, bytes)
        data = max((entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"), default=0)
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    os.truncate(path, 8 + len(text) + data)
    return path


def write_index(path: Path, shards: Mapping[str, Specs], **metadata: Any) -> Path:
    """Write shards and their index."""
    for name, specs in shards.items():
        write_safetensors(path.parent / name, safetensors_header(specs))
    names = {name: shard for shard, specs in shards.items() for name in specs}
    path.write_text(json.dumps({"metadata": metadata, "weight_map": names}))
    return path


def write_npz(path: Path, specs: Specs, compressed: bool = False) -> Path:
    """Write an .npz file with NumPy."""
    arrays: dict[str, Any] = {name: np.zeros(shape, dtype) for name, (shape, dtype) in specs.items()}
    with open(path, "wb") as stream:
        (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return path


class Tensor(NamedTuple):
    """A tensor in a pickle: a part of a storage, which is named by a number."""

    storage: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None = None
    offset: int = 0
    dtype: str = "float32"
    entries: int | None = None  # of the storage

    @property
    def held(self) -> int:
        return prod(self.shape) if self.entries is None else self.entries


class Imported(NamedTuple):
    """A name that a pickle imports, and with arguments what it calls."""

    module: str
    name: str
    arguments: tuple[Any, ...] | None = None


def pickled(value: Any) -> bytes:
    """Write a pickle of protocol 2, ended by its stop."""
    return b"\x80\x02" + b"".join(_opcodes(value)) + b"."


def _opcodes(value: Any) -> Iterable[bytes]:
    if isinstance(value, Tensor):
        strides = value.strides
        if strides is None:
            strides = tuple(prod(value.shape[at + 1 :]) for at in range(len(value.shape)))
        kind, _ = _TORCH[value.dtype]
        yield from _opcodes(Imported("torch._utils", "_rebuild_tensor_v2"))
        yield b"("
        yield from _opcodes(("storage", Imported("torch", f"{kind}Storage"), str(value.storage), "cpu", value.held))
        yield b"Q"
        for part in (value.offset, value.shape, strides, False, Imported("collections", "OrderedDict", ())):
            yield from _opcodes(part)
        yield b"tR"
    elif isinstance(value, Imported):
        yield f"c{value.module}\n{value.name}\n".encode()
        if value.arguments is not None:
            yield from _opcodes(value.arguments)
            yield b"R"
    elif isinstance(value, dict):
        yield b"}("
        for pair in value.items():
            for part in pair:
                yield from _opcodes(part)
        yield b"u"
    elif isinstance(value, tuple | list):
        yield b"(" if isinstance(value, tuple) else b"]("
        for part in value:
            yield from _opcodes(part)
        yield b"t" if isinstance(value, tuple) else b"e"
    elif isinstance(value, bool) or value is None:
        yield {True: b"\x88", False: b"\x89", None: b"N"}[value]
    elif isinstance(value, int):
        size = (value.bit_length() + 8) // 8
        yield b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)
    else:
        text = str(value).encode("utf-8", "surrogatepass")
        yield b"X" + struct.pack("<I", len(text)) + text


def tensors_in(value: Any) -> Iterable[Tensor]:
    """All the tensors in a value."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Imported):
        yield from tensors_in(value.arguments)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)


def write_state_dict(path: Path, content: Any, members: Mapping[str, bytes] = MappingProxyType({})) -> Path:
    """Write what torch.save writes of a value; ``members`` replace those of their names, or come to them."""
    root = "archive"
    files = {f"{root}/data.pkl": content if isinstance(content, bytes) else pickled(content)}
    for tensor in () if isinstance(content, bytes) else tensors_in(content):
        files[f"{root}/data/{tensor.storage}"] = bytes(tensor.held * _TORCH[tensor.dtype][1])
    files |= {f"{root}/byteorder": b"little", f"{root}/version": b"3\n"}
    files |= {f"{root}/{name}": data for name, data in members.items()}
    return write_zip(path, files)


def write_zip(path: Path, files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def npy(shape: tuple[int, ...], descr: str = "<f4", data: bytes | None = None) -> bytes:
    """The content of a .npy file with such a header."""
    stream = BytesIO()
    stream.write(b"\x93NUMPY\1\0")
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    stream.write(struct.pack("<H", len(text)) + text)
    stream.write(bytes(4 * prod(shape)) if data is None else data)
    return stream.getvalue()


def norm(name: str, channels: int) -> dict[str, Spec]:
    """The tensors of a batch norm of PyTorch."""
    found = {f"{name}.{key}": Spec((channels,)) for key in ("weight", "bias", "running_mean", "running_var")}
    return found | {f"{name}.num_batches_tracked": Spec((), "int64")}


def resnet50() -> dict[str, Spec]:
    """The state dict of torchvision's ResNet-50."""
    found = {"conv1.weight": Spec((64, 3, 7, 7))} | norm("bn1", 64)
    channels = 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 1):
        for block in range(blocks):
            path = f"layer{stage}.{block}"
            for number, (out, into, kernel) in enumerate(
                ((width, channels, 1), (width, width, 3), (4 * width, width, 1)), 1
            ):
                found[f"{path}.conv{number}.weight"] = Spec((out, into, kernel, kernel))
                found |= norm(f"{path}.bn{number}", out)
            if block == 0:
                found[f"{path}.downsample.0.weight"] = Spec((4 * width, channels, 1, 1))
                found |= norm(f"{path}.downsample.1", 4 * width)
            channels = 4 * width
    return found | {"fc.weight": Spec((1000, 2048)), "fc.bias": Spec((1000,))}


def gpt2(blocks: int = 12, width: int = 768) -> dict[str, Spec]:
    """The state dict of GPT-2 as Hugging Face saves it, masks included, without the tied head."""
    found = {"wte.weight": Spec((50257, width)), "wpe.weight": Spec((1024, width))}
    for block in range(blocks):
        path = f"h.{block}"
        found |= {f"{path}.{name}.{key}": Spec((width,)) for name in ("ln_1", "ln_2") for key in ("weight", "bias")}
        found[f"{path}.attn.bias"] = Spec((1, 1, 1024, 1024))
        for name, shape in (
            ("attn.c_attn", (width, 3 * width)),
            ("attn.c_proj", (width, width)),
            ("mlp.c_fc", (width, 4 * width)),
            ("mlp.c_proj", (4 * width, width)),
        ):
            found |= {f"{path}.{name}.weight": Spec(shape), f"{path}.{name}.bias": Spec(shape[1:])}
    return found | {f"ln_f.{key}": Spec((width,)) for key in ("weight", "bias")}
