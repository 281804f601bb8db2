"""NumPy's formats: every valid file is read as NumPy reads it, and every damaged one is refused by name."""

import io
import os
import struct
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlcalc import files
from dlcalc.core.errors import DlcalcError
from dlcalc.files import npy
from tests.support import refusals

CODES = {"malformed-file", "unsafe-file", "unsupported-dtype", "unsupported-file", "usage"}


def saved(array: Any, *, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def header(shape: str, descr: str = "'<f4'", data: bytes = b"\0" * 8, order: str = "False", version: int = 1) -> bytes:
    """A .npy file whose header says anything."""
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def refused(data: bytes, folder: Path, name: str = "z.npy", key: str | None = None) -> DlcalcError:
    path = folder / name
    path.write_bytes(data)
    read = partial(npy.read_npz, key=key) if name.endswith("z") else npy.read_npy
    error = refusals.refused(read, str(path))
    assert str(path) in error.message
    return error


ARRAYS: list[Any] = [
    np.float32(3),
    np.arange(3.0),
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.float16).reshape(2, 3)),
    np.arange(24, dtype=">f8").reshape(2, 3, 4),
    np.arange(24, dtype="<i2").reshape(2, 3, 4).T,
    np.zeros((0, 3)),
    np.array([True, False]),
    np.array([1j]),
    np.array(["a", "bc"]),
    np.zeros(3, "V2"),
    np.array([1, 2], "M8[s]"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_what_numpy_writes_is_read(array: Any, tmp_path: Path) -> None:
    (tmp_path / "z.npy").write_bytes(saved(array))
    np.savez(tmp_path / "z.npz", first=array)
    np.savez_compressed(tmp_path / "c.npz", first=array, second=np.ones(2))
    for found in (
        npy.read_npy(str(tmp_path / "z.npy")),
        npy.read_npz(str(tmp_path / "z.npz"), None),
        npy.read_npz(str(tmp_path / "z.npz"), "first"),
        npy.read_npz(str(tmp_path / "c.npz"), "first"),
    ):
        np.testing.assert_array_equal(found, array)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)


def test_other_headers(tmp_path: Path) -> None:
    path = tmp_path / "z.npy"
    for data in (header("(2,)", version=2), header("(2L,)"), header("(2,)", "'f4'"), header("(1, 2)", order="True")):
        path.write_bytes(data)
        assert npy.read_npy(str(path)).reshape(-1).tolist() == [0, 0]


