"""The header of .safetensors: what is read, and every way in which a file can lie."""

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.files import json_document
from dlcalc.files.weights.safetensors import read_safetensors
from tests.support.weight_files import Spec, safetensors_header, write_safetensors

F32 = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def entry(**changed: Any) -> dict[str, Any]:
    return {"a": F32 | changed}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.safetensors"


def refused(path: Path, code: str) -> str:
    with pytest.raises(DlcalcError) as caught:
        read_safetensors(str(path))
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    assert str(path) in caught.value.message
    return caught.value.message


def test_what_a_header_says(path: Path) -> None:
    specs = {"b.10.weight": Spec((2, 3)), "b.9.weight": Spec((4,), "bfloat16"), "a": Spec((), "int64")}
    specs |= {"none": Spec((0, 5)), "half": Spec((3, 2), "float4_e2m1fn"), "eight": Spec((3,), "float8_e4m3fn")}
    header = safetensors_header(specs) | {"__metadata__": {"format": "pt"}}
    found = read_safetensors(str(write_safetensors(path, header)))
    said = {name: (one.dtype, one.shape, one.bytes, one.start) for name, one in found.tensors.items()}
    assert said == {
        "a": ("int64", (), 8, 32),
        "b.9.weight": ("bfloat16", (4,), 8, 24),
        "b.10.weight": ("float32", (2, 3), 24, 0),
        "eight": ("float8_e4m3fn", (3,), 3, 43),
        "half": ("float4_e2m1fn", (3, 2), 3, 40),
        "none": ("float32", (0, 5), 0, 40),
    }
    assert list(said) == ["a", "b.9.weight", "b.10.weight", "eight", "half", "none"]  # by number
    (storage,) = found.storages
    assert (storage.offset, storage.bytes) == (path.stat().st_size - 46, 46)
    assert (found.format, found.files, found.file_bytes) == ("safetensors", 1, path.stat().st_size)


def test_no_tensors_are_no_error(path: Path) -> None:
    assert not read_safetensors(str(write_safetensors(path, {}))).tensors


def test_what_else_is_said_of_a_tensor_is_passed_over(path: Path) -> None:
    assert list(read_safetensors(str(write_safetensors(path, entry(more=1)))).tensors) == ["a"]


def test_blanks_behind_the_header_are_allowed(path: Path) -> None:
    text = json.dumps(entry()).encode() + b"   "
    assert list(read_safetensors(str(write_safetensors(path, text, 24))).tensors) == ["a"]


@pytest.mark.parametrize(
    ("header", "data", "said"),
    [
        (entry(shape=[2, 4]), 24, "needs 32 bytes"),
        (entry(shape=[-2, -3]), 24, "shape"),
        (entry(shape=[2.0, 3]), 24, "shape"),
        (entry(shape=[True, 6]), 24, "shape"),
        (entry(shape="6"), 24, "shape"),
        (entry(shape=[1] * 65), 24, "shape"),
        (entry(shape=[1 << 63, 0]), 24, "shape"),
        (entry(shape=[1 << 40, 1 << 40]), 24, "more entries"),
        (entry(data_offsets=[0, 25]), 25, "needs 24 bytes"),
        (entry(data_offsets=[24, 0]), 24, "outside"),
        (entry(data_offsets=[-24, 0]), 24, "outside"),
        (entry(data_offsets=[0, 24, 24]), 24, "data_offsets"),
        (entry(data_offsets=[0, "24"]), 24, "data_offsets"),
        (entry(data_offsets=[0, 10**30]), 24, "outside"),
        (entry(data_offsets=[8, 32]), 32, "gap"),
        (entry(), 23, "outside"),
        (entry(), 25, "end after 24 of 25"),
        ({"a": {"dtype": "F32", "shape": [0]}}, 0, "is not said by"),
        ({"a": [1]}, 0, "is not said by"),
        ({"a" * 10_001: F32}, 24, "10,001 characters"),
        (entry() | {"b": F32}, 24, "overlaps"),
        (entry() | {"b": F32 | {"data_offsets": [20, 44]}}, 44, "overlaps"),
        (entry() | {"b": F32 | {"data_offsets": [28, 52]}}, 52, "gap"),
        (entry() | {"__metadata__": {"a": 1}}, 24, "__metadata__"),
        (entry() | {"__metadata__": "pt"}, 24, "__metadata__"),
        (b'{"a": {}, "a": {}}', 0, "'a' twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F32"}}', 0, "'dtype' twice"),
        (b' {"a": 1}', 0, "begin with {"),
        (b"", 0, "begin with {"),
        (b'{"a": NaN}', 0, "NaN"),
        (b'{"a": ', 0, "no JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", 0, "no JSON"),
        (b"{} x", 0, "no JSON"),
        (b'{"\xff": 1}', 0, "UTF-8"),
        (b'{"a":' + b"[" * 100_000, 0, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_header_that_lies(path: Path, header: Any, data: int, said: str) -> None:
    assert said in refused(write_safetensors(path, header, data), "malformed-file")


@pytest.mark.parametrize("dtype", ["F128", "f32", "", None, 7, ["F32"]])
def test_dtypes_that_there_are_not(path: Path, dtype: object) -> None:
    refused(write_safetensors(path, entry(dtype=dtype), 24), "unsupported-dtype")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "too few"),
        (b"1234567", "too few"),
        (struct.pack("<Q", 100) + b"{}", "and 2 follow"),
        (b"\xff" * 8 + b"{}", "and 2 follow"),
    ],
)
def test_a_length_that_lies(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    assert said in refused(path, "malformed-file")


def test_a_long_header_is_refused_before_it_is_read(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 100_000_001))
    os.truncate(path, 200_000_000)
    assert "100,000,000 are allowed" in refused(path, "malformed-file")


def test_more_entries_than_anybody_needs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_document, "MAX_TOKENS", 10)
    write_safetensors(path, safetensors_header({"a": Spec((2,)), "b": Spec((2,))}))
    refused(path, "unsafe-file")


def test_a_gap_or_an_overlap_anywhere_is_found(path: Path) -> None:
    """Three tensors, each moved by every distance: read only where they lie one behind another."""
    sizes = {"a": 4, "b": 8, "c": 4}
    for moved in sizes:
        for by in range(-16, 17):
            header, start = {}, 0
            for name, size in sizes.items():
                at = start + (by if name == moved else 0)
                header[name] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
                start += size
            write_safetensors(path, header, 16)
            if by == 0:
                assert len(read_safetensors(str(path)).tensors) == 3
            else:
                refused(path, "malformed-file")
