"""Arrays in files: they read like arrays, from any thread and process; and no copy ever reads another file."""

import copy
import gc
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays.row_source import parts
from dlcalc.core.arrays.stored import stored
from dlcalc.core.errors import DlcalcError
from dlcalc.files.npy import open_npy, open_npz
from dlcalc.files.row_file import RowFile
from tests.support.refusals import refused


@pytest.fixture(params=["preadv", "seek"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that reads at a position, and one that must seek first."""
    if request.param == "seek":
        for name in ("preadv", "pread"):
            monkeypatch.delattr(os, name, raising=False)


ARRAYS: list[Any] = [
    np.arange(7.0),
    np.arange(12, dtype=np.float32).reshape(4, 3),
    np.asfortranarray(np.arange(12, dtype=">i4").reshape(4, 3)),
    np.arange(60, dtype=np.float16).reshape(5, 4, 3),
    np.asfortranarray(np.arange(60.0).reshape(5, 4, 3)),
    np.asfortranarray(np.arange(12.0).reshape(4, 1, 3)),
    np.zeros((0, 3)),
    np.zeros((3, 0), order="F"),
]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_it_reads_like_the_array(array: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", array)
    np.savez(tmp_path / "s.npz", other=np.ones(3), z=array)
    np.savez_compressed(tmp_path / "c.npz", z=array)
    for rows in (
        open_npy(str(tmp_path / "z.npy")),
        open_npz(str(tmp_path / "s.npz"), "z"),
        open_npz(str(tmp_path / "c.npz"), None),
    ):
        assert (rows.shape, rows.dtype, rows.ndim, rows.size) == (array.shape, array.dtype, array.ndim, array.size)
        np.testing.assert_array_equal(rows, array)
        np.testing.assert_array_equal(rows[1:3], array[1:3])
        np.testing.assert_array_equal(rows[3:1], array[3:1])
        np.testing.assert_array_equal(rows[:0], array[:0])
        if len(array):
            np.testing.assert_array_equal(rows[np.array([2, 0, 2])], array[[2, 0, 2]])
            np.testing.assert_array_equal(rows[2], array[2])
            np.testing.assert_array_equal(rows[1, ...], array[1])
        for other in (rows.astype(np.float64), rows.astype(np.float64).astype(np.float64)):
            assert other.dtype == np.float64
            np.testing.assert_array_equal(other, array.astype(np.float64))
        np.testing.assert_array_equal(rows.reshape(-1), array.reshape(-1))
        np.testing.assert_array_equal(rows.reshape((1, *array.shape)), array.reshape(1, *array.shape))
        if array.ndim == 2:
            np.testing.assert_array_equal(rows.T, array.T)
            np.testing.assert_array_equal(rows.T[1:], array.T[1:])


def other_files(folder: Path) -> ExitStack:
    """Many files that are opened, so that one of them gets any descriptor that was closed."""
    np.save(folder / "other.npy", np.full((4, 3), 7.0))
    stack = ExitStack()
    for _ in range(5):
        stack.enter_context(open(folder / "other.npy", "rb"))
    return stack


COPIES: dict[str, Callable[[RowFile], RowFile]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda rows: pickle.loads(pickle.dumps(rows)),
    "view": lambda rows: rows.astype(np.float32).T,
}
RIGHT = np.arange(12.0).reshape(4, 3)


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("first", ["copy", "original"])
@pytest.mark.parametrize("name", COPIES)
def test_a_copy_and_its_original_die_apart(name: str, first: str, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", RIGHT)
    original = open_npy(str(tmp_path / "z.npy"))
    other = COPIES[name](original)
    right = RIGHT.T if name == "view" else RIGHT
    np.testing.assert_array_equal(other, right)
    if first == "copy":
        other, right = original, RIGHT
    del original
    gc.collect()
    with other_files(tmp_path):
        np.testing.assert_array_equal(other, right)


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f8", "<u2", ">u2", "V2", "<i4", "u1"])
def test_the_numbers_of_every_format_are_the_same_from_a_pickle(dtype: str, tmp_path: Path) -> None:
    bits = np.arange(0x3F00, 0x3F0C, dtype="<u2").reshape(4, 3)
    array = bits.view("V2") if dtype == "V2" else (bits - 0x3F00).astype(dtype)
    np.save(tmp_path / "z.npy", array)
    rows = open_npy(str(tmp_path / "z.npy"))
    numbers = stored(rows, "logits")
    again = pickle.loads(pickle.dumps(numbers))
    assert again.format == numbers.format == stored(array, "logits").format
    np.testing.assert_array_equal(again.values[1:], stored(array, "logits").values[1:])


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="open files cannot be counted")
def test_the_last_of_them_closes_the_file(tmp_path: Path) -> None:
    def opened() -> int:
        gc.collect()
        return len(os.listdir("/dev/fd"))

    np.save(tmp_path / "z.npy", RIGHT)
    before = opened()
    rows = open_npy(str(tmp_path / "z.npy"))
    other, pickled = copy.deepcopy(rows), pickle.loads(pickle.dumps(rows))
    assert opened() == before + 2
    del rows, pickled
    assert opened() == before + 1
    del other
    assert opened() == before


def total(pickled: bytes) -> float:
    return float(np.asarray(pickle.loads(pickled)).sum())


def test_another_process_reads_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever that process stands; and its error, if the file is not what it was, comes back whole."""
    monkeypatch.chdir(tmp_path)
    np.save("z.npy", RIGHT)
    np.savez("s.npz", other=np.ones(3), z=RIGHT.astype(np.float32))
    sources = [open_npy("z.npy"), open_npz("s.npz", "z").astype(np.float64), open_npy("z.npy").T]
    pickled = list(map(pickle.dumps, sources))
    monkeypatch.chdir("/")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert list(pool.map(total, pickled)) == [RIGHT.sum()] * 3
        np.save(tmp_path / "z.npy", RIGHT[1:])
        error = refused(pool.submit(total, pickled[0]).result)
        assert error.code == "file-unreadable"
        assert "224 bytes when it was opened, and has 200" in error.message


def rewritten(path: Path) -> None:
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(1, 1))


def replaced(path: Path) -> None:
    times = path.stat()
    path.rename(path.with_name("old"))
    path.write_bytes(path.with_name("old").read_bytes())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def a_folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: path.write_bytes(path.read_bytes()[:-1]), "had 224 bytes when it was opened, and has 223"),
    (rewritten, "has been written to"),
    (replaced, "another file has taken its place"),
    (lambda path: path.unlink(), "No such file"),
    (a_folder_instead, "Is a directory"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[said for _, said in CHANGES])