@pytest.mark.parametrize("compress", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression(compress: int, tmp_path: Path) -> None:
    (tmp_path / "z.npz").write_bytes(zipped({"a.npy": saved(np.arange(4.0))}, compress))
    assert npy.read_npz(str(tmp_path / "z.npz"), "a").tolist() == [0, 1, 2, 3]


# A shape and a dtype; 2**62 x 4 numbers are 2**64, which is 0 to a machine word.
HEADERS = {
    "malformed-file": [
        ("(3,)", "'<f4'"), ("(1,)", "'<f4'"), ("()", "'<f4'"), ("(0,)", "'<f4'"), ("(-2,)", "'<f4'"),
        ("(-1, -2)", "'<f4'"), ("(10**30,)", "'<f4'"), (f"({10**30},)", "'<f4'"), (f"({2**63 - 1},)", "'<f4'"),
        (f"({2**62}, 4)", "'<f4'"), ("(2.0,)", "'<f4'"), ("('2',)", "'<f4'"), ("2", "'<f4'"), ("None", "'<f4'"),
        ("(" + "1," * 70 + "2)", "'<f4'"), ("(1,)", "'V99999999999'"), ("(1,)", "'<f3'"), ("(1,)", "'nonsense'"),
        ("(1,)", "('a',)"), ("(1,)", "None"), ("(1,)", "[[["), ("(1,)", "'''"), ("(1,)", "(" * 500),
        ("(1,)", "__import__('os').abort()"),
    ],
    "unsafe-file": [("(2,)", "'O'"), ("(2,)", "[('a', 'O')]")],
    "unsupported-dtype": [
        ("(2,)", "[('a', '<f4')]"), ("(2,)", "'V0'"), (f"({10**18},)", "'V0'"), (f"({10**30},)", "'S0'"),
        ("(2,)", "('<f4', (2,))"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("said", "code"), refusals.rows(HEADERS))
def test_a_header_that_lies(said: tuple[str, str], code: str, tmp_path: Path) -> None:
    data = header(*said)
    assert refused(data, tmp_path).code == code
    assert refused(zipped({"a.npy": data}), tmp_path, "z.npz").code == code


def test_an_empty_array_of_an_impossible_shape(tmp_path: Path) -> None:
    for shape in (f"(0, {10**30})", f"(0, {2**62}, {2**62})", "(0, " + "1," * 70 + ")"):
        assert refused(header(shape, data=b""), tmp_path).code == "malformed-file"


def test_a_lie_costs_no_memory(tmp_path: Path) -> None:
    """A terabyte that is not there is not asked for."""
    message = refused(header(f"({10**12},)"), tmp_path).message
    assert "4,000,000,000,000 bytes" in message
    assert "holds 8" in message


@pytest.mark.parametrize("name", ["z.npy", "z.npz"])
def test_every_length_that_a_broken_download_may_have(name: str, tmp_path: Path) -> None:
    whole = saved(np.arange(4.0)) if name == "z.npy" else zipped({"a.npy": saved(np.arange(4.0))})
    for length in range(len(whole)):
        assert refused(whole[:length], tmp_path, name).code == "malformed-file"


def test_more_than_the_header_says(tmp_path: Path) -> None:
    assert refused(saved(np.arange(4.0)) + b"\0", tmp_path).code == "malformed-file"


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return os.abort, ()

    data = saved(np.array([Trap()], object), allow_pickle=True)
    assert refused(data, tmp_path).code == "unsafe-file"
    assert refused(zipped({"a.npy": data}), tmp_path, "z.npz").code == "unsafe-file"
    import pickle

    assert refused(pickle.dumps([1, 2]), tmp_path).code == "malformed-file"


def test_which_member(tmp_path: Path) -> None:
    array = saved(np.ones(2))
    several = zipped({"a.npy": array, "b/c.npy": array, "notes.txt": b"hello"})
    for key in (None, "c", "a.npy", ""):
        error = refused(several, tmp_path, "z.npz", key)
        assert error.code == "usage"
        assert "a, b/c, notes.txt" in str(error.hint)
    assert npy.read_npz(str(tmp_path / "z.npz"), "b/c").tolist() == [1, 1]
    assert refused(several, tmp_path, "z.npz", "notes.txt").code == "malformed-file"
    assert refused(zipped({}), tmp_path, "z.npz").code == "malformed-file"
    assert refused(b"", tmp_path, "z.npz").code == "malformed-file"
    assert refused(array, tmp_path, "z.npz").code == "malformed-file"


def damaged(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def test_what_a_zip_file_may_say_of_itself(tmp_path: Path) -> None:
    whole = zipped({"a.npy": saved(np.zeros(8))})
    central = whole.index(b"PK\1\2")
    encrypted = damaged(damaged(whole, central + 8, b"\1"), 6, b"\1")
    assert refused(encrypted, tmp_path, "z.npz").code == "unsupported-file"
    unknown = damaged(damaged(whole, central + 10, b"\x63"), 8, b"\x63")
    assert refused(unknown, tmp_path, "z.npz").code == "unsupported-file"
    bomb = damaged(whole, central + 24, struct.pack("<I", 0xFFFFFFFE))
    assert refused(bomb, tmp_path, "z.npz").code in ("malformed-file", "unsafe-file")


def test_a_bomb_is_not_set_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_EXPANDED", 1000)
    error = refused(zipped({"a.npy": saved(np.zeros(1000))}, zipfile.ZIP_DEFLATED), tmp_path, "z.npz")
    assert error.code == "unsafe-file"
    assert "8,128" in error.message
    assert "1,000" in str(error.hint)


def mutations(whole: bytes, values: bytes) -> Iterator[bytes]:
    """Each byte turned in its first bit and its last, and replaced by a value, another from place to place."""
    for at in range(len(whole)):
        for value in {values[at % len(values)], whole[at] ^ 1, whole[at] ^ 0x80}:
            yield damaged(whole, at, bytes([value]))


@pytest.mark.parametrize("kind", ["npy", "stored", "deflated", "lzma"])
def test_every_byte_may_be_any_other(kind: str, tmp_path: Path) -> None:
    """Read or refused, and never anything worse."""
    whole = saved(np.arange(3, dtype=np.float32))
    methods = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED, "lzma": zipfile.ZIP_LZMA}
    if kind != "npy":
        whole = zipped({"a.npy": whole}, methods[kind])
    path = tmp_path / f"z.np{'y' if kind == 'npy' else 'z'}"
    seen = set()
    for data in mutations(whole, b"\x00\xff'({9-\nO"):
        path.write_bytes(data)
        try:
            npy.read_npy(str(path)) if kind == "npy" else npy.read_npz(str(path), "a")
        except DlcalcError as error:
            seen.add(error.code)
            assert "\n" not in error.message
            assert error.hint
    assert seen <= CODES
    assert "malformed-file" in seen


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=80), st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"PK\3\4", b"PK\5\6" + b"\0" * 18]))
def test_any_bytes(tmp_path: Path, tail: bytes, magic: bytes) -> None:
    for name in ("z.npy", "z.npz"):
        assert refused(magic + tail, tmp_path, name).code in CODES


def test_the_system_s_own_errors_are_left_to_who_knows_the_option(tmp_path: Path) -> None:
    for read in (npy.read_npy, lambda path: npy.read_npz(path, None)):
        with pytest.raises(FileNotFoundError):
            read(str(tmp_path / "gone"))
        with pytest.raises(IsADirectoryError):
            read(str(tmp_path))
