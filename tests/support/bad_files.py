"""Files that hold no array of numbers, broken in every way, and the error that each must give whoever reads it."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

_ARRAYS: dict[str, Any] = {
    "complex.npy": np.ones((2, 3), complex),
    "strings.npy": np.full((2, 3), "1"),
    "bytes.npy": np.full((2, 3), b"1"),
    "bools.npy": np.ones((2, 3), bool),
    "objects.npy": np.full((2, 3), None),
    "records.npy": np.ones(2, [("a", "f4"), ("b", "f4")]),
    "dates.npy": np.ones((2, 3), "M8[s]"),
    "no_rows.npy": np.ones((0, 3)),
}
_TEXTS = {
    "ragged.csv": "1,2,3\n4,5\n",
    "words.csv": "a,b,c\n1,2,3\n",
    "empty.csv": "",
    "ragged.json": "[[1, 2, 3], [4, 5]]",
    "words.json": '[["a", 2, 3]]',
    "empty.json": "[]",
    "null.json": "[1, null]",
    "object.json": '{"mean": [1, 2]}',
    "broken.json": "[[1, 2",
    "big.json": "[1, 1e999]",
    "notes.txt": "hello",
    "zip.npz": "hello",
    "model.pt": "hello",
}


def by_code(names: dict[str, str]) -> list[tuple[str, str]]:
    """Each name with the code of the error that it gives."""
    return [(name, code) for code, text in names.items() for name in text.split(" ")]


# Refused when they are read.
BAD_FILES = by_code(
    {
        "file-not-found": "gone.npy",
        "file-unreadable": "folder.npy",
        "unsafe-file": "objects.npy pickled.npz",
        "unsupported-dtype": "records.npy",
        "malformed-file": "short.npy long.npy huge.npy negative.npy zip.npz nothing.npz words.csv words.json null.json "
        "object.json broken.json",
        "usage": "two.npz two.npz:c",
        "unsupported-file": "notes.txt model.pt",
    }
)
# Refused as the value of an option that is an array, whatever it is for: files that are refused when they are read,
# files whose content is no such array, and numbers that are badly typed.
BAD_ARRAYS = BAD_FILES + by_code(
    {
        "unsupported-dtype": "complex.npy strings.npy bytes.npy bools.npy dates.npy",
        "shape-mismatch": "no_rows.npy empty.csv empty.json",
        "invalid-value": "big.json 1,1e999",
        "usage": " 1,,2 1,2/",
        "file-not-found": "one,two",
    }
)


def write_bad_files() -> None:
    """Write them all into the working directory."""
    for name, array in _ARRAYS.items():
        np.save(name, array, allow_pickle=True)
    for name, text in _TEXTS.items():
        Path(name).write_text(text)
    np.save("whole.npy", np.arange(6.0).reshape(2, 3))
    whole = Path("whole.npy").read_bytes()
    Path("short.npy").write_bytes(whole[:-1])
    Path("long.npy").write_bytes(whole + b"\0")
    Path("huge.npy").write_bytes(whole.replace(b"(2, 3), }      ", b"(2, 3000000), }"))
    Path("negative.npy").write_bytes(whole.replace(b"(2, 3)", b"(-2,3)"))
    np.savez("two.npz", a=np.ones(2), b=np.ones(2))
    np.savez("pickled.npz", a=np.array([None]))
    with zipfile.ZipFile("nothing.npz", "w"):
        pass
    os.mkdir("folder.npy")
