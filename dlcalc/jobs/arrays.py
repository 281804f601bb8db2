"""Arrays from files by their names, and back."""

import errno
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays import bfloat16_bits
from dlcalc.core.errors import DlcalcError
from dlcalc.jobs import standard_input


def load(path: str, option: str) -> "NDArray[Any] | list[Any]":
    """What a file holds: an array from .npy or .npz (``file.npz:key``), nested lists from .csv, .json or stdin.

    Args:
        path: the file, or ``-`` for JSON on stdin.
        option: whose value it is.

    Raises:
        DlcalcError: ``file-not-found``, ``file-unreadable``, ``malformed-file``, ``unsafe-file``,
            ``unsupported-file``, ``usage``.
    """
    try:
        return _load(path, option)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_FILE:
            hint = f"numbers like 1,2,3 or 1,2/3,4, or a file that is there ({_SUFFIXES})"
            message = f"{path[:80]!r} is neither numbers nor a file"
            raise DlcalcError("file-not-found", message, hint=hint, option=option) from None
        message = f"{path[:80]!r} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise DlcalcError("file-unreadable", message, hint=f"a file ({_SUFFIXES})", option=option) from None
    except DlcalcError as error:
        raise DlcalcError(error.code, error.message, hint=error.hint, option=option) from None


_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)  # the last: a long row of numbers with a slip in it
_SUFFIXES = ".npy, .npz, .csv, .json"


def _load(path: str, option: str) -> "NDArray[Any] | list[Any]":
    from dlcalc.files import npy, text  # not where every number is typed, and start-up counts

    if path == "-":
        return text.json_lists(standard_input.take(option).read(), "stdin")
    name, _, key = path.partition(".npz:")
    if key:
        return npy.read_npz(f"{name}.npz", key)
    lower = path.lower()
    if lower.endswith(".npy"):
        return npy.read_npy(path)
    if lower.endswith(".npz"):
        return npy.read_npz(path, None)
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


def save_npy(path: str, values: NDArray[Any], number_format: str, *, force: bool) -> None:
    """Write numbers to a .npy file in a format; bfloat16 as two opaque bytes a number, as ml_dtypes writes it.

    Raises:
        DlcalcError: ``output-exists``, ``unsupported-file``, ``write-failed``.
    """
    from dlcalc.files import atomic

    if not path.lower().endswith(".npy"):
        stem = path.rstrip("/").rpartition("/")
        hint = f"{stem[0]}{stem[1]}{stem[2].partition('.')[0] or 'grad'}.npy"
        raise DlcalcError("unsupported-file", f"{path!r} does not end in .npy", hint=hint, option="output")
    if number_format == "bfloat16":
        array: NDArray[Any] = bfloat16_bits(values).view("V2")
    else:
        array = values.astype(number_format, copy=False)
    atomic.write(path, lambda stream: np.save(stream, array, allow_pickle=False), force=force)
