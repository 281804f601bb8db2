"""A file is there whole or not at all, whatever happens while it is written."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.files import atomic
from tests.support import refusals
from tests.support.refusals import cause


def hello(stream: BinaryIO) -> object:
    return stream.write(b"hello")


def write(path: str, write_to: Callable[[BinaryIO], object] = hello, *, force: bool = False) -> None:
    with atomic.Replacement(path, force=force) as replacement:
        with replacement.failures():
            write_to(replacement.stream)
        replacement.publish()


def left_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def refused(path: object, *, force: bool = False, write_to: Callable[[BinaryIO], object] = hello) -> DlcalcError:
    error = refusals.refused(write, str(path), write_to, force=force)
    assert error.option == "output"
    return error


@pytest.mark.parametrize("name", ["z", "\u00e4" * 125])
@pytest.mark.parametrize("folder", ["", "{}/"])
def test_a_new_file(name: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(folder.format(tmp_path) + name)
    assert (tmp_path / name).read_bytes() == b"hello"
    assert left_in(tmp_path) == [name]


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "z"
    path.write_bytes(b"old")
    assert refused(path).code == "output-exists"
    assert path.read_bytes() == b"old"
    write(str(path), force=True)
    assert path.read_bytes() == b"hello"
    assert left_in(tmp_path) == ["z"]


def test_a_link_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    assert refused(link).code == "output-exists"
    write(str(link), force=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"hello"
    assert left_in(tmp_path / "folder") == ["target"]


def test_a_link_to_nothing_counts_as_a_file(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    assert refused(link).code == "output-exists"
    write(str(link), force=True)
    assert (tmp_path / "target").read_bytes() == b"hello"


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refused(tmp_path / "a").code == "output-exists"


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_file_is_never_replaced(force: bool, tmp_path: Path) -> None:
    """Nor is --force recommended, which would not help."""
    paths = [tmp_path]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        paths += [tmp_path / "pipe", Path("/dev/null")]
    for path in paths:
        assert refused(path, force=force).code == "write-failed"
        assert os.path.exists(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "no" / "z").code == "write-failed"
    (tmp_path / "file").write_bytes(b"")
    assert refused(tmp_path / "file" / "z").code == "write-failed"
    assert refused(tmp_path / ("z" * 300)).code == "write-failed"
    assert left_in(tmp_path) == ["file"]


@pytest.mark.parametrize("links", [True, False])
def test_of_two_writers_one_succeeds(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other comes between the last look at the name and the moment when it is taken."""
    path = tmp_path / "z"
    look = atomic.refuse_existing

    def look_in_vain(path: str, force: bool) -> None:
        look(path, force)
        if len(left_in(tmp_path)) == 1:  # the second look: there is the temporary file
            Path(path).write_bytes(b"the other's")

    monkeypatch.setattr(atomic, "refuse_existing", look_in_vain)
    if not links:
        monkeypatch.setattr(os, "link", failing(PermissionError(errno.EPERM, "Operation not permitted")))
    assert refused(path).code == "output-exists"
    assert path.read_bytes() == b"the other's"
    assert left_in(tmp_path) == ["z"]


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, None])
def test_a_file_system_without_links(error: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if error is None:
        monkeypatch.delattr(os, "link")
    else:
        monkeypatch.setattr(os, "link", failing(OSError(error, "no links")))
    write(str(tmp_path / "z"))
    assert (tmp_path / "z").read_bytes() == b"hello"
    assert left_in(tmp_path) == ["z"]
    monkeypatch.setattr(os, "replace", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write(str(tmp_path / "y"))
    assert left_in(tmp_path) == ["z"]


def test_what_is_unfinished_can_be_removed_from_outside(tmp_path: Path) -> None:
    with atomic.Replacement(str(tmp_path / "z"), force=False) as replacement:
        assert len(left_in(tmp_path)) == 1
        atomic.remove_unfinished()
        assert left_in(tmp_path) == []
        assert cause(replacement.publish) == ("write-failed", "output")
    write(str(tmp_path / "z"))
    atomic.remove_unfinished()
    assert left_in(tmp_path) == ["z"]


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(("function", "force"), [("fsync", False), ("fsync", True), ("link", False), ("replace", True)])
def test_a_full_disk_leaves_nothing(
    function: str, force: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "z"
    if force:
        path.write_bytes(b"old")
    monkeypatch.setattr(os, function, failing(OSError(28, "No space left on device")))
    error = refused(path, force=force)
    assert error.code == "write-failed"
    assert "No space left on device" in error.message
    assert left_in(tmp_path) == (["z"] if force else [])
    assert not force or path.read_bytes() == b"old"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), ValueError("no")])
def test_an_interruption_leaves_nothing(error: BaseException, tmp_path: Path) -> None:
    def interrupted(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write(str(tmp_path / "z"), interrupted, force=False)
    assert left_in(tmp_path) == []


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "z"

    def slowly(stream: BinaryIO) -> None:
        path.write_bytes(b"somebody else's")

    assert refused(path, write_to=slowly).code == "output-exists"
    assert path.read_bytes() == b"somebody else's"
    assert left_in(tmp_path) == ["z"]


@pytest.mark.parametrize("publish", [True, False])
def test_a_system_that_neither_moves_nor_removes_open_files(
    publish: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams: list[BinaryIO] = []

    def guarded(real: Callable[..., None]) -> Callable[..., None]:
        def act(*paths: str) -> None:
            if not streams[0].closed:
                raise PermissionError(13, "The process cannot access the file because it is being used")
            real(*paths)

        return act

    for name in ("link", "replace", "unlink"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    with atomic.Replacement(str(tmp_path / "z"), force=False) as replacement:
        streams.append(replacement.stream)
        hello(replacement.stream)
        if publish:
            replacement.publish()
    assert left_in(tmp_path) == (["z"] if publish else [])


def test_a_disk_that_is_full_at_the_end(tmp_path: Path) -> None:
    """What is still in memory cannot be written when the file is closed; it is removed all the same."""

    class Full(io.BytesIO):
        def close(self) -> None:
            super().close()
            raise OSError(28, "No space left on device")

    def fill_up() -> None:
        with atomic.Replacement(str(tmp_path / "z"), force=False) as replacement:
            replacement.stream.close()
            replacement.stream = Full()

    with pytest.raises(DlcalcError, match="No space left") as caught:
        fill_up()
    assert caught.value.code == "write-failed"
    assert left_in(tmp_path) == []
