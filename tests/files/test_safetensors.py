"""The format as it is documented: read here byte by byte, and by the reference library where there is one."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.stored import bfloat16_bits
from dlcalc.files.safetensors import DTYPES, write_safetensors

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


def read(content: bytes) -> dict[str, tuple[str, Any]]:
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
    found, end = {}, 0
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        assert start == end  # no hole, no overlap
        end = stop
        assert stop - start == SIZES[entry["dtype"]] * int(np.prod(entry["shape"], dtype=int))
        dtype = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}[entry["dtype"]]
        found[name] = entry["dtype"], np.frombuffer(body[start:stop], dtype).reshape(entry["shape"])
    assert end == len(body)
    return found


@pytest.mark.parametrize("form", DTYPES)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 3, 1, 2), (1,)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_format(form: str, shape: tuple[int, ...], order: str) -> None:
    numbers = np.random.default_rng(171).normal(size=shape).T
    stored: Any = bfloat16_bits(numbers).view("V2") if form == "bfloat16" else numbers.astype(form)
    if form != "bfloat16":
        stored = stored.astype(stored.dtype.newbyteorder(order))
    stream = io.BytesIO()
    write_safetensors(stream, {"weight": (form, stored), "bias": (form, stored[:1])})
    found = read(stream.getvalue())
    assert list(found) == ["bias", "weight"]
    dtype, values = found["weight"]
    assert dtype == DTYPES[form]
    np.testing.assert_array_equal(values, bfloat16_bits(numbers) if form == "bfloat16" else stored)


def test_the_reference_library_reads_it(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    path = tmp_path / "w.safetensors"
    with open(path, "wb") as stream:
        write_safetensors(stream, {"weight": ("float32", np.eye(3, dtype="f4")), "bias": ("float16", np.ones(2, "f2"))})
    found = library.load_file(path)
    np.testing.assert_array_equal(found["weight"], np.eye(3))
    assert found["bias"].tolist() == [1, 1]
