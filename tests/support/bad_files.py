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

# Refused when they are read.
BAD_FILES = [
    ("gone.npy", "file-not-found"),
    ("folder.npy", "file-unreadable"),
    ("objects.npy", "unsafe-file"),
    ("pickled.npz", "unsafe-file"),
    ("records.npy", "unsupported-dtype"),
    ("short.npy", "malformed-file"),
    ("long.npy", "malformed-file"),
    ("huge.npy", "malformed-file"),
    ("negative.npy", "malformed-file"),
    ("zip.npz", "malformed-file"),
    ("nothing.npz", "malformed-file"),
    ("words.csv", "malformed-file"),
    ("words.json", "malformed-file"),
    ("null.json", "malformed-file"),
    ("object.json", "malformed-file"),
    ("broken.json", "malformed-file"),
    ("two.npz", "usage"),
    ("two.npz:c", "usage"),
    ("notes.txt", "unsupported-file"),
    ("model.pt", "unsupported-file"),
]
# Refused as the value of an option that is an array, whatever it is for: files that are refused when they are read,
# files whose content is no such array, and numbers that are badly typed.
BAD_ARRAYS = [
    *BAD_FILES,
    ("complex.npy", "unsupported-dtype"),
    ("strings.npy", "unsupported-dtype"),
    ("bytes.npy", "unsupported-dtype"),
    ("bools.npy", "unsupported-dtype"),
    ("dates.npy", "unsupported-dtype"),
    ("no_rows.npy", "shape-mismatch"),
    ("empty.csv", "shape-mismatch"),
    ("empty.json", "shape-mismatch"),
    ("big.json", "invalid-value"),
    ("", "usage"),
    ("1,,2", "usage"),
    ("1,2/", "usage"),
    ("one,two", "file-not-found"),
    ("1,1e999", "invalid-value"),
]


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
