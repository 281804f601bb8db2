"""The headers of .npz, and archives that lie."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.files import archive as archives
from dlcalc.files.weights.npz import read_npz
from tests.support.weight_files import Spec, npy, write_npz, write_zip

SPECS = {"conv/kernel": Spec((3, 3, 4, 8)), "conv/bias": Spec((8,)), "n": Spec((), "int64"), "none": Spec((0, 3))}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.npz"


def refused(path: Path, code: str) -> str:
    with pytest.raises(DlcalcError) as caught:
        read_npz(str(path))
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("compressed", [False, True])
def test_what_numpy_wrote(path: Path, compressed: bool) -> None:
    found = read_npz(str(write_npz(path, SPECS, compressed)))
    assert {name: (one.shape, one.dtype) for name, one in found.tensors.items()} == SPECS
    assert list(found.tensors) == list(SPECS)  # the order of the author
    assert all((one.storage.offset is None) == compressed for one in found.tensors.values())
    assert (found.format, found.files, found.notices) == ("npz", 1, ())


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3))])
@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f2", ">i8", "|u1", "<c8"])
def test_the_numbers_are_where_it_says(path: Path, array: Any, kind: str) -> None:
    np.savez(path, a=array.astype(kind, order="K"))
    (one,) = read_npz(str(path)).tensors.values()
    assert one.storage.offset is not None
    with open(path, "rb") as file:
        file.seek(one.storage.offset + one.start)
        flat = np.frombuffer(file.read(one.bytes), kind)
    steps = tuple(stride * flat.itemsize for stride in one.strides or (3, 1))
    assert np.array_equal(np.lib.stride_tricks.as_strided(flat, one.shape, steps), array.astype(kind))
    assert one.big_endian == kind.startswith(">")


@pytest.mark.parametrize(
    ("descr", "dtype", "size"),
    [("<f4", "float32", 4), ("|b1", "bool", 1), ("|V2", "bfloat16", 2), ("<U5", "text", 20), ("|S3", "text", 3)],
)
def test_dtypes(path: Path, descr: str, dtype: str, size: int) -> None:
    write_zip(path, {"a.npy": npy((2,), descr, bytes(2 * size))})
    (one,) = read_npz(str(path)).tensors.values()
    assert (one.dtype, one.bytes) == (dtype, 2 * size)


@pytest.mark.parametrize("array", [np.array([None]), np.array([("a", None)], [("x", "U1"), ("y", object)])])
def test_pickled_objects_are_not_opened(path: Path, array: Any) -> None:
    np.savez(path, a=array)
    assert "pickled" in refused(path, "unsafe-file")


@pytest.mark.parametrize("array", [np.ones(2, [("a", "f4"), ("b", "f4")]), np.ones(2, "M8[s]")])
def test_what_is_no_number(path: Path, array: Any) -> None:
    np.savez(path, a=array)
    refused(path, "unsupported-dtype")


def test_members_that_are_no_arrays_are_said(path: Path) -> None:
    write_zip(path, {"a.npy": npy((2,)), "readme.txt": b"hello"})
    (notice,) = read_npz(str(path)).notices
    assert (notice.code, "'readme.txt'" in notice.message) == ("entries-left-out", True)


WHOLE = npy((2, 3))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin"),
        (b"hello, this is text", "does not begin"),
        (WHOLE[:-1], "needs 24 bytes"),
        (WHOLE + b"\0", "needs 24 bytes"),
        (WHOLE.replace(b"(2, 3)", b"(2, 9)"), "needs 72 bytes"),
        (WHOLE.replace(b"(2, 3)", b"(-2,3)"), "shape"),
        (WHOLE.replace(b"(2, 3)", b"[2, 3]"), "cannot be"),
        (WHOLE.replace(b"(2, 3)", b"(2.0,)"), "shape"),
        (WHOLE.replace(b"False", b"00000"), "cannot be"),
        (WHOLE.replace(b"False", b"    0"), "cannot be"),
        (WHOLE.replace(b"'shape'", b"'shapo'"), "does not say"),
        (WHOLE.replace(b"'shape'", b"open(1)"), "does not say"),
        (WHOLE[:6] + b"\4\0" + WHOLE[8:], "does not begin"),
        (WHOLE[:8] + b"\xff\xff" + WHOLE[10:], "is said to have 65,535"),
        (b"\x93NUMPY\2\0" + b"\xff" * 4 + WHOLE[10:], "is said to have"),
        (b"\x93NUMPY\1\0" + struct.pack("<H", 9_000) + b"(" * 9_000, "does not say"),
        (b"\x93NUMPY\1\0" + struct.pack("<H", 9_000) + b"-" * 9_000, "does not say"),
        (b"\x93NUMPY\1\0" + struct.pack("<H", 9_000) + b"9" * 9_000, "does not say"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_array_that_lies(path: Path, content: bytes, said: str) -> None:
    assert said in refused(write_zip(path, {"a.npy": content}), "malformed-file")


def test_what_is_no_archive(path: Path) -> None:
    for content in (b"", b"hello", b"PK\5\6" + bytes(17), bytes(1000)):
        path.write_bytes(content)
        refused(path, "malformed-file")
    write_zip(path, {})
    assert "no array" in refused(path, "malformed-file")
    write_zip(path, {"readme.txt": b"hello"})
    assert "no array" in refused(path, "malformed-file")


def central(data: bytes) -> int:
    """Where the list of members begins."""
    return data.index(b"PK\1\2")


def patched(path: Path, at: int, form: str, *values: int) -> Path:
    """Put numbers into the first entry of the list of members, at an offset in it."""
    data = bytearray(path.read_bytes())
    begin = central(bytes(data)) + at
    data[begin : begin + struct.calcsize(form)] = struct.pack(form, *values)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("at", "form", "values", "code"),
    [
        (8, "<H", (1,), "unsupported-file"),  # encrypted
        (10, "<H", (12,), "unsupported-file"),  # bzip2
        (10, "<H", (99,), "unsupported-file"),
        (24, "<I", (1 << 30,), "malformed-file"),  # stored, and larger than stored
        (20, "<II", (1 << 30, 1 << 30), "malformed-file"),  # behind the end
        (42, "<I", (5,), "malformed-file"),  # not where it says
        (42, "<I", (1 << 30,), "malformed-file"),
    ],
)
def test_a_list_of_members_that_lies(path: Path, at: int, form: str, values: tuple[int, ...], code: str) -> None:
    refused(patched(write_npz(path, SPECS), at, form, *values), code)


def test_a_bomb_is_refused_by_what_it_says(path: Path) -> None:
    write_zip(path, {"a.npy": npy((1 << 20,))}, zipfile.ZIP_DEFLATED)
    assert read_npz(str(path)).tensors["a"].bytes == 1 << 22  # a thousandth of it is in the file, and not expanded
    assert "expand to" in refused(patched(path, 24, "<I", (1 << 32) - 2), "unsafe-file")


def test_members_that_share_bytes_are_refused(path: Path) -> None:
    """As of a bomb whose members all expand the same bytes."""
    write_zip(path, {"a.npy": npy((2,)), "b.npy": npy((2,))})
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\1\2", central(bytes(data)) + 4)
    data[second + 42 : second + 46] = bytes(4)
    path.write_bytes(data)
    assert "overlaps" in refused(path, "malformed-file")


def test_a_name_that_stands_twice(path: Path) -> None:
    write_zip(path, {"a.npy": npy((2,)), "b.npy": npy((2,))})
    path.write_bytes(path.read_bytes().replace(b"b.npy", b"a.npy"))
    assert "twice" in refused(path, "malformed-file")


def test_a_long_list_of_members_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(path, {f"a{number}": Spec((1,)) for number in range(100)})
    monkeypatch.setattr(archives, "MAX_DIRECTORY", 2_000)
    assert "the list of its members" in refused(path, "unsafe-file")
