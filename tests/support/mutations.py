"""Damaged copies of files: bytes flipped, cut, doubled, and numbers replaced by others that may break a reader."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from random import Random

_TOKENS = [
    b"{",
    b"[",
    b'"',
    b",",
    b":",
    b"\\u0000",
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 30,
    b"null",
    b"../",
    b"\xff",
    b"\0",
]
_TOKENS += [
    b"(",
    b"t",
    b"u",
    b"R",
    b"c__builtin__\neval\n",
    b"cos\nsystem\n",
    b"b",
    b"Q",
    b"\x93",
    b"\x81",
    b"2",
    b"q\0",
]
_NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, (1 << 64) - 1]


def mutated(data: bytes, random: Random) -> bytes:
    """A copy with one to four damages."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at = random.randrange(len(found) + 1)
        way = random.randrange(8)
        if way == 0 and found:
            found[at - 1] ^= 1 << random.randrange(8)
        elif way == 1:
            found[at : at + 1] = bytes([random.randrange(256)])
        elif way == 2:
            del found[at : at + random.choice((1, 1, 4, 40))]
        elif way == 3:
            found[at:at] = random.choice(_TOKENS)
        elif way == 4:
            found[at:at] = found[at : at + random.choice((1, 8, 60))]
        elif way == 5:
            form = random.choice(("<B", "<H", "<I", "<Q"))
            size = struct.calcsize(form)
            found[at : at + size] = struct.pack(form, random.choice(_NUMBERS) & ((1 << 8 * size) - 1))
        elif way == 6:
            del found[at:]
        else:
            other = random.randrange(len(found) + 1)
            found[at : at + 4] = found[other : other + 4]
    return bytes(found)


def mutated_header(data: bytes, random: Random) -> bytes:
    """A .safetensors file whose header is damaged, and whose length of the header is right."""
    (length,) = struct.unpack("<Q", data[:8])
    header = mutated(data[8 : 8 + length], random)
    return struct.pack("<Q", len(header)) + header + data[8 + length :]


def mutated_member(data: bytes, random: Random) -> bytes:
    """An archive with one damaged member, whose checksums are right."""
    found = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(found, "w") as copy:
        chosen = random.choice([name for name in archive.namelist() if name.endswith((".pkl", ".npy"))])
        for info in archive.infolist():
            content = archive.read(info)
            copy.writestr(info.filename, mutated(content, random) if info.filename == chosen else content)
    return found.getvalue()


def mutated_json(data: bytes, random: Random) -> bytes:
    """A document of JSON of which one value is another one."""
    content = json.loads(data)
    where = content
    while isinstance(where, dict) and where:
        key = random.choice(list(where))
        if not isinstance(where[key], dict) or random.random() < 0.2:
            where[key] = random.choice([None, 1, -1, 1.5, "x", "../x", "/etc/passwd", [], {}, [1] * 5, 10**30, True])
            break
        where = where[key]
    return json.dumps(content).encode()


Mutation = Callable[[bytes, Random], bytes]
