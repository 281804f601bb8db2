"""Reading arrays from files by their names, and the form in which they are written."""

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from dlcalc.core.arrays.row_source import RowSource
from dlcalc.core.arrays.stored import Array, bfloat16_bits
from dlcalc.core.errors import DlcalcError
from dlcalc.core.validation import spoken
from dlcalc.files import faults
from dlcalc.jobs import standard_input

if TYPE_CHECKING:
    from dlcalc.files.row_file import RowFile
    from dlcalc.files.text import Lists

LARGE = 1 << 23  # bytes from which on an array may be left in its file


def load(path: str, option: str, by_rows: Collection[str] = ()) -> "RowSource | Lists":
    """Read a file: an array from .npy or .npz (``file.npz:key``), nested lists from .csv, .json or stdin.

    Args:
        path: the file, or ``-`` for JSON on stdin.
        option: whose value it is.
        by_rows: the options whose arrays are read some rows at a time, if they are large.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``, ``malformed-file``, ``unsafe-file``,
            ``unsupported-file``, ``usage``.
    """
    hint = f"numbers like 1,2,3 or 1,2/3,4, or a file that is there ({_SUFFIXES})"
    absent = f"{spoken(option)} {path[:80]!r} is neither numbers nor a file", hint
    with faults(path, option, f" ({_SUFFIXES})", absent):
        return _load(path, option, option in by_rows)


_SUFFIXES = ".npy, .npz, .csv, .json"


def _load(path: str, option: str, by_rows: bool) -> "RowSource | Lists":
    from dlcalc.files import npy, text  # not where every number is typed, and start-up counts

    if path == "-":
        return text.json_lists(standard_input.take(option).read(), "stdin")
    name, _, key = path.partition(".npz:")
    lower = path.lower()
    if key or lower.endswith(".npz"):
        file, key = (f"{name}.npz", key) if key else (path, "")
        large = by_rows and npy.size_in_npz(file, key or None) >= LARGE
        return _rows(npy.open_npz(file, key or None), option) if large else npy.read_npz(file, key or None)
    if lower.endswith(".npy"):
        large = by_rows and os.path.getsize(path) >= LARGE
        return _rows(npy.open_npy(path), option) if large else npy.read_npy(path)
    with open(path, "rb") as stream:
        if lower.endswith(".csv"):
            return text.csv_rows(stream.read(), path)
        if lower.endswith(".json"):
            return text.json_lists(stream.read(), path)
    message, hint = f"{path} has no ending that is read here", f"one of {_SUFFIXES}"
    if lower.endswith((".pt", ".pth")):
        saved = f"{path.rpartition('.')[0]}.npy"
        hint = f'python -c "import numpy, torch; numpy.save({saved!r}, torch.load({path!r}).numpy())"'
    raise DlcalcError("unsupported-file", message, hint=hint)


def _rows(array: "RowFile", option: str) -> RowSource:
    """Leave an array in its file; read it if there is one row only, or if it is nothing to be read by rows."""
    least = 1 if option in _VECTORS else 2
    return array if array.ndim >= least and (len(array) > 1 or array.ndim > 2) else np.asarray(array)


_VECTORS = ("label", "expect")  # may have one number per row


def refuse_other_endings(path: str, endings: tuple[str, ...] = (".npy",), name: str = "grad") -> None:
    """Refuse to write a file with another ending; the hint has the first one, behind the name if there is none.

    Raises:
        DlcalcError: ``unsupported-file``.
    """
    if not path.lower().endswith(endings):
        stem = path.rstrip("/").rpartition("/")
        hint = f"{stem[0]}{stem[1]}{stem[2].partition('.')[0] or name}{endings[0]}"
        message = f"{path!r} does not end in {' or '.join(endings)}"
        raise DlcalcError("unsupported-file", message, hint=hint, option="output")


def encoded(values: Array, number_format: str) -> Array:
    """Convert numbers to a format, infinite where it has none so large.

    bfloat16 becomes two opaque bytes per number, as ml_dtypes stores it.
    """
    if number_format == "bfloat16":
        return bfloat16_bits(values).view("V2")
    with np.errstate(over="ignore"):
        return values.astype(number_format, copy=False)
