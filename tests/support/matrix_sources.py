"""One matrix in every form that an option reads: typed, from files, from standard input."""

import json
from pathlib import Path

import numpy as np

TYPED = "1,2,3/0.5,-1,0.25"
MATRIX = np.array([[1.0, 2, 3], [0.5, -1, 0.25]])
TEXT = json.dumps(MATRIX.tolist())  # what is read from standard input
PATHS = ["c.npy", "f.npy", "one.npz", "two.npz:m", "m.csv", "m.json", "-"]


def write_files() -> None:
    """Write the matrix to each of ``PATHS`` in the current folder."""
    np.save("c.npy", MATRIX)
    np.save("f.npy", np.asfortranarray(MATRIX))
    np.savez("one.npz", m=MATRIX)
    np.savez("two.npz", other=np.ones(2), m=MATRIX)
    Path("m.json").write_text(TEXT)
    Path("m.csv").write_text(TYPED.replace("/", "\n") + "\n")
