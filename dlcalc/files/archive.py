"""Zip archives that a stranger wrote: their members, where those lie, and no more expanded than asked for."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, FileIO
from struct import unpack
from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.errors import DlcalcError
from dlcalc.files import first_line, malformed, refuse_bomb
from dlcalc.files.json_document import quoted

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAX_DIRECTORY = 1 << 24  # bytes of the list of members, each of which takes some 700 bytes when it is read
_MAX_RATIO = 1032  # that deflate can reach
_LOCAL_HEADER = 30  # bytes before the name of a member; the last four say how long it and what follows it are
_STORED, _DEFLATED = 0, 8
_HINT = "the archive as it was written, or written again"


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        name: its name there.
        bytes: how many it has, expanded.
        offset: of its first byte in the archive; None where it is compressed.
    """

    name: str
    bytes: int
    offset: int | None


class Archive:
    """An open archive whose list of members has been compared with the file.

    Args:
        path: of the file, for errors.
        members: the files in it, by their names.
        file: the archive itself ...
        opened: ... and what expands its members.
    """

    def __init__(self, path: str, members: Mapping[str, Member], file: BufferedReader, opened: "ZipFile") -> None:
        self.path, self.members, self._file, self._opened = path, members, file, opened
        self.file_bytes = os.fstat(file.fileno()).st_size

    def head(self, name: str, most: int) -> bytes:
        """Read the first bytes of a member, at most so many."""
        with self._opened.open(name) as stream:
            return stream.read(most)

    def read(self, name: str, most: int) -> bytes:
        """Read a member of at most so many bytes.

        The checksum of one that is not compressed is not compared: torch.save can leave it out, and torch.load does
        not look at it.

        Raises:
            DlcalcError: ``unsafe-file`` for a larger one.
        """
        member = self.members[name]
        if member.bytes > most:
            message = f"{self.path}: {quoted(name)} has {member.bytes:,} bytes"
            raise DlcalcError("unsafe-file", message, hint=f"at most {most:,} bytes")
        if member.offset is None:
            return self._opened.read(name)
        self._file.seek(member.offset)
        return self._file.read(member.bytes)


@contextmanager
def open_archive(path: str) -> Iterator[Archive]:
    """Open a zip archive, and refuse one whose members cannot be where it says, or expand without bounds.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file``, ``unsupported-file`` for another compression or a password.
        OSError: what the system says.
    """
    from zipfile import ZipFile

    with _Capped(FileIO(path), path) as file:
        try:
            with ZipFile(file) as opened:
                file.capped = False
                yield Archive(path, _members(path, file, opened), file, opened)
        except DlcalcError:
            raise
        except (NotImplementedError, RuntimeError) as error:  # a version of the format, or a password
            raise DlcalcError("unsupported-file", f"{path}: {first_line(error)}", hint=_HINT) from None
        except Exception as error:  # of a damaged archive, each part of zipfile has its own
            raise malformed(path, f"it is no readable zip archive ({first_line(error)})", _HINT) from None


class _Capped(BufferedReader):
    """A file of which, as long as it is capped, nobody reads more at once than a list of members may have."""

    def __init__(self, raw: FileIO, path: str) -> None:
        super().__init__(raw)
        self.path, self.capped = path, True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, or to the end.

        Raises:
            DlcalcError: ``unsafe-file`` for more than ``MAX_DIRECTORY``.
        """
        if self.capped and (size is None or size < 0):
            size = MAX_DIRECTORY
        if self.capped and size is not None and size > MAX_DIRECTORY:
            message = f"{self.path}: the list of its members has {size:,} bytes"
            raise DlcalcError("unsafe-file", message, hint=f"at most {MAX_DIRECTORY:,} bytes")
        return super().read(size)


def _members(path: str, file: BufferedReader, opened: "ZipFile") -> dict[str, Member]:
    """Find where each member lies; no two may share bytes, which is how a small archive expands to a large one."""
    members: dict[str, Member] = {}
    reached, last = 0, ""
    for info in sorted(opened.infolist(), key=lambda info: info.header_offset):
        name = info.filename
        if name in members:
            raise malformed(path, f"{quoted(name)} is in it twice", _HINT)
        _refuse_unlikely(path, info)
        if info.header_offset < reached:
            raise malformed(path, f"{quoted(name)} overlaps {quoted(last)}", _HINT)
        file.seek(info.header_offset)
        local = file.read(_LOCAL_HEADER)
        if len(local) < _LOCAL_HEADER or local[:4] != b"PK\3\4":
            raise malformed(path, f"{quoted(name)} is not where its list of members says", _HINT)
        begin = info.header_offset + _LOCAL_HEADER + sum(unpack("<HH", local[-4:]))
        reached, last = begin + info.compress_size, name
        if reached > opened.start_dir:
            raise malformed(path, f"{quoted(name)} ends behind the end of the archive", _HINT)
        if not info.is_dir():
            members[name] = Member(name, info.file_size, None if info.compress_type else begin)
    return members


def _refuse_unlikely(path: str, info: "ZipInfo") -> None:
    """Refuse a member that is encrypted, compressed as nobody does here, or of a size that cannot be."""
    name, kind = info.filename, info.compress_type
    if info.flag_bits & 1 or kind not in (_STORED, _DEFLATED):
        how = "encrypted" if info.flag_bits & 1 else f"compressed by method {kind}"
        raise DlcalcError("unsupported-file", f"{path}: {quoted(name)} is {how}", hint="stored or deflated members")
    if kind == _STORED and info.compress_size != info.file_size:
        problem = f"{quoted(name)} is not compressed, and is said to have {info.file_size:,} bytes"
        raise malformed(path, f"{problem} in {info.compress_size:,}", _HINT)
    if kind == _DEFLATED and info.file_size > _MAX_RATIO * (info.compress_size + 1):
        message = f"{path}: {quoted(name)} says that {info.compress_size:,} bytes expand to {info.file_size:,}"
        raise DlcalcError("unsafe-file", message, hint=f"at most {_MAX_RATIO} times as many")
    if kind == _DEFLATED:
        refuse_bomb(path, name, info.file_size, "members that are not compressed")