def test_a_file_that_has_changed_is_not_taken_for_the_old_one(
    change: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "z.npy"
    np.save(path, RIGHT)
    pickled = pickle.dumps(open_npy(str(path)))
    np.testing.assert_array_equal(pickle.loads(pickled), RIGHT)
    change(path)
    error = refused(pickle.loads, pickled)
    assert error.code == "file-unreadable"
    assert str(path) in error.message
    assert said in error.message


def test_without_inodes_the_size_and_the_time_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "z.npy"
    np.save(path, RIGHT)
    status = os.fstat

    def without_inode(descriptor: int) -> os.stat_result:
        found = list(status(descriptor))
        found[1] = 0
        return os.stat_result(found, {"st_mtime_ns": status(descriptor).st_mtime_ns})

    elsewhere = pickle.dumps(open_npy(str(path)))
    monkeypatch.setattr(os, "fstat", without_inode)
    here = pickle.dumps(open_npy(str(path)))
    replaced(path)
    for pickled in (elsewhere, here):
        np.testing.assert_array_equal(pickle.loads(pickled), RIGHT)
    rewritten(path)
    for pickled in (elsewhere, here):
        with pytest.raises(DlcalcError, match="has been written to"):
            pickle.loads(pickled)


def test_an_expanded_file_is_copied_and_cannot_be_sent_away(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "c.npz", z=RIGHT)
    rows = open_npz(str(tmp_path / "c.npz"), "z")
    other = copy.deepcopy(rows)
    error = refused(pickle.dumps, rows)
    assert error.code == "unsupported-file"
    assert "c.npz:z" in error.message
    del rows
    with other_files(tmp_path):
        np.testing.assert_array_equal(other, RIGHT)


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("order", ["C", "F"])
def test_threads_do_not_disturb_each_other(order: Any, tmp_path: Path) -> None:
    """More than 8 MiB, from which on the program reads by rows; each of the blocks by another of many threads."""
    array = np.arange(1 << 21, dtype=np.float64).reshape(-1, 128).copy(order)
    np.save(tmp_path / "z.npy", array)
    assert (tmp_path / "z.npy").stat().st_size > 8 << 20
    rows = open_npy(str(tmp_path / "z.npy"))
    blocks = parts(len(rows), 128 * 8, 1 << 16)
    with ThreadPoolExecutor(8) as pool:
        for part, values in zip(blocks, pool.map(rows.read, blocks), strict=True):
            np.testing.assert_array_equal(values, array[part])


@pytest.mark.usefixtures("system")
def test_a_file_that_is_cut_short_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "z.npy"
    np.save(path, RIGHT)
    rows = open_npy(str(path))
    os.truncate(path, 150)
    np.testing.assert_array_equal(rows[:0], RIGHT[:0])
    error = refused(np.asarray, rows)
    assert error.code == "malformed-file"
    assert "cut short" in error.message


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "z.npy", RIGHT)
    rows = open_npy(str(tmp_path / "z.npy"))

    def failing(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "preadv", failing, raising=False)
    error = refused(np.asarray, rows)
    assert error.code == "file-unreadable"
    assert error.message.endswith("z.npy cannot be read: Input/output error")
