"""Writing safetensors: the length of a header in JSON, that header, and behind it the numbers of each array."""

import json
from collections.abc import Mapping
from struct import pack
from typing import BinaryIO

import numpy as np

from dlcalc.core.arrays.stored import Array

DTYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}
_ALIGNED = 8  # where the numbers begin, and the length of the length


def write_safetensors(stream: BinaryIO, arrays: Mapping[str, tuple[str, Array]]) -> None:
    """Write arrays, by the order of their names, one behind the other.

    Args:
        stream: receives the bytes.
        arrays: by name the format of an array, one of ``DTYPES``, and the array, with two bytes a number of any dtype
            where that is bfloat16.

    Raises:
        OSError: what the system says.

    Source:
        https://github.com/huggingface/safetensors#format
    """
    named = sorted(arrays.items())
    header: dict[str, object] = {}
    start = 0
    for name, (number_format, array) in named:
        end = start + array.nbytes
        header[name] = {"dtype": DTYPES[number_format], "shape": list(array.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    stream.write(pack("<Q", len(text)) + text)
    for _, (_, array) in named:
        contiguous = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
        stream.write(contiguous.reshape(-1).view(np.uint8).data)
