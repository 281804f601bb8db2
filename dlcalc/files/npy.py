"""Reading NumPy's own formats, .npy and .npz, without trusting a word of them."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from math import prod
from struct import unpack
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.lib import format as npy_format

from dlcalc import files as refusals
from dlcalc.core.arrays.stored import Array
from dlcalc.core.errors import DlcalcError
from dlcalc.files import first_line
from dlcalc.files.row_file import OpenFile, RowFile

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_HEADERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def read_npy(path: str) -> Array:
    """Read the array of a .npy file, with the dtype and byte order that it has there.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file`` for pickled objects, ``unsupported-dtype`` for records.
        OSError: what the system says.
    """
    with open(path, "rb") as stream:
        return _array(stream, os.fstat(stream.fileno()).st_size, path)


def open_npy(path: str) -> RowFile:
    """Open the array of a .npy file, and leave its numbers where they are.

    Raises:
        DlcalcError, OSError: as ``read_npy``.
    """
    with open(path, "rb") as stream:
        return _rows(stream, os.fstat(stream.fileno()).st_size, path, path)


def read_npz(path: str, key: str | None) -> Array:
    """Read one array of an .npz file; the only one if no key is given.

    Raises:
        DlcalcError: as ``read_npy``, and ``usage`` for a key that is not there, ``unsupported-file``.
        OSError: what the system says.
    """
    with _opened(path, key) as (stream, member, name):
        return _array(stream, member.file_size, name)


def size_in_npz(path: str, key: str | None) -> int:
    """Look up how many bytes a member of an .npz file takes when it is expanded.

    Raises:
        DlcalcError, OSError: as ``read_npz``.
    """
    with _opened(path, key) as (_, member, _):
        return member.file_size


def open_npz(path: str, key: str | None) -> RowFile:
    """Open one array of an .npz file: where it is, or if it is compressed expanded into a file without a name.

    Raises:
        DlcalcError: as ``read_npz``.
        OSError: what the system says.
    """
    with _opened(path, key) as (stream, member, name):
        if member.compress_type:
            from tempfile import TemporaryFile

            with _writing(name), TemporaryFile() as expanded:
                while part := stream.read(1 << 20):
                    expanded.write(part)
                expanded.seek(0)
                return _rows(expanded, member.file_size, name, None)
        while stream.read(1 << 20):  # to the end, where its checksum is compared
            pass
        with open(path, "rb") as file:
            file.seek(member.header_offset + _LOCAL_HEADER - 4)
            lengths = unpack("<HH", file.read(4))
            file.seek(sum(lengths), os.SEEK_CUR)
            return _rows(file, file.tell() + member.file_size, name, path)


@contextmanager
def _writing(name: str) -> Iterator[None]:
    """Turn what the system refuses while a member is expanded into an error that says where it is expanded to.

    Raises:
        DlcalcError: ``write-failed``.
    """
    try:
        yield
    except OSError as error:
        message = f"{name} cannot be expanded into a temporary file: {error.strerror or error}"
        raise DlcalcError("write-failed", message, hint="TMPDIR, a folder with room, or a .npy file") from None


_LOCAL_HEADER = 30  # bytes before the name of a member; the last four say how long it and what follows it are


@contextmanager
def _opened(path: str, key: str | None) -> "Iterator[tuple[IO[bytes], ZipInfo, str]]":
    """Open a member of an archive: the stream, what the archive says of it, and its name for errors."""
    from zipfile import ZipFile

    with open(path, "rb") as file:
        try:
            with ZipFile(file) as archive:
                member = _member(archive, path, key)
                if member.compress_type:
                    refusals.refuse_bomb(path, member.filename, member.file_size, "a .npy file")
                with archive.open(member) as stream:
                    yield stream, member, f"{path}:{member.filename.removesuffix('.npy')}"
        except (DlcalcError, MemoryError):
            raise
        except RuntimeError as error:  # a compression that is not known here, or a password
            raise DlcalcError("unsupported-file", f"{path}: {error}", hint="numpy.savez writes what is read") from None
        except Exception as error:  # of a damaged archive, each decompressor has its own
            raise _malformed(path, f"it is not a readable .npz file ({first_line(error)})") from None


def _member(archive: "ZipFile", path: str, key: str | None) -> "ZipInfo":
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist() if not info.is_dir()}
    if not members:
        raise _malformed(path, "there is no array in it")
    hint = f"{path}:KEY, with KEY one of " + ", ".join(members)
    if key is None and len(members) == 1:
        return next(iter(members.values()))
    if key is None:
        raise DlcalcError("usage", f"{path} holds {len(members)} arrays, and no key is given", hint=hint)
    if key not in members:
        raise DlcalcError("usage", f"{path} holds no array {key!r}", hint=hint)
    return members[key]


def _array(stream: IO[bytes], size: int, name: str) -> Array:
    """Read the array of a stream of ``size`` bytes, once its header is known to speak the truth."""
    shape, fortran, dtype = _trusted(stream, size, name)
    said = prod(shape) * dtype.itemsize
    data = stream.read(said)
    if len(data) != said:
        raise _malformed(name, f"it ends after {len(data):,} of {said:,} bytes of numbers")
    try:
        flat = np.frombuffer(data, dtype) if said else np.empty(0, dtype)
        return flat.reshape(shape, order="F" if fortran else "C")
    except (ValueError, OverflowError, TypeError) as error:  # too many axes; or one is 0, and another beyond all bounds
        raise _malformed(name, f"its shape cannot be ({first_line(error)})") from None


def _rows(stream: IO[bytes], size: int, name: str, path: str | None) -> RowFile:
    """Open the array of a file that ends at ``size`` as a row source; ``path`` is None for a file without a name."""
    shape, fortran, dtype = _trusted(stream, size, name)
    file = OpenFile(FileIO(os.dup(stream.fileno())), path or name, path)
    return RowFile(file, stream.tell(), shape, dtype, dtype, by_column=fortran and len(shape) > 1)


def _trusted(stream: IO[bytes], size: int, name: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Read shape, order and dtype from a header, and refuse what is no array of numbers that are all there."""
    shape, fortran, dtype = _header(stream, name)
    if dtype.hasobject:
        message = f"{name} holds pickled Python objects, which could run any code"
        raise DlcalcError("unsafe-file", message, hint="an array of numbers, like array.astype('float32')")
    if dtype.names or dtype.subdtype or not dtype.itemsize:
        message = f"{name} is an array of {'records' if dtype.itemsize else 'nothing'} ({dtype})"
        raise DlcalcError("unsupported-dtype", message, hint="an array of numbers, one of its fields")
    held, said = size - stream.tell(), prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0:
        raise _malformed(name, f"its header says that its shape is {shape}")
    if held != said:
        raise _malformed(name, f"its header says {said:,} bytes of numbers, and it holds {held:,}")
    return shape, fortran, dtype


def _header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Read shape, order and dtype from a header, whatever they are."""
    try:
        version = npy_format.read_magic(stream)
        read = _HEADERS.get(version)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if read is not None:
                return read(stream)
    except MemoryError:
        raise
    except Exception as error:  # it is Python's own parser that reads a header, and numpy that builds a dtype from it
        raise _malformed(name, f"its header cannot be read ({first_line(error)})") from None
    raise _malformed(name, f"its version {version[0]}.{version[1]} is not one that holds plain numbers")


def _malformed(name: str, problem: str) -> DlcalcError:
    return refusals.malformed(name, problem, "a file that numpy.load can read")
